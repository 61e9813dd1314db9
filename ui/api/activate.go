package api

import (
	"errors"
	"maps"
	"net/http"

	"resolute/agent/bundle"
	"resolute/agent/rehearsal/shadow"
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
	b, err := s.Bundles.Apply(r.Request.Context(), files, "", r.who.Actor())
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
	line, err := s.Bundles.Line(r.Request.Context(), b.Version)
	if err != nil {
		return err
	}
	said, err := s.evidence(r, b)
	if err != nil {
		return err
	}
	said["version"], said["active"] = b.Version, line.Active
	return answer(r, http.StatusOK, said)
}

// evidence is what speaks for a version, or against it: what it came to when it was last rehearsed, and
// what it saw beside the active one. Each is nil if there is none.
func (s *server) evidence(r *request, b *bundle.Bundle) (map[string]any, error) {
	said := map[string]any{"rehearsed": nil, "shadow": nil}
	rehearsed, found, err := s.Rehearsals.Evidence(r.Request.Context(), b)
	if err != nil {
		return nil, err
	}
	if found {
		said["rehearsed"] = rehearsed
	}
	seen, err := s.Shadows.Report(r.Request.Context(), b.Version)
	switch {
	case err == nil:
		said["shadow"] = seen
	case !errors.Is(err, shadow.ErrNone):
		return nil, err
	}
	return said, nil
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
	said, err := s.evidence(r, b)
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
	maps.Copy(said, map[string]any{"version": b.Version, "active": line.Active, "draft": line.Draft, "company": b.Config.Company, "procedures": names, "rehearsals": scenarios})
	return answer(r, http.StatusOK, said)
}
