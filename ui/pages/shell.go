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
	Manage  []NavLink
	Paused  []Paused // said on every page
}

// Paused is something that the agent does nothing in until somebody resumes it.
type Paused struct{ What, By, Note, At string }

// NavLink is a place in the navigation.
type NavLink struct {
	Name, Link string
	Current    bool
	Count      string
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
		sh.Paused = append(sh.Paused, Paused{What: p.What(), By: p.By, Note: p.Note, At: p.At.Format("2006-01-02 15:04 MST")})
	}
	waiting, _ := s.count(r, casefile.Approving) // the page itself says so if the store is broken
	place := func(name, link, count string) NavLink {
		return NavLink{Name: name, Link: link, Current: link == here, Count: count}
	}
	sh.Work = []NavLink{place("Overview", "/", ""), place("Approvals", "/approvals", waiting), place("Cases", "/cases", ""), place("Outbox", "/outbox", "")}
	sh.Teach = []NavLink{place("Knowledge", "/knowledge", "")}
	if who.Role.AtLeast(people.Admin) {
		sh.Manage = append(sh.Manage, place("People", "/people", ""), place("Tokens", "/tokens", ""))
	}
	return sh
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
