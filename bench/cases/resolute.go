package cases

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"resolute/bench/bare"
	"resolute/bench/kit"
	"resolute/bench/load"
)

// Resolute measures the engine with its store, intake, planner and guard.
func Resolute(ctx context.Context, s Setup) (float64, error) {
	r, err := kit.Open(ctx, s.Folder, kit.Watch{})
	if err != nil {
		return 0, err
	}
	r.Drive()
	rate, err := load.Rate(ctx, underWay, s.Window, &r.Tools.Calls, func(ctx context.Context, i int64) error {
		return r.Case(ctx, fmt.Sprint("item-", i))
	})
	return rate, errors.Join(err, r.Close())
}

// Bare measures a group commit that writes what resolute's journal gets of such cases: the same
// entries, in as many commits.
func Bare(ctx context.Context, s Setup) (float64, error) {
	commits, err := kit.Record(ctx)
	if err != nil {
		return 0, fmt.Errorf("record a case: %w", err)
	}
	log, err := bare.Open(filepath.Join(s.Folder, "bare.db"))
	if err != nil {
		return 0, err
	}
	var steps counter
	rate, err := load.Rate(ctx, underWay, s.Window, &steps.Int64, func(context.Context, int64) error {
		for _, c := range commits {
			if err := log.Append(c.Entries...); err != nil {
				return err
			}
			steps.Add(int64(c.Steps))
		}
		return nil
	})
	return rate, errors.Join(err, log.Close())
}
