package insights_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/projection"
)

// perCase is how many entries a case of the benchmarks has, of the kinds that figures are made of.
const perCase = 8

// feed is a journal of n cases of a month, made up as it is read.
type feed struct {
	n     int
	month time.Time
}

func (f feed) entry(offset uint64) casefile.Entry {
	i, step := (offset-1)/perCase, (offset-1)%perCase
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], i)
	opened := f.month.Add(time.Duration(i) * (30 * 24 * time.Hour / time.Duration(f.n)))
	e := casefile.Entry{Offset: offset, Seq: step + 1, Case: id.String(), Hash: casefile.Hash{byte(offset), byte(offset >> 8), byte(offset >> 16)}, At: opened.Add(time.Duration(step*step*i%5000) * time.Second)}
	call := fmt.Sprint("do/", i)
	switch step {
	case 0:
		e.At = opened
		e.Data = &casefile.SignalReceived{Signal: casefile.Signal{Type: "ticket.created", Data: casefile.Object{"customer": map[string]any{"id": fmt.Sprint("c", i%40_000)}}}}
	case 1:
		e.Data = &casefile.CaseOpened{Bundle: fmt.Sprint("v", i*5/uint64(f.n))}
	case 2:
		e.Data = procedure(fmt.Sprint("p", i%12))
	case 3:
		e.Data = intends(call, fmt.Sprint("shop.t", i%9), casefile.Object{"amount_cents": int64(i % 9000)})
	case 4:
		e.Data = answers(call, casefile.OutcomeDone)
	case 5:
		e.Data = asks(casefile.StopPolicyApproval)
		if i%4 == 0 {
			e.Data = escalates(casefile.StopPolicyDeny)
		}
	case 6:
		e.Data = &casefile.CallIntended{Call: casefile.Call{ID: "v", Purpose: casefile.ForVerify, Try: 1, Action: casefile.Action{Effect: "read"}}}
		if i%4 == 0 {
			e.Data = decides(casefile.DecideTakeover)
		}
	case 7:
		e.Data = resolvedNow()
	}
	return e
}

func (f feed) Feed(_ context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error) {
	last = uint64(f.n) * perCase
	for at := after; at < last && len(entries) < limit; at++ {
		entries = append(entries, f.entry(at+1))
	}
	return entries, last, nil
}

func (f feed) FeedOf(ctx context.Context, after uint64, most int, _ ...casefile.Kind) ([]casefile.Entry, uint64, error) {
	entries, _, err := f.Feed(ctx, after, most)
	return entries, after + uint64(len(entries)), err
}

func (feed) Committed() (<-chan struct{}, func()) { return make(chan struct{}), func() {} }

// run follows a feed to its end.
func run(b *testing.B, path string, f projection.Feed) (views *projection.Views, end func()) {
	b.Helper()
	views, err := projection.Open(b.Context(), path, f, slog.New(slog.NewTextHandler(io.Discard, nil)), insights.Projection())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); views.Run(ctx) }()
	if err := views.Current(b.Context(), insights.View); err != nil {
		b.Fatal(err)
	}
	return views, func() { cancel(); <-done; views.Close() }
}

// A report of a month that has 100,000 cases.
func BenchmarkReport(b *testing.B) {
	views, end := run(b, filepath.Join(b.TempDir(), "views.db"), feed{100_000, when("03-01 00:00")})
	defer end()
	figures := insights.New(insights.Deps{Views: views, House: berlin{}, Records: journal.NewMemory(journal.MemoryOptions{}), Now: func() time.Time { return when("05-01 00:00") },
		Deeds: func(context.Context, time.Time, time.Time, string, int) ([]insights.Deed, string, error) {
			return nil, "", nil
		}})
	for b.Loop() {
		r, err := figures.Report(b.Context(), march())
		if err != nil || r.Cases != 100_000 {
			b.Fatalf("the report has %d cases, %v", r.Cases, err)
		}
	}
}

// Following a real journal from its beginning, by case: 30 entries each, most of which are read from
// tools and figures don't want.
func BenchmarkFollow(b *testing.B) {
	store, err := journal.Open(filepath.Join(b.TempDir(), "journal.db"), journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }() // it is thrown away
	const cases = 2_000
	fill(b, store, cases)
	took := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		_, end := run(b, filepath.Join(b.TempDir(), fmt.Sprint("views", i, ".db")), store)
		took += time.Since(began)
		end()
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N*cases), "µs/case")
}

// fill writes cases as the demo's look: signals of some hundred bytes, tools that answer a kilobyte.
func fill(b *testing.B, store *journal.Bolt, cases int) {
	b.Helper()
	answer := casefile.Value{V: map[string]any{"id": "ORD-1", "note": strings.Repeat("what a tool says ", 60)}}
	var writers sync.WaitGroup
	todo := make(chan int)
	for range 64 {
		writers.Go(func() {
			for i := range todo {
				e := feed{cases, when("03-01 00:00")}
				id := uuid.Must(uuid.NewV7()).String()
				at := e.entry(uint64(i)*perCase + 1).At
				_, err := store.Accept(context.Background(), []journal.Arrival{{CaseID: id, Bundle: "v1", Actor: "token:t", At: at, Salts: make([]journal.Salt, journal.MaxArrivalEntries),
					Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "s", EventID: id, Type: "ticket.created", Time: at, Data: casefile.Object{"text": strings.Repeat("words of a customer ", 15), "customer": map[string]any{"id": id[:8]}}, Assurance: casefile.AssuranceVouched}}})
				a := journal.Append{CaseID: id, After: 2}
				add := func(d casefile.Data) {
					a.Entries = append(a.Entries, casefile.Entry{Case: id, Seq: uint64(3 + len(a.Entries)), At: at, Actor: casefile.ActorAgent, Data: d})
				}
				add(procedure("damaged"))
				for n := range 10 {
					call := fmt.Sprint("g", n)
					add(intends(call, "shop.get", casefile.Object{"order_id": "ORD-1"}, reading))
					add(&casefile.CallAnswered{ID: call, Try: 1, Outcome: casefile.OutcomeDone, Result: answer})
				}
				add(&casefile.KnowledgeFound{Queries: []string{"refund"}, Passages: []casefile.Passage{{Text: strings.Repeat("a passage ", 80)}}})
				add(&casefile.HypothesisChosen{Hypothesis: "refundable"})
				add(intends("d", "shop.refund", casefile.Object{"amount_cents": int64(1200)}))
				add(&casefile.CallAnswered{ID: "d", Try: 1, Outcome: casefile.OutcomeDone, Result: answer})
				add(&casefile.CheckRead{Hypothesis: "refundable", Held: true})
				add(&casefile.ReplyWritten{Reply: casefile.Reply{Text: "done"}})
				add(resolvedNow())
				a.Salts = make([]journal.Salt, len(a.Entries))
				if err == nil {
					_, err = store.Append(context.Background(), a)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range cases {
		todo <- i
	}
	close(todo)
	writers.Wait()
}
