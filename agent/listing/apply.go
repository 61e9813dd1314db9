package listing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// Name is what the view is called.
const Name = "cases"

// Buckets of the view.
var (
	bucketRows   = []byte("rows")   // case → row
	bucketIndex  = []byte("index")  // family, value, 0, case → nothing
	bucketCounts = []byte("counts") // family, value → how many
	bucketHours  = []byte("hours")  // hour, what happened → how many cases
)

// Families of the index.
const (
	byStatus    = 's'
	byStop      = 'x'
	byProcedure = 'p'
	byCustomer  = 'c' // id or email, in lower case
	byQueue     = 'q'
	byDue       = 'u' // 8 bytes of time in place of a value: handoffs that wait
)

// Projection makes the view.
func Projection() projection.Projection {
	return projection.Projection{Name: Name, Version: 1, Apply: apply, Kinds: []casefile.Kind{
		casefile.KindSignalReceived, casefile.KindCaseOpened, casefile.KindCaseReopened, casefile.KindProcedureChosen, casefile.KindInputsFound, casefile.KindCallIntended,
		casefile.KindActionDenied, casefile.KindActionShadowed, casefile.KindOperatorDecided, casefile.KindCaseStopped, casefile.KindCaseResolved, casefile.KindCaseClosed,
		casefile.KindHandoffOpened, casefile.KindHandoffNoticed, casefile.KindHypothesisFailed, casefile.KindStepDone, casefile.KindApprovalAsked, casefile.KindApprovalVoided, casefile.KindApprovalExpired}}
}

// apply folds entries into the rows of their cases, each row written once.
func apply(view *projection.Bucket, entries []casefile.Entry) error {
	var b buckets
	for _, part := range []struct {
		to   **projection.Bucket
		name []byte
	}{{&b.rows, bucketRows}, {&b.index, bucketIndex}, {&b.counts, bucketCounts}, {&b.hours, bucketHours}} {
		made, err := view.CreateBucketIfNotExists(part.name)
		if err != nil {
			return err
		}
		*part.to = made
	}
	changed := map[string]*change{}
	var order []string
	for i := range entries {
		e := &entries[i]
		c := changed[e.Case]
		if c == nil {
			key, err := keyOf(e.Case)
			if err != nil {
				return err
			}
			c = &change{key: key, was: bytes.Clone(b.rows.Get(key)), row: Row{ID: e.Case}}
			if c.was != nil {
				s, err := open(c.was)
				if err == nil {
					c.row, err = s.row(key)
				}
				if err != nil {
					return fmt.Errorf("case %s: %w", e.Case, err)
				}
			}
			changed[e.Case], order = c, append(order, e.Case)
		}
		before := c.row.Status
		c.row.Fold(e)
		if err := b.happened(before, &c.row, e); err != nil {
			return err
		}
	}
	for _, id := range order {
		if err := b.put(changed[id]); err != nil {
			return err
		}
	}
	return nil
}

// change is a row that entries change.
type change struct {
	key []byte
	was []byte
	row Row
}

type buckets struct{ rows, index, counts, hours *projection.Bucket }

// put writes a row, and moves it in the index from where it stood.
func (b *buckets) put(c *change) error {
	now := c.row.encode()
	had, has := places(c.was), places(now)
	for key := range had {
		if !has[key] {
			if err := b.remove(key, c.key); err != nil {
				return err
			}
		}
	}
	for key := range has {
		if !had[key] {
			if err := b.insert(key, c.key); err != nil {
				return err
			}
		}
	}
	return b.rows.Put(c.key, now)
}

func (b *buckets) insert(place string, key []byte) error {
	if err := b.index.Put(append([]byte(place), key...), nil); err != nil {
		return err
	}
	return add(b.counts, counted(place), 1)
}

func (b *buckets) remove(place string, key []byte) error {
	if err := b.index.Delete(append([]byte(place), key...)); err != nil {
		return err
	}
	return add(b.counts, counted(place), -1)
}

// counted is what a place counts under, nil for nothing: nobody asks how many cases a customer has.
func counted(place string) []byte {
	switch place[0] {
	case byCustomer, byDue:
		return nil
	}
	return []byte(place[:len(place)-1])
}

func add(b *projection.Bucket, key []byte, n int64) error {
	if key == nil {
		return nil
	}
	total := n
	if v := b.Get(key); len(v) == 8 {
		total += int64(binary.BigEndian.Uint64(v))
	}
	if total == 0 {
		return b.Delete(key)
	}
	return b.Put(key, binary.BigEndian.AppendUint64(nil, uint64(total)))
}

// place is where rows of a value stand in the index.
func place(family byte, value string) string { return string(family) + value + "\x00" }

// places gives where a row stands in the index.
func places(raw []byte) map[string]bool {
	all := map[string]bool{}
	s, err := open(raw)
	if err != nil || s.status() == unopened {
		return all
	}
	all[place(byStatus, string(s.status()))] = true
	all[place(byProcedure, s.text(textProcedure))] = true
	if stop := s.text(textStop); stop != "" {
		all[place(byStop, stop)] = true
	}
	for _, who := range []int{textCustomerID, textEmail} {
		if v := strings.ToLower(s.text(who)); v != "" {
			all[place(byCustomer, v)] = true
		}
	}
	if q := s.text(textQueue); q != "" && s.status() == casefile.Escalated {
		all[place(byQueue, q)] = true
		all[string(byDue)+string(binary.BigEndian.AppendUint64(nil, uint64(s.nanos(timeDue))))] = true
	}
	return all
}

// What is counted by the hour.
const (
	Opened    = "opened"
	Resolved  = "resolved"
	Closed    = "closed"
	Escalated = "escalated"
)

// happened counts what became of a case in the hour of an entry.
func (b *buckets) happened(before casefile.Status, now *Row, e *casefile.Entry) error {
	what := ""
	switch e.Data.(type) {
	case *casefile.CaseOpened:
		what = Opened
	case *casefile.CaseResolved:
		what = Resolved
	case *casefile.CaseClosed:
		what = Closed
	default:
		switch {
		case now.Status == casefile.Escalated && before != casefile.Escalated:
			what = Escalated
		case now.Status == casefile.Closed && before != casefile.Closed:
			what = Closed
		}
	}
	if what == "" {
		return nil
	}
	return add(b.hours, hourKey(e.At, what), 1)
}

func hourKey(t time.Time, what string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(t.Unix()/3600, 0))), what...)
}
