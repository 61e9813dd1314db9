package hostile_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const time20m = 20 * time.Minute

// asked is a case of somebody who was asked whether they want a new one.
func (h *house) asked(owner person, thread string) (o *order, caseID string) {
	h.Helper()
	o = h.order(owner, h.cents())
	caseID = h.wants(owner, "replace", o, "thread", thread)
	h.settle()
	return o, caseID
}

func (h *house) thread() string {
	h.names++
	return fmt.Sprintf("thread-%d", h.names)
}

// senders are people who write, and programs that post what they never saw.
func senders() []mechanism {
	return []mechanism{
		{"somebody asks for the money of another's order", ruleDenies, func(h *house) {
			o := h.order(h.customer("ann"), h.cents())
			h.signal(desk, h.ticket(h.customer("mallory"), "refund", "order_id", o.ID))
		}},
		{"somebody asks for the money of an order that is nobody's", ruleFails, func(h *house) {
			o := h.order(person{}, h.cents())
			h.signal(desk, h.ticket(h.customer("mallory"), "refund", "order_id", o.ID))
		}},
		{"somebody asks for more than one may have without a person", ruleAsks, func(h *house) {
			mallory := h.customer("mallory")
			h.wants(mallory, "refund", h.order(mallory, personAbove+1+h.cents()))
		}},
		{"somebody cuts a sum into small ones", budgets, func(h *house) {
			mallory := h.customer("mallory")
			for range 3 {
				h.wants(mallory, "refund", h.order(mallory, 7000+h.cents()/4))
			}
		}},
		{"somebody lives off small credits", risky, func(h *house) {
			mallory := h.customer("mallory")
			for range 4 {
				h.wants(mallory, "credit", nil)
				h.pass(time20m)
			}
		}},
		{"somebody joins in the form once a person said yes", doubts, func(h *house) {
			mallory, thread := h.customer("mallory"), h.thread()
			id := h.wants(mallory, "gift", nil, "thread", thread)
			h.settle()
			h.approve(olga, id)
			h.signal(form, h.event("customer.replied", mallory, "thread", thread))
		}},
		{"somebody asks twice for one order, and the shop is slow to show it", oneCase, func(h *house) {
			mallory := h.customer("mallory")
			o := h.order(mallory, h.cents())
			h.shop.lagging = true
			h.wants(mallory, "refund", o, "thread", h.thread())
			h.signal(desk, h.ticket(mallory, "refund", "order_id", o.ID, "thread", h.thread()))
			h.settle()
			h.shop.lagging = false
		}},
		{"somebody claims to be another in the form", assured, func(h *house) {
			ann := h.customer("ann")
			h.signal(form, h.ticket(ann, "refund", "order_id", h.order(ann, h.cents()).ID))
		}},
		{"somebody takes another's points in the form", untrusted, func(h *house) {
			h.signal(form, h.ticket(h.customer("ann"), "points"))
		}},
		{"somebody says in the data that they are vouched for", unclaimed, func(h *house) {
			ann := h.customer("ann")
			e := h.ticket(ann, "refund", "order_id", h.order(ann, h.cents()).ID, "assurance", "vouched")
			e["data"].(map[string]any)["customer"] = map[string]any{"id": ann.id, "email": ann.email, "assurance": "vouched"}
			h.signal(form, e)
		}},
		{"somebody joins another's thread in the form and answers their question", lowest, func(h *house) {
			ann, thread := h.customer("ann"), h.thread()
			o, _ := h.asked(ann, thread)
			h.signal(form, h.event("customer.replied", ann, "thread", thread, "order_id", o.ID, "text", "YES"))
		}},
		{"somebody joins another's thread and answers their question", ownThread, func(h *house) {
			thread := h.thread()
			h.asked(h.customer("ann"), thread)
			h.signal(desk, h.event("customer.replied", h.customer("mallory"), "thread", thread, "text", "YES"))
		}},
		{"somebody with another's email address answers their question", idsDecide, func(h *house) {
			ann, mallory, thread := h.customer("ann"), h.customer("mallory"), h.thread()
			h.asked(ann, thread)
			h.signal(desk, h.event("customer.replied", person{mallory.id, ann.email}, "thread", thread, "text", "YES"))
		}},
		{"somebody forges the carrier's scan in the form", lowest, func(h *house) {
			mallory := h.customer("mallory")
			o := h.order(mallory, h.cents())
			h.wants(mallory, "parcel", o)
			h.settle()
			h.signal(form, h.event("parcel.scanned", person{"carrier", "carrier@example.com"}, "order_id", o.ID))
		}},
		{"somebody waits for the scan of another's parcel", named, func(h *house) {
			mallory := h.customer("mallory")
			h.wants(mallory, "parcel", h.order(mallory, h.cents()))
			h.settle()
			theirs := h.order(h.customer("ann"), h.cents())
			h.scanned[theirs.ID] = true
			h.signal(desk, h.event("parcel.scanned", person{"carrier", "carrier@example.com"}, "order_id", theirs.ID))
		}},
		{"somebody sends a signal again", dedupe, func(h *house) {
			mallory := h.customer("mallory")
			h.wished("points", mallory.id)
			e := h.ticket(mallory, "points")
			for range 3 {
				h.signal(desk, e)
				h.settle()
			}
		}},
		{"somebody sends a signal twice in a batch", dedupe, func(h *house) {
			mallory := h.customer("mallory")
			h.wished("credit", mallory.id)
			e := h.ticket(mallory, "credit")
			h.ask(desk, "POST", "/api/v1/signals", map[string]string{"Content-Type": "application/cloudevents-batch+json"}, []any{e, e})
		}},
		{"somebody forges what a monitor finds", reserved, func(h *house) {
			h.signal(desk, h.event("monitor.found", h.customer("mallory"), "monitor", "stalled"))
		}},
		{"somebody forges what a monitor finds in an encoded header", reserved, func(h *house) {
			mallory := h.customer("mallory")
			h.names++
			header := map[string]string{"ce-specversion": "1.0", "ce-id": fmt.Sprintf("event-%d", h.names), "ce-source": "tickets", "ce-type": "monitor%2Efound"}
			data := map[string]any{"monitor": "stalled", "customer": mallory.claim()}
			status, answer := h.ask(desk, "POST", "/api/v1/signals", header, data)
			h.receipt(desk, data, status, answer)
		}},
		{"somebody asks about another's order to learn what it is", required, func(h *house) {
			o := h.order(h.customer("ann"), h.cents())
			h.signal(desk, h.ticket(h.customer("mallory"), "replace", "order_id", o.ID))
		}},
		{"somebody claims to be another and wants the answer elsewhere", replyTo, func(h *house) {
			ann := h.customer("ann")
			h.signal(form, h.ticket(ann, "replace", "order_id", h.order(ann, h.cents()).ID, "reply_to", h.customer("mallory").email))
		}},
		{"somebody joins another's thread and wants the answers elsewhere", replyTo, func(h *house) {
			ann, thread := h.customer("ann"), h.thread()
			o, _ := h.asked(ann, thread)
			h.signal(form, h.event("customer.replied", ann, "thread", thread, "order_id", o.ID, "text", "What?", "reply_to", h.customer("mallory").email))
		}},
		{"somebody sends more than fits", sized, func(h *house) {
			e := h.ticket(h.customer("mallory"), "points", "text", strings.Repeat("x", mostBytes))
			h.signal(desk, e)
		}},
		{"somebody sends what is no text", utf8, func(h *house) {
			h.raw(`"text": "caf` + "\xe9" + `"`)
		}},
		{"somebody sends half a character", whole, func(h *house) {
			h.raw(`"text": "\ud83d"`)
		}},
	}
}

