package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"resolute/agent/identity"
)

// settings are what server.yaml in the data folder may hold; flags and RESOLUTE_* win over it.
type settings struct {
	Addr      string `yaml:"addr"`
	PublicURL string `yaml:"public_url"`
	Bundle    string `yaml:"bundle"`
	Model     string `yaml:"model"`
	Embedder  string `yaml:"embedder"`
	// ModelParallel is how many requests the model's server takes at once, ModelThreads how many threads it
	// is told to run the model on, 0 for as many as it likes.
	ModelParallel int `yaml:"model_parallel"`
	ModelThreads  int `yaml:"model_threads"`
	// MaxBacklog is how many cases may wait for their turn before signals get 429.
	MaxBacklog int `yaml:"max_backlog"`
	// OIDC is the identity provider that signs people in.
	OIDC *identity.Config `yaml:"oidc"`
	// Proxies are the addresses, or ranges of them, of proxies elsewhere that say for whom they ask.
	Proxies []string `yaml:"proxies"`
	// Activation is what a version has to have done before it may become active: any, or rehearsed.
	Activation string `yaml:"activation"`
}

// What settings say of activation.
const (
	activateAny       = "any"
	activateRehearsed = "rehearsed"
)

func readSettings(data string) (settings, error) {
	var s settings
	file := filepath.Join(data, "server.yaml")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = yaml.UnmarshalWithOptions(b, &s, yaml.Strict())
	}
	if err == nil && s.OIDC != nil {
		err = s.OIDC.Check()
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (p *Program) serveCommand() *cobra.Command {
	var data string
	var flags settings
	c := &cobra.Command{Use: "serve --data DIR", Short: "Serve the API and the pages, and drive cases", Args: cobra.NoArgs}
	c.Flags().StringVar(&data, "data", p.setting("DATA", "data"), "data `folder`, created if missing")
	c.Flags().StringVar(&flags.Addr, "addr", p.setting("ADDR", ""), "`host:port` to listen on (default 127.0.0.1:8080)")
	c.Flags().StringVar(&flags.Bundle, "bundle", p.setting("BUNDLE", ""), "bundle `folder`, applied if its version was never stored")
	c.Flags().StringVar(&flags.PublicURL, "public-url", p.setting("PUBLIC_URL", ""), "`address` where plugins reach this server (default: where it listens)")
	c.Flags().StringVar(&flags.Model, "model", p.setting("MODEL", ""), "`ollama/NAME`: the model that is asked (default: model.name of the bundle)")
	c.Flags().StringVar(&flags.Embedder, "embedder", p.setting("EMBEDDER", ""), "`builtin|ollama/NAME`: what makes vectors of the knowledge")
	c.Flags().StringVar(&flags.Activation, "activation", p.setting("ACTIVATION", ""), "`any|rehearsed`: rehearsed lets a version become active only once it passed its rehearsals (default any)")
	numbers := []number{
		p.numberFlag(c, "max-backlog", "`cases` that may wait for their turn before signals get 429 (default 500000)", &flags.MaxBacklog),
		p.numberFlag(c, "model-parallel", "`requests` that the model's server takes at once, as in its OLLAMA_NUM_PARALLEL (default 1)", &flags.ModelParallel),
		p.numberFlag(c, "model-threads", "`threads` that the model runs on (default: what its server chooses)", &flags.ModelThreads),
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		for _, n := range numbers {
			if err := n.read(); err != nil {
				return err
			}
		}
		if err := workIn(data); err != nil {
			return err
		}
		s, err := readSettings(data)
		if err != nil {
			return err
		}
		s = merged(flags, s)
		if err := s.check(); err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return p.serve(ctx, data, s)
	}
	return c
}

func merged(flags, file settings) settings {
	pick := func(a, b, otherwise string) string {
		switch {
		case a != "":
			return a
		case b != "":
			return b
		}
		return otherwise
	}
	backlog := cmp.Or(flags.MaxBacklog, file.MaxBacklog, 500_000)
	return settings{MaxBacklog: backlog, ModelParallel: cmp.Or(flags.ModelParallel, file.ModelParallel, 1), ModelThreads: cmp.Or(flags.ModelThreads, file.ModelThreads), OIDC: file.OIDC, Proxies: file.Proxies, Addr: pick(flags.Addr, file.Addr, "127.0.0.1:8080"), PublicURL: pick(flags.PublicURL, file.PublicURL, ""), Bundle: pick(flags.Bundle, file.Bundle, ""),
		Model: pick(flags.Model, file.Model, ""), Activation: pick(flags.Activation, file.Activation, activateAny), Embedder: pick(flags.Embedder, file.Embedder, "builtin")}
}

// model is what is said of the model.
func (s settings) model() Model {
	return Model{Name: strings.TrimPrefix(s.Model, "ollama/"), Parallel: s.ModelParallel, Threads: s.ModelThreads}
}

// check reports a setting that is none of those there are.
func (s settings) check() error {
	if model, ok := strings.CutPrefix(s.Embedder, "ollama/"); s.Embedder != "builtin" && (!ok || model == "") {
		return usagef("embedder %s: it is builtin, or ollama/NAME with the name of a model", s.Embedder)
	}
	if model, ok := strings.CutPrefix(s.Model, "ollama/"); s.Model != "" && (!ok || model == "") {
		return usagef("model %s: it is ollama/NAME with the name of a model", s.Model)
	}
	if s.ModelParallel < 1 || s.ModelThreads < 0 {
		return usagef("model_parallel %d, model_threads %d: the first is a number from 1 on, the second from 0 on", s.ModelParallel, s.ModelThreads)
	}
	if s.Activation != activateAny && s.Activation != activateRehearsed {
		return usagef("activation %s: it is any, or rehearsed", s.Activation)
	}
	return nil
}

// ranges reads addresses and ranges of them.
func ranges(texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range texts {
		r, err := netip.ParsePrefix(text)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(text); err == nil {
				r, err = one.Unmap().Prefix(one.Unmap().BitLen())
			}
		}
		if err != nil || r.Bits() == 0 {
			return nil, usagef("server.yaml: proxies: %q is no address of a proxy, like 10.0.0.7 or 10.0.0.0/24; who is in it is believed for whom it asks", text)
		}
		list = append(list, r.Masked())
	}
	return list, nil
}

