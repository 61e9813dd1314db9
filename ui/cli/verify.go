package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"resolute/agent"
	"resolute/agent/checkpoint"
	"resolute/agent/journal"
	"resolute/agent/people"
)

// journalOf is the journal of a data folder.
func journalOf(data string) string { return filepath.Join(data, "journal.db") }

func (p *Program) verifyCommand() *cobra.Command {
	var repair bool
	var against string
	c := &cobra.Command{Use: "verify", Short: "Walk the whole journal and everything kept beside it, and name what is damaged", Args: cobra.NoArgs,
		Long: "verify walks the whole journal and everything kept beside it, and names what is damaged.\n" +
			"With --checkpoint it also holds them against what `resolute checkpoint` printed before: any change,\n" +
			"removal or reordering of what was there then is found, however well it was covered up.\n" +
			"With --repair, which needs the server stopped, it then writes the file anew: all entries,\n" +
			"what is sound of the rest, and indexes derived from the entries. The damaged file is kept."}
	t := p.targetFlags(c)
	c.Flags().StringVar(&against, "checkpoint", "", "`file` with a checkpoint to hold the journal against")
	c.Flags().BoolVar(&repair, "repair", false, "rebuild damaged indexes from the journal, and keep the damaged file")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		var signed []byte
		if against != "" {
			var err error
			if signed, err = os.ReadFile(against); err != nil {
				return err
			}
		}
		running := t.running(cmd.Context())
		switch {
		case repair && against != "":
			return usagef("verify: --repair and --checkpoint are two things; look first what the checkpoint says")
		case repair && running != nil:
			return usagef("verify --repair: stop the server first, and name its folder with --data")
		case repair:
			return p.repair(cmd.Context(), t.data)
		case running != nil:
			return errors.Join(p.verifyRunning(cmd.Context(), running, signed), running.close())
		}
		return p.verifyFile(cmd.Context(), t.data, signed)
	}
	return c
}

func (p *Program) verifyFile(ctx context.Context, data string, signed []byte) error {
	damage := 0
	report := func(d journal.Damage) { damage++; p.print(d) }
	if signed != nil {
		c, err := openCheckpoint(data, signed)
		if err != nil {
			return err
		}
		if err := journal.CompareFile(ctx, journalOf(data), c, report); errors.Is(err, journal.ErrDamaged) {
			report(journal.Damage{Where: "the checkpoint", What: "it can't be compared: " + err.Error()})
		} else if err != nil {
			return err
		}
	}
	totals, err := journal.VerifyFile(ctx, journalOf(data), report)
	if err != nil {
		return err
	}
	return p.verified(damage, totals)
}

// openCheckpoint reads a checkpoint that the data folder's key signed.
func openCheckpoint(data string, signed []byte) (c journal.Checkpoint, err error) {
	root, err := people.ReadKey(data)
	if err != nil {
		return c, fmt.Errorf("the checkpoint needs the key that signed it: %w", err)
	}
	seed, err := root.Derive(checkpoint.Purpose)
	if err != nil {
		return c, err
	}
	key, err := checkpoint.NewKey(seed)
	if err != nil {
		return c, err
	}
	c, _, err = key.Open(signed)
	return c, err
}

func (p *Program) verifyRunning(ctx context.Context, c *client, signed []byte) error {
	var out struct {
		Damage []journal.Damage
		Totals journal.Totals
	}
	if err := c.call(ctx, "POST", "/admin/verify", map[string]string{"checkpoint": string(signed)}, "", &out); err != nil {
		return err
	}
	for _, d := range out.Damage {
		p.print(d)
	}
	return p.verified(len(out.Damage), out.Totals)
}

func (p *Program) checkpointCommand() *cobra.Command {
	c := &cobra.Command{Use: "checkpoint", Short: "Print a signed checkpoint of journal and audit, to be kept elsewhere", Args: cobra.NoArgs,
		Long: "checkpoint prints a signed note that commits to the entries of all cases and to everything that anybody\n" +
			"did. Keep it where nobody who can write to the data folder can: resolute verify --checkpoint FILE then\n" +
			"finds any later change to what was there."}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if t.url != "" {
			return usagef("a checkpoint is made on the machine of the data folder: name it with --data")
		}
		if _, err := os.Stat(t.data); err != nil {
			return fmt.Errorf("there is nothing to make a checkpoint of: %w", err)
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var out struct {
				Checkpoint string `json:"checkpoint"`
			}
			if err := c.call(cmd.Context(), "POST", "/admin/checkpoint", nil, "", &out); err != nil {
				return err
			}
			_, err := fmt.Fprint(p.Stdout, out.Checkpoint)
			return err
		})
	}
	return c
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
