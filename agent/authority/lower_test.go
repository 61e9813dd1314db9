package authority_test

import (
	"errors"
	"testing"
	"time"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/policy"
)

func (h *house) lower(key authority.Key, to casefile.Level, at time.Time) {
	h.t.Helper()
	if err := h.Lower(h.t.Context(), authority.Lowering{Key: key, To: to, By: "user:ada", Note: "two were wrong"}, audited, at); err != nil {
		h.t.Fatal(err)
	}
}

func newLowering(t *testing.T, text string) *house {
	h := newHouse(t, text)
	h.file.Procedures, h.file.Tools = []string{"damaged"}, map[string]policy.Tool{"shop.refund": {}}
	return h
}

var whatever = authority.Key{Procedure: "damaged", Tool: "shop.refund", Band: authority.AllAmounts}

// What an admin took away is gone at once, over a restart and another version too, and comes back only by
// evidence from then on that an admin accepts.
func TestLoweredByHand(t *testing.T) {
	h := newLowering(t, "default: act\n"+earning)
	for range 60 {
		h.see(casefile.Agreed, 1000, start)
	}
	h.lower(small, casefile.LevelShadow, start)
	if h.level(1000) != casefile.LevelShadow || h.level(6000) != casefile.LevelAct {
		t.Errorf("lowered up to 50.00: %s there and %s above, want shadow and act", h.level(1000), h.level(6000))
	}
	h.open()
	if c := h.see(casefile.Agreed, 1000, start.Add(time.Minute)); c != nil {
		t.Errorf("what was earned before gives it back: %+v", c)
	}
	h.file.Default = casefile.LevelPropose
	if h.level(1000) != casefile.LevelShadow {
		t.Errorf("another version gives propose, and what was lowered to shadow is at %s", h.level(1000))
	}
	h.file.Default = casefile.LevelAct
	n := 1
	for c := (*casefile.AuthorityChanged)(nil); c == nil && n < 200; n++ {
		if c = h.see(casefile.Agreed, 1000, start.Add(time.Hour)); c != nil && (c.From != casefile.LevelShadow || c.To != casefile.LevelPropose) {
			t.Errorf("what is earned anew is %+v, want propose from shadow", c)
		}
	}
	if n-1 < 30 || h.level(1000) != casefile.LevelShadow {
		t.Errorf("propose is asked for after %d more, and it is at %s before anybody accepts", n-1, h.level(1000))
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true, By: "user:ada"}, audited, start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if h.open(); h.level(1000) != casefile.LevelPropose {
		t.Errorf("earned anew and accepted, it is at %s, want propose", h.level(1000))
	}
}

// All amounts are lowered together, those that nobody judged yet too; a promotion that waits is withdrawn;
// and what was earned before is there again once it is given back.
func TestLoweredWhateverItMoves(t *testing.T) {
	h := newLowering(t, earning)
	for range 60 {
		h.see(casefile.Agreed, 1000, start)
		h.see(casefile.Agreed, 6000, start)
	}
	if _, err := h.Answer(t.Context(), authority.Answer{Key: small, Accept: true, By: "user:ada"}, audited, start); err != nil {
		t.Fatal(err)
	}
	h.lower(whatever, casefile.LevelPropose, start.Add(time.Minute))
	if h.level(1000) != casefile.LevelPropose {
		t.Errorf("what was earned is at %s after all amounts were lowered, want propose", h.level(1000))
	}
	large := small
	large.Band = "5001.. EUR"
	if _, err := h.Answer(t.Context(), authority.Answer{Key: large, Accept: true}, audited, start.Add(time.Hour)); !errors.Is(err, authority.ErrNoPromotion) {
		t.Errorf("accepting what waited before: %v, want ErrNoPromotion", err)
	}
	for _, to := range []casefile.Level{casefile.LevelPropose, casefile.LevelAct} {
		if err := h.Lower(t.Context(), authority.Lowering{Key: whatever, To: to, Note: "x"}, audited, start); !errors.Is(err, authority.ErrLevel) {
			t.Errorf("lowering propose to %s: %v, want ErrLevel", to, err)
		}
	}
	h.lower(whatever, casefile.LevelShadow, start.Add(2*time.Minute))
	other := casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"amount_cents": int64(1), "currency": "JPY"}}
	if s := h.View(h.file).Standing("damaged", other); s.Level != casefile.LevelShadow || s.Why != "lowered by user:ada: two were wrong" {
		t.Errorf("a currency that nobody judged is at %+v, want shadow, with why", s)
	}
	h.lower(whatever, "", start.Add(3*time.Minute))
	if h.open(); h.level(1000) != casefile.LevelAct || h.level(6000) != casefile.LevelPropose {
		t.Errorf("given back: %s and %s, want act, which was earned, and propose", h.level(1000), h.level(6000))
	}
	if list, err := h.Levels(); err != nil || len(list) != 2 {
		t.Errorf("the levels are %+v, %v, want those of the two bands", list, err)
	}
	for _, tt := range []struct {
		w    authority.Lowering
		want error
	}{
		{authority.Lowering{Key: whatever, Note: "x"}, authority.ErrLevel},
		{authority.Lowering{Key: whatever, To: casefile.LevelShadow}, authority.ErrNote},
		{authority.Lowering{Key: authority.Key{Procedure: "damagde", Tool: "shop.refund", Band: authority.AllAmounts}, To: casefile.LevelShadow, Note: "x"}, authority.ErrNoAction},
		{authority.Lowering{Key: authority.Key{Procedure: "damaged", Tool: "shop.refnud"}, To: casefile.LevelShadow, Note: "x"}, authority.ErrNoAction},
	} {
		if err := h.Lower(t.Context(), tt.w, audited, start); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.w, err, tt.want)
		}
	}
}
