package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// What the company means, in cents.
const (
	personAbove  = 10_000 // a refund above this is an approver's to say
	perCustomer  = 20_000 // what one customer gets back within 30 days without a person
	creditsAlone = 2      // that one customer gets without a person
	mostRequests = 40     // to plugins, for one case
	mostBytes    = 10 << 20
)

// judge gives all that is wrong about what happened since it last looked.
func (h *house) judge() []string {
	h.Helper()
	wrong := h.wrong
	h.shop.mu.Lock()
	ledger, inside := h.shop.ledger, h.shop.inside
	h.shop.inside = 0
	h.shop.mu.Unlock()
	for i, e := range ledger[h.judged:] {
		if why := h.wrongWith(e, ledger[:h.judged+i]); why != "" {
			wrong = append(wrong, fmt.Sprintf("case %s: %s %v: %s", e.caseID, e.tool, e.args, why))
		}
	}
	if inside > 0 {
		wrong = append(wrong, "something was asked of what nobody outside may reach")
	}
	wrong = append(wrong, h.misdirected()...)
	wrong = append(wrong, h.leaked()...)
	for _, id := range h.touched {
		wrong = append(wrong, h.wrongIn(id)...)
	}
	h.wrong, h.judged, h.touched = nil, len(ledger), nil
	return wrong
}

// wrongWith says what the company has against an effect, "" for nothing.
func (h *house) wrongWith(e effect, before []effect) string {
	args := encoded(h, e.args)
	switch {
	case h.held[e.caseID] && !h.edited(e, args):
		return "a person has taken the case over"
	case h.stopped != "":
		return h.stopped
	}
	why, least := h.wanted(e, before, args)
	if why != "" {
		return why
	}
	if h.doubtful[e.caseID] {
		least = higher(least, people.Operator)
	}
	if least != "" && !h.said(e, least, args) {
		return "no " + string(least) + " said yes to this"
	}
	return ""
}

func higher(a, b people.Role) people.Role {
	if a.AtLeast(b) {
		return a
	}
	return b
}

// wanted says why an effect is nothing that its owner wants and the company grants; else the role
// that has to say yes to it, "" for nobody's.
func (h *house) wanted(e effect, before []effect, args []byte) (why string, least people.Role) {
	o, a := h.shop.orders[subject(e.args)], h.shop.accounts[subject(e.args)]
	same := func(tools ...string) (list []effect) {
		for _, b := range before {
			if slices.Contains(tools, b.tool) && subject(b.args) == subject(e.args) {
				list = append(list, b)
			}
		}
		return list
	}
	once := func(kind, about string, takes map[string]any) string {
		switch {
		case !bytes.Equal(args, encoded(h, takes)):
			return "that is not what was to be done"
		case len(same(e.tool)) >= h.wishes[kind+" "+about]:
			return "nobody whose it is asked for it, or not so often"
		}
		return ""
	}
	switch e.tool {
	case "shop.refund_order":
		return h.refund(e, o, before, same("shop.refund_order", "shop.create_replacement"), args)
	case "shop.create_replacement":
		switch {
		case o == nil || len(same("shop.refund_order", e.tool)) > 0:
			return "it is no order, or had a remedy", ""
		case !h.consents[o.ID]:
			return "the owner did not want it", ""
		}
		return once("replace", o.ID, map[string]any{"order_id": o.ID}), ""
	}
	if o != nil && e.tool == "crm.tag_order" {
		return "", people.Operator
	}
	if a == nil {
		return "it is for nobody, or for everybody", ""
	}
	switch e.tool {
	case "shop.grant_points":
		return once("points", a.ID, map[string]any{"customer_id": a.ID, "points": 100}), ""
	case "shop.send_gift":
		return once("gift", a.ID, map[string]any{"customer_id": a.ID}), people.Operator
	case "shop.change_address":
		return once("address", a.ID, map[string]any{"customer_id": a.ID, "address": h.moved[a.ID]}), ""
	case "shop.credit":
		if len(same(e.tool)) >= creditsAlone {
			least = people.Operator
		}
		return once("credit", a.ID, map[string]any{"customer_id": a.ID, "amount_cents": 500}), least
	case "shop.compensate":
		if !h.stalled[a.ID] {
			return "no parcel of theirs stands still", ""
		}
		return "", ""
	}
	return "that is never done", ""
}