func (p *Program) serve(ctx context.Context, data string, s settings) error {
	log := p.log()
	proxies, err := ranges(s.Proxies)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; name another with --addr", s.Addr, err)
	}
	defer func() { _ = l.Close() }() // the server has closed it, unless it never started
	// told to end before it has begun is no failure
	unlessTold := func(err error) error {
		if ctx.Err() != nil {
			log.Info("told to end while starting", "left", err)
			return nil
		}
		return err
	}
	a, err := p.Assemble(ctx, Config{Data: data, PublicURL: publicURL(s.PublicURL, l), Embedder: s.Embedder, Model: s.model(), MaxBacklog: s.MaxBacklog, Identity: s.OIDC, Proxies: proxies, MustRehearse: s.Activation == activateRehearsed, Env: p.Env, Log: log})
	if err != nil {
		return unlessTold(err)
	}
	if s.Bundle != "" {
		files, err := folder(s.Bundle)
		if err == nil {
			var version string
			version, err = a.Apply(ctx, files, s.Bundle)
			log.Info("bundle", "folder", s.Bundle, "version", version)
		}
		if err != nil {
			return errors.Join(unlessTold(err), a.Close())
		}
	}
	if err := p.firstLink(ctx, a, publicURL(s.PublicURL, l)); err != nil {
		return errors.Join(unlessTold(err), a.Close())
	}
	log.Info("serving", "address", "http://"+l.Addr().String(), "data", data)
	return errors.Join(p.run(ctx, a, l, data, log), a.Close())
}

// firstLink shows a link that opens the console while no admin can sign in otherwise. Later none is
// made: what a service prints is often kept where many can read it.
func (p *Program) firstLink(ctx context.Context, a Appliance, base string) error {
	api := &client{http: &http.Client{Transport: inProcess{a.Admin()}}, base: "http://admin"}
	var first struct {
		Needed bool `json:"needed"`
	}
	if err := api.call(ctx, "GET", "/admin/signin", nil, "", &first); err != nil || !first.Needed {
		return err
	}
	link, err := signIn(ctx, api, base)
	if err == nil {
		_, err = fmt.Fprintf(p.Stdout, "Sign in (works once, within ten minutes) and choose a name and a password: %s\n", link)
	}
	return err
}

// signIn makes a link that opens the console, once.
func signIn(ctx context.Context, api *client, base string) (string, error) {
	var out struct {
		Code string `json:"code"`
	}
	err := api.call(ctx, "POST", "/admin/signin", nil, "", &out)
	return strings.TrimRight(base, "/") + "/signin?code=" + out.Code, err
}

func publicURL(given string, l net.Listener) string {
	if given != "" {
		return given
	}
	return "http://" + l.Addr().String()
}

// listenAdmin listens on the folder's socket, which nobody but its owner may open: it is made in a
// private folder and moved out once its mode is right.
func listenAdmin(data string) (net.Listener, error) {
	private, err := os.MkdirTemp(data, "s")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(private) }() // empty by then
	made := filepath.Join(private, "s")
	l, err := net.Listen("unix", made)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; the path of a socket has at most 107 bytes, so name a data folder with a shorter path", socket(data), err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	err = os.Chmod(made, 0o600)
	if err == nil {
		err = os.Rename(made, socket(data))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// grace is how long requests may still take once the server is told to end.
const grace = 300 * time.Millisecond

// run serves on l and on the folder's socket, and drives cases, until ctx ends or the store fails.
func (p *Program) run(ctx context.Context, a Appliance, l net.Listener, data string, log *slog.Logger) error {
	admin, err := listenAdmin(data)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(socket(data)) }() // nobody listens there any more
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	base := func(net.Listener) context.Context { return streams }
	servers := []*http.Server{
		{Handler: a.Handler(), BaseContext: base, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)},
		{Handler: a.Admin(), BaseContext: base, ReadHeaderTimeout: 10 * time.Second},
	}
	failed := make(chan error, 3)
	driving, stopDriving := context.WithCancel(ctx)
	defer stopDriving()
	drove := make(chan struct{})
	for i, l := range []net.Listener{l, admin} {
		go func() {
			if err := servers[i].Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	go func() {
		defer close(drove)
		if err := a.Run(driving); err != nil {
			failed <- err
		}
	}()
	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
		log.Error("stopping", "error", err)
	}
	stopDriving()
	time.AfterFunc(grace, endStreams) // requests that are short get their answer, streams would never end
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(closing) != nil {
			_ = s.Close() // what takes longer is cut off
		}
	}
	<-drove
	return err
}
