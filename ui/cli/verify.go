package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *Program) verifyCommand() *cobra.Command {
	c := &cobra.Command{Use: "verify", Short: "Walk the whole journal and everything kept beside it, and name what is damaged", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var out struct {
				Damage []struct{ Where, What string }
				Totals struct{ Cases, Entries, Signals uint64 }
			}
			if err := c.call(cmd.Context(), "POST", "/admin/verify", nil, "", &out); err != nil {
				return err
			}
			for _, d := range out.Damage {
				fmt.Fprintf(p.Stdout, "%s: %s\n", d.Where, d.What)
			}
			if n := len(out.Damage); n > 0 {
				return fmt.Errorf("the journal is damaged in %d places; stop the server, keep the folder as it is, and restore the last backup beside it", n)
			}
			_, err := fmt.Fprintf(p.Stdout, "whole: %d cases, %d entries, %d signals\n", out.Totals.Cases, out.Totals.Entries, out.Totals.Signals)
			return err
		})
	}
	return c
}
