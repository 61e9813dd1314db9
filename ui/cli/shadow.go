package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"resolute/agent/rehearsal/shadow"
)

func (p *Program) shadowCommand() *cobra.Command {
	c := &cobra.Command{Use: "shadow", Short: "Let a version run beside the active one, on live signals and without effects", Args: cobra.NoArgs,
		Long: "A version that runs beside the active one is put in each case that comes to rest: it gets the answers\n" +
			"that are recorded, what only reads it may ask for, and nothing that writes is sent. What it would have\n" +
			"done is held against what was done, and against what people decided."}
	c.AddCommand(p.shadowing("start BUNDLE|VERSION", "Begin, with a folder (stored as a draft) or a stored version", "POST"),
		p.shadowing("show VERSION", "Print what it has seen", "GET"), p.shadowing("stop VERSION", "End it; what it has seen stays", "DELETE"))
	return c
}

func (p *Program) shadowing(use, short, method string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1)}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "the answer of the API")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		return p.with(ctx, t, func(c *client) error {
			version := args[0]
			if method == "POST" {
				var err error
				if version, err = p.draft(ctx, c, version); err != nil {
					return err
				}
			}
			var raw json.RawMessage
			if err := c.call(ctx, method, "/api/v1/bundles/"+url.PathEscape(version)+"/shadow", nil, "", &raw); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			return p.printShadow(raw)
		})
	}
	return c
}

// draft gives the version of a folder, stored as a draft, or the stored version of that name.
func (p *Program) draft(ctx context.Context, c *client, name string) (version string, err error) {
	archive, err := p.archive(name)
	if err != nil || archive == nil {
		return name, err
	}
	var out struct {
		Version string `json:"version"`
	}
	err = c.call(ctx, "POST", "/api/v1/bundles?activate=false", archive, "application/gzip", &out)
	return out.Version, located(err, name)
}

func (p *Program) printShadow(raw json.RawMessage) error {
	var r shadow.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s since %s", r.Version, r.State, r.StartedAt.Format("2006-01-02 15:04"))
	if r.Why != "" {
		fmt.Fprintf(&b, ": %s", r.Why)
	}
	fmt.Fprintf(&b, "\n%d cases compared: %d the same, %d otherwise", r.Cases, r.Same, r.Diverged)
	if r.Unplayed > 0 {
		fmt.Fprintf(&b, "; %d can't be compared", r.Unplayed)
	}
	if r.Behind > 0 {
		fmt.Fprintf(&b, "; %d entries of the journal are still to be read", r.Behind)
	}
	b.WriteByte('\n')
	for _, k := range r.Kinds {
		fmt.Fprintf(&b, "  %s: %d\n", k.Kind, k.Count)
		for _, e := range k.Examples {
			fmt.Fprintf(&b, "    case %s, entry %d: %s, and was: %s\n", e.CaseID, e.Seq, e.Now, e.Recorded)
		}
	}
	fmt.Fprintf(&b, "as people decided: %d of %d", r.People.Agreed, r.People.Of)
	if r.People.Of > 0 {
		fmt.Fprintf(&b, ", at least %.0f %% at a confidence of %.0f %%", 100*r.People.LowerBound, 100*r.People.Confidence)
	}
	b.WriteByte('\n')
	for _, x := range r.Procedures {
		fmt.Fprintf(&b, "  %s: %d of %d cases the same; as people decided %d of %d\n", named(x.Procedure), x.Same, x.Cases, x.People.Agreed, x.People.Of)
	}
	for _, u := range r.UnplayedBy {
		fmt.Fprintf(&b, "  can't be compared: %s: %d, like case %s\n", u.Why, u.Count, u.CaseID)
	}
	_, err := fmt.Fprint(p.Stdout, b.String())
	return err
}

func named(procedure string) string {
	if procedure == "" {
		return "no procedure"
	}
	return procedure
}
