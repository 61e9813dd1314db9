package journal

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Memory is a Store in memory, for simulations and rehearsals. It keeps the promises of a Bolt but
// for durability: what was acknowledged lives as long as the process, and is what Reopen gives. It
// reads no clock and no randomness: the same calls in the same order give the same bytes.
type Memory struct {
	opt    MemoryOptions
	leases leases
	watch  watchers
	failed chan struct{}

	mu     sync.Mutex
	kept   *kept
	reason error
	closed bool
}

var _ Store = (*Memory)(nil)

// MemoryOptions are where faults are injected; the zero value has none. The functions are called
// without a lock: one that panics ends its caller as the end of the process would.
type MemoryOptions struct {
	// Before is called with the name of a method that is about to change something. An error is
	// what a disk would report: nothing is changed, and the store has stopped for good.
	Before func(method string) error
	// After is called once the change is made, before its caller hears of it.
	After func(method string)
}

// NewMemory makes an empty store.
func NewMemory(o MemoryOptions) *Memory { return openMemory(newKept(), o) }

// Reopen gives the store that the next process finds: all that was committed, and no leases. This
// one stops answering.
func (m *Memory) Reopen(o MemoryOptions) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return openMemory(m.kept, o)
}

func openMemory(k *kept, o MemoryOptions) *Memory {
	m := &Memory{opt: o, kept: k, failed: make(chan struct{})}
	m.leases.begin(k.fence)
	k.fence += fencesPerOpen
	for _, c := range k.order {
		if c.runnable {
			m.leases.push(c.id, c.h.class)
		}
	}
	m.leases.tell()
	return m
}

// Err gives why the store stopped.
func (m *Memory) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason
}

// Failed is closed when the store has stopped.
func (m *Memory) Failed() <-chan struct{} { return m.failed }

// Close ends this store's answers; what it kept is there for Reopen.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// change makes a change, or none where fn reports an error.
func (m *Memory) change(ctx context.Context, method string, fn func(*edit) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.opt.Before != nil {
		if err := m.opt.Before(method); err != nil {
			m.fail(fmt.Errorf("commit: %w", err))
		}
	}
	if err := m.commit(fn); err != nil {
		return err
	}
	if m.opt.After != nil {
		m.opt.After(method)
	}
	return nil
}

func (m *Memory) commit(fn func(*edit) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.reason != nil:
		return m.reason
	case m.closed:
		return errClosed
	}
	e := &edit{kept: m.kept, leases: &m.leases}
	entries, due := len(m.kept.entries), m.kept.nextDue()
	if err := fn(e); err != nil {
		e.takeBack()
		return err
	}
	next := m.kept.nextDue()
	m.leases.follow(e.events, next != noTime && (due == noTime || next < due))
	if len(m.kept.entries) > entries {
		m.watch.tell()
	}
	return nil
}

// fail stops the store for good.
func (m *Memory) fail(reason error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reason == nil {
		m.reason = fmt.Errorf("%w: %w", ErrStopped, reason)
		close(m.failed)
	}
}

// view reads what is kept.
func (m *Memory) view(ctx context.Context, fn func(*kept) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	return fn(m.kept)
}

// kept is what is in the store.
type kept struct {
	fence   uint64   // that all leases of the next process are above
	entries []record // by offset, from 1
	cases   map[uuid.UUID]*keptCase
	order   []*keptCase // by id
	timers  timerHeap
	seen    map[identity]seenSignal
	keys    map[keyHash][]keptKey
	waits   map[string]map[uuid.UUID]bool // signal type → cases that wait for it
	sent    map[uint64]*deliveryRecord    // offset → how far the message got
	offsets []uint64                      // of messages, ascending
	records map[string][]byte
	budgets sortedMap
	audit   []auditLink
}

func newKept() *kept {
	return &kept{cases: map[uuid.UUID]*keptCase{}, seen: map[identity]seenSignal{}, keys: map[keyHash][]keptKey{},
		waits: map[string]map[uuid.UUID]bool{}, sent: map[uint64]*deliveryRecord{}, records: map[string][]byte{},
		budgets: sortedMap{values: map[string][]byte{}}}
}

// keptCase is a case in the store.
type keptCase struct {
	id       uuid.UUID
	h        head
	offsets  []uint64 // of its entries
	summary  []byte   // encoded
	snapshot []byte   // encoded, nil for none
	runnable bool
}

// keptKey is a case that holds a correlation key.
type keptKey struct {
	c     *keptCase
	hasID bool // its customer's id is known
}

// position is where a case with this id stands, or belongs, in the order of ids.
func (k *kept) position(id uuid.UUID) int {
	at, _ := slices.BinarySearchFunc(k.order, id, func(c *keptCase, id uuid.UUID) int { return bytes.Compare(c.id[:], id[:]) })
	return at
}

// find gives the case of an id that a caller named.
func (k *kept) find(caseID string) (*keptCase, error) {
	id, err := parseCase(caseID)
	if err != nil {
		return nil, err
	}
	c := k.cases[id]
	if c == nil {
		return nil, fmt.Errorf("case %s: %w", caseID, ErrNotFound)
	}
	return c, nil
}

// holders gives the cases of the same customer that hold a key.
func (k *kept) holders(key *correlationKey) []holder {
	var list []holder
	for i := range key.underLen {
		for _, held := range k.keys[key.under[i]] {
			if key.byEmail[i] && key.hasID && held.hasID || inHolders(list, held.c.id) {
				continue
			}
			list = append(list, holder{held.c.id, &held.c.h})
		}
	}
	return list
}
