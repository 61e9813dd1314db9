package policy

import (
	"math"
	"strconv"
	"strings"

	"resolute/agent/casefile"
)

// Band names the amounts that an action shares its evidence with, as in "5001..20000 EUR": bounds in
// minor units, both of the band, and the currency. It is "" for an action without an amount.
//
// The amount is the largest of the arguments that end in _cents, whatever its sign. One that is no
// whole number is of the highest band, where least is trusted.
func (a *Authority) Band(action casefile.Action) string {
	amount, there := amountOf(action.Args)
	if !there {
		return ""
	}
	currency := a.Currency
	if c, ok := action.Args["currency"].(string); ok && c != "" {
		currency = c
	}
	low := uint64(0)
	for _, bound := range a.Bands {
		if amount <= uint64(bound) {
			return band(low, strconv.FormatInt(bound, 10), currency)
		}
		low = uint64(bound) + 1
	}
	return band(low, "", currency)
}

func band(low uint64, high, currency string) string {
	return strings.TrimSuffix(strconv.FormatUint(low, 10)+".."+high+" "+currency, " ")
}

func amountOf(args casefile.Object) (amount uint64, there bool) {
	for name, v := range args {
		if !strings.HasSuffix(name, "_cents") {
			continue
		}
		n := uint64(math.MaxUint64)
		if i, ok := v.(int64); ok {
			n = magnitude(i)
		}
		amount, there = max(amount, n), true
	}
	return amount, there
}

// magnitude is the distance to 0, of the least integer too.
func magnitude(i int64) uint64 {
	if i < 0 {
		return uint64(-(i + 1)) + 1
	}
	return uint64(i)
}
