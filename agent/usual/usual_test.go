package usual_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/usual"
)

// feed is a journal of intents, and where figures are kept.
type feed struct {
	*journal.Memory
	intents []casefile.Entry
}

func newFeed() *feed {
	return &feed{Memory: journal.NewMemory(journal.MemoryOptions{})}
}

func (f *feed) FeedOfWrites(_ context.Context, after uint64, most int) ([]casefile.Entry, uint64, error) {
	end := min(after+uint64(most), uint64(len(f.intents)))
	return f.intents[after:end], end, nil
}

func (f *feed) Committed() (<-chan struct{}, func()) { return make(chan struct{}), func() {} }

// sent is a write of a tool.
func (f *feed) sent(at time.Time, cents int64, customer, payee string) {
	args := casefile.Object{"amount_cents": cents}
	if payee != "" {
		args["payee_id"] = payee
	}
	f.intents = append(f.intents, casefile.Entry{At: at, Data: &casefile.CallIntended{Customer: customer, Verdict: &casefile.Verdict{},
		Call: casefile.Call{ID: uuid.NewString(), Try: 1, Action: casefile.Action{Tool: "bank.pay", Args: args, Effect: "write"}}}})
}

type figures struct {
	*usual.Tracker
	feed   *feed
	spikes []string
}

// follow lets a tracker read the feed to its end as it is written, and store what it knows.
func follow(t *testing.T, f *feed) *figures {
	t.Helper()
	now := t0
	if n := len(f.intents); n > 0 {
		now = f.intents[n-1].At
	}
	return followAt(t, f, now)
}

