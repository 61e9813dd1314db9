package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"resolute/agent"
	"resolute/agent/journal"
)

// journalOf is the journal of a data folder.
func journalOf(data string) string { return filepath.Join(data, "journal.db") }

func (p *Program) verifyCommand() *cobra.Command {
	var repair bool
	c := &cobra.Command{Use: "verify", Short: "Walk the whole journal and everything kept beside it, and name what is damaged", Args: cobra.NoArgs,
		Long: "verify walks the whole journal and everything kept beside it, and names what is damaged.\n" +
			"With --repair, which needs the server stopped, it then writes the file anew: all entries,\n" +
			"what is sound of the rest, and indexes derived from the entries. The damaged file is kept."}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&repair, "repair", false, "rebuild damaged indexes from the journal, and keep the damaged file")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		running := t.running(cmd.Context())
		switch {
		case repair && running != nil:
			return usagef("verify --repair: stop the server first, and name its folder with --data")
		case repair:
			return p.repair(cmd.Context(), t.data)
		case running != nil:
			return errors.Join(p.verifyRunning(cmd.Context(), running), running.close())
		}
		damage := 0
		totals, err := journal.VerifyFile(cmd.Context(), journalOf(t.data), func(d journal.Damage) { damage++; p.print(d) })
		if err != nil {
			return err
		}
		return p.verified(damage, totals)
	}
	return c
}

func (p *Program) verifyRunning(ctx context.Context, c *client) error {
	var out struct {
		Damage []journal.Damage
		Totals journal.Totals
	}
	if err := c.call(ctx, "POST", "/admin/verify", nil, "", &out); err != nil {
		return err
	}
	for _, d := range out.Damage {
		p.print(d)
	}
	return p.verified(len(out.Damage), out.Totals)
}

func (p *Program) verified(damage int, t journal.Totals) error {
	if damage > 0 {
		return fmt.Errorf("the journal is damaged in %d places; stop the server and run `resolute verify --repair`, which rebuilds indexes from the entries and keeps the damaged file; where entries are damaged, restore the last backup in a new folder", damage)
	}
	_, err := fmt.Fprintf(p.Stdout, "whole: %d cases, %d entries, %d signals\n", t.Cases, t.Entries, t.Signals)
	return err
}

func (p *Program) repair(ctx context.Context, data string) error {
	lost := 0
	kept, err := journal.Repair(ctx, journalOf(data), journal.RepairOptions{Summarize: agent.Summarize, At: p.Now(), Damage: p.print,
		Lost: func(d journal.Damage) {
			lost++
			p.print(journal.Damage{Where: "lost: " + d.Where, What: d.What})
		}})
	if err != nil {
		return err
	}
	totals, err := journal.VerifyFile(ctx, journalOf(data), p.print)
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintf(p.Stdout, "repaired; the damaged file is kept as %s until you remove it\n", kept)
	}
	if err := p.verified(0, totals); err != nil {
		return err
	}
	if lost > 0 {
		return fmt.Errorf("the journal is whole again, and %d things beside it are lost, named above", lost)
	}
	return nil
}

func (p *Program) print(d journal.Damage) { fmt.Fprintf(p.Stdout, "%s: %s\n", d.Where, d.What) }
