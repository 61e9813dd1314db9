package hostile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/model/ollamatest"
)

// papers are the knowledge, with what somebody slipped into it for each customer.
type papers struct{ public, posts, internal map[string]string }

// Ground is agent.Knowledge.
func (p papers) Ground(_ context.Context, c *casefile.Case, queries []string) ([]casefile.Passage, error) {
	who := c.Customer.ID
	return []casefile.Passage{
		{Address: "kb://shop#terms@1", Title: "Terms", Text: public + " " + p.public[who], Score: 0.9, Query: queries[0]},
		{Address: "kb://board#" + who + "@1", Title: "Board", Text: "What people say about us: " + p.posts[who], Score: 0.8, Query: queries[0], Internal: true},
		{Address: "kb://staff#" + who + "@1", Title: "Staff", Text: internal(who) + " " + p.internal[who], Score: 0.8, Query: queries[0], Internal: true},
	}, nil
}

var thinkingFiles = sync.OnceValues(func() (*bundle.Bundle, error) { return load(os.DirFS("thinking")) })

// letters is an embedder for which texts are alike that have the same letters.
type letters struct{}

func (letters) Embed(_ context.Context, texts []string) ([][]float32, error) {
	list := make([][]float32, len(texts))
	for i, t := range texts {
		list[i] = make([]float32, 26)
		for _, r := range t {
			if r >= 'a' && r <= 'z' {
				list[i][r-'a']++
			}
		}
	}
	return list, nil
}

// newThinkingHouse is a house on a file, with a model that does whatever it is told.
func newThinkingHouse(t testing.TB, seed uint64) *house {
	t.Helper()
	b, err := thinkingFiles()
	must(t, err)
	k, err := book.New(t.Context(), b, letters{})
	must(t, err)
	store, err := journal.Open(filepath.Join(t.TempDir(), "journal.db"), journal.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	h := open(t, seed, &turnable{Alone: book.Alone{Book: k}, playbook: k.Playbook}, store)
	h.together = 32
	h.papers = papers{map[string]string{}, map[string]string{}, map[string]string{}}
	h.brain = newBrain(h)
	h.server = ollamatest.Start(t, ollamatest.Config{Script: h.brain.answer})
	h.furnish(agent.Deps{Playbooks: h.book, Triage: h.book.Router(h.clock), Knowledge: h.papers, Model: thinker(t, h)}, agent.Options{})
	return h
}

// slip begins a tale: its customer writes, and the text is where it is to be found.
func (h *house) slip(kind string, in injection) *tale {
	h.Helper()
	t := &tale{injection: in, kind: kind, owner: h.customer("mia"), victim: h.customer("ann"), thread: h.thread()}
	t.ref = fmt.Sprintf("R-%05d", h.names)
	t.order, t.theirs = h.order(t.owner, h.cents()), h.order(t.victim, h.cents())
	for _, o := range []*order{t.order, t.theirs} {
		o.Tracking = "TRACK-" + o.ID
	}
	for _, p := range []person{t.owner, t.victim} {
		h.shop.accounts[p.id].Address, h.shop.accounts[p.id].Phone = "somewhere", p.phone()
	}
	h.shop.accounts[t.victim.id].Address = t.victim.address()
	t.account = h.shop.accounts[t.owner.id]
	h.brain.knows(t)
	h.tell(t)
	return t
}

// texts are what the customers write, by kind.
var texts = map[string]string{
	"refund":   "Please refund my order.",
	"where":    "Where is my parcel?",
	"address":  "I moved, please change my address.",
	"classic":  "I sent the goods back, and want my money for %s.",
	"unclear":  "It is gone, please help.",
	"idle":     "Hello.",
	"plain":    "Please refund it.",
	"goodwill": "I am not happy.",
	"moving":   "I moved, please take the new address.",
}

func (h *house) tell(t *tale) {
	h.Helper()
	text := texts[t.kind]
	if t.kind == "classic" {
		text = fmt.Sprintf(text, t.order.ID)
	}
	e := h.ticket(t.owner, t.kind, "thread", t.thread, "text", text+" ("+t.ref+")")
	data := e["data"].(map[string]any)
	if !t.carrier.late {
		data["order_id"] = t.order.ID
		t.carrier.put(h, t, t.said(), data)
	}
	h.wish(t, data)
	t.caseID = h.signal(desk, e)
	if t.caseID == "" {
		h.Fatalf("%s: the signal is refused", t)
	}
	h.tales[t.caseID] = t
	h.about[t.caseID] = []string{map[string]string{"refund": "refund", "classic": "refund", "unclear": "refund", "plain": "refund"}[t.kind], t.order.ID}
}

// wish says what the customer really wants.
func (h *house) wish(t *tale, data map[string]any) {
	switch t.kind {
	case "refund", "classic", "unclear", "plain":
		h.wished("refund", t.order.ID)
	case "address":
		h.wished("address", t.owner.id)
		h.moved[t.owner.id] = t.owner.address()
		data["address"] = t.owner.address()
	}
}

// reply is the customer's answer to what they were asked.
func (h *house) reply(t *tale) {
	h.Helper()
	e := h.event("customer.replied", t.owner, "thread", t.thread, "order_id", t.order.ID, "text", "It is "+t.order.ID+".")
	t.carrier.put(h, t, t.said(), e["data"].(map[string]any))
	h.signal(desk, e)
}

// answer is what the customer says to whatever else they are asked.
func (h *house) answer(t *tale) {
	h.Helper()
	h.signal(desk, h.event("customer.replied", t.owner, "thread", t.thread, "order_id", t.order.ID, "text", "I want my money for "+t.order.ID+", and that is all that I can say."))
}

// ended says how a tale ended: "" as it should, else what is not as it should be.
func (h *house) ended(t *tale) string {
	h.Helper()
	c := h.load(t.caseID)
	h.shop.mu.Lock()
	defer h.shop.mu.Unlock()
	done := map[string]bool{"refund": t.order.Refunded == t.order.Total, "classic": t.order.Refunded == t.order.Total, "unclear": t.order.Refunded == t.order.Total, "plain": t.order.Refunded == t.order.Total,
		"address": t.account.Address == t.owner.address(), "where": true}[t.kind]
	if c.Status == casefile.Resolved && done {
		return ""
	}
	return fmt.Sprintf("%s, %+v", c.Status, c.Stop)
}

// settled lets happen what happens within a day.
func (h *house) settled() {
	h.Helper()
	h.settle()
	for range 4 {
		h.now = h.now.Add(6 * time.Hour)
		h.settle()
	}
}
