package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// impactReport is what POST /bundles/{version}/impact answers.
type impactReport struct {
	Decisions, Changed int
	Changes            []struct {
		Tool, Was, Now string
		WasRule        string `json:"was_rule"`
		NowRule        string `json:"now_rule"`
		Blind          bool
		Count          int
		Amounts        []struct {
			Currency    string
			AmountCents int64 `json:"amount_cents"`
		}
		Examples []struct {
			CaseID string `json:"case_id"`
		}
	}
}

// judge asks which past decisions a folder, or a stored version, would have made otherwise.
func (p *Program) judge(ctx context.Context, c *client, name, from, to string, out any) error {
	archive, err := p.archive(name)
	if err != nil {
		return err
	}
	q := url.Values{}
	for key, value := range map[string]string{"from": from, "to": to} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if archive == nil {
		return c.call(ctx, "POST", "/api/v1/bundles/"+url.PathEscape(name)+"/impact?"+q.Encode(), nil, "", out)
	}
	return located(c.call(ctx, "POST", "/api/v1/bundles/candidate/impact?"+q.Encode(), archive, "application/gzip", out), name)
}

func (p *Program) printImpact(raw json.RawMessage) error {
	var r impactReport
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "of %d past decisions %d would be others\n", r.Decisions, r.Changed)
	for _, x := range r.Changes {
		fmt.Fprintf(&b, "  %s: %s would be %s: %d", x.Tool, ruled(x.Was, x.WasRule), ruled(x.Now, x.NowRule), x.Count)
		for _, a := range x.Amounts {
			fmt.Fprintf(&b, ", %d.%02d %s", a.AmountCents/100, a.AmountCents%100, a.Currency)
		}
		if x.Blind {
			b.WriteString(" (these cases didn't know what the rule reads)")
		}
		if len(x.Examples) > 0 {
			fmt.Fprintf(&b, "; like case %s", x.Examples[0].CaseID)
		}
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(p.Stdout, b.String())
	return err
}

func ruled(outcome, rule string) string {
	return outcome + " (" + cmp.Or(rule, "no rule") + ")"
}
