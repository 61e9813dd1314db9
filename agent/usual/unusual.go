package usual

import (
	"fmt"
	"math"
	"time"

	"resolute/agent/casefile"
)

// What a deviation adds to the risk: none alone lets a person decide where the default of 50 stands.
const (
	addRate    = 20
	addPayee   = 20
	addBurst   = 30
	mostAmount = 40
)

// unusual gives what is unusual about a write that is about to be sent.
func (h *history) unusual(now time.Time, args casefile.Object, customer string) (parts []casefile.RiskPart) {
	if h.Writes < few {
		return nil
	}
	h.roll(now)
	add := func(factor string, n int, format string, args ...any) {
		parts = append(parts, casefile.RiskPart{Factor: factor, Add: n, Reason: fmt.Sprintf(format, args...)})
	}
	if cents, currency := amountOf(args); cents > 0 {
		if f := h.Amounts[currency]; f != nil && f.N >= few {
			// a tool that always moves about the same is no reason to stop at a tenth more
			if z := (math.Log(float64(cents)) - f.Mean) / max(math.Sqrt(max(f.Var, 0)), 0.35); z >= 3 {
				add("amount", min(20+int(5*(z-3)), mostAmount), "%.2f is %.1f times what is usual", float64(cents)/100, float64(cents)/math.Exp(f.Mean))
			}
		}
	}
	if n := h.Calls + 1; h.Rate.N >= fewSpans && n >= 10 && n > 4*h.Rate.Mean && n > h.Rate.Mean+6*math.Sqrt(max(h.Rate.Mean, 1)) {
		add("rate", addRate, "%.0f calls within %v, where %.1f are usual", n, span, h.Rate.Mean)
	}
	if p := payeeOf(args); p != 0 && !h.paid[p] && h.Known.N >= few && h.Known.Mean >= 0.5 {
		add("payee", addPayee, "this payee is new, where %.0f %% are known", 100*h.Known.Mean)
	}
	if n, all := h.perDay[hashOf(customer)]+1, len(h.perDay); customer != "" && all >= fewCustomers && n >= 4 && float64(n) > 4*float64(len(h.Recent))/float64(all) {
		add("burst", addBurst, "the %d. for this customer within a day, where %.1f are usual", n, float64(len(h.Recent))/float64(all))
	}
	return parts
}
