package main

import (
	"context"
	"errors"
	"time"

	"resolute/bench/bare"
	"resolute/bench/cases"
	"resolute/bench/load"
	"resolute/bench/peer"
)

// cases measures durable cases of five steps that are answered in process.
func (l *lab) cases(ctx context.Context) error {
	here := func(role string) func(context.Context, string) (float64, error) {
		return func(ctx context.Context, folder string) (float64, error) {
			return l.value(ctx, job{Role: role, Folder: folder, Window: l.window})
		}
	}
	const (
		unit       = "steps/s"
		activities = "workflows of five activities, 64 under way; " + peer.TemporalNote
		local      = "workflows of five local activities, which are durable together and not each, 64 under way; " + peer.TemporalNote
		comes      = ", as it comes: a rollback journal, which syncs several times for each commit"
		ahead      = ", journal_mode=WAL and synchronous=FULL: one sync for each commit"
	)
	return l.sideBySide(ctx, "cases", []system{
		{"resolute", unit, "the engine with its store, intake, planner and guard; 512 cases under way; one fsync or more for each commit", here("cases-resolute")},
		{"bare", unit, bare.Note + "; the same entries in as many commits, 512 cases under way", here("cases-bare")},
		{"dbos", unit, cases.DBOSNote + peer.PostgresNote, l.onPostgres("cases-dbos")},
		{"river", unit, cases.RiverNote + peer.PostgresNote, l.onPostgres("cases-river")},
		{"temporal", unit, activities + comes, l.onTemporal("cases-temporal", peer.AsItComes())},
		{"temporal-local", unit, local + comes, l.onTemporal("cases-temporal-local", peer.AsItComes())},
		{"temporal-wal", unit, activities + ahead, l.onTemporal("cases-temporal", peer.WriteAhead())},
		{"temporal-local-wal", unit, local + ahead, l.onTemporal("cases-temporal-local", peer.WriteAhead())},
	})
}

func (l *lab) onPostgres(role string) func(context.Context, string) (float64, error) {
	return func(ctx context.Context, folder string) (float64, error) {
		pg, err := peer.StartPostgres(ctx, folder)
		if err != nil {
			return 0, err
		}
		v, err := l.value(ctx, job{Role: role, Addr: pg.DSN(), Window: l.window})
		return v, errors.Join(err, pg.Stop())
	}
}

func (l *lab) onTemporal(role string, pragmas []string) func(context.Context, string) (float64, error) {
	return func(ctx context.Context, folder string) (float64, error) {
		program, err := l.tools.Temporal(ctx)
		if err != nil {
			return 0, err
		}
		s, err := peer.StartTemporal(ctx, program, folder, pragmas)
		if err != nil {
			return 0, err
		}
		v, err := l.value(ctx, job{Role: role, Addr: s.Addr, Window: slow(l.window)})
		return v, errors.Join(err, s.Stop())
	}
}

// slow is a window for a peer that does so little in a second that a short one would tell nothing.
func slow(w load.Window) load.Window {
	return load.Window{Warm: max(w.Warm, 4*time.Second), Measure: max(2*w.Measure, 8*time.Second)}
}
