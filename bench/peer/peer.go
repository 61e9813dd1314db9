// Package peer installs, starts and stops the systems that resolute is measured against: each of
// them for one measurement only, so that none costs another anything.
package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Versions of what is built here.
const (
	PocketBaseVersion = "v0.36.8"
	TemporalVersion   = "v1.5.1"
)

// Tools builds programs into a folder that is kept between runs.
type Tools struct{ Folder string }

// OpenTools makes the folder in the user's cache.
func OpenTools() (Tools, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Tools{}, err
	}
	t := Tools{Folder: filepath.Join(cache, "resolute-bench")}
	return t, os.MkdirAll(t.Folder, 0o755)
}

// PocketBase builds PocketBase's examples/base and gives its path.
func (t Tools) PocketBase(ctx context.Context) (string, error) {
	return t.install(ctx, "github.com/pocketbase/pocketbase/examples/base", PocketBaseVersion)
}

// Temporal builds the Temporal CLI, whose dev server it is, and gives its path. The first time takes
// minutes.
func (t Tools) Temporal(ctx context.Context) (string, error) {
	return t.install(ctx, "github.com/temporalio/cli/cmd/temporal", TemporalVersion)
}

func (t Tools) install(ctx context.Context, pkg, version string) (string, error) {
	bin := filepath.Join(t.Folder, version)
	path := filepath.Join(bin, filepath.Base(pkg))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "building %s@%s, once\n", pkg, version)
	c := exec.CommandContext(ctx, "go", "install", pkg+"@"+version)
	c.Dir = t.Folder // outside any module
	c.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-buildvcs=false")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s@%s: %w\n%s", pkg, version, err, out)
	}
	return path, nil
}

// FreePort gives an address of this machine that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Wait calls try until it gives nil, the time is over or the process has ended.
func Wait(ctx context.Context, p *Process, within, every time.Duration, try func() error) error {
	deadline := time.Now().Add(within)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.Ended():
			return fmt.Errorf("%s ended before it was ready: %s", p.name, p.Said())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v: %w; it said: %s", p.name, within, err, p.Said())
		}
	}
}
