//go:build failpoint

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/outbox"
)

// failpointVar names the point to die at and how often it is passed before, like effect/answered:3.
const failpointVar = "RESOLUTE_FAILPOINT"

// The points of the loop. Between two of them the process changes nothing that outlives it.
const (
	atAccept           = "accept/before-commit"
	atAccepted         = "accept/after-commit" // durable, the sender doesn't know yet
	atCommit           = "commit/before-commit"
	atCommitted        = "commit/after-commit" // durable, nobody in the process knows yet
	atClaimed          = "claim/leased"
	atLoaded           = "claim/loaded"
	atTimers           = "timers/before-due"
	atTimersFired      = "timers/after-due"
	atIntent           = "intent/before-commit"
	atIntended         = "intent/after-commit"
	atSend             = "effect/before-send"
	atOnTheWire        = "effect/on-the-wire"
	atAnswered         = "effect/answered"
	atRead             = "read/before-send"
	atReadAnswered     = "read/answered"
	atAsk              = "ask/before-send"
	atAskAnswered      = "ask/answered"
	atAnswer           = "answer/before-commit"
	atAnswerJournaled  = "answer/after-commit"
	atRestart          = "restart/before-commit"
	atRestartJournaled = "restart/after-commit"
	atCallback         = "callback/before-commit"
	atCalledBack       = "callback/after-commit"
	atDecision         = "decision/before-commit"
	atDecided          = "decision/after-commit"
	atPark             = "park/before-commit" // with the snapshot made
	atParked           = "park/after-commit"
	atEnd              = "end/before-commit" // a park for good, with the reply
	atEnded            = "end/after-commit"
	atDeliver          = "delivery/before-send"
	atDelivered        = "delivery/answered"
	atRecord           = "delivery/before-record"
	atRecorded         = "delivery/after-record"
	atFindings         = "monitor/before-record"
	atFindingsRecorded = "monitor/after-record"
)

// seams are where the parts meet the store and the world; here the process dies at one of them.
type seams struct {
	point string
	left  *atomic.Int64 // how often the point is passed until then
}

func newSeams(env func(name string) (string, bool)) seams {
	spec, _ := env(failpointVar)
	point, times, _ := strings.Cut(spec, ":")
	s := seams{point: point, left: new(atomic.Int64)}
	n, err := strconv.ParseInt(times, 10, 64)
	if spec != "" && err != nil {
		fmt.Fprintf(os.Stderr, "resolute: %s=%s: %v\n", failpointVar, spec, err)
		os.Exit(2)
	}
	s.left.Store(n)
	return s
}

// pass dies at the points given, if one is the one to die at and its time has come.
func (s seams) pass(points ...string) {
	for _, p := range points {
		if p == s.point && s.left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}

func (s seams) commit() func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		s.pass(atCommit)
		err := tx.Commit()
		s.pass(atCommitted)
		return err
	}
}

func (s seams) engineStore(store agent.Store) agent.Store { return dyingStore{store, s} }

type dyingStore struct {
	agent.Store
	seams
}

func (d dyingStore) Claim(ctx context.Context, worker string, most int, now time.Time, ttl time.Duration) ([]journal.Lease, error) {
	leases, err := d.Store.Claim(ctx, worker, most, now, ttl)
	if len(leases) > 0 {
		d.pass(atClaimed)
	}
	return leases, err
}

func (d dyingStore) Due(ctx context.Context, now time.Time) (time.Time, error) {
	d.pass(atTimers)
	next, err := d.Store.Due(ctx, now)
	d.pass(atTimersFired)
	return next, err
}

func (d dyingStore) Load(ctx context.Context, caseID string) ([]byte, []casefile.Entry, error) {
	snapshot, tail, err := d.Store.Load(ctx, caseID)
	d.pass(atLoaded)
	return snapshot, tail, err
}

func (d dyingStore) Append(ctx context.Context, a journal.Append) (journal.Appended, error) {
	before, after := moments(&a)
	d.pass(before...)
	done, err := d.Store.Append(ctx, a)
	if err == nil {
		d.pass(after...)
	}
	return done, err
}

// moments are the points that an append stands for.
func moments(a *journal.Append) (before, after []string) {
	add := func(b, a string) { before, after = append(before, b), append(after, a) }
	for i := range a.Entries {
		switch d := a.Entries[i].Data.(type) {
		case *casefile.CallIntended:
			add(atIntent, atIntended)
		case *casefile.OperatorDecided:
			add(atDecision, atDecided)
		case *casefile.CallAnswered:
			switch d.Source {
			case casefile.SourceCallback:
				add(atCallback, atCalledBack)
			case casefile.SourceRestart:
				add(atRestart, atRestartJournaled)
			default:
				add(atAnswer, atAnswerJournaled)
			}
		}
	}
	switch {
	case a.Park != nil && a.Park.Summary.Status.Ended():
		add(atEnd, atEnded)
	case a.Park != nil:
		add(atPark, atParked)
	}
	return before, after
}

func (s seams) tools(t agent.Tools) agent.Tools { return dyingTools{t, s} }

type dyingTools struct {
	agent.Tools
	seams
}

func (d dyingTools) Send(ctx context.Context, r casefile.Request) casefile.Answer {
	if r.Key == "" {
		d.pass(atRead)
		a := d.Tools.Send(ctx, r)
		d.pass(atReadAnswered)
		return a
	}
	d.pass(atSend)
	dying := time.AfterFunc(time.Millisecond, func() { d.pass(atOnTheWire) })
	a := d.Tools.Send(ctx, r)
	dying.Stop()
	d.pass(atAnswered)
	return a
}

func (d dyingTools) Ask(ctx context.Context, tool, key string) casefile.Answer {
	d.pass(atAsk)
	a := d.Tools.Ask(ctx, tool, key)
	d.pass(atAskAnswered)
	return a
}

func (s seams) intakeStore(store intake.Store) intake.Store { return dyingIntake{store, s} }

type dyingIntake struct {
	intake.Store
	seams
}

func (d dyingIntake) Accept(ctx context.Context, arrivals []journal.Arrival) ([]journal.Receipt, error) {
	d.pass(atAccept)
	receipts, err := d.Store.Accept(ctx, arrivals)
	d.pass(atAccepted)
	return receipts, err
}

func (s seams) findings(r intake.Records) intake.Records { return dyingRecords{r, s} }

type dyingRecords struct {
	intake.Records
	seams
}

func (d dyingRecords) Put(ctx context.Context, records ...journal.Record) error {
	d.pass(atFindings)
	err := d.Records.Put(ctx, records...)
	d.pass(atFindingsRecorded)
	return err
}

func (s seams) outboxStore(store outbox.Store) outbox.Store { return dyingOutbox{store, s} }

type dyingOutbox struct {
	outbox.Store
	seams
}

func (d dyingOutbox) Delivered(ctx context.Context, offset uint64, how journal.Delivery) error {
	d.pass(atRecord)
	err := d.Store.Delivered(ctx, offset, how)
	d.pass(atRecorded)
	return err
}

func (s seams) channel(c outbox.Channel) outbox.Channel { return dyingChannel{c, s} }

type dyingChannel struct {
	outbox.Channel
	seams
}

func (d dyingChannel) Deliver(ctx context.Context, m journal.Message) error {
	d.pass(atDeliver)
	err := d.Channel.Deliver(ctx, m)
	d.pass(atDelivered)
	return err
}
