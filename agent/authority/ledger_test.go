package authority_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/policy"
	"resolute/agent/source"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// house is a ledger over a real store.
type house struct {
	t     *testing.T
	store *journal.Bolt
	file  *policy.Authority
	*authority.Ledger
}

func newHouse(t *testing.T, text string) *house {
	h := &house{t: t, file: parse(t, text)}
	var err error
	if h.store, err = journal.Open(filepath.Join(t.TempDir(), "journal.db"), journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	h.open()
	return h
}

func parse(t *testing.T, text string) *policy.Authority {
	var ps source.Problems
	a := policy.ParseAuthority("authority.yaml", []byte(text), &ps)
	if len(ps) > 0 {
		t.Fatal(ps.Error())
	}
	a.Currency = "EUR"
	return a
}

// open reads the ledger as a restart does.
func (h *house) open() {
	h.t.Helper()
	var err error
	if h.Ledger, err = authority.Open(h.t.Context(), h.store, func() (*policy.Authority, error) { return h.file, nil }); err != nil {
		h.t.Fatal(err)
	}
}

func refund(cents int64) casefile.Action {
	return casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"amount_cents": cents}}
}

// see weighs and commits one observation, as the engine does; others may do the same at the same time.
func (h *house) see(how casefile.Judgement, cents int64, at time.Time) *casefile.AuthorityChanged {
	h.t.Helper()
	for {
		w, err := h.Weigh(context.Background(), "case", []casefile.Observation{{Procedure: "damaged", Action: refund(cents), How: how}}, at)
		if err == nil {
			err = h.store.Replace(context.Background(), w.Expect, w.Records...)
		}
		switch {
		case errors.Is(err, journal.ErrConflict):
			continue
		case err != nil:
			h.t.Error(err)
			return nil
		}
		w.Kept()
		if len(w.Changes) == 0 {
			return nil
		}
		return w.Changes[0]
	}
}

func (h *house) level(cents int64) casefile.Level {
	return h.View(h.file).Standing("damaged", refund(cents)).Level
}

func audited(map[string]any) (journal.Record, error) {
	return journal.Record{Kind: journal.KindAudit, Key: uuid.NewString(), Value: []byte("said")}, nil
}

const earning = "bands: [5000]\npromote: {after: 30, agreement: 0.9, confidence: 0.95}\ndemote: {reversals: 2, window: 168h}\n"

var small = authority.Key{Procedure: "damaged", Tool: "shop.refund", Band: "0..5000 EUR"}

// Evidence of one band earns that band alone, an admin gives what it earned, and reversals take it back
// at once. Nothing of that is lost in a restart.
func TestLevelIsEarnedAndLost(t *testing.T) {
	h := newHouse(t, earning)
	n := 1
	var c *casefile.AuthorityChanged
	for ; c == nil && n < 200; n++ {
		c = h.see(casefile.Agreed, 1000, start)
	}
	if c == nil || !c.Proposed || c.From != casefile.LevelPropose || c.To != casefile.LevelAct || c.Bound < 0.9 || n-1 != 43 || !strings.Contains(c.Why, "people agreed with 43 of 43 proposals") {
		t.Fatalf("after %d agreed proposals: %+v, want act proposed after 43, with its reason", n-1, c)
	}
	if h.level(1000) != casefile.LevelPropose {
		t.Error("a promotion that nobody accepted counts")
	}
	if c := h.see(casefile.Agreed, 1000, start); c != nil {
		t.Errorf("it is proposed again while it waits: %+v", c)
	}
	h.open()
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true, To: casefile.LevelPropose}, audited, start); !errors.Is(err, authority.ErrNoPromotion) {
		t.Errorf("accepting another level than the one that waits: %v, want ErrNoPromotion", err)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true, By: "user:ada"}, audited, start); err != nil {
		t.Fatal(err)
	}
	if said, err := h.store.List(t.Context(), journal.KindAudit, "", 10); err != nil || len(said) != 1 {
		t.Errorf("the audit has %d answers (%v), want one", len(said), err)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true}, audited, start); !errors.Is(err, authority.ErrNoPromotion) {
		t.Errorf("accepting twice: %v, want ErrNoPromotion", err)
	}
	h.open()
	if h.level(1000) != casefile.LevelAct || h.level(6000) != casefile.LevelPropose {
		t.Errorf("promoted up to 50.00: %s there and %s above, want act and propose", h.level(1000), h.level(6000))
	}
	week := 168 * time.Hour
	for i, tt := range []struct {
		at      time.Time
		demotes bool
	}{{start, false}, {start.Add(week + 1), false}, {start.Add(2 * week), true}} {
		c := h.see(casefile.Overturned, 1000, tt.at)
		if (c != nil) != tt.demotes {
			t.Fatalf("reversal %d, at %v: %+v; demotes: want %v", i+1, tt.at.Sub(start), c, tt.demotes)
		}
	}
	if h.level(1000) != casefile.LevelPropose {
		t.Errorf("after two reversals within a week it is at %s, want propose", h.level(1000))
	}
	h.open()
	if l := h.List()[0]; h.level(1000) != casefile.LevelPropose || l.Evidence != (casefile.Evidence{}) {
		t.Errorf("after a restart it is at %s with %+v, want propose and counting anew", h.level(1000), l.Evidence)
	}
}

