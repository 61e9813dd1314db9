package demo_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/plugins/demo"
	"resolute/tools/protocol"
)

var opened = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// shopfront is a company on loopback, as a test uses it.
type shopfront struct {
	*httptest.Server
	t *testing.T
	c *demo.Company
}

func open(t *testing.T, path string) *shopfront {
	t.Helper()
	c, err := demo.Open(path, demo.Options{
		Now: func() time.Time { return opened }, Log: slog.New(slog.DiscardHandler),
		InvoiceDelay: time.Millisecond, CallbackPause: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &shopfront{Server: httptest.NewServer(c.Handler()), t: t, c: c}
}

func (s *shopfront) shut() {
	s.t.Helper()
	s.CloseClientConnections()
	s.Close()
	if err := s.c.Close(); err != nil {
		s.t.Error(err)
	}
}

// do sends a request; headers come in pairs. Status 0 means that no answer came.
func (s *shopfront) do(method, path, body string, headers ...string) (int, string) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0, ""
	}
	r.GetBody = nil // or the client would repeat what has an idempotency key
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, strings.TrimSpace(string(b))
}

// call calls PLUGIN.TOOL, with an idempotency key unless it is empty.
func (s *shopfront) call(tool, args, key string, headers ...string) (int, string) {
	plugin, name, _ := strings.Cut(tool, ".")
	if key != "" {
		headers = append(headers, protocol.HeaderIdempotencyKey, key)
	}
	return s.do(http.MethodPost, "/"+plugin+"/tools/"+name, args, headers...)
}

// read calls a reading tool and gives its result.
func (s *shopfront) read(tool, args string) map[string]any {
	s.t.Helper()
	status, body := s.call(tool, args, "")
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); status != http.StatusOK || err != nil {
		s.t.Fatalf("%s %s: %d %s, want a result", tool, args, status, body)
	}
	return out
}

func (s *shopfront) ledger() (rows []demo.Effect) {
	s.t.Helper()
	_, body := s.do(http.MethodGet, "/ledger", "")
	var list struct{ Items []demo.Effect }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		s.t.Fatalf("GET /ledger: %s: %v", body, err)
	}
	return list.Items
}

