package precedent_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/precedent"
	"resolute/embed"
)

var closedCases = flag.Int("closed", 2000, "how many closed cases the benchmark searches")

// house is a journal in memory whose cases are as they are put, and a keeper that follows it.
type house struct {
	testing.TB
	dir   string
	log   bytes.Buffer
	mu    sync.Mutex
	cases map[string]*casefile.Case
	feed  []casefile.Entry
	tell  chan struct{}
	*precedent.Keeper
}

func (h *house) FeedOf(_ context.Context, after uint64, most int, _ ...casefile.Kind) ([]casefile.Entry, uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	read := min(after+uint64(most), uint64(len(h.feed)))
	if read <= after {
		return nil, after, nil
	}
	return slices.Clone(h.feed[after:read]), read, nil
}

func (h *house) Committed() (<-chan struct{}, func()) { return h.tell, func() {} }

func (h *house) load(_ context.Context, id string) (*casefile.Case, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.cases[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("case %s: %w", id, journal.ErrNotFound)
}

// put has a case be as it is from now on.
func (h *house) put(c *casefile.Case) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cases[c.ID] = c
	h.feed = append(h.feed, casefile.Entry{Case: c.ID, Data: &casefile.CaseResolved{}})
	select {
	case h.tell <- struct{}{}:
	default:
	}
}

var built = embed.Builtin()

func newHouse(t testing.TB) *house {
	return &house{TB: t, dir: filepath.Join(t.TempDir(), "cases"), cases: map[string]*casefile.Case{}, tell: make(chan struct{}, 1)}
}

