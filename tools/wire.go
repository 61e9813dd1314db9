package tools

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"resolute/tools/protocol"
)

// wire makes requests to one address, each on a connection that carries nothing else meanwhile and
// written at most once. net/http's transport may write a request twice when a connection breaks; and
// its two goroutines a connection cost more than all else of a call.
type wire struct {
	connect Dial
	address string      // host:port
	tls     *tls.Config // nil without TLS
	spare   int         // how many connections are kept without a request

	mu    sync.Mutex
	kept  []*conn // the one used last is the last
	ended bool
}

const (
	keepFor       = 60 * time.Second // how long a connection is kept without a request
	handshakeTime = 10 * time.Second
	maxHeader     = 64 << 10 // bytes of an answer beside its body
	maxInterim    = 5        // 1xx answers before the one that counts
)

var errAnswerTooLong = errors.New("the answer's header is too long")

func newWire(d Dial, base *url.URL, spare int) *wire {
	w := &wire{connect: d, spare: spare}
	port := base.Port()
	if base.Scheme == "https" {
		w.tls = &tls.Config{ServerName: base.Hostname(), NextProtos: []string{"http/1.1"}}
		if port == "" {
			port = "443"
		}
	} else if port == "" {
		port = "80"
	}
	w.address = net.JoinHostPort(base.Hostname(), port)
	return w
}

// exchange writes one request and reads its answer. Sent tells whether a connection was there to
// write it to: from then on it may have arrived.
func (w *wire) exchange(ctx context.Context, timeout time.Duration, r *http.Request) (rep reply, sent bool, err error) {
	deadline := time.Now().Add(timeout)
	c, err := w.take(ctx, deadline)
	if err != nil {
		return rep, false, err
	}
	if err := c.SetDeadline(deadline); err != nil {
		_ = c.Close()
		return rep, false, err
	}
	cut := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	rep, again, err := c.exchange(r)
	if cut() && again && err == nil {
		w.keep(c)
	} else {
		_ = c.Close()
	}
	return rep, true, err
}

// take gives a connection that was kept and still stands, or a new one.
func (w *wire) take(ctx context.Context, deadline time.Time) (*conn, error) {
	for {
		c := w.pop()
		if c == nil {
			return w.dial(ctx, deadline)
		}
		if time.Since(c.since) < keepFor && stands(c.Conn) {
			return c, nil
		}
		_ = c.Close()
	}
}

func (w *wire) pop() *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.kept)
	if n == 0 {
		return nil
	}
	c := w.kept[n-1]
	w.kept = w.kept[:n-1]
	return c
}

func (w *wire) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	raw, err := w.connect(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	if w.tls != nil {
		ctx, cancel := context.WithTimeout(ctx, handshakeTime)
		defer cancel()
		secure := tls.Client(raw, w.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		raw = secure
	}
	c := &conn{Conn: raw}
	c.in, c.out = bufio.NewReader(&c.limited), bufio.NewWriter(raw)
	c.limited.from = raw
	return c, nil
}

// keep keeps a connection for the next request, and lets go of those that nobody used for long.
func (w *wire) keep(c *conn) {
	c.since = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || len(w.kept) >= w.spare {
		_ = c.Close()
		return
	}
	w.kept = append(w.kept, c)
	for c.since.Sub(w.kept[0].since) >= keepFor {
		_ = w.kept[0].Close()
		w.kept = w.kept[1:]
	}
}

// close lets go of the connections that carry no request, and keeps none from now on.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, c := range w.kept {
		_ = c.Close()
	}
	w.kept = nil
}

// conn is one connection.
type conn struct {
	net.Conn
	limited limited
	in      *bufio.Reader
	out     *bufio.Writer
	since   time.Time // when it was kept
}

// exchange reports whether the connection can carry another request.
func (c *conn) exchange(r *http.Request) (rep reply, again bool, err error) {
	c.limited.left = maxHeader + 2*protocol.MaxAnswer // what a chunked body has between its chunks is counted too
	if err := r.Write(c.out); err != nil {
		return rep, false, err
	}
	if err := c.out.Flush(); err != nil {
		return rep, false, err
	}
	resp, err := c.answer(r)
	if err != nil {
		return rep, false, err
	}
	rep = reply{status: resp.StatusCode, header: resp.Header}
	if rep.body, err = readBody(resp); err != nil {
		return reply{}, false, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(rep.body) > protocol.MaxAnswer {
		rep.body, rep.long = nil, true
		return rep, false, nil
	}
	return rep, !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols && c.in.Buffered() == 0, nil
}

// answer reads the head of the answer that counts.
func (c *conn) answer(r *http.Request) (*http.Response, error) {
	for range maxInterim {
		resp, err := http.ReadResponse(c.in, r)
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
	return nil, fmt.Errorf("more than %d interim answers", maxInterim)
}

// readBody reads a body to its end, or one byte more than an answer may have.
func readBody(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= protocol.MaxAnswer {
		body := make([]byte, n)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	return io.ReadAll(io.LimitReader(resp.Body, protocol.MaxAnswer+1))
}

// limited reads so many bytes and no more.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errAnswerTooLong
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
