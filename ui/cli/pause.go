package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *Program) pauseCommand() *cobra.Command {
	return p.pausing("pause", "Keep the agent from acting: at all, through a tool, or in a procedure",
		"Cases wait where they stand; what is on the wire is settled, and nothing more is sent.\nWhat is paused stays so over restarts, until resume.")
}

func (p *Program) resumeCommand() *cobra.Command {
	return p.pausing("resume", "End a pause: of everything, of a tool, or of a procedure", "Cases that waited for it go on.")
}

func (p *Program) pausing(verb, short, long string) *cobra.Command {
	var tool, procedure, note string
	c := &cobra.Command{Use: verb + " [--tool T|--procedure P] --note TEXT", Short: short, Long: long, Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.Flags().StringVar(&tool, "tool", "", "this tool alone, like shop.refund_order")
	c.Flags().StringVar(&procedure, "procedure", "", "cases of this procedure alone")
	c.Flags().StringVar(&note, "note", "", "why, for everybody who meets it")
	c.MarkFlagsMutuallyExclusive("tool", "procedure")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if note == "" {
			return usagef("%s needs --note: say why, for everybody who meets it", verb)
		}
		in := map[string]string{"note": note}
		what := "everything"
		switch {
		case tool != "":
			in["tool"], what = tool, tool
		case procedure != "":
			in["procedure"], what = procedure, procedure
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			if err := c.call(cmd.Context(), "POST", "/api/v1/"+verb, in, "", nil); err != nil {
				return err
			}
			_, err := fmt.Fprintf(p.Stdout, "%sd: %s\n", verb, what)
			return err
		})
	}
	return c
}
