package api

import (
	"mime"
	"net/http"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/people"
)

// aCandidate is named where a version would be, for a bundle that is sent along and not stored.
const aCandidate = "candidate"

// postImpact judges again by a version what was decided in a period.
func (s *server) postImpact(r *request) error {
	period := impact.Period{From: r.time("from"), To: r.time("to")}
	b, err := s.judging(r, &period)
	if err != nil {
		return err
	}
	if !period.From.IsZero() && !period.To.IsZero() && !period.From.Before(period.To) {
		return invalid("the period is empty: it is from " + period.From.Format(time.RFC3339) + " on and before " + period.To.Format(time.RFC3339) + "; say an earlier from or a later to")
	}
	report, err := s.Impact(r.Request.Context(), b, period)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, report)
}

// judging gives the bundle that a request wants past decisions judged by: a stored one, or the one that it
// sends, for which plugins are asked and secrets used for those alone who may activate it. A JSON body may
// give the period.
func (s *server) judging(r *request, period *impact.Period) (*bundle.Bundle, error) {
	ctx := r.Request.Context()
	if r.Param("version") == aCandidate {
		files, err := archived(r)
		if err != nil {
			return nil, err
		}
		if r.who.Role.AtLeast(people.Admin) {
			return s.Bundles.Candidate(ctx, files)
		}
		return s.Bundles.Drafted(ctx, files)
	}
	if kind, _, _ := mime.ParseMediaType(r.Request.Header.Get("Content-Type")); kind == mediaJSON && r.Request.ContentLength != 0 {
		var in struct {
			From time.Time `json:"from"`
			To   time.Time `json:"to"`
		}
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		if !in.From.IsZero() {
			period.From = in.From
		}
		if !in.To.IsZero() {
			period.To = in.To
		}
	}
	return s.Bundles.Resolve(ctx, r.Param("version"))
}