func TestEachToolDoesWhatItSays(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "company.db"))
	defer s.shut()
	s.do(http.MethodDelete, "/faults", "") // the seeded one has a test of its own
	heard := make(chan protocol.CallbackBody, 1)
	caller := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var cb protocol.CallbackBody
		if err := json.NewDecoder(r.Body).Decode(&cb); err == nil {
			heard <- cb
		}
	}))
	defer caller.Close()

	tried, effects := map[string]bool{}, 0
	for i, c := range []struct {
		tool, args string
		writes     bool
		status     int
		has        string
	}{
		{"shop.get_order", `{"order_id":"ORD-1003"}`, false, 200, `"missing_cents":2900,"missing_item":"Linen cushion"`},
		{"shop.get_order", `{"order_id":"ORD-9999"}`, false, 422, `"code":"not_found"`},
		{"shop.get_stock", `{"sku":"BLD-1"}`, false, 200, `"available":14`},
		{"shop.get_customer", `{"customer_id":"CUS-104"}`, false, 200, `"tier":"gold"`},
		{"shop.get_service_level", `{"tier":"gold"}`, false, 200, `"credit_percent":20`},
		{"shop.list_shipments", `{"status":"in_transit"}`, false, 200, `"last_scan_at":"2026-02-24T09:00:00Z"`},
		{"shop.get_shipment", `{"shipment_id":"SHP-7004"}`, false, 200, `"credited_cents":0`},
		{"shop.create_replacement", `{"order_id":"ORD-1001"}`, true, 200, `"eta":"2026-03-05T09:00:00Z"`},
		{"shop.create_replacement", `{"order_id":"ORD-1001"}`, true, 422, `"code":"already_replaced"`},
		{"shop.create_replacement", `{"order_id":"ORD-1002"}`, true, 422, `"code":"out_of_stock"`},
		{"shop.get_stock", `{"sku":"BLD-1"}`, false, 200, `"available":13`},
		{"shop.refund_order", `{"order_id":"ORD-1002","amount_cents":6400}`, true, 200, `"refunded_cents":6400`},
		{"shop.refund_order", `{"order_id":"ORD-1002","amount_cents":1}`, true, 422, `"code":"more_than_paid"`},
		{"shop.credit_shipment", `{"shipment_id":"SHP-7004","amount_cents":3000}`, true, 200, `"credited_cents":3000`},
		{"shop.credit_shipment", `{"shipment_id":"SHP-7004","amount_cents":3000}`, true, 422, `"code":"already_credited"`},
		{"shop.release_hold", `{"order_id":"ORD-1010"}`, true, 200, `"hold":""`},
		{"shop.release_hold", `{"order_id":"ORD-1011"}`, true, 422, `"code":"not_paid"`},
		{"billing.get_payment", `{"payment_id":"PAY-2002"}`, false, 200, `"failure":"expired_card"`},
		{"billing.get_order_billing", `{"order_id":"ORD-1006"}`, false, 200, `"charged_cents":37800`},
		{"billing.find_duplicate_charge", `{"order_id":"ORD-1006"}`, false, 200, `"payment_id":"PAY-2013","of_payment_id":"PAY-2003"`},
		{"billing.refund_payment", `{"payment_id":"PAY-2013","amount_cents":18900}`, true, 200, `"refunded_cents":18900`},
		{"billing.refund_payment", `{"payment_id":"PAY-2013","amount_cents":1}`, true, 422, `"code":"more_than_paid"`},
		{"billing.find_duplicate_charge", `{"order_id":"ORD-1006"}`, false, 200, `"found":false,"payment_id":""`},
		{"billing.list_cards", `{"customer_id":"CUS-106"}`, false, 200, `"default":"1881"`},
		{"billing.retry_payment", `{"payment_id":"PAY-2002"}`, true, 422, `"code":"card_expired"`},
		{"billing.set_default_card", `{"customer_id":"CUS-106","last4":"0000"}`, true, 422, `"code":"no_such_card"`},
		{"billing.set_default_card", `{"customer_id":"CUS-106","last4":"4242"}`, true, 200, `"default":"4242"`},
		{"billing.retry_payment", `{"payment_id":"PAY-2002"}`, true, 200, `"status":"succeeded"`},
		{"billing.retry_payment", `{"payment_id":"PAY-2002"}`, true, 422, `"code":"already_paid"`},
		{"billing.get_invoice", `{"invoice_id":"INV-3001"}`, false, 200, `"revision":1`},
		{"billing.regenerate_invoice", `{"invoice_id":"INV-3001"}`, true, 202, `"operation"`},
		{"billing.get_subscription", `{"subscription_id":"SUB-4002"}`, false, 200, `"access":"locked"`},
		{"billing.set_override", `{"subscription_id":"SUB-4002","enabled":true}`, true, 200, `"access":"locked","override":true`},
		{"billing.set_override", `{"subscription_id":"SUB-4002","enabled":false}`, true, 200, `"override":false`},
		{"billing.rebuild_access", `{"subscription_id":"SUB-4002"}`, true, 200, `"access":"active"`},
		{"billing.extend_subscription", `{"subscription_id":"SUB-4003","days":30}`, true, 200, `"paid_until":"2026-04-12T09:00:00Z","extended_days":30`},
		{"ops.get_delivery", `{"delivery_id":"WHD-6001"}`, false, 200, `"status":"failed"`},
		{"ops.replay_webhook", `{"delivery_id":"WHD-6001"}`, true, 200, `"status":"delivered"`},
		{"ops.replay_webhook", `{"delivery_id":"WHD-6001"}`, true, 422, `"code":"already_delivered"`},
		{"ops.get_flag", `{"flag_key":"checkout-v2"}`, false, 200, `"enabled":true,"intended":false`},
		{"ops.set_flag", `{"flag_key":"checkout-v2","enabled":false}`, true, 200, `"errors_per_minute":0`},
		{"ops.get_usage", `{"customer_id":"CUS-116"}`, false, 200, `"incidents_30d":2`},
	} {
		key := ""
		if c.writes {
			key = fmt.Sprint("k", i)
		}
		status, body := s.call(c.tool, c.args, key, protocol.HeaderCallback, caller.URL, protocol.HeaderCase, "case-1")
		if status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s %s: got %d %s, want %d with %s", c.tool, c.args, status, body, c.status, c.has)
		}
		if c.writes && c.status < 300 {
			effects++
		}
		tried[c.tool] = true
	}
	if cb := <-heard; cb.Error != nil || !strings.Contains(string(cb.Result), `"revision":2`) {
		t.Errorf("the new invoice was called back as %+v, want revision 2", cb)
	}
	for _, plugin := range []string{"shop", "billing", "ops"} {
		for _, tool := range manifest(t, s.URL+"/"+plugin).Tools {
			if !tried[plugin+"."+tool.Name] {
				t.Errorf("nobody tried %s.%s", plugin, tool.Name)
			}
		}
	}
	rows := s.ledger()
	if len(rows) != effects {
		t.Errorf("%d calls changed something, and the ledger has %d rows", effects, len(rows))
	}
	for i, row := range rows {
		if row.Seq != uint64(i+1) || row.IdempotencyKey == "" || row.Case != "case-1" || !row.At.Equal(opened) {
			t.Errorf("row %d of the ledger is %+v, want its number, key, case and time", i, row)
		}
	}
	if rows[1].Tool != "shop.refund_order" || rows[1].AmountCents != 6400 || !strings.Contains(string(rows[1].Args), "ORD-1002") {
		t.Errorf("the second effect is %+v, want the refund of 6400 for ORD-1002", rows[1])
	}
}

