package pages

import (
	"fmt"
	"net/http"
	"net/url"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// Shell is what every page has around its content.
type Shell struct {
	Title   string
	Company string
	Assets  string
	Theme   string // "light", "dark", or "" to follow the system
	User    string // "" while nobody is signed in
	Role    string
	Find    string // what the search field holds
	Stream  string // of the page's live regions, "" for none
	Work    []NavLink
	Teach   []NavLink
	Run     []NavLink
	Manage  []NavLink
	Paused  []Paused   // said on every page
	Pause   *PauseView // nil where who looks may not pause
}

// PauseView is the one red button's dialog.
type PauseView struct {
	What    []Option
	Working string // how many cases would wait where they stand
	Back    string // the page it stands on
	Open    bool
}

// Paused is something that the agent does nothing in until somebody resumes it.
type Paused struct {
	What, By, Note string
	At             Moment
	Form, Back     string // what a form that resumes it says, "" where who looks may not
}

// NavLink is a place in the navigation.
type NavLink struct {
	Name, Link string
	Current    bool
	Count      string
	Due        bool // somebody is late
}

// Link leads somewhere.
type Link struct {
	Name, Link string
	Primary    bool
}

// countUpTo is how far cases are counted for the navigation.
const countUpTo = 100

// shell builds the frame of a page; here is the path of its place in the navigation.
func (s *site) shell(r *http.Request, who people.Principal, title, here string) Shell {
	sh := Shell{Title: title, Company: s.House().Company, Assets: s.assets.base}
	if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		sh.Theme = c.Value
	}
	if who.ID == "" {
		return sh
	}
	sh.User, sh.Role = who.Name, string(who.Role)
	if sh.User == "" {
		sh.User = who.ID
	}
	if here == "/cases" {
		sh.Find = r.URL.Query().Get("q")
	}
	for _, p := range s.House().Paused {
		said := Paused{What: p.What(), By: actor(p.By), Note: p.Note, At: moment(p.At, s.Now())}
		if who.Role.AtLeast(people.Operator) {
			said.Form, said.Back = pauseForm(p), backTo(r, here)
		}
		sh.Paused = append(sh.Paused, said)
	}
	if who.Role.AtLeast(people.Operator) {
		sh.Pause = s.pauseView(r, backTo(r, here))
	}
	waiting, _ := s.count(r, casefile.Approving) // the page itself says so if the store is broken
	place := func(name, link, count string) NavLink {
		return NavLink{Name: name, Link: link, Current: link == here, Count: count}
	}
	sh.Work = []NavLink{place("Overview", "/", ""), place("Approvals", "/approvals", waiting), place("Cases", "/cases", ""), s.queuesLink(r, here), place("Outbox", "/outbox", "")}
	sh.Teach = []NavLink{place("Knowledge", "/knowledge", ""), place("Corrections", "/corrections", ""), place("Suggestions", "/suggestions", ""), place("Triage", "/triage", ""), place("Policies", "/policies", ""), place("Authority", "/authority", ""), place("Bundles", "/bundles", ""), place("Rehearsals", "/rehearsals", "")}
	sh.Run = []NavLink{place("Insights", "/insights", ""), place("Tools", "/tools", ""), place("Model", "/model", "")}
	if who.Role.AtLeast(people.Admin) {
		sh.Run = append(sh.Run, place("Audit", "/audit", ""))
	}
	if who.Role.AtLeast(people.Admin) {
		sh.Manage = append(sh.Manage, place("People", "/people", ""), place("Tokens", "/tokens", ""))
	}
	return sh
}

// queuesLink leads to what waits for a person, and says how much of it is overdue.
func (s *site) queuesLink(r *http.Request, here string) NavLink {
	link := NavLink{Name: "Queues", Link: "/queues", Current: here == "/queues"}
	counts, err := s.Listing.Counts(r.Context())
	if err != nil {
		return link // the page itself says so
	}
	waits := 0
	for _, n := range counts.Queues {
		waits += n
	}
	if waits > 0 {
		link.Count = thousands(waits)
	}
	if late, err := s.Listing.Overdue(r.Context(), s.Now()); err == nil && late > 0 {
		link.Count, link.Due = link.Count+", "+thousands(late)+" overdue", true
	}
	return link
}

// pauseForm is a pause as its form names it.
func pauseForm(p casefile.Pause) string {
	switch {
	case p.Tool != "":
		return "tool " + p.Tool
	case p.Procedure != "":
		return "procedure " + p.Procedure
	}
	return "everything"
}

// backTo is where a form that stands on every page leads back to: the page as it is, or the place that it is
// in where it answers a form itself.
func backTo(r *http.Request, here string) string {
	q := r.URL.Query()
	q.Del("ask")
	switch {
	case r.Method != http.MethodGet:
		return here
	case len(q) > 0:
		return r.URL.Path + "?" + q.Encode()
	}
	return r.URL.Path
}

// pauseView is what can be paused.
func (s *site) pauseView(r *http.Request, back string) *PauseView {
	v := &PauseView{Back: back, Open: r.URL.Query().Get("ask") == "pause", What: []Option{{Value: "everything", Name: "Everything"}}}
	if counts, err := s.Listing.Counts(r.Context()); err == nil {
		v.Working = thousands(counts.Statuses[casefile.Working])
	}
	if b, err := s.Bundles.Active(); err == nil {
		for _, p := range b.Procedures {
			v.What = append(v.What, Option{Value: "procedure " + p.Name, Name: "Procedure " + p.Name})
		}
	}
	for _, p := range s.Tools.States() {
		for _, t := range p.Tools {
			v.What = append(v.What, Option{Value: "tool " + t.Name, Name: "Tool " + t.Name})
		}
	}
	return v
}

// count says how many cases have a status, "" for none.
func (s *site) count(r *http.Request, status casefile.Status) (string, error) {
	ids, next, err := s.Cases.Open(r.Context(), status, "", countUpTo)
	switch {
	case err != nil || len(ids) == 0:
		return "", err
	case next != "":
		return fmt.Sprintf("%d+", countUpTo), nil
	}
	return fmt.Sprint(len(ids)), nil
}

// viewer is who looks, as views need to know it.
func (s *site) viewer(who people.Principal) viewer {
	return viewer{now: s.Now(), currency: s.House().Currency, id: who.ID, role: string(who.Role),
		may: func(by string) bool { return who.Role.AtLeast(people.Role(by)) }}
}

// streamLink is the stream of a page's live regions.
func streamLink(kind string, more url.Values) string {
	q := url.Values{"of": {kind}}
	for k, v := range more {
		q[k] = v
	}
	return "/pages/stream?" + q.Encode()
}
