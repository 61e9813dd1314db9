package insights

import (
	"encoding/binary"
	"encoding/json"

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

// whoOf is a customer as far as one is known, 0 for nobody.
func whoOf(r *record) uint64 {
	if r.customer != 0 {
		return r.customer
	}
	return r.email
}

// resolvedKeys are where the case that was resolved last stands: under the customer's id, and under the
// address.
func resolvedKeys(r *record) [2][]byte {
	key := func(who uint64) []byte {
		if who == 0 || r.procedure == 0 {
			return nil
		}
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, who), uint32(r.procedure))
	}
	return [2][]byte{key(r.customer), key(r.email)}
}

// remember notes that a case is the one resolved last for its customer and procedure.
func (b *book) remember(r *record) error {
	for _, key := range resolvedKeys(r) {
		if key == nil {
			continue
		}
		if err := b.view.Bucket(bucketResolved).Put(key, r.id[:]); err != nil {
			return err
		}
	}
	return nil
}

// follow notes that a customer came again: a case of theirs with the same procedure is resolved already.
func (b *book) follow(r *record) error {
	if r.follows != (uuid.UUID{}) {
		return nil
	}
	for _, key := range resolvedKeys(r) {
		if key == nil {
			continue
		}
		id := b.view.Bucket(bucketResolved).Get(key)
		if id == nil {
			continue
		}
		before, err := b.find(uuid.UUID(id))
		if err != nil {
			return err
		}
		if before == nil || before.id == r.id || before.standing != resolved || before.ended > r.opened || before.procedure != r.procedure || !same(before.customer, before.email, r.customer, r.email) {
			continue
		}
		if r.follows = before.id; before.flags&wasFollowed == 0 {
			before.flags |= wasFollowed
			before.gap, before.follower = r.opened-before.ended, r.id
		}
		return nil
	}
	return nil
}

// unfollow takes that back of a case that turned out to be another's.
func (b *book) unfollow(r *record) error {
	before, err := b.find(r.follows)
	if err == nil && before != nil && before.follower == r.id {
		before.flags &^= wasFollowed
		before.gap, before.follower = 0, uuid.UUID{}
	}
	return err
}

// change is one of authority, as it is kept.
type change struct {
	Procedure string         `json:"procedure"`
	Tool      string         `json:"tool"`
	Band      string         `json:"band"`
	From      casefile.Level `json:"from"`
	To        casefile.Level `json:"to"`
	What      string         `json:"what"`
	Bundle    word           `json:"bundle"`
}

// changed notes what followed for the agent's authority.
func (b *book) changed(r *record, at int64, seq uint64, d *casefile.AuthorityChanged) error {
	c := change{Procedure: d.Procedure, Tool: d.Tool, Band: d.Band, From: d.From, To: d.To, What: whatOf(d), Bundle: r.bundle}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return b.view.Bucket(bucketAuthority).Put(eventKey(at, r.id, seq), raw)
}

func whatOf(d *casefile.AuthorityChanged) string {
	switch {
	case d.Withdrawn:
		return "withdrawn"
	case d.Proposed:
		return "proposed"
	case rank(d.To) < rank(d.From):
		return "lowered"
	}
	return "raised"
}

func rank(l casefile.Level) int {
	switch l {
	case casefile.LevelAct:
		return 2
	case casefile.LevelPropose:
		return 1
	}
	return 0
}
