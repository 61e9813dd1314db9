package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/journal"
)

// Records keep what monitors have told.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
}

// Monitors runs the active bundle's monitors on their schedules.
type Monitors struct {
	List    func() []*bundle.Monitor
	Call    func(ctx context.Context, r casefile.Request) casefile.Answer
	Accept  func(ctx context.Context, signals []casefile.Signal) ([]journal.Receipt, error)
	Records Records
	Now     func() time.Time
	Log     *slog.Logger
}

const kindMonitor = "monitor"

// told is what a monitor has found and not stopped finding: key → how often it was found anew.
type told struct {
	Open map[string]int `json:"open"`
	Gone map[string]int `json:"gone"` // those it no longer finds, so that finding them again is news
}

// Run runs monitors until ctx ends.
func (m *Monitors) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	next := map[string]time.Time{}
	for {
		now := m.Now()
		for _, mon := range m.List() {
			if now.Before(next[mon.Name]) {
				continue
			}
			next[mon.Name] = now.Add(mon.Every)
			if err := m.run(ctx, mon); err != nil && ctx.Err() == nil {
				m.Log.Warn("a monitor could not run; it runs again at its next time", "monitor", mon.Name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// run is one run: read, find, tell what is new.
func (m *Monitors) run(ctx context.Context, mon *bundle.Monitor) error {
	found, err := m.find(ctx, mon)
	if err != nil {
		return err
	}
	before, err := m.told(ctx, mon.Name)
	if err != nil {
		return err
	}
	after := told{Open: map[string]int{}, Gone: before.Gone}
	var news []casefile.Signal
	for _, f := range found {
		times, known := before.Open[f.key]
		if !known {
			times = before.Gone[f.key] + 1
			if len(news) == mon.Limit {
				continue // told in the next run
			}
			news = append(news, m.signal(mon, f, times))
		}
		after.Open[f.key] = times
		delete(after.Gone, f.key)
	}
	for key, times := range before.Open {
		if _, still := after.Open[key]; !still {
			after.Gone[key] = times
		}
	}
	if len(news) > 0 {
		if _, err := m.Accept(ctx, news); err != nil {
			return fmt.Errorf("tell what was found: %w", err)
		}
	}
	// the identity of a finding is made of its key and count, so that a crash here tells nothing twice
	raw, err := json.Marshal(after)
	if err != nil {
		return err
	}
	return m.Records.Put(ctx, journal.Record{Kind: kindMonitor, Key: mon.Name, Value: raw})
}

func (m *Monitors) told(ctx context.Context, name string) (told, error) {
	t := told{Open: map[string]int{}, Gone: map[string]int{}}
	raw, err := m.Records.Get(ctx, kindMonitor, name)
	if errors.Is(err, journal.ErrNotFound) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	return t, err
}

// finding is an item that the monitor's condition holds for.
type finding struct {
	key  string
	data casefile.Object
}

// find reads the items and keeps those that the condition holds for, in the order of their keys.
func (m *Monitors) find(ctx context.Context, mon *bundle.Monitor) ([]finding, error) {
	now := m.Now()
	args, err := mon.With.Eval(expr.ItemVars(map[string]any{}, nil, now))
	if err != nil {
		return nil, err
	}
	a := m.Call(ctx, casefile.Request{Case: "monitor-" + mon.Name, Step: "monitor", Tool: mon.Tool, Args: args})
	if a.Outcome != casefile.OutcomeDone {
		return nil, fmt.Errorf("%s: %s %s", mon.Tool, a.Outcome, a.Detail)
	}
	facts := map[string]any{mon.As: a.Result.V}
	each, err := mon.Each.Eval(expr.ItemVars(facts, nil, now))
	if err != nil {
		return nil, err
	}
	items, ok := each.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no list", mon.Each.Source)
	}
	var found []finding
	for _, item := range items {
		vars := expr.ItemVars(facts, item, now)
		if mon.When != nil {
			if held, err := mon.When.Bool(vars); err != nil || !held {
				continue
			}
		}
		key, err := mon.Key.Eval(vars)
		if err != nil {
			return nil, err
		}
		data, err := mon.Signal.Eval(vars)
		if err != nil {
			return nil, err
		}
		found = append(found, finding{key: fmt.Sprint(key), data: data})
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		if a.key < b.key {
			return -1
		} else if a.key > b.key {
			return 1
		}
		return 0
	})
	return slices.CompactFunc(found, func(a, b finding) bool { return a.key == b.key }), nil
}

func (m *Monitors) signal(mon *bundle.Monitor, f finding, times int) casefile.Signal {
	f.data["monitor"] = mon.Name
	return casefile.Signal{Source: "monitor/" + mon.Name, EventID: fmt.Sprintf("%s/%d", f.key, times), Type: casefile.TypeMonitorFound, Data: f.data}
}
