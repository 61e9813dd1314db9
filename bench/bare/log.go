// Package bare is the least that does what resolute's journal must do: values under ascending keys
// in a bbolt file, one committer, one sync for all that waited.
package bare

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"go.etcd.io/bbolt"
)

// Note says what it leaves out.
const Note = "a bare group commit over bbolt: no preconditions, no indexes, no snapshots, no checksums"

const maxGroup = 4096

// Log appends values durably.
type Log struct {
	db       *bbolt.DB
	requests chan *request
	done     chan struct{}
	next     uint64
	last     int // size of the group before
}

type request struct {
	values [][]byte
	err    error
	done   chan struct{}
}

// Open creates a log.
func Open(path string) (*Log, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	l := &Log{db: db, requests: make(chan *request, maxGroup), done: make(chan struct{})}
	go l.loop()
	return l, nil
}

// Append returns once the values are durable.
func (l *Log) Append(values ...[]byte) error {
	r := &request{values: values, done: make(chan struct{})}
	l.requests <- r
	<-r.done
	return r.err
}

// Close ends the log; no Append may be under way.
func (l *Log) Close() error {
	close(l.requests)
	<-l.done
	return l.db.Close()
}

func (l *Log) loop() {
	defer close(l.done)
	var group []*request
	for r := range l.requests {
		group = l.gather(append(group[:0], r))
		err := l.commit(group)
		for _, r := range group {
			r.err = err
			close(r.done)
		}
	}
}

// gather takes what waits. Like resolute's committer it lets those that were just answered ask
// again, so that groups don't fall into halves.
func (l *Log) gather(group []*request) []*request {
	for yields := 0; len(group) < maxGroup; {
		select {
		case r, ok := <-l.requests:
			if !ok {
				return group
			}
			group = append(group, r)
		default:
			if yields == 3 || len(group) >= l.last {
				l.last = len(group)
				return group
			}
			yields++
			runtime.Gosched()
		}
	}
	return group
}

func (l *Log) commit(group []*request) error {
	tx, err := l.db.Begin(true)
	if err != nil {
		return err
	}
	if err := l.put(tx, group); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (l *Log) put(tx *bbolt.Tx, group []*request) error {
	b, err := tx.CreateBucketIfNotExists([]byte("log"))
	if err != nil {
		return err
	}
	b.FillPercent = 1
	for _, r := range group {
		for _, v := range r.values {
			l.next++
			if err := b.Put(binary.BigEndian.AppendUint64(nil, l.next), v); err != nil {
				return err
			}
		}
	}
	return nil
}
