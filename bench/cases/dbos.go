package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"

	"resolute/bench/kit"
	"resolute/bench/load"
)

// DBOSNote says how it is set up.
const DBOSNote = "dbos-transact-golang v1.8.0, a workflow of five steps, each a checkpoint, 64 under way over 32 connections; "

// DBOS measures workflows of five steps.
func DBOS(ctx context.Context, s Setup) (float64, error) {
	pool, err := openPool(ctx, s.Addr, 32)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	c, err := dbos.NewContext(ctx, dbos.Config{AppName: "bench", SystemDBPool: pool, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	var steps counter
	workflow := func(c dbos.Context, item string) (string, error) {
		for _, name := range kit.ToolNames() {
			if _, err := dbos.RunAsStep(c, func(context.Context) (string, error) { return steps.step(item) }, dbos.WithStepName(name)); err != nil {
				return "", err
			}
		}
		return item, nil
	}
	dbos.RegisterWorkflow(c, workflow, dbos.WithWorkflowName("case"))
	if err := dbos.Launch(c); err != nil {
		return 0, err
	}
	rate, err := load.Rate(ctx, underWayDBOS, s.Window, &steps.Int64, func(_ context.Context, i int64) error {
		h, err := dbos.RunWorkflow(c, workflow, fmt.Sprint("item-", i))
		if err != nil {
			return err
		}
		_, err = h.GetResult()
		return err
	})
	return rate, errors.Join(err, dbos.Shutdown(c, grace))
}

func openPool(ctx context.Context, dsn string, connections int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections
	return pgxpool.NewWithConfig(ctx, config)
}
