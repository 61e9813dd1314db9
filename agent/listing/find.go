package listing

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// Views are read from; a projection.Views has them.
type Views interface {
	Read(ctx context.Context, name string, fn func(view *projection.Bucket, to uint64) error) error
	Wait(ctx context.Context, name string, offset uint64) error
}

// List finds cases.
type List struct{ views Views }

// New gives the list that a view makes.
func New(v Views) *List { return &List{v} }

// Wait returns when the list knows of the entry at an offset. It fails when ctx ends before, or the view
// goes no further.
func (l *List) Wait(ctx context.Context, offset uint64) error {
	return l.views.Wait(ctx, Name, offset)
}

// Query says which cases are wanted; what is zero wants nothing. All that is said has to hold.
type Query struct {
	Statuses  []casefile.Status // one of them
	Stop      string            // code
	Procedure string
	Customer  string    // an id or an email, or part of an email or a name
	Queue     string    // of those that wait for a person
	Text      string    // words in id, goal, subject, procedure, customer, outcome, stop or inputs
	From, To  *int64    // amount at stake: at least, at most
	After     time.Time // opened at or after
	Before    time.Time // and before
	Over      time.Time // over since then, or later
}

// Page is a part of a list.
type Page struct {
	Rows   []Row  // newest first
	Next   string // cursor of what comes after, "" at the end
	Looked int    // rows that were looked at
	Full   bool   // there were enough rows; else it looked at as many as it may, or at all
	To     uint64 // offset of the last entry that the list knows
}

// ErrCursor is of a cursor that no list gave.
var ErrCursor = errors.New("the cursor is none that a list gave")

// MostLooked is how many rows one Find looks at where nobody says otherwise.
const MostLooked = 25_000

// Find gives up to limit cases, newest first, behind a cursor ("" for the newest). It looks at most rows
// at most, MostLooked if 0.
func (l *List) Find(ctx context.Context, q Query, cursor string, limit, most int) (p Page, err error) {
	var below []byte
	if cursor != "" {
		id, err := uuid.Parse(cursor)
		if err != nil {
			return p, fmt.Errorf("%w: %.60q", ErrCursor, cursor)
		}
		below = id[:]
	}
	if most <= 0 {
		most = MostLooked
	}
	want := q.compile()
	err = l.views.Read(ctx, Name, func(view *projection.Bucket, to uint64) error {
		p = Page{To: to}
		rows := view.Bucket(bucketRows)
		if rows == nil {
			return nil
		}
		next := want.walk(view, below)
		var last []byte
		for key, raw := next(); key != nil; key, raw = next() {
			if p.Looked >= most {
				p.Next = idOf(last)
				return nil
			}
			p.Looked++
			last = bytes.Clone(key)
			if raw == nil {
				raw = rows.Get(key)
			}
			s, err := open(raw)
			if err != nil {
				return err
			}
			if !want.match(&s) {
				continue
			}
			if len(p.Rows) == limit {
				p.Full, p.Next = true, p.Rows[limit-1].ID
				return nil
			}
			r, err := s.row(key)
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, r)
		}
		return nil
	})
	return p, err
}

func idOf(key []byte) string {
	id, err := uuid.FromBytes(key)
	if err != nil {
		return ""
	}
	return id.String()
}

// Match reports whether a query wants a row.
func (q Query) Match(r *Row) bool {
	s, err := open(r.encode())
	want := q.compile()
	return err == nil && want.match(&s)
}

// wanted is a query made ready to be held against stored rows.
type wanted struct {
	Query
	statuses        [len(statuses) + 1]bool // by code; the first is whether any is asked for
	stop, procedure []byte
	customer, queue []byte
	words           [][]byte
	after, before   int64
	over            int64
}

func (q Query) compile() *wanted {
	w := &wanted{Query: q, stop: []byte(q.Stop), procedure: []byte(q.Procedure), customer: []byte(strings.ToLower(strings.TrimSpace(q.Customer))), queue: []byte(q.Queue)}
	for _, s := range q.Statuses {
		w.statuses[0], w.statuses[codeOf(s)] = true, true
	}
	for _, word := range strings.Fields(strings.ToLower(q.Text)) {
		w.words = append(w.words, []byte(word))
	}
	if !q.After.IsZero() {
		w.after = q.After.UnixNano()
	}
	if !q.Before.IsZero() {
		w.before = q.Before.UnixNano()
	}
	if !q.Over.IsZero() {
		w.over = q.Over.UnixNano()
	}
	return w
}

func (w *wanted) match(s *stored) bool {
	switch opened := s.nanos(timeOpened); {
	case s.raw[atStatus] == 0, w.statuses[0] && !w.statuses[s.raw[atStatus]],
		(w.From != nil || w.To != nil) && !s.flag(flagAmount),
		w.From != nil && s.amount() < *w.From,
		w.To != nil && s.amount() > *w.To,
		w.after != 0 && opened < w.after,
		w.before != 0 && opened >= w.before,
		w.over != 0 && s.nanos(timeEnded) < w.over,
		len(w.stop) > 0 && !bytes.Equal(s.texts[textStop], w.stop),
		len(w.procedure) > 0 && !bytes.Equal(s.texts[textProcedure], w.procedure),
		len(w.queue) > 0 && (s.status() != casefile.Escalated || !bytes.Equal(s.texts[textQueue], w.queue)),
		len(w.customer) > 0 && !w.whose(s):
		return false
	}
	for _, word := range w.words {
		if !bytes.Contains(s.texts[textWords], word) {
			return false
		}
	}
	return true
}

