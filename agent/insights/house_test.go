package insights_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/projection"
)

// house is a journal, what is made of it, and a company in Berlin whose version v1 counts in EUR, v2 in
// USD.
type house struct {
	testing.TB
	dir     string
	store   *journal.Bolt
	views   *projection.Views
	audit   *people.Audit
	figures *insights.Insights
	now     time.Time
	ids     int
	end     func()
	seqs    map[string]uint64
}

func newHouse(t testing.TB) *house {
	h := &house{TB: t, dir: t.TempDir(), now: when("04-20 12:00"), seqs: map[string]uint64{}}
	var err error
	h.store, err = journal.Open(filepath.Join(h.dir, "journal.db"), journal.Options{})
	h.must(err)
	h.audit = people.NewAudit(h.store, people.Options{Now: func() time.Time { return h.now }})
	h.follow("views.db")
	t.Cleanup(func() {
		h.leave()
		h.must(h.store.Close())
	})
	return h
}

// follow makes the figures out of a file.
func (h *house) follow(file string) {
	h.Helper()
	var log bytes.Buffer
	views, err := projection.Open(context.Background(), filepath.Join(h.dir, file), h.store, slog.New(slog.NewTextHandler(&log, nil)), insights.Projection())
	h.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); views.Run(ctx) }()
	h.views, h.end = views, func() {
		cancel()
		<-done
		views.Close()
		if bytes.Contains(log.Bytes(), []byte("level=ERROR")) {
			h.Errorf("following says %s", &log)
		}
	}
	deeds := func(ctx context.Context, from, to time.Time, cursor string, limit int) (list []insights.Deed, next string, err error) {
		events, next, err := h.audit.List(ctx, from, to, cursor, limit)
		for _, e := range events {
			list = append(list, insights.Deed{At: e.At, Action: e.Action, Subject: e.Subject, Detail: e.Detail})
		}
		return list, next, err
	}
	h.figures = insights.New(insights.Deps{Views: views, House: berlin{}, Deeds: deeds, Records: h.store, Now: func() time.Time { return h.now }})
}

func (h *house) leave() { h.end() }

// current waits until all is counted.
func (h *house) current() {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	h.must(h.views.Current(ctx, insights.View))
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

type berlin struct{}

func (berlin) Zone() *time.Location { return zone }
func (berlin) Currency(_ context.Context, version string) string {
	return map[string]string{"v1": "EUR", "v2": "USD"}[version]
}
func (berlin) Versions(context.Context) (map[string]time.Time, error) {
	return map[string]time.Time{"v2": when("03-04 08:00"), "v1": when("02-01 08:00")}, nil
}

var zone = func() *time.Location {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return z
}()

// when is a time of 2026, UTC, like 03-01 10:00 or 03-01 10:00:30.
func when(s string) time.Time {
	for _, layout := range []string{"01-02 15:04", "01-02 15:04:05", "01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.AddDate(2026, 0, 0)
		}
	}
	panic(s)
}

// opens makes a case by a signal, and gives its id.
func (h *house) opens(at time.Time, bundle, kind string, customer map[string]any, data casefile.Object) string {
	h.Helper()
	h.ids++
	if data == nil {
		data = casefile.Object{}
	}
	if customer != nil {
		data["customer"] = customer
	}
	var id, signal uuid.UUID
	id[15], id[14], id[6], id[8] = byte(h.ids), byte(h.ids>>8), 0x70, 0x80
	signal[15], signal[14], signal[0] = byte(h.ids), byte(h.ids>>8), 1
	a := journal.Arrival{CaseID: id.String(), Bundle: bundle, Actor: "token:test", At: at, Salts: make([]journal.Salt, journal.MaxArrivalEntries),
		Signal: casefile.Signal{ID: signal.String(), Source: "test", EventID: fmt.Sprint(h.ids), Type: kind, Time: at, Data: data, Assurance: casefile.AssuranceVouched}}
	if data["untrusted"] != nil {
		a.Signal.Assurance = casefile.AssuranceNone
	}
	_, err := h.store.Accept(context.Background(), []journal.Arrival{a})
	h.must(err)
	h.seqs[a.CaseID] = 2
	return a.CaseID
}

// happens appends entries to a case.
func (h *house) happens(id string, at time.Time, list ...casefile.Data) {
	h.Helper()
	a := journal.Append{CaseID: id, After: h.seqs[id], Salts: make([]journal.Salt, len(list))}
	for _, d := range list {
		h.seqs[id]++
		a.Entries = append(a.Entries, casefile.Entry{Case: id, Seq: h.seqs[id], At: at, Actor: casefile.ActorAgent, Data: d})
	}
	_, err := h.store.Append(context.Background(), a)
	h.must(err)
}

// did records what somebody did.
func (h *house) did(at time.Time, action, subject string, detail map[string]any) {
	h.Helper()
	now := h.now
	h.now = at
	h.must(h.audit.Record(context.Background(), "user:ann", action, subject, detail))
	h.now = now
}

// Entries, in few words.
func procedure(name string) casefile.Data { return &casefile.ProcedureChosen{Procedure: name} }
func resolvedNow() casefile.Data          { return &casefile.CaseResolved{Hypothesis: "h", Outcome: "o"} }
func decides(d casefile.DecisionName) casefile.Data {
	return &casefile.OperatorDecided{Decision: d, Principal: "p"}
}
func escalates(code casefile.StopCode) casefile.Data {
	return &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: code}}
}
func asks(code casefile.StopCode) casefile.Data {
	return &casefile.CaseStopped{Status: casefile.Approving, Stop: casefile.Stop{Code: code}}
}
func closes(code casefile.StopCode) casefile.Data {
	return &casefile.CaseClosed{Stop: casefile.Stop{Code: code}}
}

// intends is a write that is about to be sent; id is the call's.
func intends(id, tool string, args casefile.Object, change ...func(*casefile.CallIntended)) casefile.Data {
	d := &casefile.CallIntended{Call: casefile.Call{ID: id, Purpose: casefile.ForDo, Hypothesis: "h", Try: 1, Action: casefile.Action{Tool: tool, Args: args, Effect: "write"}}}
	for _, c := range change {
		c(d)
	}
	return d
}

func undoing(d *casefile.CallIntended)  { d.Call.Purpose = casefile.ForUndo }
func approved(d *casefile.CallIntended) { d.ApprovedBy = "user:ann" }
func reading(d *casefile.CallIntended)  { d.Call.Effect = "read" }

func answers(id string, outcome casefile.Outcome) casefile.Data {
	return &casefile.CallAnswered{ID: id, Try: 1, Outcome: outcome, Source: casefile.SourceAnswer}
}

// march is the month that is asked for.
func march() insights.Query {
	return insights.Query{From: when("03-01 00:00"), To: when("04-01 00:00")}
}

func (h *house) report(q insights.Query) *insights.Report {
	h.Helper()
	h.current()
	r, err := h.figures.Report(context.Background(), q)
	h.must(err)
	return r
}
