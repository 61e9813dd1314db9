package api

import (
	"net/http"

	"resolute/agent/bundle"
	"resolute/agent/rehearsal/runs"
)

// postBundle stores a bundle and activates it, or stores it as a draft.
func (s *server) postBundle(r *request) error {
	files, err := archived(r)
	if err != nil {
		return err
	}
	if r.Query("activate") == "false" {
		b, err := s.Bundles.Store(r.Request.Context(), files, r.who.Actor())
		if err != nil {
			return err
		}
		return s.standing(r, b)
	}
	b, err := s.Bundles.Apply(r.Request.Context(), files, "", r.who.Actor(), true)
	if err != nil {
		return err
	}
	return s.standing(r, b)
}

func (s *server) activateBundle(r *request) error {
	b, err := s.Bundles.Activate(r.Request.Context(), r.Param("version"), r.who.Actor())
	if err != nil {
		return err
	}
	return s.standing(r, b)
}

// standing answers with a version and what speaks for it.
func (s *server) standing(r *request, b *bundle.Bundle) error {
	active, err := s.Bundles.Active()
	e, err2 := s.evidence(r, b)
	if err2 != nil {
		return err2
	}
	return answer(r, http.StatusOK, map[string]any{"version": b.Version, "active": err == nil && active.Version == b.Version, "rehearsed": e})
}

// evidence is what a version came to when it was last rehearsed, nil if it never was.
func (s *server) evidence(r *request, b *bundle.Bundle) (*runs.Evidence, error) {
	e, found, err := s.Rehearsals.Evidence(r.Request.Context(), b)
	if err != nil || !found {
		return nil, err
	}
	return &e, nil
}

func (s *server) getBundle(r *request) error {
	ctx := r.Request.Context()
	b, err := s.Bundles.Resolve(ctx, r.Param("version"))
	if err != nil {
		return err
	}
	line, err := s.Bundles.Line(ctx, b.Version)
	if err != nil {
		return err
	}
	e, err := s.evidence(r, b)
	if err != nil {
		return err
	}
	names, scenarios := []string{}, []string{}
	for _, p := range b.Procedures {
		names = append(names, p.Name)
	}
	for _, sc := range b.Rehearsals {
		scenarios = append(scenarios, sc.Name)
	}
	return answer(r, http.StatusOK, map[string]any{"version": b.Version, "active": line.Active, "draft": line.Draft, "company": b.Config.Company, "procedures": names, "rehearsals": scenarios, "rehearsed": e})
}