// whose reports whether a case is of the customer that is asked for.
func (w *wanted) whose(s *stored) bool {
	if bytes.EqualFold(s.texts[textCustomerID], w.customer) {
		return true
	}
	return bytes.Contains(bytes.ToLower(s.texts[textEmail]), w.customer) || bytes.Contains(bytes.ToLower(s.texts[textName]), w.customer)
}

// walk gives the keys of the rows that may be wanted, newest first, along the narrowest index there is, with
// the row where it is at hand.
func (w *wanted) walk(view *projection.Bucket, below []byte) func() (key, raw []byte) {
	index, counts := view.Bucket(bucketIndex), view.Bucket(bucketCounts)
	if w.Customer != "" && has(index, place(byCustomer, string(w.customer))) && !strings.ContainsAny(w.Customer, " ") {
		return along(index, below, place(byCustomer, string(w.customer)))
	}
	type way struct {
		rows   uint64
		places []string
	}
	var ways []way
	for _, f := range []struct {
		family byte
		values []string
	}{{byStop, one(w.Stop)}, {byProcedure, one(w.Procedure)}, {byQueue, one(w.Queue)}, {byStatus, names(w.Statuses)}} {
		if len(f.values) == 0 {
			continue
		}
		var v way
		for _, value := range f.values {
			at := place(f.family, value)
			v.rows, v.places = v.rows+count(counts, at[:len(at)-1]), append(v.places, at)
		}
		ways = append(ways, v)
	}
	if len(ways) == 0 {
		return all(view.Bucket(bucketRows), below)
	}
	var cases uint64
	for _, s := range statuses {
		cases += count(counts, string(byStatus)+string(s))
	}
	narrowest := slices.MinFunc(ways, func(a, b way) int {
		switch {
		case a.rows < b.rows:
			return -1
		case a.rows > b.rows:
			return 1
		}
		return 0
	})
	if narrowest.rows > cases/few {
		return all(view.Bucket(bucketRows), below) // one row after the other is read faster than each by its key
	}
	return along(index, below, narrowest.places...)
}

// few: up to one in so many rows an index is worth it.
const few = 3

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func names(list []casefile.Status) (names []string) {
	for _, s := range list {
		names = append(names, string(s))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func has(index *projection.Bucket, at string) bool {
	k, _ := index.Cursor().Seek([]byte(at))
	return bytes.HasPrefix(k, []byte(at))
}

func count(counts *projection.Bucket, key string) uint64 {
	if v := counts.Get([]byte(key)); len(v) == 8 {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// all walks all rows.
func all(rows *projection.Bucket, below []byte) func() (key, raw []byte) {
	c := rows.Cursor()
	begun := false
	return func() (k, v []byte) {
		switch {
		case begun:
			return c.Prev()
		case below == nil:
			k, v = c.Last()
		default:
			if k, _ = c.Seek(below); k == nil {
				k, v = c.Last()
			} else {
				k, v = c.Prev()
			}
		}
		begun = true
		return k, v
	}
}

// along walks some places of the index together.
func along(index *projection.Bucket, below []byte, places ...string) func() (key, raw []byte) {
	var h branches
	for _, at := range places {
		b := &branch{c: index.Cursor(), prefix: []byte(at)}
		b.seek(below)
		if b.key != nil {
			h = append(h, b)
		}
	}
	heap.Init(&h)
	return func() (key, raw []byte) {
		if len(h) == 0 {
			return nil, nil
		}
		key = h[0].key
		if h[0].back(); h[0].key == nil {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
		return key, nil
	}
}

// branch walks one place of the index, newest first.
type branch struct {
	c      *projection.Cursor
	prefix []byte
	key    []byte // of the case it stands at, nil at the end
}

// seek stands at the newest case below one, or the newest of all.
func (b *branch) seek(below []byte) {
	end := append(bytes.Clone(b.prefix), below...)
	if below == nil {
		end = append(end, bytes.Repeat([]byte{0xff}, 17)...)
	}
	if k, _ := b.c.Seek(end); k == nil {
		b.set(b.c.Last())
	} else {
		b.set(b.c.Prev())
	}
}

func (b *branch) back() { b.set(b.c.Prev()) }

func (b *branch) set(k, _ []byte) {
	if b.key = nil; len(k) == len(b.prefix)+16 && bytes.HasPrefix(k, b.prefix) {
		b.key = k[len(b.prefix):]
	}
}

// branches is a heap of branches, the newest case first.
type branches []*branch

func (h branches) Len() int           { return len(h) }
func (h branches) Less(i, j int) bool { return bytes.Compare(h[i].key, h[j].key) > 0 }
func (h branches) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *branches) Push(x any)        { *h = append(*h, x.(*branch)) }
func (h *branches) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
