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

// The view: deeds by case, the planner's own choice by case, how often each was, and a number that rises
// whenever deeds change.
var (
	bucketDeeds  = []byte("deeds")
	bucketChoice = []byte("choice")
	bucketKept   = []byte("kept")
	keyRevision  = []byte("revision")
)

// Entries gives a page of a case's history; a journal.Store does.
type Entries interface {
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
}

// Projection makes the view of deeds. A case is read whole when a person decides about it, and when it
// ends.
func Projection(journal Entries, versions Versions) projection.Projection {
	return projection.Projection{Name: ViewName, Version: viewVersion,
		Kinds: []casefile.Kind{casefile.KindOperatorDecided, casefile.KindCaseReopened, casefile.KindCaseResolved, casefile.KindCaseClosed},
		Apply: func(view *projection.Bucket, entries []casefile.Entry) error {
			upTo := map[string]uint64{}
			var order []string
			for i := range entries {
				e := &entries[i]
				if _, known := upTo[e.Case]; !known {
					order = append(order, e.Case)
				}
				upTo[e.Case] = e.Seq
			}
			for _, id := range order {
				all, err := history(journal, id, upTo[id])
				if err != nil {
					return fmt.Errorf("what people did in case %s: %w", id, err)
				}
				deeds, kept := Read(id, all, versions)
				if err := store(view, id, deeds, kept); err != nil {
					return err
				}
			}
			return nil
		}}
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

// store puts what a case says in place of what it said before.
func store(view *projection.Bucket, id string, deeds []Deed, kept *Choice) error {
	var buckets [3]*projection.Bucket
	for i, name := range [][]byte{bucketDeeds, bucketChoice, bucketKept} {
		b, err := view.CreateBucketIfNotExists(name)
		if err != nil {
			return err
		}
		buckets[i] = b
	}
	byCase, choices, tally := buckets[0], buckets[1], buckets[2]
	key := []byte(id)
	var now []byte
	if kept != nil {
		now = []byte(joined(kept.Procedure, kept.Hypothesis))
	}
	if was := slices.Clone(choices.Get(key)); string(was) != string(now) {
		if err := bump(tally, was, -1); err != nil {
			return err
		}
		if err := bump(tally, now, 1); err != nil {
			return err
		}
		if err := set(choices, key, now); err != nil {
			return err
		}
	}
	var value []byte
	if len(deeds) > 0 {
		var err error
		if value, err = json.Marshal(deeds); err != nil {
			return err
		}
	}
	if string(byCase.Get(key)) == string(value) {
		return nil
	}
	if err := set(byCase, key, value); err != nil {
		return err
	}
	return bump(view, keyRevision, 1)
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