// raw posts an event with a field that no JSON has.
func (h *house) raw(field string) {
	h.Helper()
	h.names++
	body := fmt.Sprintf(`{"specversion": "1.0", "id": "event-%d", "source": "tickets", "type": "ticket.created", "data": {"kind": "none", %s}}`, h.names, field)
	if status, _ := h.ask(desk, "POST", "/api/v1/signals", nil, []byte(body)); status == http.StatusAccepted {
		h.saw("a body was taken that can't be kept as it is: %s", field)
	}
}

// outsiders have no business with the API, or knew a token once.
func outsiders() []mechanism {
	return []mechanism{
		{"somebody forges the plugin's result", secret, func(h *house) {
			op := h.returning()
			h.forge(op, map[string]any{"idempotency_key": op.key, "result": map[string]any{"collected": true}})
		}},
		{"somebody forges the plugin's failure to get another remedy", secret, func(h *house) {
			op := h.returning()
			h.forge(op, map[string]any{"idempotency_key": op.key, "error": map[string]any{"code": "nobody_home"}})
		}},
		{"somebody posts a result with the secret of another operation", secret, func(h *house) {
			op, mine := h.returning(), h.returning()
			id, _, _ := strings.Cut(h.token(op.callback), ".")
			_, mac, _ := strings.Cut(h.token(mine.callback), ".")
			h.ask(stranger, "POST", "/callbacks/"+id+"."+mac, nil, map[string]any{"idempotency_key": op.key, "result": map[string]any{"collected": true}})
		}},
		{"a program that sends signals reads cases", routes, func(h *house) {
			ann, thread := h.customer("ann"), h.thread()
			_, id := h.asked(ann, thread)
			for _, path := range []string{"cases/" + id, "cases/" + id + "/journal", "cases", "outbox", "approvals"} {
				h.ask(form, "GET", "/api/v1/"+path, nil, nil)
			}
		}},
		{"somebody guesses a token", bearer, func(h *house) {
			_, id := h.asked(h.customer("ann"), h.thread())
			h.secrets[stranger] = fmt.Sprintf("rsl_%d", h.rand.Uint64())
			h.ask(stranger, "GET", "/api/v1/cases/"+id, nil, nil)
			delete(h.secrets, stranger)
		}},
		{"somebody uses a token whose time is over", expires, func(h *house) {
			h.leaver(func(string) { h.pass(2 * time.Hour) })
		}},
		{"somebody uses a token that was revoked", revoked, func(h *house) {
			h.leaver(func(id string) { must(h, h.tokens.Revoke(h.Context(), id, "user:ada")) })
		}},
	}
}