func TestLedgerStateAndKeyAreOneTransaction(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 6
	path := filepath.Join(t.TempDir(), "company.db")
	s := open(t, path)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				// two writers at a time share a key: one of them finds it in flight or done
				key := fmt.Sprintf("k-%d-%d", w/2, i)
				if status, body := s.call("shop.refund_order", `{"order_id":"ORD-1007","amount_cents":100}`, key); status != 200 && status != 409 {
					t.Errorf("refund %s: %d %s, want 200 or 409", key, status, body)
				}
			}
		})
	}
	// whatever is in the ledger shows in the order and under its key, at any moment
	look := func() int {
		rows := s.ledger()
		if got := s.read("shop.get_order", `{"order_id":"ORD-1007"}`)["refunded_cents"].(float64); got < float64(100*len(rows)) {
			t.Errorf("the ledger has %d refunds of 100, and the order shows %v", len(rows), got)
		}
		for _, row := range rows {
			if _, body := s.do(http.MethodGet, "/shop/operations/"+row.IdempotencyKey, ""); !strings.Contains(body, `"status":"done"`) {
				t.Errorf("the ledger has %s, and its operation is %s", row.IdempotencyKey, body)
			}
		}
		return len(rows)
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	for running := true; running; {
		select {
		case <-finished:
			running = false
		default:
		}
		look()
	}
	if n := look(); n != writers/2*each {
		t.Errorf("%d keys were used, and the ledger has %d rows", writers/2*each, n)
	}
	s.shut()

	s = open(t, path)
	defer s.shut()
	if n := look(); n != writers/2*each {
		t.Errorf("after a restart the ledger has %d rows, want %d", n, writers/2*each)
	}
	if status, body := s.call("shop.refund_order", `{"order_id":"ORD-1007","amount_cents":100}`, "k-0-0"); status != 200 || look() != writers/2*each {
		t.Errorf("a key from before the restart: %d %s and %d rows, want the stored answer and no new row", status, body, look())
	}
}

func TestSeededFaultTakesTheMoneyAndLosesTheAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "company.db"))
	defer s.shut()
	s.Client().Timeout = 300 * time.Millisecond
	if status, body := s.call("billing.retry_payment", `{"payment_id":"PAY-2001"}`, "k"); status != 0 {
		t.Errorf("the gateway's answer came: %d %s, want none", status, body)
	}
	s.Client().Timeout = 0
	if _, body := s.do(http.MethodGet, "/billing/operations/k", ""); !strings.Contains(body, `"status":"done"`) {
		t.Errorf("the operation is %s, want done", body)
	}
	if p := s.read("billing.get_payment", `{"payment_id":"PAY-2001"}`); p["status"] != "succeeded" || len(s.ledger()) != 1 {
		t.Errorf("the payment is %v with %d rows, want succeeded with one", p["status"], len(s.ledger()))
	}
	if status, _ := s.call("billing.retry_payment", `{"payment_id":"PAY-2001"}`, "k"); status != 200 || len(s.ledger()) != 1 {
		t.Errorf("the same call again: %d and %d rows, want 200 and one: the fault is used up", status, len(s.ledger()))
	}
}

