package plugins

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"resolute/tools/protocol"
)

// maxArguments is the largest body of a call that is read, in bytes.
const maxArguments = 1 << 20

// Options are what a Server can be given; the zero value works.
type Options struct {
	Version string           // of the plugin, for the manifest; "1" if empty
	Store   Store            // where writes are remembered; a Memory if nil
	Token   string           // bearer token that every request must carry; none if empty
	Now     func() time.Time // the clock; time.Now if nil
	Log     *slog.Logger     // slog.Default() if nil
	Client  *http.Client     // posts results to callbacks; one that times out and follows no redirect if nil
	// CallbackPause is the pause after the first failed post of a result; it grows with each one.
	// 500 ms if zero. CallbackFor is how long a result is posted again; 1 h if zero.
	CallbackPause, CallbackFor time.Duration
}

// Server is one plugin: a set of tools behind the protocol's three endpoints.
type Server struct {
	name  string
	opts  Options
	store Store
	tools map[string]*tool
	order []string // names as registered, for the manifest

	mu       sync.Mutex
	inFlight map[string]Record // by key: the writes that are running now
	closed   bool

	ctx  context.Context // of background work; ends with Close
	stop context.CancelFunc
	work sync.WaitGroup
}

// New makes the plugin called name. Register its tools, then serve its Handler, or just Serve.
func New(name string, o Options) *Server {
	if o.Version == "" {
		o.Version = "1"
	}
	if o.Store == nil {
		o.Store = NewMemory()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if o.CallbackPause == 0 {
		o.CallbackPause = 500 * time.Millisecond
	}
	if o.CallbackFor == 0 {
		o.CallbackFor = time.Hour
	}
	s := &Server{name: name, opts: o, store: o.Store, tools: map[string]*tool{}, inFlight: map[string]Record{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

func (s *Server) add(t *tool) error {
	if _, taken := s.tools[t.Name]; taken {
		return errors.New("the name is taken")
	}
	if _, durable := s.store.(*Bolt); t.atomic && !durable {
		return errors.New("it is atomic, and the server's store isn't a Bolt")
	}
	m := protocol.Manifest{Name: s.name, Tools: []protocol.Tool{t.Tool}}
	if err := m.Validate(); err != nil {
		return err
	}
	s.tools[t.Name] = t
	s.order = append(s.order, t.Name)
	return nil
}

// Manifest describes the plugin's tools in the order of their registration.
func (s *Server) Manifest() protocol.Manifest {
	m := protocol.Manifest{Name: s.name, Version: s.opts.Version, Operations: true, Tools: []protocol.Tool{}}
	for _, name := range s.order {
		m.Tools = append(m.Tools, s.tools[name].Tool)
	}
	return m
}

// Handler serves the protocol below its root. Call Resume once before, and Close when the HTTP
// server has stopped.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /manifest", s.handle(func(w http.ResponseWriter, _ *http.Request) error {
		writeJSON(w, http.StatusOK, s.Manifest())
		return nil
	}))
	mux.HandleFunc("POST /tools/{name}", s.handle(s.call))
	mux.HandleFunc("GET /operations/{key}", s.handle(s.operation))
	mux.HandleFunc("/", s.handle(func(_ http.ResponseWriter, r *http.Request) error {
		return problem(http.StatusNotFound, "a plugin has /manifest, /tools/NAME and /operations/KEY, no %s %s", r.Method, r.URL.Path)
	}))
	return mux
}

// Serve resumes what a restart cut off and serves on ln until ctx ends; then it lets the requests in
// flight finish.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	defer s.Close()
	if err := s.Resume(); err != nil {
		return errors.Join(err, ln.Close())
	}
	hs := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- hs.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve plugin %s: %w", s.name, err)
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := hs.Shutdown(patience); err != nil {
			return fmt.Errorf("stop plugin %s: %w", s.name, err)
		}
		return nil
	}
}

// Close stops the background work and waits for it. What it leaves undone is resumed by the next
// start, if the store is durable.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.work.Wait()
}

