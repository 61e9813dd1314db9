package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// world is what the plugins rule over: their systems of record, and a ledger of every effect that
// ever happened.
type world struct {
	orders   map[string]*order
	stock    map[string]int64
	accounts map[string]*account
	ledger   []effect
	done     map[string]json.RawMessage // results by idempotency key
	ops      map[string]*operation
}

type order struct {
	id, sku, email      string
	delivered           bool
	total, refunded     int64
	replacement         string
	reserved, exchanged bool

	lag   time.Time // until then, reads show what was before
	shown *order
}

type account struct {
	id, customer string
	paid, booked int64
}

// effect is something that a plugin did.
type effect struct {
	at            time.Time
	key, tool, on string // on is the order or the account
	caseID, step  string
	amount        int64
	undone        bool
}

// operation is a call that a plugin knows of and that is not over, or how it ended.
type operation struct {
	call   *wireCall
	status string // pending, done, failed
	result json.RawMessage
}

func newWorld() *world {
	w := &world{orders: map[string]*order{}, stock: map[string]int64{"mug": 3, "lamp": 0, "chair": 5}, accounts: map[string]*account{},
		done: map[string]json.RawMessage{}, ops: map[string]*operation{}}
	for _, o := range []order{
		{id: "ORD-1001", sku: "mug", email: "ann@example.com", delivered: true, total: 2900},
		{id: "ORD-1002", sku: "lamp", email: "ann@example.com", delivered: true, total: 15900},
		{id: "ORD-1003", sku: "chair", email: "bob@example.com", delivered: true, total: 31900},
		{id: "ORD-1004", sku: "lamp", email: "bob@example.com", delivered: true, total: 4500},
		{id: "ORD-1005", sku: "mug", email: "", delivered: true, total: 2900}, // the shop doesn't say whose it is
		{id: "ORD-1006", sku: "mug", email: "cy@example.com", delivered: false, total: 2900},
	} {
		w.orders[o.id] = &o
	}
	for _, c := range customers() {
		w.accounts["ACC-"+c.id] = &account{id: "ACC-" + c.id, customer: c.id}
	}
	return w
}

// refusal is a plugin's no.
type refusal struct{ code string }

// read answers a reading tool.
func (w *world) read(tool string, args map[string]any, now time.Time) (map[string]any, *refusal) {
	switch tool {
	case "shop.get_order":
		o := w.orders[fmt.Sprint(args["order_id"])]
		if o == nil {
			return nil, &refusal{"no_such_order"}
		}
		if now.Before(o.lag) {
			o = o.shown
		}
		m := map[string]any{"id": o.id, "sku": o.sku, "delivered": o.delivered, "total_cents": o.total, "refunded_cents": o.refunded,
			"refundable_cents": o.total - o.refunded, "replacement": o.replacement, "reserved": o.reserved, "exchanged": o.exchanged}
		if o.email != "" {
			m["customer_email"] = o.email
		}
		return m, nil
	case "shop.get_stock":
		return map[string]any{"available": w.stock[fmt.Sprint(args["sku"])]}, nil
	case "bank.get_account":
		if a := w.accounts["ACC-"+fmt.Sprint(args["customer"])]; a != nil {
			return map[string]any{"id": a.id, "paid_cents": a.paid, "booked_cents": a.booked}, nil
		}
	}
	return nil, &refusal{"not_found"}
}

// act does what a call asks for and keeps it in the ledger, or refuses. The shop does a call again
// that comes again; bank.book, which is idempotent, does not, and gives no effect then.
func (w *world) act(c *wireCall, now time.Time) (map[string]any, *effect, *refusal) {
	if raw, ok := w.done[c.key]; ok && c.tool == "bank.book" {
		var m map[string]any
		_ = json.Unmarshal(raw, &m) // it was encoded here
		return m, nil, nil
	}
	result, on, no := w.apply(c)
	if no != nil {
		return nil, nil, no
	}
	amount, _ := c.args["amount_cents"].(float64)
	w.ledger = append(w.ledger, effect{at: now, key: c.key, tool: c.tool, on: on, caseID: c.caseID, step: c.step, amount: int64(amount)})
	raw, _ := json.Marshal(result) // of plain values
	w.done[c.key] = raw
	return result, &w.ledger[len(w.ledger)-1], nil
}