// followAt is follow at a time.
func followAt(t *testing.T, f *feed, now time.Time) *figures {
	t.Helper()
	k := &figures{feed: f}
	synctest.Test(t, func(t *testing.T) {
		var err error
		k.Tracker, err = usual.Open(t.Context(), usual.Deps{Store: f, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
			Spike: func(_ context.Context, tool, why string) { k.spikes = append(k.spikes, tool+": "+why) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { k.Run(ctx); close(ended) }()
		time.Sleep(time.Second)
		stop()
		<-ended
	})
	return k
}

// says gives what is unusual, as factors.
func (k *figures) says(at time.Time, cents int64, customer, payee string) string {
	args := casefile.Object{"amount_cents": cents}
	if payee != "" {
		args["payee_id"] = payee
	}
	var list []string
	for _, p := range k.Unusual(&casefile.Case{Customer: casefile.Customer{ID: customer}}, casefile.Action{Tool: "bank.pay", Args: args, Effect: "write"}, at) {
		if p.Add <= 0 || p.Reason == "" {
			panic(fmt.Sprintf("%+v adds nothing, or doesn't say why", p))
		}
		list = append(list, p.Factor)
	}
	return strings.Join(list, " ")
}

var t0 = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// aDay are a day's writes: six an hour, about 20.00 each, to fifty payees, for eighty customers.
func aDay(f *feed, writes int) time.Time {
	at := t0
	for i := range writes {
		f.sent(at, 1500+int64(i*37%1000), fmt.Sprint("c-", i%80), fmt.Sprint("p-", i%50))
		at = at.Add(10 * time.Minute)
	}
	return at
}

func TestWhatIsUnusual(t *testing.T) {
	f := newFeed()
	now := aDay(f, 144)
	k := follow(t, f)
	for _, tt := range []struct {
		name            string
		cents           int64
		customer, payee string
		want            string
	}{
		{"as always", 2000, "c-3", "p-3", ""},
		{"somewhat more", 4000, "c-3", "p-3", ""},
		{"fifty times as much", 100_000, "c-3", "p-3", "amount"},
		{"a cent", 1, "c-3", "p-3", ""},
		{"somebody new", 2000, "c-3", "p-900", "payee"},
		{"much to somebody new", 1_000_000, "c-3", "p-900", "amount payee"},
	} {
		if got := k.says(now, tt.cents, tt.customer, tt.payee); got != tt.want {
			t.Errorf("%s: %q is unusual, want %q", tt.name, got, tt.want)
		}
	}
	for i := range 12 {
		f.sent(now.Add(time.Duration(i)*time.Second), 2000, "c-3", "p-3")
	}
	k = follow(t, f)
	if got := k.says(now.Add(time.Minute), 2000, "c-3", "p-3"); got != "rate burst" {
		t.Errorf("the thirteenth within a minute for one customer: %q is unusual, want rate and burst", got)
	}
	if got := k.says(now.Add(time.Minute), 2000, "c-4", "p-3"); got != "rate" {
		t.Errorf("and one for another customer: %q is unusual, want the rate", got)
	}
	if got := k.says(now.Add(25*time.Hour), 2000, "c-3", "p-3"); got != "" {
		t.Errorf("a day later %q is unusual, want nothing", got)
	}
}

func TestNothingIsUnusualWithoutHistory(t *testing.T) {
	f := newFeed()
	now := aDay(f, 20)
	k := follow(t, f)
	if got := k.says(now, 10_000_000, "c-1", "p-900"); got != "" {
		t.Errorf("after 20 writes %q is unusual, want nothing: nobody knows yet", got)
	}
	if got := k.Unusual(&casefile.Case{}, casefile.Action{Tool: "bank.other"}, now); got != nil {
		t.Errorf("of a tool that was never called %v is unusual", got)
	}
}

func TestSpikesAreTold(t *testing.T) {
	f := newFeed()
	now := aDay(f, 144)
	for i := range 80 {
		f.sent(now.Add(time.Duration(i)*time.Second), 2000, fmt.Sprint("c-", i), "p-1")
	}
	k := follow(t, f)
	if len(k.spikes) != 1 || !strings.HasPrefix(k.spikes[0], "bank.pay: it was called") {
		t.Errorf("80 calls where one is usual: %q, want one spike of the rate", k.spikes)
	}
	if k := follow(t, f); len(k.spikes) != 0 {
		t.Errorf("after a restart it is told again: %q", k.spikes)
	}
	old := newFeed()
	old.intents = f.intents
	if k := followAt(t, old, now.Add(time.Hour)); len(k.spikes) != 0 {
		t.Errorf("a spike that is read an hour later pauses what runs as always now: %q", k.spikes)
	}
	steady := newFeed()
	for i := range 5000 { // thirty in a span, always
		steady.sent(t0.Add(time.Duration(i)*20*time.Second), 2000, fmt.Sprint("c-", i), "p-1")
	}
	if k := follow(t, steady); len(k.spikes) != 0 {
		t.Errorf("what was always so is told as a spike: %q", k.spikes)
	}
	for i := range 40 {
		steady.sent(t0.Add(100_000*time.Second).Add(time.Duration(i)*time.Second), 2_000_000, fmt.Sprint("c-", i), "p-1")
	}
	if k := follow(t, steady); len(k.spikes) != 1 || !strings.Contains(k.spikes[0], "it moved") {
		t.Errorf("a thousand times the usual amounts: %q, want one spike of what it moves", k.spikes)
	}
}

// What was counted before a restart counts once after it, and a restart changes no figure.
func TestFiguresOutliveARestart(t *testing.T) {
	whole, halves := newFeed(), newFeed()
	now := aDay(whole, 144)
	aDay(halves, 70)
	follow(t, halves)
	halves.intents = nil
	aDay(halves, 144)
	a, b := follow(t, whole), follow(t, halves)
	for _, cents := range []int64{2000, 6000, 9000, 12_000, 50_000} {
		c, act := &casefile.Case{Customer: casefile.Customer{ID: "c-1"}}, casefile.Action{Tool: "bank.pay", Args: casefile.Object{"amount_cents": cents, "payee_id": "p-99"}}
		if x, y := fmt.Sprint(a.Unusual(c, act, now)), fmt.Sprint(b.Unusual(c, act, now)); x != y {
			t.Errorf("in one go %s, with a restart %s", x, y)
		}
	}
}

func TestFollowsAJournal(t *testing.T) {
	store, err := journal.Open(filepath.Join(t.TempDir(), "journal.db"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := usual.Open(t.Context(), usual.Deps{Store: store, Now: time.Now, Log: slog.New(slog.DiscardHandler), Spike: func(context.Context, string, string) {}})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7()).String()
	if _, err := store.Accept(t.Context(), []journal.Arrival{{Signal: casefile.Signal{ID: uuid.NewString(), Source: "s", EventID: "1", Type: "t", Assurance: casefile.AssuranceVouched}, Actor: "token:t", At: t0,
		CaseID: id, Bundle: "v1", Salts: make([]journal.Salt, journal.MaxArrivalEntries)}}); err != nil {
		t.Fatal(err)
	}
	var intents []casefile.Entry
	for i := range 40 {
		write := casefile.Call{ID: fmt.Sprint("do/", i), Try: 1, Key: "k", Action: casefile.Action{Tool: "bank.pay", Args: casefile.Object{"amount_cents": int64(2000)}, Effect: "write"}}
		read := casefile.Call{ID: fmt.Sprint("gather/", i), Try: 1, Action: casefile.Action{Tool: "bank.get", Effect: "read"}}
		intents = append(intents, casefile.Entry{At: t0, Actor: "agent", Data: &casefile.CallIntended{Call: write, Verdict: &casefile.Verdict{}}}, casefile.Entry{At: t0, Actor: "agent", Data: &casefile.CallIntended{Call: read}})
	}
	if _, err := store.Append(t.Context(), journal.Append{CaseID: id, After: 2, Entries: intents, Salts: make([]journal.Salt, len(intents))}); err != nil {
		t.Fatal(err)
	}
	if list, read, err := store.FeedOfWrites(t.Context(), 0, 1000); err != nil || len(list) != 40 || read != 82 {
		t.Errorf("the feed of writes has %d of 82 entries up to %d, %v; want 40 up to 82", len(list), read, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { k.Run(ctx); close(ended) }()
	unusual := func() []casefile.RiskPart {
		return k.Unusual(&casefile.Case{}, casefile.Action{Tool: "bank.pay", Args: casefile.Object{"amount_cents": int64(2_000_000)}}, t0)
	}
	for deadline := time.Now().Add(20 * time.Second); unusual() == nil && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	stop()
	<-ended
	if got := unusual(); len(got) != 1 || got[0].Factor != "amount" {
		t.Errorf("a thousand times what the journal says is usual: %v, want the amount", got)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}
