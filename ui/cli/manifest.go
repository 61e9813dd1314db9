package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// drift is a plugin that says another thing of itself than the active bundle has.
type drift struct {
	Plugin, Pinned, Now, Version string
	Tools                        []string
}

func (p *Program) manifestCommand() *cobra.Command {
	c := &cobra.Command{Use: "manifest", Short: "See which plugins changed under the active bundle, and accept that"}
	c.AddCommand(p.manifestListCommand(), p.manifestAcceptCommand())
	return c
}

func (p *Program) manifestListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Plugins that say another thing of themselves than the active bundle has", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			list, err := drifted(cmd.Context(), c)
			if err != nil {
				return err
			}
			for _, d := range list {
				held := "no tool changed"
				if len(d.Tools) > 0 {
					held = "writes are held: " + strings.Join(d.Tools, ", ")
				}
				if _, err := fmt.Fprintf(p.Stdout, "%s %.12s, pinned %.12s; %s\n", d.Plugin, d.Now, d.Pinned, held); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c
}

func (p *Program) manifestAcceptCommand() *cobra.Command {
	c := &cobra.Command{Use: "accept PLUGIN HASH", Short: "Let the active bundle have what a plugin says now", Args: cobra.ExactArgs(2),
		Long: "accept lets the active bundle have the manifest that the plugin gives now, if it is the one whose HASH, or\n" +
			"its beginning, manifest list showed. The bundle is held against it anew: where it doesn't fit, nothing changes."}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			list, err := drifted(cmd.Context(), c)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(list, func(d drift) bool { return d.Plugin == args[0] })
			switch {
			case i < 0:
				return fmt.Errorf("plugin %s says what the active bundle has of it, or there is none of this name; there is nothing to accept", args[0])
			case len(args[1]) < 6 || !strings.HasPrefix(list[i].Now, args[1]):
				return fmt.Errorf("plugin %s says %.12s now; look at it, then accept that", args[0], list[i].Now)
			}
			if err := c.call(cmd.Context(), "POST", "/api/v1/manifests/"+url.PathEscape(args[0])+"/accept", map[string]string{"manifest": list[i].Now}, "", nil); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.Stdout, "accepted:", list[i].Now)
			return err
		})
	}
	return c
}

func drifted(ctx context.Context, c *client) ([]drift, error) {
	var out struct{ Items []drift }
	err := c.call(ctx, "GET", "/api/v1/manifests", nil, "", &out)
	return out.Items, err
}
