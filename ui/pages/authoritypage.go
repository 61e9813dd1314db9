package pages

import (
	"fmt"
	"net/http"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

type authorityPage struct {
	Shell  Shell
	Given  []Pair // what the bundle gives, by procedure and tool
	Goal   string // what promotes
	Loses  string // what demotes
	GoalX  float64
	Admin  bool
	Levels []LadderView
}

// LadderView is how far the agent may go with something, and what speaks for it.
type LadderView struct {
	Procedure, Tool, Band string
	Level, Given, Why     string
	Since                 Moment
	Agreed                string // "27 of 28"
	Against               string // edited, rejected, reversed
	Bound                 string
	Dot, From             float64 // of the chart, in percent: agreed share and lower bound
	Judged                bool
	Promotion             *PromotionView
}

// PromotionView is a level that was earned and waits for an admin.
type PromotionView struct {
	To, From, Why string
	At            Moment
	Case          string
}

// ladderFrom is where the chart of agreement begins: below it nobody is near a promotion.
const ladderFrom = 0.5

// ladderX is where a share stands on the chart, in percent.
func ladderX(share float64) float64 {
	return round(100 * max(share-ladderFrom, 0) / (1 - ladderFrom))
}

func (s *site) authority(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	levels, err := s.Operations.Authority.Levels()
	if err != nil {
		return err
	}
	p := authorityPage{Shell: s.shell(r, who, "Authority", "/authority"), Admin: who.Role.AtLeast(people.Admin)}
	if b, err := s.Bundles.Active(); err == nil && b.Authority != nil {
		a := b.Authority
		p.Given = append(p.Given, Pair{Name: "Where nothing else is said", Text: string(a.Default)})
		for _, g := range a.Grants {
			what := g.Procedure
			if g.Tool != "" {
				what += " " + g.Tool
			}
			p.Given = append(p.Given, Pair{Name: what, Text: string(g.Level)})
		}
		if a.Promote != nil {
			p.Goal = fmt.Sprintf("After %d judged proposals, once people agree with more than %.0f of 100, at a confidence of %.2f that holds at every look, an admin is asked for the next level.", a.Promote.After, 100*a.Promote.Agreement, a.Promote.Confidence)
			p.GoalX = ladderX(a.Promote.Agreement)
		}
		if a.Demote != nil {
			p.Loses = fmt.Sprintf("%d reversals within %s take a level away at once.", a.Demote.Reversals, span(a.Demote.Window))
		}
	}
	for _, l := range levels {
		p.Levels = append(p.Levels, ladderView(l, s.viewer(who)))
	}
	return s.render(w, http.StatusOK, "authority", p)
}

func ladderView(l authority.Level, v viewer) LadderView {
	n := l.Evidence.Agreed + l.Evidence.Against()
	view := LadderView{Procedure: l.Procedure, Tool: l.Tool, Band: l.Band, Level: string(l.Level), Given: string(l.Given), Why: l.Why, Since: moment(l.Since, v.now), Judged: n > 0,
		Agreed: fmt.Sprintf("%d of %d", l.Evidence.Agreed, n), Bound: fmt.Sprintf("%.2f", l.Bound), From: ladderX(l.Bound)}
	if n > 0 {
		view.Dot = ladderX(float64(l.Evidence.Agreed) / float64(n))
	}
	if e := l.Evidence; e.Against() > 0 {
		view.Against = fmt.Sprintf("%d edited, %d rejected, %d reversed", e.Edited, e.Rejected, e.Reversed)
	}
	if m := l.Promotion; m != nil {
		view.Promotion = &PromotionView{To: string(m.To), From: string(m.From), Why: m.Why, At: moment(m.ProposedAt, v.now), Case: m.Case}
	}
	return view
}

// answerPromotion accepts or refuses a level that was earned.
func (s *site) answerPromotion(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	f := r.PostForm
	decision := f.Get("decision")
	if decision != "accept" && decision != "refuse" {
		return fmt.Errorf("%w: a promotion is accepted or refused", errRequest)
	}
	a := authority.Answer{Key: authority.Key{Procedure: f.Get("procedure"), Tool: f.Get("tool"), Band: f.Get("band")}, Accept: decision == "accept", To: casefile.Level(f.Get("to")), By: who.Actor(), Note: f.Get("note")}
	_, err := s.Operations.Authority.Answer(r.Context(), a, func(detail map[string]any) (journal.Record, error) {
		detail["band"] = a.Band
		return s.Deeds.Event(who.Actor(), "authority."+decision, a.Procedure+" "+a.Tool, detail)
	}, s.Now())
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/authority", http.StatusSeeOther)
	return nil
}
