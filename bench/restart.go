package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"resolute/bench/kit"
)

// restart measures the time from start to ready after a crash, with many cases stored.
func (l *lab) restart(ctx context.Context) error {
	stored := l.stored
	if !l.wants("resolute") {
		return nil
	}
	for _, v := range []struct{ waiting, working int }{{stored / 10, 0}, {stored, 0}, {0, stored}} {
		unit := fmt.Sprintf("s, %d stored, %d open", stored, v.waiting)
		if v.working > 0 {
			unit = fmt.Sprintf("s, %d stored, all runnable", stored)
		}
		err := l.fresh(func(folder string) error {
			return l.restarts(ctx, folder, unit, job{Role: "fill", Folder: filepath.Join(folder, "data"), Sizes: []int{stored - v.waiting - v.working}, Waiting: v.waiting, Working: v.working})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) restarts(ctx context.Context, folder, unit string, fill job) error {
	s, err := l.serve(ctx, folder, kit.Bundle(), "BENCH=http://127.0.0.1:1")
	if err == nil {
		err = s.Stop()
	}
	if err != nil {
		return err
	}
	if _, err := l.value(ctx, fill); err != nil {
		return fmt.Errorf("store cases: %w", err)
	}
	for range max(l.runs, 3) {
		s, err := l.serveFolder(ctx, folder, "BENCH=http://127.0.0.1:1")
		if err != nil {
			return err
		}
		s.Kill()
		l.add("restart", "resolute", unit, "the program as built, after SIGKILL, until /readyz answers 200; the file is in the page cache; open cases wait for customers, with a timer each, where nothing else is said", s.Ready.Seconds())
	}
	return nil
}

// fill stores cases: closed ones, waiting ones, and some that are to be worked on.
func fill(ctx context.Context, j job, say func(said)) error {
	r, err := kit.Open(ctx, j.Folder, kit.Watch{})
	if err != nil {
		return err
	}
	f := kit.NewFiller(r)
	err = func() error {
		closed, err := kit.NewTemplate(ctx, kit.SignalType)
		if err != nil {
			return err
		}
		waiting, err := kit.NewTemplate(ctx, kit.AskType)
		if err != nil {
			return err
		}
		if err := f.Store(ctx, closed, j.Sizes[0]); err != nil {
			return err
		}
		if err := f.Store(ctx, waiting, j.Waiting); err != nil {
			return err
		}
		_, err = f.Open(ctx, kit.SignalType, j.Working)
		return err
	}()
	say(said{Value: float64(j.Sizes[0] + j.Waiting + j.Working)})
	return errors.Join(err, r.Close())
}
