package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// target is which resolute a command is for.
type target struct {
	data, url, token string
	begins           bool // a data folder that isn't there is begun
}

// targetFlags adds the flags that say which resolute a command is for.
func (p *Program) targetFlags(c *cobra.Command) *target {
	t := &target{}
	c.Flags().StringVar(&t.data, "data", p.setting("DATA", "data"), "data `folder`; a server that holds it is spoken to through its admin.sock")
	c.Flags().StringVar(&t.url, "url", p.setting("URL", ""), "`address` of a server elsewhere, with --token")
	c.Flags().StringVar(&t.token, "token", p.setting("TOKEN", ""), "bearer token for --url; better given as RESOLUTE_TOKEN")
	return t
}

// beginFlags are targetFlags of a command that puts something into a data folder, which may be the first.
func (p *Program) beginFlags(c *cobra.Command) *target {
	t := p.targetFlags(c)
	t.begins = true
	return t
}

// setting gives RESOLUTE_NAME, else otherwise.
func (p *Program) setting(name, otherwise string) string {
	if v, ok := p.Env("RESOLUTE_" + name); ok {
		return v
	}
	return otherwise
}

// client speaks to the API, wherever it is.
type client struct {
	http  *http.Client
	base  string
	token string
	close func() error
}

// connect finds the resolute that a command is for: the one at --url, the one that holds the data
// folder, else one assembled over it for the command's time.
func (p *Program) connect(ctx context.Context, t *target) (*client, error) {
	if c := t.running(ctx); c != nil {
		return c, nil
	}
	switch _, err := os.Stat(t.data); {
	case errors.Is(err, os.ErrNotExist) && !t.begins:
		return nil, fmt.Errorf("there is no data folder %s; name another with --data, or begin one with resolute serve or apply", t.data)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	s, err := readSettings(t.data)
	if err != nil {
		return nil, err
	}
	s = merged(settings{Model: p.setting("MODEL", ""), Embedder: p.setting("EMBEDDER", ""), Activation: p.setting("ACTIVATION", "")}, s) // another embedder than the server's would make all vectors anew
	if err := s.check(); err != nil {
		return nil, err
	}
	a, err := p.Assemble(ctx, Config{Data: t.data, Embedder: s.Embedder, Model: s.model(), MustRehearse: s.Activation == activateRehearsed, Env: p.Env, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return &client{http: &http.Client{Transport: inProcess{a.Admin()}}, base: "http://admin", close: a.Close}, nil
}

// running gives the resolute at --url or the one that holds the data folder, nil if none does.
func (t *target) running(ctx context.Context) *client {
	if t.url != "" {
		return &client{http: &http.Client{Timeout: time.Minute}, base: strings.TrimRight(t.url, "/"), token: t.token, close: func() error { return nil }}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket(t.data))
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil
	}
	_ = conn.Close() // only to see whether somebody listens
	tr := &http.Transport{DialContext: dial}
	return &client{http: &http.Client{Transport: tr}, base: "http://admin", close: func() error { tr.CloseIdleConnections(); return nil }}
}

// inProcess serves requests by a handler, without a network.
type inProcess struct{ handler http.Handler }

// RoundTrip serves one request. The answer is read while it is written.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	r.RequestURI = r.URL.RequestURI()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, to := io.Pipe()
	w := &pipeWriter{header: http.Header{}, to: to, began: make(chan int, 1)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		t.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		_ = to.Close() // it never fails
	}()
	status := <-w.began
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: servedBody{body, served}, ContentLength: -1, Request: r}, nil
}

// servedBody is a body whose handler has ended once it is closed.
type servedBody struct {
	*io.PipeReader
	served <-chan struct{}
}

// Close lets the handler end.
func (b servedBody) Close() error {
	err := b.PipeReader.Close()
	<-b.served
	return err
}

// pipeWriter is a http.ResponseWriter into a pipe.
type pipeWriter struct {
	header, sent http.Header
	to           *io.PipeWriter
	began        chan int // gets the status
}

// Header gives the header that is to be sent.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader begins the answer, once.
func (w *pipeWriter) WriteHeader(status int) {
	if w.sent == nil {
		w.sent = w.header.Clone()
		w.began <- status
	}
}

// Write writes a part of the answer.
func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.to.Write(b)
}

// problem is what the API answers when it refuses.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Pointer   string `json:"pointer"`
		Parameter string `json:"parameter"`
		Detail    string `json:"detail"`
	} `json:"errors"`
}

// Error says all that the problem says.
func (p *problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	if p.Detail == "" {
		b.WriteString(p.Title)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "\n  %s: %s", e.Pointer+e.Parameter, e.Detail)
	}
	return b.String()
}

// call sends in (JSON, unless it is []byte of contentType) and decodes the answer into out.
func (c *client) call(ctx context.Context, method, path string, in any, contentType string, out any) error {
	body, ok := in.([]byte)
	if !ok && in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		contentType = "application/json"
	}
	answer, err := c.send(ctx, method, path, body, contentType)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }() // read to its end
	b, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = b
		return nil
	}
	return json.Unmarshal(b, out)
}

// stream asks for an answer that may be long. Who gets it closes it.
func (c *client) stream(ctx context.Context, method, path string) (io.ReadCloser, error) {
	return c.send(ctx, method, path, nil, "")
}

// send makes a request. The error is a *problem where the API refuses it.
func (c *client) send(ctx context.Context, method, path string, body []byte, contentType string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	p := &problem{Status: res.StatusCode}
	if err := json.Unmarshal(b, p); err != nil || p.Detail+p.Title == "" {
		p.Detail = fmt.Sprintf("%s %s answered %d", method, path, res.StatusCode)
	}
	return nil, p
}

// with runs f with a connection.
func (p *Program) with(ctx context.Context, t *target, f func(*client) error) error {
	c, err := p.connect(ctx, t)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.close())
}

// printJSON prints an answer of the API, indented.
func printJSON(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}
