package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// versionDiff is what GET /bundles/{a}/diff/{b} answers.
type versionDiff struct {
	From  string
	To    string
	Files []struct{ Path, Change, Diff string }
	Rules []struct{ Policy, Rule, Change, Was, Now string }
	Tools []struct {
		Tool, Change string
		What         []string
	}
}

func (p *Program) diffCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "diff [VERSION] BUNDLE", Short: "Say what would change from a version (the active one) to a bundle", Args: cobra.RangeArgs(1, 2),
		Long: "diff says what would change from a stored version, or else the active one, to BUNDLE: a folder, or another\n" +
			"stored version. Nothing is stored by it."}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the answer of the API")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		from := "active"
		if len(args) == 2 {
			from, args = args[0], args[1:]
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := p.compare(cmd.Context(), c, from, args[0], &raw); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			return p.printDiff(raw)
		})
	}
	return c
}

// compare asks what changes to a folder, or to a stored version.
func (p *Program) compare(ctx context.Context, c *client, from, to string, out any) error {
	path := "/api/v1/bundles/" + url.PathEscape(from) + "/diff"
	files, err := folder(to)
	if err != nil && isVersion(to) {
		return c.call(ctx, "GET", path+"/"+url.PathEscape(to), nil, "", out)
	}
	if err != nil {
		return err
	}
	archive, err := p.Pack(files)
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	return located(c.call(ctx, "POST", path, archive, "application/gzip", out), to)
}

// isVersion reports whether a name may be that of a stored version.
func isVersion(name string) bool {
	return name == "active" || len(name) >= 6 && strings.Trim(name, "0123456789abcdef") == ""
}

func (p *Program) printDiff(raw json.RawMessage) error {
	var d versionDiff
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "from %.12s to %.12s\n", d.From, d.To)
	if len(d.Files)+len(d.Tools) == 0 {
		b.WriteString("nothing changes\n")
	}
	for _, r := range d.Rules {
		fmt.Fprintf(&b, "rule %s of %s is %s\n", r.Rule, r.Policy, r.Change)
		if r.Was != "" {
			fmt.Fprintf(&b, "  - %s\n", r.Was)
		}
		if r.Now != "" {
			fmt.Fprintf(&b, "  + %s\n", r.Now)
		}
	}
	for _, t := range d.Tools {
		fmt.Fprintf(&b, "tool %s is %s", t.Tool, t.Change)
		if len(t.What) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(t.What, ", "))
		}
		b.WriteByte('\n')
	}
	for _, f := range d.Files {
		fmt.Fprintf(&b, "file %s is %s\n", f.Path, f.Change)
		for line := range strings.Lines(f.Diff) {
			b.WriteString("  " + line)
		}
	}
	_, err := fmt.Fprint(p.Stdout, b.String())
	return err
}
