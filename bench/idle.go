package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"resolute/bench/peer"
)

// idle measures the time from start to ready and the memory at rest, with an empty data folder.
func (l *lab) idle(ctx context.Context) error {
	note := func(what string) string {
		return fmt.Sprintf("%s; memory is what is resident %v after it was ready", what, l.rest)
	}
	ours := note("the program as built, with the bundle that resolute init writes, which it stores and activates before it is ready")
	theirs := note("PocketBase " + peer.PocketBaseVersion + ", examples/base as it comes, which makes its tables before it is ready")
	var failed []error
	for range 2*l.runs + 1 {
		if l.wants("resolute") && ctx.Err() == nil {
			failed = append(failed, l.fresh(func(folder string) error { return l.idleResolute(ctx, folder, ours) }))
		}
		if l.wants("pocketbase") && ctx.Err() == nil {
			failed = append(failed, l.fresh(func(folder string) error { return l.idlePocketBase(ctx, folder, theirs) }))
		}
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) idleResolute(ctx context.Context, folder, note string) error {
	program, err := l.resolute(ctx)
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, program, "init", filepath.Join(folder, "bundle")).CombinedOutput(); err != nil {
		return fmt.Errorf("resolute init: %w: %s", err, out)
	}
	s, err := l.serveFolder(ctx, folder)
	if err != nil {
		return err
	}
	return errors.Join(l.atRest("resolute", note, s.Process, s.Ready), s.Stop())
}

func (l *lab) idlePocketBase(ctx context.Context, folder, note string) error {
	program, err := l.tools.PocketBase(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	s, err := peer.StartPocketBase(ctx, program, folder)
	if err != nil {
		return err
	}
	ready := time.Since(start)
	return errors.Join(l.atRest("pocketbase", note, s.Process, ready), s.Stop())
}

// atRest notes how long a server took, lets it rest and notes its memory.
func (l *lab) atRest(system, note string, p *peer.Process, ready time.Duration) error {
	time.Sleep(l.rest)
	memory, err := p.Memory()
	if err != nil {
		return err
	}
	l.add("idle", system, "ms to ready", note, float64(ready.Microseconds())/1000)
	l.add("idle", system, "MB at rest", note, memory)
	return nil
}
