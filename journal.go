package main

import (
	"context"
	"path/filepath"
	"time"

	"resolute/agent"
	"resolute/agent/journal"
	"resolute/ui/cli"
)

func journalIn(data string) string { return filepath.Join(data, "journal.db") }

// journals looks after the journals of data folders that no server holds.
type journals struct{}

func (journals) Verify(ctx context.Context, data string, report func(cli.Damage)) (cli.Totals, error) {
	t, err := journal.VerifyFile(ctx, journalIn(data), func(d journal.Damage) { report(cli.Damage(d)) })
	return cli.Totals(t), err
}

func (journals) Repair(ctx context.Context, data string, found, lost func(cli.Damage)) (string, error) {
	return journal.Repair(ctx, journalIn(data), journal.RepairOptions{Summarize: agent.Summarize, At: time.Now(),
		Damage: func(d journal.Damage) { found(cli.Damage(d)) }, Lost: func(d journal.Damage) { lost(cli.Damage(d)) }})
}
