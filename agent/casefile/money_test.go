package casefile_test

import (
	"math"
	"testing"

	"resolute/agent/casefile"
)

func TestMoneyOfAnAction(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     casefile.Object
		cents    int64
		currency string
		there    bool
	}{
		{"an amount and its currency", casefile.Object{"amount_cents": int64(250), "currency": "eur", "order_id": "O"}, 250, "EUR", true},
		{"the largest of several", casefile.Object{"fee_cents": int64(30), "total_cents": int64(900), "count": int64(1_000)}, 900, "", true},
		{"whatever its sign", casefile.Object{"a_cents": int64(-900), "b_cents": int64(30)}, -900, "", true},
		{"the least there is", casefile.Object{"a_cents": int64(math.MinInt64), "b_cents": int64(math.MaxInt64)}, math.MinInt64, "", true},
		{"nothing", casefile.Object{"amount_cents": int64(0)}, 0, "", true},
		{"none", casefile.Object{"order_id": "O", "amount_cents": 2.5, "currency": "money"}, 0, "", false},
	} {
		cents, currency, there := casefile.Action{Args: c.args}.Money()
		if cents != c.cents || currency != c.currency || there != c.there {
			t.Errorf("%s: %v moves %d %q, %v; want %d %q, %v", c.name, c.args, cents, currency, there, c.cents, c.currency, c.there)
		}
	}
}