// What the bundle grants is lost by reversals too, and stays lost until it is earned again.
func TestGrantIsLost(t *testing.T) {
	h := newHouse(t, "default: act\n"+earning)
	h.see(casefile.Overturned, 1000, start)
	if c := h.see(casefile.Overturned, 1000, start); c == nil || c.From != casefile.LevelAct || c.To != casefile.LevelPropose || c.Proposed {
		t.Fatalf("two reversals of what is granted: %+v, want it to fall to propose at once", c)
	}
	if h.level(1000) != casefile.LevelPropose || h.level(6000) != casefile.LevelAct {
		t.Errorf("up to 50.00 %s, above %s; want propose and act", h.level(1000), h.level(6000))
	}
	h.file = parse(t, "default: shadow\n"+earning)
	if h.level(1000) != casefile.LevelShadow {
		t.Errorf("the bundle now says shadow, and it is at %s", h.level(1000))
	}
}

// A refused promotion needs as much evidence again; one that waits is withdrawn by reversals.
func TestPromotionIsRefusedAndWithdrawn(t *testing.T) {
	h := newHouse(t, earning)
	promising := func() int {
		for n := 1; n < 200; n++ {
			if c := h.see(casefile.Agreed, 1000, start); c != nil {
				return n
			}
		}
		t.Fatal("200 agreed proposals promise nothing")
		return 0
	}
	first := promising()
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, By: "user:ada"}, audited, start); err != nil {
		t.Fatal(err)
	}
	if again := promising(); again != first || h.level(1000) != casefile.LevelPropose {
		t.Errorf("refused, it was proposed again after %d, at %s; want after %d, at propose", again, h.level(1000), first)
	}
	h.see(casefile.Overturned, 1000, start)
	c := h.see(casefile.Overturned, 1000, start)
	if c == nil || !c.Withdrawn {
		t.Fatalf("two reversals while a promotion waits: %+v, want it withdrawn", c)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true}, audited, start); !errors.Is(err, authority.ErrNoPromotion) {
		t.Errorf("accepting what was withdrawn: %v, want ErrNoPromotion", err)
	}
}

// From shadow it is one level at a time.
func TestFromShadowToPropose(t *testing.T) {
	h := newHouse(t, "default: shadow\n"+earning)
	for range 60 {
		h.see(casefile.Agreed, 1000, start)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true}, audited, start); err != nil || h.level(1000) != casefile.LevelPropose {
		t.Fatalf("accepted from shadow: %v, at %s; want propose", err, h.level(1000))
	}
	for range 60 {
		h.see(casefile.Agreed, 1000, start)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true}, audited, start); err != nil || h.level(1000) != casefile.LevelAct {
		t.Errorf("accepted again: %v, at %s; want act", err, h.level(1000))
	}
}

// Decisions of many people at once are all counted.
func TestNoDecisionIsLost(t *testing.T) {
	h := newHouse(t, "bands: [5000]\n")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				h.see(casefile.Agreed, 1000, start)
				h.see(casefile.Rejected, 9000, start)
			}
		})
	}
	all.Wait()
	h.open()
	for _, l := range h.List() {
		if got := l.Evidence.Agreed + l.Evidence.Rejected; got != 200 || l.Version != 200 {
			t.Errorf("%s: %+v at version %d, want 200 decisions counted", l.Key, l.Evidence, l.Version)
		}
	}
}
