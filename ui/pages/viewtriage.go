package pages

import (
	"cmp"
	"fmt"
	"net/url"

	"resolute/agent/casefile"
	"resolute/agent/learner"
)

// noProcedure is how pages call texts that are for none of the procedures.
const noProcedure = casefile.NoProcedure

// TriageView is something that triage has learned.
type TriageView struct {
	Version, Short, Link   string
	Bundle, BundleLink     string
	Deciding               bool
	Learned                Moment
	Took                   string
	Rests                  string // what it was learned from
	Authored               bool   // from the bundle's examples alone
	Now                    ScoreView
	Before                 *ScoreView // that which it was compared with, on the same texts
	Replaces, ReplacesLink string
	Chance                 string
	Worse                  string
	Decided                string // when it was made active, and by whom
	At                     Moment
	Do, Does               string // what lets it decide, and what that does; "" where nothing does
	Locked                 string // why it can't
}

// ScoreView is how a version does on texts that nobody learned from.
type ScoreView struct {
	Texts     string
	Told      string // of which the surest procedure is right
	Taken     string // taken on: its coverage
	Wrong     string // of these, wrong: its error at the threshold
	Bad       bool
	People    string
	Threshold string
	Surprise  string
}

// LeftOutView is what doesn't count, and why.
type LeftOutView struct {
	Procedure, Texts, Why string
	Cases                 []Link
}

func leftOutView(l learner.LeftOut) LeftOutView {
	v := LeftOutView{Procedure: l.Procedure, Texts: thousands(l.Texts), Why: l.Why}
	if v.Procedure == "" {
		v.Procedure = noProcedure
	}
	for _, id := range l.Cases {
		v.Cases = append(v.Cases, Link{Name: short(id), Link: "/cases/" + url.PathEscape(id)})
	}
	return v
}

// scoreView tells a score. A share always stands beside what it is a share of.
func scoreView(s learner.Score) ScoreView {
	taken := s.Right + s.Wrong
	of := func(n, all int) string {
		if all == 0 {
			return "none yet"
		}
		return thousands(n) + " of " + thousands(all)
	}
	return ScoreView{Texts: thousands(s.Texts), Told: of(s.Told, s.Texts), Taken: of(taken, s.Texts), Wrong: of(s.Wrong, taken), Bad: s.Wrong > 0, People: of(s.People, s.Texts), Threshold: fmt.Sprintf("%.2f", s.Threshold), Surprise: fmt.Sprintf("%.2f", s.Surprise)}
}

func triageView(x *learner.Version, all []learner.Version, st learner.Standing, v viewer) TriageView {
	view := TriageView{Version: x.Version, Short: digest(x.Version), Link: triageLink(x.Version), Bundle: digest(x.Bundle), BundleLink: versionLink(x.Bundle), Deciding: x.Version == st.Version && x.Bundle == st.Bundle, Learned: moment(x.TrainedAt, v.now),
		Took: fmt.Sprintf("%.1f s", x.Seconds), Authored: x.Evidence == 0, Rests: rests(x), Now: scoreView(x.Held), Worse: cmp.Or(x.Worse, x.Lowers)}
	if x.Replaces != "" {
		before := scoreView(x.Before)
		view.Before, view.Replaces, view.ReplacesLink, view.Chance = &before, digest(x.Replaces), triageLink(x.Replaces), fmt.Sprintf("%.2g", x.Chance)
	}
	if n := len(x.Activated); n > 0 {
		view.Decided, view.At = actor(x.Activated[n-1].By), moment(x.Activated[n-1].At, v.now)
	}
	switch {
	case view.Deciding:
	case x.Bundle != st.Bundle:
		view.Locked = "belongs to another version of the bundle"
	default:
		view.Do, view.Does = "Activate", "It decides from the next text on. What is learned later takes its place by itself, if it is no worse."
		for i := range all {
			if all[i].Version == st.Version && all[i].Bundle == st.Bundle && (x.TrainedAt.Before(all[i].TrainedAt) || x.Evidence == 0) {
				view.Do, view.Does = "Roll back to this", "It decides from the next text on, and stays: what is learned later doesn't take its place until an admin activates that."
			}
		}
	}
	return view
}

func rests(x *learner.Version) string {
	say := plural(x.Examples, "example") + " of the bundle"
	if x.Evidence == 0 {
		return say + " alone"
	}
	say = plural(x.Evidence, "text") + " of cases, " + say
	if x.Strangers > 0 {
		say += "; " + thousands(x.Strangers) + " for none"
	}
	return say
}
