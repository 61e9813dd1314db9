// Package cli is the command line. Each command either speaks to a running server (through
// admin.sock in the data folder, or over the network with --url and --token) or, where none holds
// the folder, to one that is assembled over it for the command's time: it is the same handler and
// the same request in all three cases.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"resolute/agent/identity"
	"resolute/agent/model/measure"
	"resolute/agent/rehearsal"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Appliance is resolute assembled over one data folder.
type Appliance interface {
	// Handler is what the network gets: the API and the pages.
	Handler() http.Handler
	// Admin is the API for who may read the data folder.
	Admin() http.Handler
	// Run drives cases until ctx ends (then it gives nil) or the store fails.
	Run(ctx context.Context) error
	// Apply stores the bundle folder and activates it, unless its version was stored before. Where versions
	// must rehearse, it rehearses first.
	Apply(ctx context.Context, folder fs.FS, name string) (version string, err error)
	Close() error
}

// Model is what a server is told of the model.
type Model struct {
	Name     string // as Ollama has it; "" leaves it to the bundle
	Parallel int    // requests that its server takes at once; 1 if 0
	Threads  int    // that it is told to run on; 0 for none told
}

// Config is what an appliance is assembled with.
type Config struct {
	Data      string // folder; created if missing
	PublicURL string // where plugins reach it, "" before it listens
	Embedder  string // builtin or ollama/NAME
	Model     Model
	// Identity is the identity provider that signs people in, nil for none.
	Identity *identity.Config
	// Proxies say for whom they ask, beside those on this machine.
	Proxies []netip.Prefix
	// MaxBacklog is how many runnable cases there may be before signals get 429; 0 for no bound.
	MaxBacklog int
	// MustRehearse lets a version become active only once its rehearsals have passed.
	MustRehearse bool
	Log          *slog.Logger
	// Env resolves ${env.X} of bundles.
	Env func(name string) (string, bool)
}

// Program is what main gives the command line.
type Program struct {
	Assemble func(ctx context.Context, c Config) (Appliance, error)
	// Check validates a bundle folder; it prints problems and reports whether there are errors.
	Check func(ctx context.Context, folder fs.FS, name string, env func(string) (string, bool), out io.Writer) (ok bool, err error)
	// Rehearse runs the rehearsals of a bundle folder. What is wrong with the folder is an error with
	// a line for each problem.
	Rehearse func(ctx context.Context, folder fs.FS, name string, env func(string) (string, bool), o rehearsal.Options) (rehearsal.Report, error)
	// EvalModel plays scenarios with a model, as Rehearse does without.
	EvalModel func(ctx context.Context, t ModelTrial) (measure.Report, error)
	// Pack makes the archive of a bundle folder that POST /bundles takes.
	Pack func(folder fs.FS) ([]byte, error)
	// Schema gives the JSON Schema of a kind of bundle file.
	Schema func(kind string) ([]byte, error)
	// Starter is what `init` writes.
	Starter fs.FS
	// Demo is the demo company.
	Demo Demo

	Env            func(name string) (string, bool)
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	Version        string
}

// Main runs one command line, without the program's name, and gives the exit code.
func (p *Program) Main(ctx context.Context, args []string) int {
	ran := false
	root := p.root(&ran)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSilent):
		return exitFailed
	}
	fmt.Fprintln(p.Stderr, "resolute:", err)
	var usage usageError
	if !ran || errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// errSilent ends a command that has said what is wrong.
var errSilent = errors.New("failed")

type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (p *Program) root(ran *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "resolute",
		Short: "An autonomous support agent that owns the outcome of a case",
		Long: "resolute takes signals, gathers the facts, acts within deterministic policy, verifies that\n" +
			"the world really changed, and closes the case, or hands it to a person.\n\n" +
			"Begin with: resolute demo",
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) { *ran = true },
	}
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.demoCommand(), p.initCommand(), p.serveCommand(), p.checkCommand(), p.applyCommand(), p.diffCommand(), p.rehearseCommand(), p.shadowCommand(), p.manifestCommand(), p.casesCommand(), p.authorityCommand(), p.pauseCommand(), p.resumeCommand(),
		p.modelCommand(), p.ingestCommand(), p.searchCommand(), p.evalCommand(), p.tokenCommand(), p.peopleCommand(), p.secretCommand(), p.verifyCommand(), p.checkpointCommand(), p.backupCommand(), p.restoreCommand(), p.versionCommand())
	return root
}

func (p *Program) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		_, err := fmt.Fprintln(p.Stdout, "resolute", p.Version)
		return err
	}}
}

// log makes the logger of a server: text on a terminal, JSON elsewhere.
func (p *Program) log() *slog.Logger {
	if f, ok := p.Stderr.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return slog.New(slog.NewTextHandler(p.Stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(p.Stderr, nil))
}

// folder opens a folder that the user named.
func folder(name string) (fs.FS, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; name the folder that holds resolute.yaml", name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return root.FS(), nil
}

// socket is where a server that holds a data folder listens for its owner.
func socket(data string) string { return filepath.Join(data, "admin.sock") }
