package suggest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// ViewName is the view of the journal that holds the deeds.
const ViewName = "deeds"

// viewVersion rises with what Read makes of a case.
const viewVersion = 3

// The view: deeds by case, the planner's own choice by case, how often each was, what the planner is at in
// each case that goes on, and the offset of the last entry about a case that has deeds.
var (
	bucketDeeds  = []byte("deeds")
	bucketChoice = []byte("choice")
	bucketKept   = []byte("kept")
	bucketPlans  = []byte("plans")
	keyRevision  = []byte("revision")
)

// Entries gives a page of a case's history; a journal.Store does.
type Entries interface {
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
}

// Projection makes the view of deeds. A case is read whole when a person decides about it, and when it
// ends after that; of the others, which are most, the plan is enough.
func Projection(journal Entries, versions Versions) projection.Projection {
	return projection.Projection{Name: ViewName, Version: viewVersion,
		Kinds: []casefile.Kind{casefile.KindProcedureChosen, casefile.KindHypothesisChosen, casefile.KindHypothesisFailed, casefile.KindHypothesisEnded,
			casefile.KindOperatorDecided, casefile.KindCaseReopened, casefile.KindCaseResolved, casefile.KindCaseClosed},
		Apply: func(view *projection.Bucket, entries []casefile.Entry) error {
			s, err := openShelf(view)
			if err != nil {
				return err
			}
			plans, order, err := s.follow(entries)
			if err != nil {
				return err
			}
			for _, id := range order {
				if err := s.turn(journal, versions, id, plans[id]); err != nil {
					return fmt.Errorf("what people did in case %s: %w", id, err)
				}
			}
			return nil
		}}
}

// shelf is the view while it is changed.
type shelf struct{ view, deeds, choices, kept, plans *projection.Bucket }

func openShelf(view *projection.Bucket) (*shelf, error) {
	s := &shelf{view: view}
	for _, part := range []struct {
		to   **projection.Bucket
		name []byte
	}{{&s.deeds, bucketDeeds}, {&s.choices, bucketChoice}, {&s.kept, bucketKept}, {&s.plans, bucketPlans}} {
		b, err := view.CreateBucketIfNotExists(part.name)
		if err != nil {
			return nil, err
		}
		*part.to = b
	}
	return s, nil
}

// follow gives where entries lead the plans of their cases, and the cases in the order of their entries.
func (s *shelf) follow(entries []casefile.Entry) (plans map[string]*plan, order []string, err error) {
	plans = map[string]*plan{}
	for i := range entries {
		e := &entries[i]
		p := plans[e.Case]
		if p == nil {
			if p, err = openPlan(s.plans.Get([]byte(e.Case))); err != nil {
				return nil, nil, fmt.Errorf("the plan of case %s: %w", e.Case, err)
			}
			plans[e.Case], order = p, append(order, e.Case)
		}
		p.fold(e)
	}
	return plans, order, nil
}

// turn puts what a case says now in place of what it said before.
func (s *shelf) turn(journal Entries, versions Versions, id string, p *plan) error {
	if err := set(s.plans, []byte(id), p.encode()); err != nil || p.upTo == 0 {
		return err
	}
	if !p.whole {
		return s.choose(id, p.kept)
	}
	all, err := history(journal, id, p.upTo)
	if err != nil {
		return err
	}
	deeds, kept := Read(id, all, versions)
	if err := s.choose(id, kept); err != nil || len(deeds) == 0 {
		return err
	}
	value, err := json.Marshal(deeds)
	if err != nil {
		return err
	}
	if err := s.deeds.Put([]byte(id), value); err != nil {
		return err
	}
	revision := max(number(s.view.Get(keyRevision)), int64(p.offset))
	return s.view.Put(keyRevision, binary.BigEndian.AppendUint64(nil, uint64(revision)))
}

const pageOf = 500

// history reads a case up to an entry.
func history(journal Entries, id string, upTo uint64) (all []casefile.Entry, err error) {
	for after := uint64(0); after < upTo; {
		page, err := journal.Entries(context.Background(), id, after, int(min(pageOf, upTo-after)))
		if err != nil || len(page) == 0 {
			return all, err
		}
		all, after = append(all, page...), page[len(page)-1].Seq
	}
	return all, nil
}

// choose counts the planner's own choice in a case, nil for none, in place of the one before.
func (s *shelf) choose(id string, kept *Choice) error {
	key := []byte(id)
	var now []byte
	if kept != nil {
		now = []byte(joined(kept.Procedure, kept.Hypothesis))
	}
	was := slices.Clone(s.choices.Get(key))
	if string(was) == string(now) {
		return nil
	}
	if err := bump(s.kept, was, -1); err != nil {
		return err
	}
	if err := bump(s.kept, now, 1); err != nil {
		return err
	}
	return set(s.choices, key, now)
}

func set(b *projection.Bucket, key, value []byte) error {
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// bump adds to a number; a key that is nil has none.
func bump(b *projection.Bucket, key []byte, by int64) error {
	if key == nil {
		return nil
	}
	n := number(b.Get(key)) + by
	if n == 0 {
		return b.Delete(key)
	}
	return b.Put(key, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func number(b []byte) int64 {
	if len(b) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// mostDeeds bounds what is mined: the cases opened last count.
const mostDeeds = 20_000

// deedsOf reads the view, nothing of the deeds where they are those of a revision that is known.
func deedsOf(view *projection.Bucket, known int64) (revision int64, deeds []Deed, kept Kept, err error) {
	revision = number(view.Get(keyRevision))
	if revision == known {
		return revision, nil, nil, nil
	}
	kept = Kept{}
	if b := view.Bucket(bucketKept); b != nil {
		err = b.ForEach(func(k, v []byte) error {
			var c Choice
			if i := slices.Index(k, 0); i >= 0 {
				c = Choice{string(k[:i]), string(k[i+1:])}
			}
			kept[c] = int(number(v))
			return nil
		})
	}
	if b := view.Bucket(bucketDeeds); b != nil && err == nil {
		c := b.Cursor()
		for k, v := c.Last(); k != nil && len(deeds) < mostDeeds; k, v = c.Prev() {
			var list []Deed
			if err := json.Unmarshal(v, &list); err != nil {
				return 0, nil, nil, fmt.Errorf("%w: what people did in case %s: %w", projection.ErrDamaged, k, err)
			}
			deeds = append(deeds, list...)
		}
	}
	return revision, deeds, kept, err
}
