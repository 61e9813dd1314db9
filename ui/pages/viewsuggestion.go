package pages

import (
	"fmt"
	"net/url"
	"strings"

	"resolute/agent/rehearsal/runs"
	"resolute/agent/suggest"
)

// SuggestionView is a change of the bundle, with why and what it rests on.
type SuggestionView struct {
	ID, Link, Kind    string
	Title, Why        string
	Rests             string // "3 cases, decided by kim and ada"
	OnePerson         bool
	Cases             []BasisView
	Left              int // cases that aren't named
	Rehearsed         RunView
	Unmet             []string
	Base, BaseLink    string
	Candidate, Digest string // version that it would become
	Files             []FileDiff
	Impact            *ImpactView
	Dismissed         *DismissedView
}

// BasisView is a decision that a suggestion rests on.
type BasisView struct {
	Link, Short, By, What string
	At                    Moment
}

// DismissedView is that somebody didn't want a suggestion.
type DismissedView struct {
	By, Note string
	At       Moment
	Cases    string // that it rested on then
	Again    bool   // it came back since
}

// kinds say what a suggestion changes.
var kinds = map[suggest.Kind]string{
	suggest.Loosen:    "asks a person less",
	suggest.Tighten:   "denies what is always rejected",
	suggest.Argument:  "an argument, as people edit it",
	suggest.Order:     "the order of hypotheses",
	suggest.Examples:  "examples of a procedure",
	suggest.Remedy:    "another hypothesis",
	suggest.Procedure: "a sketch of a procedure",
}

// suggestionView tells a suggestion; ran are the newest rehearsals.
func (s *site) suggestionView(x *suggest.Shown, ran []runs.Run) SuggestionView {
	now := s.Now()
	v := SuggestionView{ID: x.ID, Link: suggestionLink(x.ID), Kind: kinds[x.Kind], Title: x.Title, Why: x.Why, OnePerson: x.OnePerson, Rests: plural(x.Evidence, "case"), Left: max(x.Evidence-len(x.Cases), 0),
		Base: digest(x.Base), BaseLink: versionLink(x.Base), Candidate: x.Candidate, Digest: digest(x.Candidate)}
	if v.Kind == "" {
		v.Kind = string(x.Kind)
	}
	var by []string
	for _, p := range x.People {
		by = append(by, actor(p))
	}
	if len(by) > 0 {
		v.Rests += ", decided by " + together(by)
	}
	for _, b := range x.Cases {
		v.Cases = append(v.Cases, BasisView{Link: fmt.Sprintf("/cases/%s#entry-%d", url.PathEscape(b.Case), b.Seq), Short: short(b.Case), By: actor(b.Actor), What: b.What, At: moment(b.At, now)})
	}
	for _, f := range x.Files {
		v.Files = append(v.Files, fileDiff(f, ""))
	}
	v.Rehearsed = s.rehearsedView(x, ran)
	if e := x.Rehearsal; e != nil {
		v.Unmet = e.Unmet
	}
	if x.Impact != nil {
		v.Impact = impactView(x.Impact)
		v.Impact.Say = "In the last 30 days: " + strings.ToLower(v.Impact.Say[:1]) + v.Impact.Say[1:]
	}
	if d := x.Dismissal; d != nil {
		v.Dismissed = &DismissedView{By: actor(d.By), Note: d.Note, At: moment(d.At, now), Cases: plural(d.Evidence, "case"), Again: x.State == suggest.Open}
	}
	return v
}

// rehearsedView says what exactly the version came to that a suggestion would become: a run that goes on says
// more than one that is over.
func (s *site) rehearsedView(x *suggest.Shown, ran []runs.Run) RunView {
	for i := range ran {
		if ran[i].Version == x.Candidate && !ran[i].Replays() && (!ran[i].State.Over() || x.Rehearsal == nil) {
			return s.runView(&ran[i])
		}
	}
	e := x.Rehearsal
	if e == nil {
		return RunView{Say: "not rehearsed yet", Icon: "left", Tone: "waiting"}
	}
	v := RunView{Say: fmt.Sprintf("passed, all %d", e.Ran), Icon: "resolved", Tone: "resolved", At: moment(e.At, s.Now())}
	if !e.Passed {
		v.Say, v.Icon, v.Tone = fmt.Sprintf("%d of %d did not pass", max(len(e.Unmet), 1), e.Ran), "escalated", "escalated"
	}
	return v
}

// together names some people.
func together(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
