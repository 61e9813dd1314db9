package hostile_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"resolute/tools/protocol"
)

// shop is the company's systems behind one server. It does what it is told and checks nothing: what
// is wrong about a call is for others to see.
type shop struct {
	server *httptest.Server

	mu       sync.Mutex
	orders   map[string]*order
	accounts map[string]*account
	ledger   []effect
	requests map[string]int // by case, reads too
	reads    []effect
	reviews  map[string]string // of an order's goods, by somebody else
	inside   int               // requests to what nobody outside may reach
	pending  []*operation      // asynchronous calls whose result is to come
	fate     map[string]string // of calls, by tool and subject
	silent   map[string]bool   // keys of calls that nobody learns the outcome of
	lagging  bool              // reads of orders show them as they were first
	manifest func(plugin string) protocol.Manifest
}

type order struct {
	ID         string `json:"id"`
	Owner      string `json:"customer_email,omitempty"` // "" where the shop doesn't know
	Item       string `json:"item"`
	Total      int64  `json:"total_cents"`
	Refunded   int64  `json:"refunded_cents"`
	Refundable int64  `json:"refundable_cents"`
	Replaced   bool   `json:"replaced"`
	Collected  bool   `json:"collected"`
	Note       string `json:"note"`       // of the customer
	Wish       int64  `json:"wish_cents"` // of the customer
	Tracking   string `json:"tracking,omitempty"`

	first *order
}

type account struct {
	ID          string `json:"id"`
	Points      int64  `json:"points"`
	Gifts       int64  `json:"gifts"`
	FeesWaived  int64  `json:"fees_waived"`
	Credit      int64  `json:"credit_cents"`
	Compensated int64  `json:"compensated_cents"`
	Address     string `json:"address,omitempty"`
	Phone       string `json:"phone,omitempty"`
}

// effect is something that the shop did.
type effect struct {
	tool, caseID string
	args         map[string]any
}

type operation struct {
	key, tool, callback string
	args                map[string]any
	done                bool
}

func openShop(t testing.TB) *shop {
	s := &shop{orders: map[string]*order{}, accounts: map[string]*account{}, requests: map[string]int{}, reviews: map[string]string{}, fate: map[string]string{}, silent: map[string]bool{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plugin, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if plugin == "inside" {
		s.inside++
	}
	if rest == "manifest" {
		answer(w, http.StatusOK, s.manifest(plugin))
		return
	}
	if key, ok := strings.CutPrefix(rest, "operations/"); ok {
		s.tell(w, key)
		return
	}
	body, err := io.ReadAll(r.Body)
	var args map[string]any
	if err == nil {
		err = json.Unmarshal(body, &args)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	caseID, tool := r.Header.Get(protocol.HeaderCase), plugin+"."+strings.TrimPrefix(rest, "tools/")
	s.requests[caseID]++
	fate := s.fate[tool+" "+subject(args)]
	if fate == "busy" {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if tool == "shop.collect_return" {
		key := r.Header.Get(protocol.HeaderIdempotencyKey)
		s.pending = append(s.pending, &operation{key: key, tool: tool, callback: r.Header.Get(protocol.HeaderCallback), args: args})
		answer(w, http.StatusAccepted, protocol.Accepted{Operation: key})
		return
	}
	result := s.read(tool, args)
	if result == nil {
		s.ledger = append(s.ledger, effect{tool, caseID, args})
		result = s.act(tool, args)
	} else {
		s.reads = append(s.reads, effect{tool, caseID, args})
	}
	if fate == "silent" {
		s.silent[r.Header.Get(protocol.HeaderIdempotencyKey)] = true
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, result)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // plain values, to a recorder or to whoever hung up
}

// tell says what became of an operation.
func (s *shop) tell(w http.ResponseWriter, key string) {
	for _, op := range s.pending {
		if op.key == key {
			answer(w, http.StatusOK, protocol.Operation{Status: protocol.OperationPending})
			return
		}
	}
	if s.silent[key] {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

// subject is what a call is about.
func subject(args map[string]any) string {
	for _, name := range []string{"order_id", "customer_id"} {
		if id, ok := args[name].(string); ok {
			return id
		}
	}
	return ""
}

// read answers a reading tool; nil for others.
func (s *shop) read(tool string, args map[string]any) any {
	switch tool {
	case "shop.get_order":
		if o := s.orders[subject(args)]; o != nil {
			if s.lagging {
				o = o.first
			}
			shown := *o
			shown.Refundable = o.Total - o.Refunded
			return &shown
		}
		return order{}
	case "shop.get_account":
		if a := s.accounts[subject(args)]; a != nil {
			return a
		}
		return account{}
	case "shop.list_reviews":
		return map[string]any{"items": []any{map[string]any{"author": "somebody else", "text": s.reviews[subject(args)]}}}
	case "carrier.track":
		return map[string]any{"city": town(args["number"])}
	case "inside.get_metadata":
		return map[string]any{"secret": "of the house"}
	}
	return nil
}

// town is where a parcel is.
func town(number any) string {
	of := []string{"Ghent", "Porto", "Turku", "Graz", "Cork"}
	n := 0
	for _, b := range []byte(fmt.Sprint(number)) {
		n += int(b)
	}
	return of[n%len(of)]
}

// act does what a call asks for.
func (s *shop) act(tool string, args map[string]any) any {
	amount, _ := args["amount_cents"].(float64)
	o, a := s.orders[subject(args)], s.accounts[subject(args)]
	if o == nil {
		o = &order{}
	}
	if a == nil {
		a = &account{}
	}
	switch tool {
	case "shop.refund_order":
		o.Refunded += int64(amount)
		return map[string]any{"refunded_cents": o.Refunded}
	case "shop.create_replacement":
		o.Replaced = true
		return map[string]any{"replaced": true}
	case "shop.grant_points":
		points, _ := args["points"].(float64)
		a.Points += int64(points)
		return map[string]any{"points": a.Points}
	case "shop.send_gift":
		a.Gifts++
		return map[string]any{"gifts": a.Gifts}
	case "shop.waive_fee":
		a.FeesWaived++
		return map[string]any{"fees_waived": a.FeesWaived}
	case "shop.credit":
		a.Credit += int64(amount)
		return map[string]any{"credit_cents": a.Credit}
	case "shop.compensate":
		a.Compensated += int64(amount)
		return map[string]any{"compensated_cents": a.Compensated}
	case "shop.change_address":
		a.Address, _ = args["address"].(string)
		return map[string]any{"address": a.Address}
	case "shop.erase_account":
		return map[string]any{"id": a.ID}
	case "crm.tag_order":
		return map[string]any{"tagged": true}
	}
	return map[string]any{}
}

// collect has the goods of an order fetched, and gives the address and the body of the plugin's own
// callback.
func (s *shop) collect(id string) (url string, body map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.pending {
		if subject(op.args) == id && !op.done {
			op.done = true
			s.orders[id].Collected = true
			return op.callback, map[string]any{"idempotency_key": op.key, "result": map[string]any{"collected": true}}
		}
	}
	panic(fmt.Sprintf("nobody asked for %s to be collected", id))
}

// awaited gives the operation that is under way for an order, nil if there is none.
func (s *shop) awaited(id string) *operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.pending {
		if subject(op.args) == id && !op.done {
			return op
		}
	}
	return nil
}
