package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"resolute/agent/journal"
	"resolute/agent/people"
)

type auditPage struct {
	Shell    Shell
	From, To string // days
	Deeds    []DeedView
	Next     string
	Verified *VerifiedView
}

// DeedView is something that somebody did.
type DeedView struct {
	At                 Moment
	Who, What, Subject string
	Link               string // of the subject, "" for none
	Detail             string
}

// VerifiedView is what a walk through the whole journal came to.
type VerifiedView struct {
	Say    string
	Took   string
	Damage []Pair
}

// onAudit is how many deeds a page shows.
const onAudit = 100

func (s *site) audit(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := s.auditPage(r, who)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "audit", p)
}

// auditPage lists what was done from one day to another, the newest first; without days, what was done today.
func (s *site) auditPage(r *http.Request, who people.Principal) (auditPage, error) {
	q := r.URL.Query()
	p := auditPage{Shell: s.shell(r, who, "Audit", "/audit"), From: q.Get("from"), To: q.Get("to")}
	from, to := s.Now().UTC().Truncate(24*time.Hour), time.Time{}
	for _, day := range []struct {
		text  string
		later time.Duration
		at    *time.Time
	}{{p.From, 0, &from}, {p.To, 24 * time.Hour, &to}} {
		if day.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, day.text)
		if err != nil {
			return p, fmt.Errorf("%w: %.40q is no day; write it like 2027-01-31", errRequest, day.text)
		}
		*day.at = t.Add(day.later)
	}
	p.From = from.Format(time.DateOnly)
	deeds, next, err := s.Deeds.Latest(r.Context(), from, to, q.Get("cursor"), onAudit)
	if err != nil {
		return p, err
	}
	name := func(id string) string {
		a, _ := s.Accounts.Get(id) // a deleted one has no name
		return a.Name
	}
	for _, d := range deeds {
		p.Deeds = append(p.Deeds, deedView(d, s.Now(), name))
	}
	if next != "" {
		more := url.Values{"from": {p.From}, "cursor": {next}}
		if p.To != "" {
			more.Set("to", p.To)
		}
		p.Next = "/audit?" + more.Encode()
	}
	return p, nil
}

// deedView is something that somebody did; name gives an account's, "" where there is none.
func deedView(d people.Event, now time.Time, name func(id string) string) DeedView {
	v := DeedView{At: moment(d.At, now), Who: actor(d.Actor), What: d.Action, Subject: d.Subject}
	kind, _, _ := strings.Cut(d.Action, ".")
	switch kind {
	case "case":
		v.Link, v.Subject = "/cases/"+url.PathEscape(d.Subject), short(d.Subject)
	case "bundle":
		v.Link, v.Subject = "/bundles/"+url.PathEscape(d.Subject), digest(d.Subject)
	case "account", "signin":
		if who := name(d.Subject); who != "" {
			v.Link, v.Subject = "/people", who
		}
	case "authority":
		v.Link = "/authority"
	case "correction":
		v.Link = "/corrections#" + url.PathEscape(d.Subject)
	case "tool":
		v.Link = "/tools/" + url.PathEscape(d.Subject)
	}
	if len(d.Detail) > 0 {
		v.Detail = pretty(d.Detail)
	}
	return v
}

// verify walks the whole journal and says what it found.
func (s *site) verify(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	began := s.Now()
	v := &VerifiedView{}
	damaged := 0
	totals, err := s.Journal.Verify(r.Context(), func(d journal.Damage) {
		if damaged++; len(v.Damage) < 100 {
			v.Damage = append(v.Damage, Pair{Name: d.Where, Text: d.What})
		}
	})
	if err != nil {
		return err
	}
	v.Say = fmt.Sprintf("All of it holds: %s entries of %s cases, each where its chain says and with the content that its hash says.", thousands(int(totals.Entries)), thousands(int(totals.Cases)))
	if damaged > 0 {
		v.Say = plural(damaged, "place") + " in the data is damaged. Stop the server, keep the file, and restore a backup or run resolute verify --repair."
	}
	v.Took = took(s.Now().Sub(began))
	p, err := s.auditPage(r, who)
	if err != nil {
		return err
	}
	p.Verified = v
	return s.render(w, http.StatusOK, "audit", p)
}
