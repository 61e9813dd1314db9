package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// warn tells what is wrong with the knowledge base, if anything is: searches then find by words alone.
func (c *client) warn(ctx context.Context, stderr io.Writer) {
	var out struct{ State struct{ Trouble string } }
	if err := c.call(ctx, "GET", "/api/v1/knowledge?limit=1", nil, "", &out); err == nil && out.State.Trouble != "" {
		fmt.Fprintln(stderr, "resolute: in searches,", out.State.Trouble)
	}
}

func (p *Program) searchCommand() *cobra.Command {
	var k int
	var mode string
	var asJSON bool
	c := &cobra.Command{Use: "search QUERY", Short: "Search the knowledge as cases do", Args: cobra.MinimumNArgs(1)}
	t := p.targetFlags(c)
	c.Flags().IntVarP(&k, "k", "k", 10, "how many passages")
	c.Flags().StringVar(&mode, "mode", "hybrid", "hybrid, keyword or vector")
	c.Flags().BoolVar(&asJSON, "json", false, "as the API says it")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		q := url.Values{"q": {strings.Join(args, " ")}, "k": {fmt.Sprint(k)}, "mode": {mode}}
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/knowledge/search?"+q.Encode(), nil, "", &raw); err != nil {
				return err
			}
			c.warn(cmd.Context(), p.Stderr)
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			var out struct {
				Hits []struct {
					Title, Text, Source, Citation, Audience string
					Relevance                               float64
				}
			}
			if err := json.Unmarshal(raw, &out); err != nil {
				return err
			}
			if len(out.Hits) == 0 {
				_, err := fmt.Fprintln(p.Stdout, "nothing found")
				return err
			}
			for i, h := range out.Hits {
				internal := ""
				if h.Audience == "internal" {
					internal = ", internal"
				}
				fmt.Fprintf(p.Stdout, "%d. %s  (%s, relevance %.2f%s)\n   %s\n", i+1, h.Title, h.Citation, h.Relevance, internal, strings.ReplaceAll(strings.TrimSpace(h.Text), "\n", "\n   "))
			}
			return nil
		})
	}
	return c
}
