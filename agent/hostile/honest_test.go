package hostile_test

import (
	"fmt"
	"time"

	"resolute/agent/casefile"
)

// story is an honest case. It gives what should have come of it and did not.
type story struct {
	name string
	live func(h *house) string
}

func stories() []story {
	return []story{
		{"a small refund", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			id := h.wants(ann, "refund", o)
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a large refund that an approver agrees to", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, personAbove+1+h.cents())
			id := h.wants(ann, "refund", o)
			h.settle()
			h.approve(pia, id)
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a refund whose order is asked for", func(h *house) string {
			ann, thread := h.customer("ann"), h.thread()
			o := h.order(ann, h.cents())
			h.wished("refund", o.ID)
			id := h.signal(desk, h.ticket(ann, "refund", "thread", thread))
			h.settle()
			h.about[id] = []string{"refund", o.ID}
			h.signal(desk, h.event("customer.replied", ann, "thread", thread, "text", "It is "+o.ID+"."))
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a replacement that its owner wants", func(h *house) string {
			ann, thread := h.customer("ann"), h.thread()
			o, id := h.asked(ann, thread)
			h.consents[o.ID] = true
			h.signal(desk, h.event("customer.replied", ann, "thread", thread, "text", "YES please"))
			h.settle()
			return h.resolved(id, o.Replaced)
		}},
		{"a return whose goods are collected", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			id := h.wants(ann, "return", o)
			h.settle()
			h.pass(time.Hour)
			callback, body := h.shop.collect(o.ID)
			h.ask(stranger, "POST", "/callbacks/"+h.token(callback), nil, body)
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a parcel that came back", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			id := h.wants(ann, "parcel", o)
			h.settle()
			h.scanned[o.ID] = true
			h.signal(desk, h.event("parcel.scanned", person{"carrier", "carrier@example.com"}, "order_id", o.ID))
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"points for a kind word", func(h *house) string {
			ann := h.customer("ann")
			id := h.wants(ann, "points", nil)
			h.settle()
			return h.resolved(id, h.shop.accounts[ann.id].Points == 100)
		}},
		{"a gift that an operator agrees to", func(h *house) string {
			ann := h.customer("ann")
			id := h.wants(ann, "gift", nil)
			h.settle()
			h.approve(olga, id)
			h.settle()
			return h.resolved(id, h.shop.accounts[ann.id].Gifts == 1)
		}},
		{"a refund by the form that an operator agrees to", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			h.wished("refund", o.ID)
			id := h.signal(form, h.ticket(ann, "refund", "order_id", o.ID))
			h.settle()
			h.approve(olga, id)
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a refund that a person edits and another approves", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, personAbove+5000)
			id := h.wants(ann, "refund", o)
			h.settle()
			h.decide(pia, id, map[string]any{"decision": "edit", "hash": h.hash(id), "args": map[string]any{"order_id": o.ID, "amount_cents": o.Total - 100}})
			h.settle()
			h.approve(ada, id)
			h.settle()
			if o.Refunded != o.Total-100 {
				return fmt.Sprintf("%d were refunded", o.Refunded)
			}
			return ""
		}},
		{"a case that a person takes over and pays a part of", func(h *house) string {
			o, id := h.large()
			h.decide(olga, id, map[string]any{"decision": "takeover"})
			action := map[string]any{"tool": "shop.refund_order", "args": map[string]any{"order_id": o.ID, "amount_cents": 5000}}
			h.decide(olga, id, map[string]any{"decision": "override", "action": action})
			h.settle()
			if o.Refunded != 5000 {
				c := h.load(id)
				return fmt.Sprintf("%d were refunded, the case is %s, %+v", o.Refunded, c.Status, c.Stop)
			}
			return ""
		}},
		{"a refund that is as large as the customer wishes, and as the order was", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			o.Wish = o.Total
			id := h.wants(ann, "wish", o)
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a third credit that an operator agrees to", func(h *house) string {
			ann := h.customer("ann")
			var id string
			for range 3 {
				id = h.wants(ann, "credit", nil)
				h.pass(time20m)
			}
			h.approve(olga, id)
			h.settle()
			return h.resolved(id, h.shop.accounts[ann.id].Credit == 1500)
		}},
		{"a refund that waits while refunds are paused", func(h *house) string {
			ann := h.customer("ann")
			o := h.order(ann, h.cents())
			h.ask(olga, "POST", "/api/v1/pause", nil, map[string]any{"procedure": "refund", "note": "a look first"})
			id := h.wants(ann, "refund", o)
			h.during("it is paused")
			h.ask(olga, "POST", "/api/v1/resume", nil, map[string]any{"procedure": "refund", "note": "all is well"})
			h.signal(desk, h.event("customer.replied", ann, "order_id", o.ID, "text", "Well?"))
			h.settle()
			return h.resolved(id, o.Refunded == o.Total)
		}},
		{"a credit", func(h *house) string {
			ann := h.customer("ann")
			id := h.wants(ann, "credit", nil)
			h.settle()
			return h.resolved(id, h.shop.accounts[ann.id].Credit == 500)
		}},
	}
}

// resolved says what is wrong if a case isn't resolved, or the world is not as it should be then.
func (h *house) resolved(caseID string, is bool) string {
	h.Helper()
	c := h.load(caseID)
	if c.Status == casefile.Resolved && is {
		return ""
	}
	return fmt.Sprintf("the case is %s, %+v, and the shop shows what it should: %v", c.Status, c.Stop, is)
}
