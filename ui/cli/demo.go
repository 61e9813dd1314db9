package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"resolute/plugins/demo"
)

// Demo is the demo company.
type Demo struct {
	Open         func(path string) (Company, error) // over its own file
	Bundle       fs.FS
	EnvURL       string // the variable that the bundle takes the company's address from
	Story        []demo.Step
	MonitorTitle string
}

// Company is the demo company's server.
type Company interface {
	Handler() http.Handler
	Ledger() ([]demo.Effect, error)
	Close() error
}

// companyAddr is where the demo company listens if nobody else does; the starter bundle calls it there.
const companyAddr = "127.0.0.1:8099"

func (p *Program) demoCommand() *cobra.Command {
	var data, addr string
	var fresh, noBrowser, exit bool
	c := &cobra.Command{Use: "demo", Short: "Run the agent on a demo company: real cases, real calls, in your browser", Args: cobra.NoArgs}
	c.Flags().StringVar(&data, "data", filepath.Join("data", "demo"), "`folder` for the demo's data; a second run goes on where the first ended")
	c.Flags().StringVar(&addr, "addr", p.setting("ADDR", "127.0.0.1:8080"), "`host:port` to serve on; another port is taken if it is busy")
	c.Flags().BoolVar(&fresh, "fresh", false, "forget the data of earlier runs")
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "don't open the browser")
	c.Flags().BoolVar(&exit, "exit-when-done", false, "end once every case is resolved or waits for a person")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := unheld(data); err != nil {
			return err
		}
		if fresh {
			if err := forget(data); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
			return err
		}
		if err := workIn(data); err != nil {
			return err
		}
		d := &demonstration{Program: p, data: data, exit: exit, browser: !noBrowser && !exit}
		return d.run(ctx, addr)
	}
	return c
}

// forget removes a demo's data folder, and nothing that isn't one.
func forget(data string) error {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(data, "company.db")); err != nil {
		return fmt.Errorf("%s holds no demo, so --fresh leaves it alone; name another folder with --data", data)
	}
	return os.RemoveAll(data)
}

// demonstration is one run of the demo.
type demonstration struct {
	*Program
	data          string
	exit, browser bool
	company       Company
	api           *client
}

func (d *demonstration) run(ctx context.Context, addr string) (err error) {
	if d.company, err = d.Demo.Open(filepath.Join(d.data, "company.db")); err != nil {
		return err
	}
	companyURL, stopCompany, err := d.serveCompany()
	if err != nil {
		return errors.Join(err, d.company.Close())
	}
	defer func() { stopCompany(); err = errors.Join(err, d.company.Close()) }()

	l, err := d.listen(addr, "")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // the server has closed it, unless it never started
	env := func(name string) (string, bool) {
		if name == d.Demo.EnvURL {
			return companyURL, true
		}
		return d.Env(name)
	}
	log := slog.New(slog.NewTextHandler(d.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := d.Assemble(ctx, Config{Data: d.data, PublicURL: "http://" + l.Addr().String(), Embedder: "builtin", Model: Model{Name: strings.TrimPrefix(d.setting("MODEL", ""), "ollama/")}, Env: env, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if _, err := a.Apply(ctx, d.Demo.Bundle, "the demo's bundle"); err != nil {
		return err
	}
	d.api = &client{http: &http.Client{Transport: inProcess{a.Admin()}}, base: "http://admin"}
	return d.present(ctx, a, l, log)
}

// present serves, plays the story, and goes on serving until ctx ends.
func (d *demonstration) present(ctx context.Context, a Appliance, l net.Listener, log *slog.Logger) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Program.run(serving, a, l, d.data, log) }()
	link, err := signIn(ctx, d.api, "http://"+l.Addr().String())
	if err == nil {
		fmt.Fprintf(d.Stdout, "Fernhill Supply is open, and resolute works for it. Watch it, decide with it:\n\n  %s\n\n", link)
		if d.browser {
			openBrowser(link)
		}
		err = (&player{demonstration: d, started: d.Now()}).play(ctx)
	}
	switch {
	case ctx.Err() != nil:
		err = nil
	case err == nil && !d.exit:
		fmt.Fprintf(d.Stdout, "\nStill serving. The link above works once; for another, end this with Ctrl-C and run resolute demo again.\n")
		select {
		case <-ctx.Done():
		case err := <-ended:
			return err
		}
	}
	stop()
	return errors.Join(err, <-ended)
}

// serveCompany serves the demo company on loopback.
func (d *demonstration) serveCompany() (url string, stop func(), err error) {
	l, err := d.listen(companyAddr, "the demo company")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: d.company.Handler(), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(d.Stderr, "the demo company stopped:", err)
		}
	}()
	return "http://" + l.Addr().String(), func() { _ = s.Close(); <-done }, nil
}

// listen takes the address, or another port of the host if it is busy.
func (d *demonstration) listen(addr, what string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, usagef("--addr %s: %w", addr, splitErr)
	}
	l, again := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if again != nil {
		return nil, err
	}
	if what == "" {
		what = "resolute"
	}
	fmt.Fprintf(d.Stdout, "%s is busy, so %s listens on %s.\n", addr, what, l.Addr())
	return l, nil
}

// openBrowser shows a page; where there is no browser, the link in the terminal is enough.
func openBrowser(link string) {
	name, args := "xdg-open", []string{link}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", link}
	}
	if path, err := exec.LookPath(name); err == nil {
		c := exec.Command(path, args...)
		if c.Start() == nil {
			go func() { _ = c.Wait() }() // it ends when it likes
		}
	}
}
