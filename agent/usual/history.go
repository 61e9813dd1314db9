package usual

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// How much history it takes before anything is unusual.
const (
	few          = 30 // writes by the tool
	fewSpans     = 36 // spans of time, six hours
	fewCustomers = 20 // customers of the last day
)

// span is how long calls are counted together; a day is what bursts are looked for in.
const (
	span    = 10 * time.Minute
	day     = 24 * time.Hour
	horizon = 1008 // spans, a week: figures forget what is older
	payees  = 20_000
	recents = 5_000
)

// figures are a mean and a variance that forget.
type figures struct {
	N    float64 `json:"n"`
	Mean float64 `json:"mean"`
	Var  float64 `json:"var"`
}

func (f *figures) add(x float64) {
	f.N = min(f.N+1, horizon)
	d := x - f.Mean
	f.Mean += d / f.N
	f.Var += (d*(x-f.Mean) - f.Var) / f.N
}

// history is what a tool did, in figures.
type history struct {
	Writes  int64               `json:"writes"`
	Amounts map[string]*figures `json:"amounts"` // of logarithms, by currency
	Span    time.Time           `json:"span"`    // when the span under way began
	Calls   float64             `json:"calls"`   // in it
	Sum     float64             `json:"sum"`     // of amounts in it, in minor units of whatever currency
	Rate    figures             `json:"rate"`    // of calls in a span
	Sums    figures             `json:"sums"`    // of sums in a span
	Payees  []uint64            `json:"payees"`  // hashes of those who were paid, the newest last
	Known   figures             `json:"known"`   // how often a payee was known, 0 to 1
	Recent  []recent            `json:"recent"`  // of the last day, the newest last
	Spiked  time.Time           `json:"spiked"`  // last

	paid   map[uint64]bool
	perDay map[uint64]int // customer → writes in Recent
}

type recent struct {
	At       time.Time `json:"at"`
	Customer uint64    `json:"customer"`
}

// restore derives what isn't stored.
func (h *history) restore() {
	h.paid, h.perDay = map[uint64]bool{}, map[uint64]int{}
	for _, p := range h.Payees {
		h.paid[p] = true
	}
	for _, r := range h.Recent {
		h.perDay[r.Customer]++
	}
	if h.Amounts == nil {
		h.Amounts = map[string]*figures{}
	}
}

// amountOf gives what an action moves, in minor units, 0 for nothing.
func amountOf(args casefile.Object) (cents int64, currency string) {
	currency, _ = args["currency"].(string)
	for name, v := range args {
		if n, ok := v.(int64); ok && strings.HasSuffix(name, "_cents") {
			cents = max(cents, n)
		}
	}
	return cents, strings.ToUpper(currency)
}

// payeeOf gives who gets it, 0 for nobody in particular.
func payeeOf(args casefile.Object) (hash uint64) {
	for name, v := range args {
		s, ok := v.(string)
		if !ok {
			continue
		}
		for _, part := range []string{"payee", "recipient", "beneficiary", "account", "iban"} {
			if strings.Contains(strings.ToLower(name), part) {
				hash ^= hashOf(name + "\x00" + s)
			}
		}
	}
	return hash
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // a hash never fails
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// roll ends spans that are over by now, and forgets who was served more than a day ago.
func (h *history) roll(now time.Time) {
	if h.Span.IsZero() {
		h.Span = now.Truncate(span)
	}
	for i := 0; now.Sub(h.Span) >= span; i++ {
		if i > horizon { // it was quiet for longer than figures remember
			h.Span = now.Truncate(span)
			break
		}
		h.Rate.add(h.Calls)
		h.Sums.add(h.Sum)
		h.Span, h.Calls, h.Sum = h.Span.Add(span), 0, 0
	}
	old := 0
	for ; old < len(h.Recent) && (now.Sub(h.Recent[old].At) >= day || len(h.Recent)-old > recents); old++ {
		if c := h.Recent[old].Customer; h.perDay[c] > 1 {
			h.perDay[c]--
		} else {
			delete(h.perDay, c)
		}
	}
	h.Recent = slices.Delete(h.Recent, 0, old)
}

// add counts a write. It gives why this is a spike, "" if it is none.
func (h *history) add(at time.Time, args casefile.Object, customer string) (spike string) {
	h.roll(at)
	cents, currency := amountOf(args)
	h.Writes++
	h.Calls++
	h.Sum += float64(cents)
	spike = h.spike(at)
	if cents > 0 {
		f := h.Amounts[currency]
		if f == nil {
			f = &figures{}
			h.Amounts[currency] = f
		}
		f.add(math.Log(float64(cents)))
	}
	if p := payeeOf(args); p != 0 {
		known := 0.0
		if h.paid[p] {
			known = 1
		} else {
			h.paid[p] = true
			if h.Payees = append(h.Payees, p); len(h.Payees) > payees {
				delete(h.paid, h.Payees[0])
				h.Payees = slices.Delete(h.Payees, 0, 1)
			}
		}
		h.Known.add(known)
	}
	if customer != "" {
		c := hashOf(customer)
		h.Recent = append(h.Recent, recent{at, c})
		h.perDay[c]++
	}
	return spike
}

// spike says why the span under way is one, once an hour: whoever resumes the tool has seen it.
func (h *history) spike(at time.Time) string {
	if h.Rate.N < fewSpans || h.Calls < few || at.Sub(h.Spiked) < time.Hour {
		return ""
	}
	why := ""
	switch {
	case h.Calls > 8*max(h.Rate.Mean, 1):
		why = fmt.Sprintf("it was called %.0f times within %v, where %.1f are usual", h.Calls, span, h.Rate.Mean)
	case h.Sums.Mean > 0 && h.Sum > 20*h.Sums.Mean && h.Sum > h.Sums.Mean+8*math.Sqrt(h.Sums.Var):
		why = fmt.Sprintf("it moved %.2f within %v, where %.2f are usual", h.Sum/100, span, h.Sums.Mean/100)
	default:
		return ""
	}
	h.Spiked = at
	return why
}
