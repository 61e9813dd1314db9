package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
	"resolute/plugins/demo"
	"resolute/ui/cli"
)

// pattern is a case that the engine worked on, to be stored many times under other ids.
type pattern struct {
	id      string
	signal  casefile.Signal
	entries []casefile.Entry // what follows the opening
	state   *casefile.Case
}

// openedBy is how many entries a case has when it is opened.
const openedBy = 2

// patternOf reads a case that the engine left for now.
func (r *rig) patternOf(id string) pattern {
	r.t.Helper()
	entries, err := r.app.(*appliance).store.Entries(r.t.Context(), id, 0, 10_000)
	if err != nil {
		r.t.Fatal(err)
	}
	p := pattern{id: id, signal: entries[0].Data.(*casefile.SignalReceived).Signal, entries: entries[openedBy:], state: casefile.New(id)}
	for i := range entries {
		p.state.Fold(&entries[i])
	}
	return p
}

// of is the pattern as the change of a customer's case.
func (p *pattern) of(l *journal.Lease, customer casefile.Customer) (journal.Append, error) {
	a := journal.Append{CaseID: l.CaseID, After: openedBy, Lease: l, Entries: p.entries}
	for i := range p.entries {
		a.Salts = append(a.Salts, salt())
		switch p.entries[i].Data.(type) {
		case *casefile.ReplyWritten, *casefile.CustomerAsked:
			a.Messages = append(a.Messages, journal.NewMessage{Entry: i, Message: journal.Message{Delivery: journal.Delivery{Status: journal.DeliverySent}}})
		}
	}
	state := *p.state
	state.ID, state.Customer = l.CaseID, customer
	listed, err := agent.Listing("", &state)
	if err != nil {
		return a, err
	}
	a.Records = listed
	a.Park = &journal.Park{Summary: agent.Summarize(&state)}
	a.Park.Snapshot, err = json.Marshal(&state)
	return a, err
}

// storedAtOnce is how many cases are stored in one transaction.
const storedAtOnce = 1000

// store takes in n signals like the pattern's, of 20,000 customers, and leaves their cases as the pattern is.
func (p *pattern) store(ctx context.Context, a *appliance, n int) error {
	for from := 0; from < n; from += storedAtOnce {
		signals := make([]casefile.Signal, min(n-from, storedAtOnce))
		whose := make([]casefile.Customer, len(signals))
		for i := range signals {
			at := from + i
			s := p.signal
			s.ID, s.EventID, s.Data = "", fmt.Sprint(p.id, "-", at), maps.Clone(s.Data)
			s.Data["thread"] = s.EventID
			whose[i] = casefile.Customer{ID: fmt.Sprint("CUS-S", at%20_000), Email: fmt.Sprintf("customer%d@mail.example", at%20_000), Name: fmt.Sprint("Customer ", at%20_000)}
			s.Data["customer"] = map[string]any{"id": whose[i].ID, "email": whose[i].Email, "name": whose[i].Name}
			signals[i] = s
		}
		receipts, err := a.intake.AcceptOwn(ctx, signals)
		if err != nil {
			return err
		}
		customers := map[string]casefile.Customer{}
		for i := range receipts {
			customers[receipts[i].CaseID] = whose[i]
		}
		if err := p.parkAll(ctx, a.store, customers); err != nil {
			return err
		}
	}
	return nil
}

// parkAll leaves each runnable case as the pattern is, for its customer.
func (p *pattern) parkAll(ctx context.Context, store *journal.Bolt, customers map[string]casefile.Customer) error {
	for {
		leases, err := store.Claim(ctx, "fill", storedAtOnce, time.Now(), time.Hour)
		if err != nil || len(leases) == 0 {
			return err
		}
		failed := make(chan error, len(leases))
		var all sync.WaitGroup
		for i := range leases {
			all.Go(func() {
				change, err := p.of(&leases[i], customers[leases[i].CaseID])
				if err == nil {
					_, err = store.Append(ctx, change)
				}
				failed <- err
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				return err
			}
		}
	}
}

// stored is an appliance with many cases, at work.
type stored struct {
	*appliance
	url  string
	some map[casefile.Status]string // a case of each status
}

// storeCases gives an appliance with n cases like those of the demo's story: 97 of 100 resolved, the others
// evenly waiting for a customer, for an approval, and with a person.
func storeCases(t testing.TB, n int) stored {
	t.Helper()
	r := newRig(t)
	patterns := map[casefile.Status]pattern{}
	for status, name := range map[casefile.Status]string{casefile.Resolved: "smashed-blender", casefile.Waiting: "angry-email", casefile.Approving: "duplicate-charge", casefile.Escalated: "not-the-owner"} {
		id := r.send(story(t, name)[0])
		r.settled(id, status)
		patterns[status] = r.patternOf(id)
	}
	env := func(name string) (string, bool) { return r.url, name == demo.EnvURL }
	app, err := assemble(t.Context(), cli.Config{Data: filepath.Join(t.TempDir(), "data"), PublicURL: "http://127.0.0.1:1", Env: env, Log: slog.New(slog.DiscardHandler), MaxBacklog: 2 * storedAtOnce})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := demo.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Apply(t.Context(), files, "bundle"); err != nil {
		t.Fatal(err)
	}
	s := stored{appliance: app.(*appliance), some: map[casefile.Status]string{}}
	for status, p := range patterns {
		some := n / 100
		if status == casefile.Resolved {
			some = n - 3*(n/100)
		}
		if err := p.store(t.Context(), s.appliance, some); err != nil {
			t.Fatal(err)
		}
	}
	s.work(t)
	for status := range patterns {
		found, err := listing.New(s.views).Find(t.Context(), listing.Query{Statuses: []casefile.Status{status}}, "", 1, 0)
		if err != nil || len(found.Rows) == 0 {
			t.Fatalf("no case is %s (%v)", status, err)
		}
		s.some[status] = found.Rows[0].ID
	}
	return s
}

// work lets the appliance run until the test ends, and waits until its views know all that is stored.
func (s *stored) work(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	server := httptest.NewServer(s.Handler())
	s.url = server.URL
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		server.Close()
	})
	_, last, err := s.store.Feed(t.Context(), 0, 1)
	if err == nil {
		err = listing.New(s.views).Wait(t.Context(), last)
	}
	if err != nil {
		t.Fatal(err)
	}
}
