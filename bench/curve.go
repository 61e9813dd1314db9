package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"resolute/bench/kit"
	"resolute/bench/report"
)

// curve measures what a step and an intake cost by how many cases are stored.
func (l *lab) curve(ctx context.Context) error {
	if !l.wants("resolute") {
		return nil
	}
	return l.fresh(func(folder string) error {
		c, err := l.start(ctx, job{Role: "curve", Folder: folder, Sizes: l.sizes, Runs: 2*l.runs + 1})
		if err != nil {
			return err
		}
		for {
			s, err := c.next()
			if err != nil || s.Done {
				return errors.Join(err, c.stop())
			}
			l.add(report.Curve, report.Reference, s.Unit, fmt.Sprintf("in process; a step is a fifth of a case, over %d cases from runnable to closed with 256 under way; an intake is one of %d signals from 64 at once; beside the stored cases named", curveCases, curveSignals), s.Value)
		}
	})
}

const (
	curveCases   = 1000
	curveSignals = 4000
)

// curveLab measures at one size after the other.
type curveLab struct {
	folder string
	closed *kit.Template
	say    func(said)
}

func measureCurve(ctx context.Context, j job, say func(said)) error {
	closed, err := kit.NewTemplate(ctx, kit.SignalType)
	if err != nil {
		return err
	}
	warm := &curveLab{j.Folder, closed, func(said) {}}
	if err := warm.small(ctx, 100); err != nil { // so that the first size doesn't pay for the program's own beginning
		return err
	}
	l := &curveLab{j.Folder, closed, say}
	for _, size := range j.Sizes {
		if size > smallStore {
			break
		}
		for range j.Runs {
			if err := l.small(ctx, size); err != nil {
				return err
			}
		}
	}
	return l.large(ctx, j)
}

// smallStore is a size up to which each measurement gets a store of its own.
const smallStore = 10_000

// small measures a step and an intake with stores of their own, filled to size.
func (l *curveLab) small(ctx context.Context, size int) error {
	for _, measure := range []func(context.Context, *kit.Resolute, *kit.Filler, int) error{l.step, l.intake} {
		if err := l.with(ctx, func(r *kit.Resolute, f *kit.Filler) error {
			if err := f.Store(ctx, l.closed, size); err != nil {
				return err
			}
			return measure(ctx, r, f, size)
		}); err != nil {
			return err
		}
	}
	return nil
}

// large measures in one store that grows from size to size; what is measured adds to it. The
// smallest size is measured again beside each, since filling takes minutes in which a machine changes.
func (l *curveLab) large(ctx context.Context, j job) error {
	return l.with(ctx, func(r *kit.Resolute, f *kit.Filler) error {
		have := 0
		for _, size := range j.Sizes {
			if size <= smallStore {
				continue
			}
			if err := f.Store(ctx, l.closed, size-have); err != nil {
				return err
			}
			for range j.Runs {
				if err := l.step(ctx, r, f, size); err != nil {
					return err
				}
				if err := l.intake(ctx, r, f, size); err != nil {
					return err
				}
				if err := l.small(ctx, j.Sizes[0]); err != nil {
					return err
				}
			}
			have = size + j.Runs*(curveCases+curveSignals)
		}
		return nil
	})
}

// with opens an empty store for fn.
func (l *curveLab) with(ctx context.Context, fn func(*kit.Resolute, *kit.Filler) error) error {
	folder, err := os.MkdirTemp(l.folder, "c")
	if err != nil {
		return err
	}
	r, err := kit.Open(ctx, folder, kit.Watch{})
	if err != nil {
		return err
	}
	return errors.Join(fn(r, kit.NewFiller(r)), r.Close(), os.RemoveAll(folder))
}

// step times cases that are there to be worked on.
func (l *curveLab) step(ctx context.Context, r *kit.Resolute, f *kit.Filler, size int) error {
	cases, err := f.Open(ctx, kit.SignalType, curveCases)
	if err != nil {
		return err
	}
	start := time.Now()
	r.Drive()
	for _, id := range cases {
		if err := r.Await(ctx, id); err != nil {
			return err
		}
	}
	l.tell("step", size, time.Since(start), len(cases)*kit.Steps)
	return r.Rest()
}

// intake times signals, and closes their cases afterwards.
func (l *curveLab) intake(ctx context.Context, r *kit.Resolute, f *kit.Filler, size int) error {
	var next atomic.Int64
	prefix := kit.NewID()
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range intakeClients {
		g.Go(func() error {
			for i := next.Add(1); i <= curveSignals; i = next.Add(1) {
				if _, err := r.Accept(ctx, kit.SignalType, fmt.Sprint(prefix, "-", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	l.tell("intake", size, time.Since(start), curveSignals)
	return errors.Join(err, f.Park(context.WithoutCancel(ctx), l.closed))
}

func (l *curveLab) tell(what string, size int, took time.Duration, n int) {
	l.say(said{Unit: report.Point(what, size), Value: float64(took.Nanoseconds()) / 1000 / float64(n)})
}
