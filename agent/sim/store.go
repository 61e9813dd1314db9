package sim

import (
	"context"
	"errors"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// store is a process's journal. Each call gives way before and after, so that anything can come
// between, the end of the process too.
type store struct {
	*journal.Memory
	s *Sim
}

// errDisk is what a full disk says.
var errDisk = errors.New("no space left on device")

// beforeWrite is journal.MemoryOptions.Before.
func (s *Sim) beforeWrite(method string) error {
	if s.calm || !s.has("write error") || !s.OneIn(150) {
		return nil
	}
	s.cover("write error")
	s.log("the disk is full: %s fails", method)
	return errDisk
}

func (st *store) Append(ctx context.Context, a journal.Append) (journal.Appended, error) {
	st.s.pause("Append/before write", time.Time{})
	done, err := st.Memory.Append(ctx, a)
	st.s.log("%s: append to %s after %d: %s%s", st.s.running.name, short(a.CaseID), a.After, kindsOf(a), outcome(err))
	if err == nil {
		st.s.model.appended(&a)
	}
	st.s.pause("Append/after write", time.Time{})
	return done, err
}

func (st *store) Accept(ctx context.Context, arrivals []journal.Arrival) ([]journal.Receipt, error) {
	st.s.pause("Accept/before write", time.Time{})
	receipts, err := st.Memory.Accept(ctx, arrivals)
	st.s.log("%s: accept %d%s", st.s.running.name, len(arrivals), outcome(err))
	st.s.pause("Accept/after write", time.Time{})
	return receipts, err
}

func (st *store) Delivered(ctx context.Context, offset uint64, d journal.Delivery) error {
	st.s.pause("Delivered/before write", time.Time{})
	err := st.Memory.Delivered(ctx, offset, d)
	st.s.pause("Delivered/after write", time.Time{})
	return err
}

func (st *store) Load(ctx context.Context, caseID string) ([]byte, []casefile.Entry, error) {
	st.s.pause("Load/reading", time.Time{})
	snapshot, tail, err := st.Memory.Load(ctx, caseID)
	st.s.pause("Load/reading", time.Time{})
	return snapshot, tail, err
}

func (st *store) Waiting(ctx context.Context, signalType string) ([]string, error) {
	ids, err := st.Memory.Waiting(ctx, signalType)
	st.s.pause("Waiting/reading", time.Time{})
	return ids, err
}

func (st *store) Undelivered(ctx context.Context, now time.Time, limit int) ([]journal.Message, error) {
	list, err := st.Memory.Undelivered(ctx, now, limit)
	st.s.pause("Undelivered/reading", time.Time{})
	return list, err
}

func (st *store) Renew(l journal.Lease, now time.Time, ttl time.Duration) error {
	st.s.pause("Renew/reading", time.Time{})
	return st.Memory.Renew(l, now, ttl)
}

func (st *store) Release(l journal.Lease) {
	st.Memory.Release(l)
	st.s.model.released(l)
}

func kindsOf(a journal.Append) string {
	text := ""
	for i := range a.Entries {
		text += string(a.Entries[i].Data.Kind()) + " "
	}
	if a.Park != nil {
		text += "park"
	}
	return text
}

func outcome(err error) string {
	if err != nil {
		return " ✗ " + err.Error()
	}
	return ""
}