func TestFaultsStrikeAsAsked(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "company.db"))
	defer s.shut()
	s.do(http.MethodDelete, "/faults", "")
	const args = `{"order_id":"ORD-1007","amount_cents":100}`
	for _, c := range []struct {
		kind   string
		status int
		has    string
		row    int // effects of the call
	}{
		{"error", 500, "fault", 0},
		{"reject", 422, `"code":"rejected"`, 0},
		{"garbage", 200, "<html>", 0},
		{"slow", 200, `"amount_cents":100`, 1},
		{"timeout", 0, "", 0},
		{"timeout_after_effect", 0, "", 1},
	} {
		if status, body := s.do(http.MethodPost, "/faults", fmt.Sprintf(`{"tool":"shop.refund_order","kind":%q,"delay_ms":1,"match":{"amount_cents":100}}`, c.kind)); status != 201 {
			t.Fatalf("POST /faults %s: %d %s, want 201", c.kind, status, body)
		}
		before := len(s.ledger())
		if status, _ := s.call("shop.refund_order", `{"order_id":"ORD-1007","amount_cents":7}`, "other-"+c.kind); status != 200 {
			t.Errorf("%s struck a call that it doesn't match: %d", c.kind, status)
		}
		if c.status == 0 {
			s.Client().Timeout = 300 * time.Millisecond
		}
		status, body := s.call("shop.refund_order", args, "hit-"+c.kind)
		s.Client().Timeout = 0
		if status != c.status || !strings.Contains(body, c.has) || len(s.ledger())-before-1 != c.row {
			t.Errorf("%s: %d %s and %d effects, want %d with %q and %d", c.kind, status, body, len(s.ledger())-before-1, c.status, c.has, c.row)
		}
		if _, body := s.do(http.MethodGet, "/faults", ""); body != `{"items":[]}` {
			t.Errorf("%s is still there after it struck: %s", c.kind, body)
		}
	}
	for name, body := range map[string]string{
		"an unknown tool":  `{"tool":"shop.none","kind":"error"}`,
		"an unknown kind":  `{"tool":"shop.get_order","kind":"fire"}`,
		"a negative count": `{"tool":"shop.get_order","kind":"error","count":-1}`,
		"an unknown field": `{"tool":"shop.get_order","kind":"error","often":3}`,
	} {
		if status, answer := s.do(http.MethodPost, "/faults", body); status != 400 {
			t.Errorf("%s: %d %s, want 400", name, status, answer)
		}
	}
	s.do(http.MethodPost, "/faults", `{"tool":"shop.get_stock","kind":"error","count":2}`)
	for i, want := range []int{500, 500, 200} {
		if status, _ := s.call("shop.get_stock", `{"sku":"BLD-1"}`, ""); status != want {
			t.Errorf("call %d under a fault for two: %d, want %d", i+1, status, want)
		}
	}
}

func TestStoryIsAboutWhatTheCompanyHas(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "company.db"))
	defer s.shut()
	steps, err := demo.Story()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		data := step.Signal.Data
		if c, ok := data["customer"].(map[string]any); ok {
			known := s.read("shop.get_customer", fmt.Sprintf(`{"customer_id":%q}`, c["id"]))
			if known["email"] != c["email"] || known["name"] != c["name"] {
				t.Errorf("%s: the customer is %v, and the company knows %v", step.Story, c, known)
			}
		}
		for field, tool := range map[string]string{"payment_id": "billing.get_payment", "delivery_id": "ops.get_delivery", "flag_key": "ops.get_flag", "subscription_id": "billing.get_subscription"} {
			if id, ok := data[field]; ok {
				s.read(tool, fmt.Sprintf(`{%q:%q}`, field, id))
			}
		}
		said := fmt.Sprint(data["subject"], " ", data["text"])
		for word := range strings.FieldsFuncSeq(said, func(r rune) bool { return !strings.ContainsRune("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", r) }) {
			for prefix, call := range map[string][2]string{"ORD-": {"shop.get_order", "order_id"}, "INV-": {"billing.get_invoice", "invoice_id"}, "SUB-": {"billing.get_subscription", "subscription_id"}} {
				if strings.HasPrefix(word, prefix) {
					s.read(call[0], fmt.Sprintf(`{%q:%q}`, call[1], word))
				}
			}
		}
	}
}
