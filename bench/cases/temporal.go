package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"resolute/bench/kit"
	"resolute/bench/load"
)

const taskQueue = "bench"

// Temporal measures workflows of five activities.
func Temporal(ctx context.Context, s Setup) (float64, error) {
	return temporal(ctx, s, func(c workflow.Context, name, item string) error {
		c = workflow.WithActivityOptions(c, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteActivity(c, name, item).Get(c, nil)
	})
}

// TemporalLocal measures workflows of five local activities.
func TemporalLocal(ctx context.Context, s Setup) (float64, error) {
	return temporal(ctx, s, func(c workflow.Context, name, item string) error {
		c = workflow.WithLocalActivityOptions(c, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteLocalActivity(c, name, item).Get(c, nil)
	})
}

func temporal(ctx context.Context, s Setup, do func(c workflow.Context, name, item string) error) (float64, error) {
	quiet := sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Addr, Logger: quiet})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var steps counter
	w := worker.New(c, taskQueue, worker.Options{WorkerStopTimeout: grace})
	for _, name := range kit.ToolNames() {
		w.RegisterActivityWithOptions(func(_ context.Context, item string) (string, error) { return steps.step(item) }, activity.RegisterOptions{Name: name})
	}
	w.RegisterWorkflowWithOptions(func(c workflow.Context, item string) (string, error) {
		for _, name := range kit.ToolNames() {
			if err := do(c, name, item); err != nil {
				return "", err
			}
		}
		return item, nil
	}, workflow.RegisterOptions{Name: "case"})
	if err := w.Start(); err != nil {
		return 0, err
	}
	rate, err := load.Rate(ctx, underWayTemporal, s.Window, &steps.Int64, func(ctx context.Context, i int64) error {
		item := fmt.Sprint("item-", i)
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: item, TaskQueue: taskQueue}, "case", item)
		if err != nil {
			return err
		}
		return run.Get(ctx, nil)
	})
	w.Stop()
	return rate, errors.Join(err)
}