func (w *world) apply(c *wireCall) (result map[string]any, on string, no *refusal) {
	if id, ok := c.args["account_id"].(string); ok {
		return w.applyBank(c, w.accounts[id])
	}
	o := w.orders[fmt.Sprint(c.args["order_id"])]
	if o == nil {
		return nil, "", &refusal{"no_such_order"}
	}
	switch c.tool {
	case "shop.create_replacement":
		if w.stock[o.sku] <= 0 {
			return nil, "", &refusal{"out_of_stock"}
		}
		w.stock[o.sku]--
		o.replacement = fmt.Sprintf("REP-%d", len(w.ledger)+1)
		return map[string]any{"replacement": o.replacement}, o.id, nil
	case "shop.cancel_replacement":
		if o.replacement == "" {
			return nil, "", &refusal{"nothing_to_cancel"}
		}
		w.stock[o.sku]++
		o.replacement = ""
		w.takenBack("shop.create_replacement", c, o.id)
		return map[string]any{"cancelled": true}, o.id, nil
	case "shop.refund_order":
		amount, _ := c.args["amount_cents"].(float64)
		if o.refunded+int64(amount) > 2*o.total { // not at once: a second refund is the agent's to prevent
			return nil, "", &refusal{"more_than_paid"}
		}
		o.refunded += int64(amount)
		return map[string]any{"refunded_cents": o.refunded}, o.id, nil
	case "shop.reserve":
		o.reserved = true
		return map[string]any{"reserved": true}, o.id, nil
	case "shop.release":
		if !o.reserved {
			return nil, "", &refusal{"not_reserved"}
		}
		o.reserved = false
		w.takenBack("shop.reserve", c, o.id)
		return map[string]any{"released": true}, o.id, nil
	case "shop.exchange":
		if !o.reserved {
			return nil, "", &refusal{"not_reserved"}
		}
		o.exchanged = true
		return map[string]any{"exchanged": true}, o.id, nil
	case "shop.purge":
		return map[string]any{"purged": true}, o.id, nil
	}
	return nil, "", &refusal{"no_such_tool"}
}

func (w *world) applyBank(c *wireCall, a *account) (map[string]any, string, *refusal) {
	amount, _ := c.args["amount_cents"].(float64)
	switch {
	case a == nil:
		return nil, "", &refusal{"no_such_account"}
	case c.tool == "bank.pay":
		a.paid += int64(amount)
		return map[string]any{"paid_cents": a.paid}, a.id, nil
	}
	a.booked += int64(amount)
	return map[string]any{"booked_cents": a.booked}, a.id, nil
}

// lags lets reads show an order as it is now for a while, whatever is done to it.
func (w *world) lags(c *wireCall, until time.Time) {
	if o := w.orders[fmt.Sprint(c.args["order_id"])]; o != nil {
		was := *o
		o.lag, o.shown = until, &was
	}
}

// takenBack marks the newest effect of a tool as undone, one of the same case where there is any.
func (w *world) takenBack(tool string, c *wireCall, on string) {
	for _, any := range []bool{false, true} {
		for i := range slices.Backward(w.ledger) {
			if e := &w.ledger[i]; e.tool == tool && e.on == on && !e.undone && (any || e.caseID == c.caseID) {
				e.undone = true
				return
			}
		}
	}
}

// drift changes what the world is like, with nobody's doing.
func (w *world) drift(c *Choices) string {
	ids := []string{"ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004"}
	o := w.orders[ids[c.Draw(len(ids))]]
	switch c.Draw(4) {
	case 0:
		o.total += 100
		return fmt.Sprintf("%s now costs %d", o.id, o.total)
	case 1:
		w.stock[o.sku] = int64(2 - c.Draw(3))
		return fmt.Sprintf("there are now %d of %s", w.stock[o.sku], o.sku)
	case 2:
		o.total = max(100, o.total-500)
		return fmt.Sprintf("%s now costs %d", o.id, o.total)
	}
	o.delivered = !o.delivered
	return fmt.Sprintf("%s is delivered: %v", o.id, o.delivered)
}
