package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/people"
)

// ImpactView is what a version would have decided otherwise.
type ImpactView struct {
	Say     string
	Changes []ImpactRow
}

// ImpactRow is a kind of decision that would have been another.
type ImpactRow struct {
	Tool, Was, Now, Count, Amounts string
	Blind                          bool
	Examples                       []Link
}

// bundleImpact judges past decisions again by a version.
func (s *site) bundleImpact(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	p, err := s.bundlePage(r, who)
	if err != nil {
		return err
	}
	b, err := s.Versions.Resolve(r.Context(), p.Version.Version)
	if err != nil {
		return err
	}
	if p.Impact, err = s.impactOf(r, b); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "bundle", p)
}

// spans are how far back past decisions may be judged again, with the one that a form chose.
func spans(r *http.Request) []Option {
	list := []Option{{Value: "30", Name: "of the last 30 days"}, {Value: "7", Name: "of the last 7 days"}, {Value: "all", Name: "of all time"}}
	for i := range list {
		list[i].Chosen = list[i].Value == r.PostForm.Get("span")
	}
	return list
}

// impactOf judges by a bundle again what was decided in the days that a form names.
func (s *site) impactOf(r *http.Request, b *bundle.Bundle) (*ImpactView, error) {
	var p impact.Period
	span := cmp.Or(r.PostForm.Get("span"), "30")
	if span != "all" {
		days, err := strconv.Atoi(span)
		if err != nil || days < 1 {
			return nil, fmt.Errorf("%w: %.20q is no number of days", errRequest, span)
		}
		p.From = s.Now().AddDate(0, 0, -days)
	}
	report, err := s.Operations.Impact(r.Context(), b, p)
	if err != nil {
		return nil, err
	}
	return impactView(&report), nil
}

// impactView tells what would have been decided otherwise.
func impactView(report *impact.Report) *ImpactView {
	since := ""
	if report.From != nil {
		since = " since " + report.From.UTC().Format(time.DateOnly)
	}
	v := &ImpactView{Say: fmt.Sprintf("Of %s past decisions%s, %s would have been another.", thousands(report.Decisions), since, thousands(report.Changed))}
	for _, c := range report.Changes {
		row := ImpactRow{Tool: c.Tool, Was: ruled(string(c.Was), c.WasRule), Now: ruled(string(c.Now), c.NowRule), Count: thousands(c.Count), Blind: c.Blind}
		for i, a := range c.Amounts {
			if i > 0 {
				row.Amounts += ", "
			}
			row.Amounts += inBudget(a.AmountCents, a.Currency)
		}
		for _, e := range c.Examples {
			row.Examples = append(row.Examples, Link{Name: short(e.CaseID), Link: fmt.Sprintf("/cases/%s#entry-%d", e.CaseID, e.Seq)})
		}
		v.Changes = append(v.Changes, row)
	}
	return v
}

func ruled(outcome, rule string) string {
	if rule == "" {
		return outcome
	}
	return outcome + " by " + rule
}
