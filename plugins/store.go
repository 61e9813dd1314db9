package plugins

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"resolute/tools/protocol"
)

// Record is what a server remembers of one write.
type Record struct {
	Key     string                   `json:"key"`
	Tool    string                   `json:"tool"`
	Args    json.RawMessage          `json:"args"` // canonical: sorted keys, no spaces
	Case    string                   `json:"case,omitempty"`
	Step    string                   `json:"step,omitempty"`
	At      time.Time                `json:"at"`
	Status  protocol.OperationStatus `json:"status"`
	Result  json.RawMessage          `json:"result,omitempty"`
	Problem *protocol.Problem        `json:"problem,omitempty"`
	// Callback is where the result is still to be posted. It holds the caller's secret, and is
	// emptied as soon as the caller has accepted the result.
	Callback string `json:"callback,omitempty"`
}

// unfinished reports whether something is left to do for the record after a restart.
func (r Record) unfinished() bool {
	return r.Status == protocol.OperationPending || r.Callback != ""
}

// Store remembers writes by their idempotency key.
type Store interface {
	// Find gives the record of key, and whether there is one.
	Find(key string) (Record, bool, error)
	// Update runs work and keeps the record that it returns. When work fails, or keeping fails,
	// neither the record nor what work changed through Tx of its context stands.
	Update(ctx context.Context, work func(context.Context) (Record, error)) error
	// Forget removes the record of key, as if the call had never come.
	Forget(key string) error
	// Unfinished gives the pending records, and those whose result is still to be posted.
	Unfinished() ([]Record, error)
}

// Memory is a Store that a restart empties. It can't undo anything: Tx of its contexts is nil.
type Memory struct {
	mu      sync.Mutex
	records map[string]Record
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory { return &Memory{records: map[string]Record{}} }

// Find implements Store.
func (m *Memory) Find(key string) (Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	return r, ok, nil
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, work func(context.Context) (Record, error)) error {
	r, err := work(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records[r.Key] = r
	return nil
}

// Forget implements Store.
func (m *Memory) Forget(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.records, key)
	return nil
}

// Unfinished implements Store.
func (m *Memory) Unfinished() ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rs []Record
	for _, r := range m.records {
		if r.unfinished() {
			rs = append(rs, r)
		}
	}
	return rs, nil
}
