package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"
)

// authorityLevel is how far the agent may go with something, as the API tells it.
type authorityLevel struct {
	Procedure, Tool, Band, Level, Given, Why string
	Evidence                                 struct{ Agreed, Edited, Rejected, Reversed int }
	Bound                                    float64 `json:"lower_bound"`
	Promotion                                *struct{ To, Why string }
}

func (l *authorityLevel) line() string {
	e := l.Evidence
	s := fmt.Sprintf("%s %s %s: %s (given %s), agreed %d of %d, at least %.2f", l.Procedure, l.Tool, cmp.Or(l.Band, "-"), l.Level, l.Given, e.Agreed, e.Agreed+e.Edited+e.Rejected+e.Reversed, l.Bound)
	if l.Promotion != nil {
		s += "; earned " + l.Promotion.To + ", which waits for an admin"
	}
	if l.Level != l.Given {
		s += "; " + l.Why
	}
	return s
}

func (p *Program) authorityCommand() *cobra.Command {
	c := &cobra.Command{Use: "authority", Short: "See how far the agent may go by itself; promote and demote"}
	c.AddCommand(p.authorityListCommand(),
		p.authorityChange("accept", "Give the level that was earned", "It counts from the next action on."),
		p.authorityChange("refuse", "Refuse the level that was earned", "Counting begins anew: it needs as much evidence again."),
		p.authorityChange("demote", "Take a level away, at once", "It counts from the next action on, in open cases too. Only what is earned from then on and accepted, or\nrestore, gives more again. Without --band it is of whatever the action moves."),
		p.authorityChange("restore", "Give back what demote took", "Without --band it is what was taken for whatever the action moves."))
	return c
}

func (p *Program) authorityListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Levels that were earned, lost or lowered, with their evidence", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var out struct{ Items []authorityLevel }
			if err := c.call(cmd.Context(), "GET", "/api/v1/authority?limit=200", nil, "", &out); err != nil {
				return err
			}
			for i := range out.Items {
				if _, err := fmt.Fprintln(p.Stdout, out.Items[i].line()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c
}

// authorityChange is one answer to how far the agent may go with an action.
func (p *Program) authorityChange(verb, short, long string) *cobra.Command {
	var band, to, note string
	c := &cobra.Command{Use: verb + " PROCEDURE TOOL", Short: short, Long: long, Args: cobra.ExactArgs(2)}
	t := p.targetFlags(c)
	c.Flags().StringVar(&band, "band", "", "amounts, as list shows them, like '0..5000 EUR'")
	c.Flags().StringVar(&note, "note", "", "why")
	lowers := verb == "demote" || verb == "restore"
	if verb == "demote" {
		c.Flags().StringVar(&to, "to", "propose", "the level that it falls to: propose or shadow")
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if lowers && note == "" {
			return usagef("%s needs --note: say why, for everybody who meets it", verb)
		}
		if lowers && !cmd.Flags().Changed("band") {
			band = "*"
		}
		in := map[string]string{"procedure": args[0], "tool": args[1], "band": band, "decision": verb, "note": note}
		if to != "" {
			in["to"] = to
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var level authorityLevel
			if err := c.call(cmd.Context(), "POST", "/api/v1/authority", in, "", &level); err != nil {
				return err
			}
			_, err := fmt.Fprintln(p.Stdout, level.line())
			return err
		})
	}
	return c
}
