package cli

import (
	"context"
	"encoding/json"
	"errors"
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
	var asJSON, judged bool
	var from, to string
	c := &cobra.Command{Use: "diff [VERSION] BUNDLE", Short: "Say what would change from a version (the active one) to a bundle", Args: cobra.RangeArgs(1, 2),
		Long: "diff says what would change from a stored version, or else the active one, to BUNDLE: a folder, or another\n" +
			"stored version. With --impact it says too which past decisions would have been others, by which rule,\n" +
			"how many and about how much. Nothing is stored by it."}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the answer of the API")
	c.Flags().BoolVar(&judged, "impact", false, "say too which past decisions would have been others")
	c.Flags().StringVar(&from, "from", "", "with --impact: decisions at or after this `time`, like 2026-03-01T00:00:00Z")
	c.Flags().StringVar(&to, "to", "", "with --impact: decisions before this `time`")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		base := "active"
		if len(args) == 2 {
			base, args = args[0], args[1:]
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := p.compare(cmd.Context(), c, base, args[0], &raw); err != nil {
				return err
			}
			if !judged {
				return p.printed(raw, asJSON, p.printDiff)
			}
			var report json.RawMessage
			if err := p.judge(cmd.Context(), c, args[0], from, to, &report); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, json.RawMessage(`{"diff":`+string(raw)+`,"impact":`+string(report)+`}`))
			}
			return errors.Join(p.printDiff(raw), p.printImpact(report))
		})
	}
	return c
}

// printed prints an answer as it is, or in words.
func (p *Program) printed(raw json.RawMessage, asJSON bool, words func(json.RawMessage) error) error {
	if asJSON {
		return printJSON(p.Stdout, raw)
	}
	return words(raw)
}

// compare asks what changes to a folder, or to a stored version.
func (p *Program) compare(ctx context.Context, c *client, from, to string, out any) error {
	path := "/api/v1/bundles/" + url.PathEscape(from) + "/diff"
	archive, err := p.archive(to)
	switch {
	case err != nil:
		return err
	case archive == nil:
		return c.call(ctx, "GET", path+"/"+url.PathEscape(to), nil, "", out)
	}
	return located(c.call(ctx, "POST", path, archive, "application/gzip", out), to)
}

// archive packs a folder; it gives nil where the name is that of a stored version.
func (p *Program) archive(name string) ([]byte, error) {
	files, err := folder(name)
	if err != nil && isVersion(name) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	archive, err := p.Pack(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return archive, nil
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
