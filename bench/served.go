package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"resolute/bench/peer"
)

// served is resolute's program at work.
type served struct {
	*peer.Process
	Addr    string
	Ready   time.Duration // from its start until it was ready
	program string
	data    string
}

// serve starts the program over folder/data, with a bundle that it writes to folder/bundle.
func (l *lab) serve(ctx context.Context, folder string, bundle fs.FS, env ...string) (*served, error) {
	at := filepath.Join(folder, "bundle")
	if _, err := os.Stat(at); err != nil {
		if err := os.CopyFS(at, bundle); err != nil {
			return nil, err
		}
	}
	return l.serveFolder(ctx, folder, env...)
}

// serveFolder starts the program over folder/data with the bundle in folder/bundle, and waits until
// it is ready.
func (l *lab) serveFolder(ctx context.Context, folder string, env ...string) (*served, error) {
	program, err := l.resolute(ctx)
	if err != nil {
		return nil, err
	}
	addr, err := peer.FreePort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	c := exec.CommandContext(ctx, program, "serve", "--data", data, "--bundle", filepath.Join(folder, "bundle"), "--addr", addr)
	c.Env = append(os.Environ(), env...)
	start := time.Now()
	p, err := peer.Start(c)
	if err != nil {
		return nil, err
	}
	s := &served{Process: p, Addr: addr, program: program, data: data}
	err = peer.Wait(ctx, p, 60*time.Second, time.Millisecond, func() error { return peer.Answers("http://" + addr + "/readyz") })
	s.Ready = time.Since(start)
	if err != nil {
		return nil, fmt.Errorf("%w (stopped: %v)", err, s.Stop())
	}
	return s, nil
}

// Stop tells it to end as an operator would.
func (s *served) Stop() error { return s.Process.Stop(syscall.SIGTERM) }

// Kill ends it as a crash would.
func (s *served) Kill() {
	_ = s.Process.Stop(syscall.SIGKILL) // it says that it was killed
}

// token makes a token.
func (s *served) token(ctx context.Context, role string) (string, error) {
	out, err := exec.CommandContext(ctx, s.program, "token", "create", "--role", role, "--data", s.data).Output()
	if err != nil {
		return "", fmt.Errorf("resolute token create: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *served) get(ctx context.Context, token, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.300s", path, res.Status, b)
	}
	return b, err
}