// handle lets only whoever has the token in, and answers errors as problems.
func (s *Server) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := func() error {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if s.opts.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) != 1 {
				return problem(http.StatusUnauthorized, "send the plugin's token as a bearer token")
			}
			return h(w, r)
		}()
		if err == nil {
			return
		}
		answer := answerFor(err)
		if answer.Status == http.StatusInternalServerError {
			s.opts.Log.Error("a plugin call failed", "plugin", s.name, "path", r.URL.Path, "error", err)
		}
		writeProblem(w, answer)
	}
}

// call serves POST /tools/{name}.
func (s *Server) call(w http.ResponseWriter, r *http.Request) error {
	t, ok := s.tools[r.PathValue("name")]
	if !ok {
		return problem(http.StatusNotFound, "plugin %s has no tool %q", s.name, r.PathValue("name"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxArguments))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return problem(http.StatusRequestEntityTooLarge, "arguments may have %d bytes", maxArguments)
	} else if err != nil {
		return problem(http.StatusBadRequest, "the body broke off: %v", err)
	}
	args, faults, err := check(t.input, body)
	if err != nil {
		return problem(http.StatusBadRequest, "the arguments aren't JSON: %v", err)
	}
	if len(faults) > 0 {
		p := problem(http.StatusBadRequest, "the arguments of %s don't fit its schema", t.Name)
		p.Errors = faults
		return p
	}
	rec := Record{
		Key: r.Header.Get(protocol.HeaderIdempotencyKey), Tool: t.Name, Args: args,
		Case: r.Header.Get(protocol.HeaderCase), Step: r.Header.Get(protocol.HeaderStep),
		At: s.opts.Now().UTC(), Status: protocol.OperationPending,
	}
	switch {
	case !t.Effect.Writes():
		rec.Key = ""
		result, err := s.perform(r.Context(), t, rec)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, result)
		return nil
	case rec.Key == "":
		return problem(http.StatusBadRequest, "%s changes something: send an %s", t.Name, protocol.HeaderIdempotencyKey)
	case t.Async:
		rec.Callback = r.Header.Get(protocol.HeaderCallback)
	}
	rec, err = s.write(context.WithoutCancel(r.Context()), t, rec)
	if err != nil {
		return err
	}
	return answer(w, t, rec)
}

// answer tells the caller how the write of rec stands.
func answer(w http.ResponseWriter, t *tool, rec Record) error {
	switch {
	case rec.Status == protocol.OperationDone:
		writeJSON(w, http.StatusOK, rec.Result)
	case rec.Status == protocol.OperationFailed:
		return rec.Problem
	case t.Async:
		writeJSON(w, http.StatusAccepted, protocol.Accepted{Operation: rec.Key})
	default:
		return problem(http.StatusConflict, "the call with this key was cut off, and nobody knows whether it took effect")
	}
	return nil
}

// operation serves GET /operations/{key}.
func (s *Server) operation(w http.ResponseWriter, r *http.Request) error {
	key := r.PathValue("key")
	s.mu.Lock()
	_, running := s.inFlight[key]
	rec, ok, err := s.store.Find(key)
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case ok && rec.Status != protocol.OperationPending:
		writeJSON(w, http.StatusOK, protocol.Operation{Status: rec.Status, Result: rec.Result, Error: rec.Problem})
	case ok || running:
		writeJSON(w, http.StatusOK, protocol.Operation{Status: protocol.OperationPending})
	default:
		return problem(http.StatusNotFound, "no write came with this key")
	}
	return nil
}

// perform prepares and runs the function of t for rec.
func (s *Server) perform(ctx context.Context, t *tool, rec Record) (json.RawMessage, error) {
	ctx = context.WithValue(ctx, callKey{}, Call{Tool: t.Name, Key: rec.Key, Case: rec.Case, Step: rec.Step})
	return guarded(func() (json.RawMessage, error) {
		if err := t.prepare(ctx, rec.Args); err != nil {
			return nil, err
		}
		return t.run(ctx, rec.Args)
	})
}