// run runs a keeper over what is there until the test calls end.
func (h *house) run() (end func()) {
	h.Keeper = precedent.NewKeeper(precedent.Deps{Dir: h.dir, Journal: h, Load: h.load, Embedder: built, Yield: func(context.Context) {}, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

func (h *house) current() {
	h.Helper()
	h.mu.Lock()
	to := uint64(len(h.feed))
	h.mu.Unlock()
	for began := time.Now(); h.To() < to; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			h.Fatalf("the index goes to entry %d, not %d\n%s", h.To(), to, h.log.String())
		}
	}
}

// finds gives the ids of what is found by a text's words.
func (h *house) finds(q precedent.Query) (ids []string) {
	h.Helper()
	if q.K == 0 {
		q.K = 5
	}
	list, err := h.Search(h.Context(), q)
	if err != nil {
		h.Fatal(err)
	}
	for _, p := range list {
		ids = append(ids, p.Case)
	}
	return ids
}

// ended is a case that a hypothesis resolved.
func ended(customer, text string) *casefile.Case {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	return &casefile.Case{ID: uuid.Must(uuid.NewV7()).String(), Status: casefile.Resolved, Procedure: "p", Customer: casefile.Customer{ID: customer}, OpenedAt: at, EndedAt: at,
		Signals: []casefile.Received{{Signal: casefile.Signal{Data: casefile.Object{"text": text}}}}, Hypotheses: []casefile.Hypothesis{{Name: "h", Status: casefile.Held}}}
}

// TestTheIndexFollows: what goes on, was merged or wrote nothing isn't found, and what a case says now is
// found once; a start goes on from where it stood.
func TestTheIndexFollows(t *testing.T) {
	h := newHouse(t)
	end := h.run()
	kettle, mute := ended("a", "my kettle leaks on the table"), ended("a", "")
	merged := ended("a", "the kettle again")
	merged.Status, merged.MergedInto, merged.Stop = casefile.Closed, kettle.ID, &casefile.Stop{Code: casefile.StopMerged}
	for _, c := range []*casefile.Case{kettle, mute, merged} {
		h.put(c)
	}
	h.current()
	if got := h.finds(precedent.Query{Text: "kettle"}); !slices.Equal(got, []string{kettle.ID}) {
		t.Errorf("found are %v, want case %s alone", got, kettle.ID)
	}
	if got := h.finds(precedent.Query{Text: "kettle", Except: kettle.ID}); got != nil {
		t.Errorf("beside itself a case finds %v", got)
	}
	end()
	open := *kettle
	open.Status = casefile.Working
	h.put(&open)
	end = h.run()
	h.current()
	if got := h.finds(precedent.Query{Text: "kettle"}); got != nil {
		t.Errorf("a case that goes on is found: %v", got)
	}
	again := *kettle
	again.Signals = append(slices.Clone(again.Signals), casefile.Received{Signal: casefile.Signal{Data: casefile.Object{"text": "and the toaster sparks"}}})
	again.Hypotheses = []casefile.Hypothesis{{Name: "first", Status: casefile.Reverted, Cause: &casefile.Stop{Code: casefile.StopCheckFailed, Detail: "it leaks still"}}, {Name: "second", Status: casefile.Held}}
	h.put(&again)
	h.current()
	list, err := h.Search(t.Context(), precedent.Query{Text: "toaster sparks", K: 5, Customer: casefile.Customer{ID: "a"}})
	if err != nil || len(list) != 1 || list[0].Hypothesis != "second" || !list[0].Same || len(list[0].RuledOut) != 1 || list[0].RuledOut[0].Why != "check.failed: it leaks still" {
		t.Errorf("the case as it ended the second time: %+v (%v)", list, err)
	}
	gone := again
	gone.Status = casefile.Escalated
	h.mu.Lock()
	h.cases[gone.ID] = &gone // and the index doesn't know yet
	h.mu.Unlock()
	if got := h.finds(precedent.Query{Text: "toaster"}); got != nil {
		t.Errorf("a case that goes on since a moment ago is found: %v", got)
	}
	end()
	if _, err := h.Search(t.Context(), precedent.Query{Text: "toaster", K: 1}); err == nil {
		t.Error("a keeper that was closed answers")
	}
}

// TestTheIndexIsMadeAnew where it is gone, damaged or of another journal.
func TestTheIndexIsMadeAnew(t *testing.T) {
	h := newHouse(t)
	for i := range 30 {
		h.put(ended("a", fmt.Sprintf("kettle number%d leaks", i)))
	}
	for name, spoil := range map[string]func(){
		"it is gone": func() { h.must(os.RemoveAll(h.dir)) },
		"it is damaged": func() {
			h.must(os.WriteFile(filepath.Join(h.dir, "knowledge.db"), bytes.Repeat([]byte("x"), 1<<16), 0o600))
		},
		"it is of another journal": func() {
			h.mu.Lock()
			h.feed = h.feed[:10]
			h.mu.Unlock()
		},
	} {
		end := h.run()
		h.current()
		end()
		spoil()
		end = h.run()
		h.current()
		if got := h.finds(precedent.Query{Text: "number3"}); len(got) == 0 || h.cases[got[0]].Signals[0].Text() != "kettle number3 leaks" {
			t.Errorf("%s: found are %v\n%s", name, got, h.log.String())
		}
		if got := h.finds(precedent.Query{Text: "number20"}); name == "it is of another journal" && slices.ContainsFunc(got, func(id string) bool { return strings.Contains(h.cases[id].Signals[0].Text(), "number20 ") }) {
			t.Errorf("%s: what that one has not is found: %v", name, got)
		}
		end()
	}
}

// TestADamagedIndexIsMadeAnew whatever page of it makes no sense, at a start and while it is asked.
func TestADamagedIndexIsMadeAnew(t *testing.T) {
	for running, name := range map[bool]string{false: "at a start", true: "while it is asked"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			for i := range 200 {
				h.put(ended("a", fmt.Sprintf("kettle number%d leaks", i)))
			}
			end := h.run()
			h.current()
			path := filepath.Join(h.dir, "knowledge.db")
			for i := range 6 {
				if !running {
					end()
				}
				info, err := os.Stat(path)
				h.must(err)
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				h.must(err)
				// Each page's header; in one round the meta pages' too.
				for at := int64(4096 * min(2, i)); at < info.Size(); at += int64(4096 * (1 + i)) {
					_, err := f.WriteAt(bytes.Repeat([]byte{0xa5, byte(i), 0x17}, 60), at)
					h.must(err)
				}
				h.must(f.Close())
				if !running {
					end = h.run()
				}
				h.put(ended("b", fmt.Sprintf("toaster late%d sparks", i)))
				wanted := fmt.Sprintf("late%d", i)
				for began := time.Now(); ; time.Sleep(time.Millisecond) {
					list, err := h.Search(t.Context(), precedent.Query{Text: wanted, K: 5})
					if err != nil && !errors.Is(err, precedent.ErrBusy) {
						t.Fatalf("round %d: a search meets %v, want answers or ErrBusy", i, err)
					}
					old, oldErr := h.Search(t.Context(), precedent.Query{Text: "number150", K: 5})
					if err == nil && oldErr == nil && len(list) > 0 && len(old) > 0 {
						break
					}
					if time.Since(began) > time.Minute {
						t.Fatalf("round %d: not made anew: %d and %d hits (%v, %v)", i, len(list), len(old), err, oldErr)
					}
				}
			}
			end()
			if !strings.Contains(h.log.String(), "made anew") {
				t.Error("nothing says that it was made anew")
			}
		})
	}
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// BenchmarkSearch asks for cases like one among many, as those that come in do, one at a time.
func BenchmarkSearch(b *testing.B) {
	words, err := os.ReadFile(filepath.Join("..", "..", "docs", "design.md"))
	if err != nil {
		b.Fatal(err)
	}
	vocabulary := strings.Fields(string(words))
	random := rand.New(rand.NewPCG(1, 2))
	write := func() string {
		var t []string
		for range 10 + random.IntN(40) { // a few words often, most seldom
			t = append(t, vocabulary[int(float64(len(vocabulary))*random.Float64()*random.Float64())])
		}
		return strings.Join(t, " ")
	}
	h := newHouse(b)
	for i := range *closedCases {
		h.put(ended(fmt.Sprint("c-", i%5000), fmt.Sprintf("%s ORD-%d", write(), i)))
	}
	began := time.Now()
	end := h.run()
	defer end()
	h.current()
	indexed := float64(*closedCases) / time.Since(began).Seconds()
	var took []time.Duration
	for b.Loop() {
		text := write()
		at := time.Now()
		if got := h.finds(precedent.Query{Text: text}); len(got) == 0 {
			b.Fatalf("nothing is like %q", text)
		}
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	b.ReportMetric(indexed, "indexed/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
