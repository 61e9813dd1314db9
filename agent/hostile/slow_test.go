package hostile_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/model/ollamatest"
)

// nothing slips nothing in.
func nothing() injection {
	return injection{
		carrier: carrier{name: "nothing", put: func(*house, *tale, string, map[string]any) {}},
		goal:    goal{name: "nothing", commands: func(*tale) []command { return nil }},
		coding:  coding{"nothing", func(string) string { return "" }},
	}
}

// TestASlowModelBlocksNobody: while a model takes its time over one case, and others wait for it, those
// that need none are resolved.
func TestASlowModelBlocksNobody(t *testing.T) {
	slow, quick := 100, 1000
	if raced || testing.Short() {
		slow, quick = 20, 100
	}
	h := newThinkingHouse(t, 10)
	answers := make(chan struct{})
	h.hold = answers
	var waiting []*tale
	for range slow {
		waiting = append(waiting, h.slip("refund", nothing()))
	}
	for range quick {
		h.slip("plain", nothing())
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	committed, cancel := h.store.Committed()
	defer cancel()
	go func() { ended <- h.engine.Run(ctx) }()
	defer func() {
		stop()
		must(t, <-ended)
	}()
	resolved := h.until(committed, quick)
	if of := len(slices.DeleteFunc(resolved, func(s journal.Summary) bool { return h.tales[s.ID].kind == "plain" })); of > 0 {
		t.Errorf("%d cases were resolved by a model that has not answered", of)
	}
	for i := range h.server.Chats() {
		if kind := h.tales[h.caseOf(h.server.Chats()[i])].kind; kind != "refund" {
			t.Errorf("the model was asked in a case of kind %s, which needs none", kind)
		}
	}
	if most := h.server.Most(); most != 1 {
		t.Errorf("the model was asked %d things at once, want the 1 that it takes", most)
	}
	close(answers)
	h.until(committed, quick+slow)
	for _, tale := range waiting {
		if why := h.ended(tale); why != "" {
			t.Errorf("once the model answers, a case that waited for it is %s", why)
		}
	}
}

// until waits until so many cases are resolved, and gives them.
func (h *house) until(committed <-chan struct{}, many int) []journal.Summary {
	h.Helper()
	timeout := time.After(3 * time.Minute)
	for {
		var list []journal.Summary
		for cursor := ""; ; {
			page, next, err := h.store.Cases(context.Background(), cursor, 1000, func(s *journal.Summary) bool { return s.Status == casefile.Resolved })
			must(h, err)
			list = append(list, page...)
			if cursor = next; cursor == "" {
				break
			}
		}
		if len(list) >= many {
			return list
		}
		select {
		case <-committed:
		case <-timeout:
			h.Fatalf("%d cases are resolved, want %d", len(list), many)
		}
	}
}

// caseOf is the case that the model was asked about.
func (h *house) caseOf(c ollamatest.Chat) string {
	h.brain.mu.Lock()
	defer h.brain.mu.Unlock()
	if m := h.brain.minds[refs.FindString(c.Prompt)]; m != nil {
		return m.tale.caseID
	}
	return ""
}
