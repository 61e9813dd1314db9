package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/tools/protocol"
)

type authorityPage struct {
	Shell  Shell
	Given  []Pair // what the bundle gives, by procedure and tool
	Goal   string // what promotes
	Loses  string // what demotes
	GoalX  float64
	Admin  bool
	Levels []LadderView
	Others []LadderView // what the active version does and nobody judged yet
	More   int          // of these that aren't shown
	Demote []Option     // what an admin may demote
}

// mostActions is how many actions that nobody judged a page shows.
const mostActions = 150

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
	Lowered               *LoweredView
	Key                   string // its band, as forms have it
}

// LoweredView is a level that an admin took away.
type LoweredView struct {
	To, By, Note string
	At           Moment
	Restores     bool // who looks may give it back
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
	if err != nil && !errors.Is(err, bundle.ErrNone) {
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
	v := s.viewer(who)
	judged := map[authority.Key]bool{}
	for i := range levels {
		l := &levels[i]
		action := authority.Key{Procedure: l.Procedure, Tool: l.Tool}
		p.Levels = append(p.Levels, ladderView(*l, v))
		if !judged[action] && p.Admin {
			all, err := s.Operations.Authority.Level(action.All())
			if err != nil {
				return err
			}
			p.demotes(all)
		}
		if judged[action] = true; p.Admin && l.Band != authority.AllAmounts {
			p.demotes(*l)
		}
	}
	for _, action := range s.actions() {
		if judged[action] {
			continue
		}
		l, err := s.Operations.Authority.Level(action.All())
		if err != nil {
			return err
		}
		if p.Admin {
			p.demotes(l)
		}
		if len(p.Others) == mostActions {
			p.More++
			continue
		}
		p.Others = append(p.Others, ladderView(l, v))
	}
	return s.render(w, http.StatusOK, "authority", p)
}

// demotes offers a level to be taken away, where there is a lower one.
func (p *authorityPage) demotes(l authority.Level) {
	if !casefile.LevelShadow.Below(l.Level) {
		return
	}
	key := url.Values{"procedure": {l.Procedure}, "tool": {l.Tool}, "band": {l.Band}}
	p.Demote = append(p.Demote, Option{Value: key.Encode(), Name: l.Procedure + " " + l.Tool + ", " + bandName(l.Band) + ": " + string(l.Level)})
}

// bandName says what a band is of.
func bandName(band string) string {
	switch band {
	case authority.AllAmounts:
		return "whatever it moves"
	case "":
		return "without an amount"
	}
	return band
}

// actions are those that the procedures of the active version take, by procedure and tool.
func (s *site) actions() []authority.Key {
	b, err := s.Bundles.Active()
	if err != nil {
		return nil
	}
	var list []authority.Key
	for _, plan := range b.Procedures {
		for call := range plan.Acts() {
			if key := (authority.Key{Procedure: plan.Name, Tool: call.Tool}); !slices.Contains(list, key) {
				if effect, _ := b.Effect(call.Tool); effect != string(protocol.Read) {
					list = append(list, key)
				}
			}
		}
	}
	return list
}

func ladderView(l authority.Level, v viewer) LadderView {
	n := l.Evidence.Agreed + l.Evidence.Against()
	view := LadderView{Procedure: l.Procedure, Tool: l.Tool, Band: l.Band, Key: l.Band, Level: string(l.Level), Given: string(l.Given), Why: l.Why, Since: moment(l.Since, v.now), Judged: n > 0,
		Agreed: fmt.Sprintf("%d of %d", l.Evidence.Agreed, n), Bound: fmt.Sprintf("%.2f", l.Bound), From: ladderX(l.Bound)}
	if n > 0 {
		view.Dot = ladderX(float64(l.Evidence.Agreed) / float64(n))
	}
	if e := l.Evidence; e.Against() > 0 {
		view.Against = fmt.Sprintf("%d edited, %d rejected, %d reversed", e.Edited, e.Rejected, e.Reversed)
	}
	if l.Band == authority.AllAmounts {
		view.Band = bandName(l.Band)
	}
	admin := v.may(string(people.Admin))
	if d := l.Lowered; d != nil {
		view.Lowered = &LoweredView{To: string(d.To), By: actor(d.By), Note: d.Note, At: moment(d.At, v.now), Restores: admin}
	}
	if m := l.Promotion; m != nil {
		view.Promotion = &PromotionView{To: string(m.To), From: string(m.From), Why: m.Why, At: moment(m.ProposedAt, v.now), Case: m.Case}
	}
	return view
}

// changeAuthority accepts or refuses a level that was earned, takes one away, or gives that back.
func (s *site) changeAuthority(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	f := r.PostForm
	about := f
	if what := f.Get("what"); what != "" { // chosen from a list
		var err error
		if about, err = url.ParseQuery(what); err != nil {
			return fmt.Errorf("%w: %w", errRequest, err)
		}
	}
	key := authority.Key{Procedure: about.Get("procedure"), Tool: about.Get("tool"), Band: about.Get("band")}
	decision, to, note := f.Get("decision"), casefile.Level(f.Get("to")), f.Get("note")
	if err := casefile.CheckNote(note); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	said := func(detail map[string]any) (journal.Record, error) {
		detail["band"] = key.Band
		return s.Deeds.Event(who.Actor(), "authority."+decision, key.Procedure+" "+key.Tool, detail)
	}
	var err error
	switch decision {
	case "accept", "refuse":
		_, err = s.Operations.Authority.Answer(r.Context(), authority.Answer{Key: key, Accept: decision == "accept", To: to, By: who.Actor(), Note: note}, said, s.Now())
	case "demote":
		if to != casefile.LevelPropose && to != casefile.LevelShadow {
			return fmt.Errorf("%w: a level falls to propose or to shadow", errRequest)
		}
		err = s.Operations.Authority.Lower(r.Context(), authority.Lowering{Key: key, To: to, By: who.Actor(), Note: note}, said, s.Now())
	case "restore":
		err = s.Operations.Authority.Lower(r.Context(), authority.Lowering{Key: key, By: who.Actor(), Note: note}, said, s.Now())
	default:
		return fmt.Errorf("%w: a promotion is accepted or refused, a level demoted or restored", errRequest)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/authority", http.StatusSeeOther)
	return nil
}
