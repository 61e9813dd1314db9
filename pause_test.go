package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"resolute/agent/casefile"
)

// Whatever is paused, cases wait where they stand, nothing is sent, and they go on when it is resumed.
func TestPausedCasesWaitWhereTheyStand(t *testing.T) {
	for name, scope := range map[string]map[string]any{
		"a tool":      {"tool": "shop.refund_order", "note": "the bank called"},
		"a read":      {"tool": "shop.get_order", "note": "n"},
		"a procedure": {"procedure": "damaged-item", "note": "n"},
		"everything":  {"note": "n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			defer r.replaysTheSame()
			var p casefile.Pause
			if code := r.do("POST", "/api/v1/pause", scope, &p); code != 200 || p.By == "" || p.At.IsZero() {
				t.Fatalf("pause: %d %+v", code, p)
			}
			id := r.send(story(t, "shattered-stoneware")[0])
			c := r.settled(id, casefile.Waiting)
			if c.Stop.Code != casefile.StopPaused || c.Stop.Detail == "" || r.called("shop.refund_order") != 0 {
				t.Fatalf("paused: %v, %d refunds; want that it waits, and says why", c, r.called("shop.refund_order"))
			}
			if scope["tool"] == nil && len(r.effects(id)) != 0 {
				t.Errorf("paused, and it did %v", r.effects(id))
			}
			var list struct{ Items []casefile.Pause }
			if r.do("GET", "/api/v1/pauses", nil, &list); len(list.Items) != 1 || list.Items[0].Note != scope["note"] {
				t.Errorf("paused are %+v, want what was paused, and why", list.Items)
			}
			if code := r.do("POST", "/api/v1/resume", scope, nil); code != 200 {
				t.Fatalf("resume: %d", code)
			}
			if code := r.do("POST", "/api/v1/resume", scope, nil); code != 409 {
				t.Errorf("a second resume: %d, want 409", code)
			}
			if c := r.settled(id, casefile.Resolved); c.Stop != nil || r.called("shop.refund_order") != 1 {
				t.Errorf("resumed: %v, %d refunds; want it resolved with one", c, r.called("shop.refund_order"))
			}
		})
	}
}

func TestNothingUnknownIsPaused(t *testing.T) {
	r := newRig(t)
	for _, scope := range []map[string]any{{"tool": "billing.refund", "note": "n"}, {"procedure": "nope", "note": "n"}, {"tool": "shop.refund_order", "procedure": "damaged-item", "note": "n"}} {
		if code := r.do("POST", "/api/v1/pause", scope, nil); code != 422 {
			t.Errorf("a pause of %v: %d, want 422: who thinks that it counts is wrong", scope, code)
		}
	}
}

// A tool that spikes is paused by itself; a person resumes it, and its cases go on.
func TestSpikesPauseTheTool(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	told := make(chan string, 1)
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body) // what is cut off says too little below
		told <- string(body)
	}))
	defer chat.Close()
	r.apply(map[string]string{"resolute.yaml": "company: Fernhill Supply\nqueues:\n  default: {notify: ['" + chat.URL + "'], due: 8h}\n  support-leads: {}\n  payments: {}\n  engineering: {}\n"})
	r.app.(*appliance).spike(t.Context(), "shop.refund_order", "it was called 900 times within 10m0s, where 2.0 are usual")
	var list struct{ Items []casefile.Pause }
	if r.do("GET", "/api/v1/pauses", nil, &list); len(list.Items) != 1 || list.Items[0].Tool != "shop.refund_order" || list.Items[0].By != casefile.ActorSystem {
		t.Fatalf("paused are %+v, want the tool, by the system", list.Items)
	}
	if text := <-told; !strings.Contains(text, "shop.refund_order is paused: it was called 900 times") {
		t.Errorf("the queue's webhook was told %s, want what is paused and why", text)
	}
	id := r.send(story(t, "shattered-stoneware")[0])
	if c := r.settled(id, casefile.Waiting); c.Stop.Code != casefile.StopPaused || r.called("shop.refund_order") != 0 {
		t.Errorf("of a tool that spikes: %v, %d calls; want it paused and none", c, r.called("shop.refund_order"))
	}
	r.do("POST", "/api/v1/resume", map[string]any{"tool": "shop.refund_order", "note": "a campaign, all is well"}, nil)
	r.settled(id, casefile.Resolved)
}
