package api

import (
	"context"
	"net/http"
	"time"

	"resolute/kb"
)

// correctionBody is a correction as it is taught.
type correctionBody struct {
	Scope     kb.Scope  `json:"scope"`
	Says      string    `json:"says"`
	InsteadOf string    `json:"instead_of"`
	ExpiresAt time.Time `json:"expires_at"`
	FromCase  string    `json:"from_case"`
}

func (c correctionBody) correction() kb.Correction {
	return kb.Correction{Scope: c.Scope, Says: c.Says, InsteadOf: c.InsteadOf, ExpiresAt: c.ExpiresAt, FromCase: c.FromCase}
}

// correctionView is a correction with where it was used.
type correctionView struct {
	kb.Correction
	Address string   `json:"address"`
	Used    int      `json:"used"`
	Uses    []kb.Use `json:"uses"` // the newest
}

func (s *server) correctionView(ctx context.Context, c kb.Correction) (correctionView, error) {
	uses, total, err := s.Knowledge.Uses(ctx, "corrections."+c.ID, 10)
	return correctionView{c, c.Address(), total, uses}, err
}

// teach keeps a correction and writes it into the audit.
func (s *server) teach(r *request, c kb.Correction) (kb.Correction, error) {
	c, err := s.Knowledge.Teach(r.Request.Context(), c, r.who.Actor())
	if err != nil {
		return c, err
	}
	return c, s.Audit.Record(r.Request.Context(), r.who.Actor(), "correction.taught", c.ID, map[string]any{"state": c.State, "from_case": c.FromCase})
}

func (s *server) postCorrection(r *request) error {
	var in correctionBody
	if err := r.decode(&in); err != nil {
		return err
	}
	c, err := s.teach(r, in.correction())
	if err != nil {
		return err
	}
	view, err := s.correctionView(r.Request.Context(), c)
	if err != nil {
		return err
	}
	return answer(r, http.StatusCreated, view)
}

func (s *server) getCorrections(r *request) error {
	limit, cursor := r.page()
	found, next, err := s.Knowledge.Corrections(r.Request.Context(), limit, cursor)
	if err != nil {
		return err
	}
	views := make([]correctionView, len(found))
	for i, c := range found {
		if views[i], err = s.correctionView(r.Request.Context(), c); err != nil {
			return err
		}
	}
	return answer(r, http.StatusOK, listOf(views, next))
}

func (s *server) getCorrection(r *request) error {
	c, err := s.Knowledge.Correction(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	view, err := s.correctionView(r.Request.Context(), c)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, view)
}

func (s *server) deleteCorrection(r *request) error {
	if _, err := s.Knowledge.Revoke(r.Request.Context(), r.Param("id"), r.who.Actor()); err != nil {
		return err
	}
	return s.done(r, "correction.revoked", r.Param("id"))
}

// acceptCorrection lets a held correction count in place of those that it contradicts.
func (s *server) acceptCorrection(r *request) error {
	c, err := s.Knowledge.Accept(r.Request.Context(), r.Param("id"), r.who.Actor())
	if err == nil {
		err = s.Audit.Record(r.Request.Context(), r.who.Actor(), "correction.accepted", c.ID, nil)
	}
	if err != nil {
		return err
	}
	view, err := s.correctionView(r.Request.Context(), c)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, view)
}