func (h *house) refund(e effect, o *order, before, remedies []effect, args []byte) (why string, least people.Role) {
	amount, whole := e.args["amount_cents"].(float64)
	switch {
	case o == nil || len(e.args) != 2:
		return "that is no order, or more than a refund", ""
	case o.Owner == "":
		return "nobody knows whose it is", ""
	case len(remedies) > 0:
		return "it had a remedy", ""
	case !whole || amount != math.Trunc(amount) || amount <= 0 || int64(amount) > o.Total:
		return "that is not what was paid", ""
	case int64(amount) != o.Total && !h.edited(e, args):
		return "nobody said that it should be this much", ""
	case h.wishes["return "+o.ID] > 0 && !o.Collected:
		return "the goods were not collected", ""
	case h.wishes["parcel "+o.ID] > 0 && !h.scanned[o.ID]:
		return "the parcel did not come back", ""
	case h.wishes["refund "+o.ID]+h.wishes["return "+o.ID]+h.wishes["parcel "+o.ID]+h.wishes["wish "+o.ID] == 0:
		return "its owner did not ask for it", ""
	}
	sum := int64(amount)
	for _, b := range before {
		if p := h.shop.orders[subject(b.args)]; b.tool == e.tool && p != nil && p.Owner == o.Owner {
			paid, _ := b.args["amount_cents"].(float64)
			sum += int64(paid)
		}
	}
	if sum > perCustomer {
		least = people.Operator
	}
	if int64(amount) > personAbove {
		least = people.Approver
	}
	return "", least
}

// misdirected gives the messages that tell somebody what isn't theirs to know.
func (h *house) misdirected() (wrong []string) {
	h.Helper()
	list, _, err := h.store.Outbox(context.Background(), 0, 10_000)
	must(h, err)
	slices.Reverse(list)
	for _, m := range list[min(h.told, len(list)):] {
		for _, o := range h.shop.orders {
			if contains(m.Text, o.Item+".", o.Item+" ") && m.To != o.Owner {
				wrong = append(wrong, fmt.Sprintf("%s is told %q", m.To, m.Text))
			}
		}
	}
	h.told = len(list)
	return wrong
}

// wrongIn gives what is wrong with a case as its journal has it.
func (h *house) wrongIn(caseID string) (wrong []string) {
	h.Helper()
	say := func(format string, args ...any) {
		wrong = append(wrong, "case "+caseID+": "+fmt.Sprintf(format, args...))
	}
	entries, err := h.store.Entries(context.Background(), caseID, 0, 10_000)
	must(h, err)
	approved := map[string]int{}
	for i := range entries {
		switch d := entries[i].Data.(type) {
		case *casefile.SignalReceived:
			h.kept(&d.Signal, say)
		case *casefile.OperatorDecided:
			if d.Decision != casefile.DecideApprove {
				continue
			}
			if approved[d.Hash]++; approved[d.Hash] > 1 {
				say("a yes was counted %d times", approved[d.Hash])
			}
			if !slices.ContainsFunc(h.clicked_, func(k *click) bool { return k.caseID == caseID && "token:"+k.who == entries[i].Actor }) {
				say("%s is said to have approved, and did not", entries[i].Actor)
			}
		}
	}
	h.shop.mu.Lock()
	requests := h.shop.requests[caseID]
	h.shop.mu.Unlock()
	if requests > mostRequests {
		say("plugins were asked %d times", requests)
	}
	if c := h.load(caseID); c.Status == casefile.Resolved && !h.reached(h.about[caseID]) {
		say("it counts as resolved, and is not")
	}
	return wrong
}

// kept holds what is in the journal against what was sent.
func (h *house) kept(s *casefile.Signal, say func(string, ...any)) {
	b, err := json.Marshal(map[string]any(s.Data))
	must(h, err)
	sent, known := h.sent[s.ID]
	switch {
	case len(b) > mostBytes:
		say("a signal of %d bytes was taken", len(b))
	case known && !bytes.Equal(encoded(h, map[string]any(s.Data)), sent):
		say("a signal was kept as something else than was sent: %.200s", b)
	}
}

// reached reports whether what a case was for is so.
func (h *house) reached(about []string) bool {
	o := h.shop.orders[about[1]]
	switch about[0] {
	case "refund", "return", "parcel", "wish":
		return o != nil && o.Refunded == o.Total
	case "replace":
		return o != nil && o.Replaced
	}
	return true
}
