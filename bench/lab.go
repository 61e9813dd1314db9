package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"resolute/bench/peer"
	"resolute/bench/report"
)

// lab is where it is measured.
type lab struct {
	options
	tools   peer.Tools
	folder  string // for data, empty between runs
	log     io.Writer
	figures figures
	built   string // resolute's program, once built
}

func newLab(o options, log io.Writer) (*lab, error) {
	tools, err := peer.OpenTools()
	if err != nil {
		return nil, err
	}
	if memoryOnly(o.folder) {
		fmt.Fprintf(log, "%s is in memory, where syncs cost nothing: name a folder on a disk with -dir\n", o.folder)
	}
	folder, err := os.MkdirTemp(o.folder, "rb") // short: the path of a socket has at most 107 bytes
	if err != nil {
		return nil, err
	}
	return &lab{options: o, tools: tools, folder: folder, log: log}, os.Chmod(folder, 0o755) // PostgreSQL runs as another user
}

func (l *lab) close() error { return os.RemoveAll(l.folder) }

// memoryOnly reports whether a folder is in a tmpfs.
func memoryOnly(folder string) bool {
	const tmpfs = 0x01021994
	var s syscall.Statfs_t
	return syscall.Statfs(folder, &s) == nil && s.Type == tmpfs
}

// fresh runs fn with an empty folder on a disk that has nothing else to write.
func (l *lab) fresh(fn func(folder string) error) error {
	folder, err := os.MkdirTemp(l.folder, "r")
	if err != nil {
		return err
	}
	syscall.Sync()
	return errors.Join(os.Chmod(folder, 0o755), fn(folder), os.RemoveAll(folder))
}

// system is one that a bench measures.
type system struct {
	name string
	unit string
	note string
	run  func(ctx context.Context, folder string) (float64, error)
}

// sideBySide measures systems in turn, as often as there are runs. A system that fails is left out
// from there on.
func (l *lab) sideBySide(ctx context.Context, bench string, systems []system) error {
	var failed []error
	broken := map[string]bool{}
	for range l.runs {
		for _, s := range systems {
			if !l.wants(s.name) || broken[s.name] || ctx.Err() != nil {
				continue
			}
			err := l.fresh(func(folder string) error {
				value, err := s.run(ctx, folder)
				switch {
				case err != nil:
					return err
				case value <= 0:
					return errors.New("it did nothing while it was measured")
				}
				l.add(bench, s.name, s.unit, s.note, value)
				return nil
			})
			if err != nil {
				broken[s.name] = true
				failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
			}
		}
	}
	return errors.Join(failed...)
}

// add notes what one run gave.
func (l *lab) add(bench, system, unit, note string, value float64) {
	fmt.Fprintf(l.log, "%s %s: %s %s\n", bench, system, report.Number(value), unit)
	l.figures.add(bench, system, unit, note, value)
}

// resolute builds the program once and gives its path.
func (l *lab) resolute(ctx context.Context) (string, error) {
	if l.built != "" {
		return l.built, nil
	}
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "resolute").Output()
	if err != nil {
		return "", fmt.Errorf("find resolute's module (run this in bench/): %w", err)
	}
	path := filepath.Join(l.folder, "resolute")
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", path, ".")
	c.Dir = strings.TrimSpace(string(dir))
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build resolute: %w\n%s", err, out)
	}
	l.built = path
	return path, nil
}

// figures gathers what runs gave, in the order in which it came up.
type figures struct{ all []*report.Figure }

func (f *figures) add(bench, system, unit, note string, value float64) {
	for _, g := range f.all {
		if g.Bench == bench && g.System == system && g.Unit == unit {
			g.Runs = append(g.Runs, value)
			return
		}
	}
	f.all = append(f.all, &report.Figure{Bench: bench, System: system, Unit: unit, Note: note, Runs: []float64{value}})
}

func (f *figures) list() []report.Figure {
	list := make([]report.Figure, len(f.all))
	for i, g := range f.all {
		list[i] = *g
	}
	return list
}
