package listing

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// Counts is how many cases there are, by what lists are asked for.
type Counts struct {
	Statuses   map[casefile.Status]int
	Stops      map[string]int // by code
	Procedures map[string]int // "" is of those without one
	Queues     map[string]int // of those that wait for a person
}

// All is how many there are.
func (c Counts) All() (n int) {
	for _, one := range c.Statuses {
		n += one
	}
	return n
}

// Open is how many aren't over.
func (c Counts) Open() int {
	return c.All() - c.Statuses[casefile.Resolved] - c.Statuses[casefile.Closed]
}

// Counts counts cases; it costs how many procedures, queues and stop codes there are.
func (l *List) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Statuses: map[casefile.Status]int{}, Stops: map[string]int{}, Procedures: map[string]int{}, Queues: map[string]int{}}
	err := l.views.Read(ctx, Name, func(view *projection.Bucket, _ uint64) error {
		counts := view.Bucket(bucketCounts)
		if counts == nil {
			return nil
		}
		return counts.ForEach(func(k, v []byte) error {
			if len(v) != 8 || len(k) == 0 {
				return errRow
			}
			value, n := string(k[1:]), int(binary.BigEndian.Uint64(v))
			switch k[0] {
			case byStatus:
				c.Statuses[casefile.Status(value)] = n
			case byStop:
				c.Stops[value] = n
			case byProcedure:
				c.Procedures[value] = n
			case byQueue:
				c.Queues[value] = n
			}
			return nil
		})
	})
	return c, err
}

// Due gives up to limit cases that wait for a person in a queue ("" for any), what is due first first.
func (l *List) Due(ctx context.Context, queue string, limit int) (list []Row, err error) {
	err = l.views.Read(ctx, Name, func(view *projection.Bucket, _ uint64) error {
		list = nil
		index, rows := view.Bucket(bucketIndex), view.Bucket(bucketRows)
		if index == nil {
			return nil
		}
		c, prefix := index.Cursor(), []byte{byDue}
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix) && len(list) < limit; k, _ = c.Next() {
			if len(k) != 1+8+16 {
				return errRow
			}
			key := k[9:]
			s, err := open(rows.Get(key))
			if err != nil {
				return err
			}
			if queue != "" && s.text(textQueue) != queue {
				continue
			}
			r, err := s.row(key)
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// Overdue is how many cases that wait for a person were due before a time.
func (l *List) Overdue(ctx context.Context, now time.Time) (n int, err error) {
	err = l.views.Read(ctx, Name, func(view *projection.Bucket, _ uint64) error {
		n = 0
		index := view.Bucket(bucketIndex)
		if index == nil {
			return nil
		}
		c, end := index.Cursor(), append([]byte{byDue}, binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))...)
		for k, _ := c.Seek([]byte{byDue}); k != nil && bytes.Compare(k, end) < 0; k, _ = c.Next() {
			n++
		}
		return nil
	})
	return n, err
}

// Happened counts what became of cases between two times, whole hours of UTC: how many were Opened,
// Resolved, Closed or Escalated. A case counts each time.
func (l *List) Happened(ctx context.Context, from, to time.Time) (map[string]int, error) {
	n := map[string]int{}
	err := l.views.Read(ctx, Name, func(view *projection.Bucket, _ uint64) error {
		clear(n)
		hours := view.Bucket(bucketHours)
		if hours == nil {
			return nil
		}
		c, end := hours.Cursor(), hourKey(to, "")
		for k, v := c.Seek(hourKey(from, "")); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
			if len(k) < 8 || len(v) != 8 {
				return errRow
			}
			n[string(k[8:])] += int(binary.BigEndian.Uint64(v))
		}
		return nil
	})
	return n, err
}
