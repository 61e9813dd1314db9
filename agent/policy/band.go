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
// The amount is the largest of the arguments that are money, by the tool's schema or their names,
// whatever its sign; those in a list count together. One that is no whole number is of the highest band,
// where least is trusted.
func (a *Authority) Band(action casefile.Action) string {
	amount, there := a.Tools[action.Tool].amount("", map[string]any(action.Args), false)
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

// amount gives the amount of money at and below a path of the arguments; money says that the path itself
// is.
func (t Tool) amount(path string, value any, money bool) (amount uint64, there bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			at := strings.TrimPrefix(path+"."+key, ".")
			if n, ok := t.amount(at, inner, money || t.mark(at) == Money); ok {
				amount, there = max(amount, n), true
			}
		}
	case []any:
		for _, inner := range v {
			if n, ok := t.amount(path+".*", inner, money || t.mark(path+".*") == Money); ok {
				amount, there = plus(amount, n), true
			}
		}
	case int64:
		return magnitude(v), money
	default:
		return math.MaxUint64, money
	}
	return amount, there
}

// plus adds, as far as there are numbers.
func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// magnitude is the distance to 0, of the least integer too.
func magnitude(i int64) uint64 {
	if i < 0 {
		return uint64(-(i + 1)) + 1
	}
	return uint64(i)
}
