package insights

import (
	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// Signals by which a source tells how it went.
const (
	typeFeedback = "feedback.received" // data.score, a whole number from 1 to 5; data.case_id, where it is known
	typeChurned  = "customer.churned"
)

// The scores that feedback may have; a customer with one of the upper two is satisfied.
const (
	leastScore = 1
	mostScore  = 5
	satisfied  = 4
)

// heard notes what a customer says of how it went, as far as somebody vouches for it being them.
func (b *book) heard(r *record, at int64, seq uint64, s *casefile.Signal) error {
	switch {
	case s.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceNone:
		return nil
	case s.Type == typeChurned:
		return b.note(bucketChurn, r, at, seq, happening{customer: whoOf(r)})
	case s.Type != typeFeedback:
		return nil
	}
	score, ok := scoreOf(s.Data["score"])
	if !ok {
		return nil
	}
	about, err := b.about(r, seq, s)
	if err != nil {
		return err
	}
	h := happening{value: score}
	if about != nil {
		h.procedure, h.bundle = about.procedure, about.bundle
	}
	return b.view.Bucket(bucketFeedback).Put(eventKey(at, r.id, seq), h.encode())
}

// scoreOf reads a score; it reports false for what is none.
func scoreOf(v any) (score int64, ok bool) {
	switch n := v.(type) {
	case int64:
		score = n
	case float64: // 4.0
		if score = int64(n); float64(score) != n {
			return 0, false
		}
	}
	return score, score >= leastScore && score <= mostScore
}

// about gives the case that feedback is about: the one that it names, else the one that it joined; nil
// where it opened one of its own.
func (b *book) about(r *record, seq uint64, s *casefile.Signal) (*record, error) {
	if named, ok := s.Data["case_id"].(string); ok {
		if id, err := uuid.Parse(named); err == nil {
			if other, err := b.find(id); other != nil || err != nil {
				return other, err
			}
		}
	}
	if seq == 1 {
		return nil, nil
	}
	return r, nil
}
