package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"resolute/agent/bundle"
	"resolute/agent/learner"
	"resolute/agent/people"
)

// Triage is what triage has learned; a learner.Learner does.
type Triage interface {
	Standing(ctx context.Context) (learner.Standing, error)
	// Versions gives what was learned, the newest first.
	Versions() []learner.Version
	Activate(ctx context.Context, version, by string) (learner.Version, error)
	// Basis gives the cases that a version rests on; kept is false where that isn't kept any more.
	Basis(ctx context.Context, version string) (list []learner.Basis, kept bool, err error)
}

type triagePage struct {
	Shell    Shell
	None     bool // no bundle is active
	Learned  string
	Held     string
	Taught   string
	PinnedBy string
	LeftOut  []LeftOutView
	Doubts   []string
	Versions []TriageView
	Older    int // versions that aren't listed
	Admin    bool
}

type triageVersionPage struct {
	Shell   Shell
	One     TriageView
	Admin   bool
	Classes []ClassBasis
	Gone    bool // what it rests on isn't kept any more
}

// ClassBasis is the cases that a version has texts of for one procedure.
type ClassBasis struct {
	Procedure string // "none" where they are for none
	Count     string
	Cases     []Link
	More      string // link to all of them, "" where they are all here
}

// How much of what was learned a page shows.
const (
	triageListed = 50
	basisShown   = 24  // cases by procedure, beside others
	basisAlone   = 500 // of one procedure
)

func (s *site) triage(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p := triagePage{Shell: s.shell(r, who, "Triage", "/triage"), Admin: who.Role.AtLeast(people.Admin)}
	standing, err := s.Learning.Triage.Standing(r.Context())
	if errors.Is(err, bundle.ErrNone) {
		p.None = true
		return s.render(w, http.StatusOK, "triage", p)
	}
	if err != nil {
		return err
	}
	p.Learned, p.Held, p.Taught, p.PinnedBy, p.Doubts = thousands(standing.Learned), thousands(standing.Held), thousands(standing.Taught), actor(standing.PinnedBy), standing.Doubts
	for _, l := range standing.LeftOut {
		p.LeftOut = append(p.LeftOut, leftOutView(l))
	}
	all := s.Learning.Triage.Versions()
	for i := range all[:min(len(all), triageListed)] {
		p.Versions = append(p.Versions, triageView(&all[i], all, standing, s.viewer(who)))
	}
	p.Older = len(all) - len(p.Versions)
	return s.render(w, http.StatusOK, "triage", p)
}

func (s *site) oneTriage(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	version, only := r.PathValue("version"), r.URL.Query().Get("procedure")
	standing, err := s.Learning.Triage.Standing(r.Context())
	if err != nil {
		return err
	}
	all := s.Learning.Triage.Versions()
	i := slices.IndexFunc(all, func(v learner.Version) bool { return v.Version == version && v.Bundle == standing.Bundle })
	if i < 0 {
		i = slices.IndexFunc(all, func(v learner.Version) bool { return v.Version == version })
	}
	if i < 0 {
		return fmt.Errorf("%w: %.40q", learner.ErrVersion, version)
	}
	basis, kept, err := s.Learning.Triage.Basis(r.Context(), version)
	if err != nil {
		return err
	}
	p := triageVersionPage{Shell: s.shell(r, who, "Triage "+digest(version), "/triage"), Admin: who.Role.AtLeast(people.Admin), One: triageView(&all[i], all, standing, s.viewer(who)),
		Classes: classes(version, basis, only), Gone: !kept && all[i].Evidence > 0}
	return s.render(w, http.StatusOK, "triage-version", p)
}

// classes gives the cases that a version rests on by procedure, the newest first; all of one procedure where only names it.
func classes(version string, basis []learner.Basis, only string) []ClassBasis {
	by, most := map[string]*ClassBasis{}, basisShown
	if only != "" {
		most = basisAlone
	}
	counts, order := map[string]int{}, []string{}
	for _, b := range slices.Backward(basis) {
		name := b.Procedure
		if name == "" {
			name = noProcedure
		}
		if only != "" && name != only {
			continue
		}
		c := by[name]
		if c == nil {
			c = &ClassBasis{Procedure: name}
			by[name], order = c, append(order, name)
		}
		if counts[name]++; len(c.Cases) < most {
			c.Cases = append(c.Cases, Link{Name: short(b.Case), Link: "/cases/" + url.PathEscape(b.Case)})
		}
	}
	slices.Sort(order)
	var list []ClassBasis
	for _, name := range order {
		c := by[name]
		if c.Count = plural(counts[name], "text"); counts[name] > len(c.Cases) && only == "" {
			c.More = triageLink(version) + "?" + url.Values{"procedure": {name}}.Encode()
		}
		list = append(list, *c)
	}
	return list
}

func triageLink(version string) string { return "/triage/" + url.PathEscape(version) }

// activateTriage lets a version of triage decide.
func (s *site) activateTriage(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if _, err := s.Learning.Triage.Activate(r.Context(), r.PathValue("version"), who.Actor()); err != nil {
		return err
	}
	http.Redirect(w, r, "/triage", http.StatusSeeOther)
	return nil
}
