// Package metrics counts what an operator watches, for Prometheus.
//
// It stands at the seams where things pass anyway: what becomes of cases where entries are appended,
// calls where they are sent, messages where their delivery is recorded, commits as the committer
// tells them. What is open is counted when somebody asks. So counting reads nothing back from the
// journal, and costs what is open and never history.
//
// Caveat. Counters begin at zero with each start; what was committed before counts no more.
package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/intake"
	"resolute/agent/journal"
	"resolute/agent/outbox"
)

// Meter counts.
type Meter struct {
	opened     prometheus.Counter
	stopped    *prometheus.CounterVec
	calls      *prometheus.CounterVec
	callTime   *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
	group      prometheus.Histogram
	commitTime prometheus.Histogram
}

// New makes a meter whose figures r gives.
func New(r prometheus.Registerer) *Meter {
	m := &Meter{
		opened:     prometheus.NewCounter(prometheus.CounterOpts{Name: "resolute_cases_opened_total", Help: "Cases that a signal opened."}),
		stopped:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "resolute_cases_stopped_total", Help: "Cases that came to a stop or an end, by their status then and the stop code, which is empty for resolved."}, []string{"status", "stop"}),
		calls:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "resolute_tool_calls_total", Help: "Requests to tools, each try for itself, by what became of it at once."}, []string{"tool", "outcome"}),
		callTime:   prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "resolute_tool_call_duration_seconds", Help: "How long requests to tools took.", Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"tool"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "resolute_outbox_deliveries_total", Help: "Tries to deliver messages, by the message's status after it."}, []string{"status"}),
		group:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "resolute_journal_commit_requests", Help: "Requests that one commit served, and one sync made durable.", Buckets: prometheus.ExponentialBuckets(1, 2, 12)}),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "resolute_journal_commit_duration_seconds", Help: "How long commits took, the sync included.", Buckets: prometheus.ExponentialBuckets(.0001, 2, 16)}),
	}
	r.MustRegister(m.opened, m.stopped, m.calls, m.callTime, m.deliveries, m.group, m.commitTime)
	return m
}

// Commit counts a commit; it is for journal.Options.Observe.
func (m *Meter) Commit(requests int, took time.Duration) {
	m.group.Observe(float64(requests))
	m.commitTime.Observe(took.Seconds())
}

// Store counts what becomes of the cases that an engine drives.
func (m *Meter) Store(s agent.Store) agent.Store { return &store{s, m} }

type store struct {
	agent.Store
	m *Meter
}

// Append counts once it is durable.
func (s *store) Append(ctx context.Context, a journal.Append) (journal.Appended, error) {
	done, err := s.Store.Append(ctx, a)
	if err != nil {
		return done, err
	}
	for i := range a.Entries {
		switch d := a.Entries[i].Data.(type) {
		case *casefile.CaseStopped:
			s.m.stopped.WithLabelValues(string(d.Status), string(d.Stop.Code)).Inc()
		case *casefile.CaseResolved:
			s.m.stopped.WithLabelValues(string(casefile.Resolved), "").Inc()
		case *casefile.CaseClosed:
			s.m.stopped.WithLabelValues(string(casefile.Closed), string(d.Stop.Code)).Inc()
		case *casefile.OperatorDecided:
			switch d.Decision {
			case casefile.DecideTakeover:
				s.m.stopped.WithLabelValues(string(casefile.Escalated), string(casefile.StopHumanTakeover)).Inc()
			case casefile.DecideClose:
				s.m.stopped.WithLabelValues(string(casefile.Closed), string(casefile.StopHumanClosed)).Inc()
			}
		}
	}
	return done, nil
}

// Intake counts the cases that signals open.
func (m *Meter) Intake(s intake.Store) intake.Store { return &arrivals{s, m} }

type arrivals struct {
	intake.Store
	m *Meter
}

// Accept counts once it is durable.
func (s *arrivals) Accept(ctx context.Context, list []journal.Arrival) ([]journal.Receipt, error) {
	receipts, err := s.Store.Accept(ctx, list)
	for _, r := range receipts {
		if r.Opened {
			s.m.opened.Inc()
		}
	}
	return receipts, err
}

// Tools counts the requests that an engine sends.
func (m *Meter) Tools(t agent.Tools) agent.Tools { return &calls{t, m} }

type calls struct {
	agent.Tools
	m *Meter
}

// Send counts what was sent, or stopped on its way.
func (t *calls) Send(ctx context.Context, r casefile.Request) casefile.Answer {
	began := time.Now()
	a := t.Tools.Send(ctx, r)
	t.m.callTime.WithLabelValues(r.Tool).Observe(time.Since(began).Seconds())
	t.m.calls.WithLabelValues(r.Tool, string(a.Outcome)).Inc()
	return a
}

// Outbox counts deliveries.
func (m *Meter) Outbox(s outbox.Store) outbox.Store { return &messages{s, m} }

type messages struct {
	outbox.Store
	m *Meter
}

// Delivered counts once it is recorded.
func (s *messages) Delivered(ctx context.Context, offset uint64, d journal.Delivery) error {
	err := s.Store.Delivered(ctx, offset, d)
	if err == nil {
		s.m.deliveries.WithLabelValues(d.Status).Inc()
	}
	return err
}
