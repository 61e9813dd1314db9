package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"resolute/bench/kit"
	"resolute/bench/load"
)

// RiverNote says how it is set up.
const RiverNote = "River v0.51.1, a job for each step, which in one transaction completes itself and inserts the next; "

// stepArgs is one step of a case.
type stepArgs struct {
	Item string `json:"item"`
	Step int    `json:"step"`
}

// Kind names the job.
func (stepArgs) Kind() string { return "step" }

// stepWorker does a step and hands on to the next one.
type stepWorker struct {
	river.WorkerDefaults[stepArgs]
	pool  *pgxpool.Pool
	steps *counter
	ended *sync.Map // item → chan struct{}
}

// Work does one step.
func (w *stepWorker) Work(ctx context.Context, job *river.Job[stepArgs]) error {
	if _, err := w.steps.step(job.Args.Item); err != nil {
		return err
	}
	last := job.Args.Step == kit.Steps
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if !last {
			next := stepArgs{Item: job.Args.Item, Step: job.Args.Step + 1}
			if _, err := river.ClientFromContext[pgx.Tx](ctx).InsertTx(ctx, tx, next, nil); err != nil {
				return err
			}
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	if ch, ok := w.ended.Load(job.Args.Item); ok && err == nil && last {
		close(ch.(chan struct{}))
	}
	return err
}

// River measures cases of five jobs.
func River(ctx context.Context, s Setup) (float64, error) {
	pool, err := openPool(ctx, s.Addr, 64)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	driver := riverpgxv5.New(pool)
	log := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return 0, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return 0, err
	}
	var steps counter
	var ended sync.Map
	workers := river.NewWorkers()
	river.AddWorker(workers, &stepWorker{pool: pool, steps: &steps, ended: &ended})
	client, err := river.NewClient(driver, &river.Config{Logger: log, Workers: workers,
		FetchCooldown: riverCooldown, FetchPollInterval: 100 * time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}}})
	if err != nil {
		return 0, err
	}
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	rate, err := load.Rate(ctx, underWayRiver, s.Window, &steps.Int64, func(ctx context.Context, i int64) error {
		item, ch := fmt.Sprint("item-", i), make(chan struct{})
		ended.Store(item, ch)
		defer ended.Delete(item)
		if _, err := client.Insert(ctx, stepArgs{Item: item, Step: 1}, nil); err != nil {
			return err
		}
		select {
		case <-ch:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return rate, errors.Join(err, client.StopAndCancel(stopping))
}
