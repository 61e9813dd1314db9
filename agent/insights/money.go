package insights

import (
	"cmp"
	"math"
	"slices"
)

// Effect is what a tool did for a procedure, and what was not undone since.
type Effect struct {
	Procedure string  `json:"procedure"`
	Tool      string  `json:"tool"`
	Currency  *string `json:"currency"` // null where nothing has an amount
	Count     int     `json:"count"`
	Sum       *int64  `json:"sum_cents"` // minor units, exact
	Reason    string  `json:"reason,omitempty"`
}

// rawKey is what effects are put together by while it isn't known which currency a version has.
type rawKey struct {
	procedure, tool, currency word
	bundle                    word // where no currency is named
	money                     bool
}

// rawEffects sums what was done.
type rawEffects map[rawKey]*sum

func (s rawEffects) add(e *effect) {
	key := rawKey{procedure: e.procedure, tool: e.tool, currency: e.currency, money: e.money}
	if e.money && e.currency == 0 {
		key.bundle = e.bundle
	}
	t := s[key]
	if t == nil {
		t = &sum{}
		s[key] = t
	}
	t.add(e.amount, 1)
}

// resolve puts together what is of one currency; of gives a version's, and text what a word says.
func (s rawEffects) resolve(text func(word) string, of func(word) string) effects {
	all := effects{}
	for key, t := range s {
		to := effectKey{procedure: key.procedure, tool: key.tool, money: key.money}
		switch {
		case !key.money:
		case key.currency != 0:
			to.currency = text(key.currency)
		default:
			to.currency = of(key.bundle)
		}
		if all[to] == nil {
			all[to] = &sum{}
		}
		all[to].over = all[to].over || t.over
		all[to].add(t.total, t.count)
	}
	return all
}

// effectKey is what effects are put together by.
type effectKey struct {
	procedure, tool word
	currency        string
	money           bool
}

// effects are what was done, by currency.
type effects map[effectKey]*sum

type sum struct {
	count int
	total int64
	over  bool // it doesn't fit 64 bits
}

func (t *sum) add(amount int64, count int) {
	t.count += count
	t.over = t.over || amount > 0 && t.total > math.MaxInt64-amount || amount < 0 && t.total < math.MinInt64-amount
	t.total += amount
}

func (s effects) list(words dictionary) []Effect {
	list := []Effect{}
	for key, t := range s {
		e := Effect{Procedure: words.text(key.procedure), Tool: words.text(key.tool), Count: t.count}
		switch {
		case !key.money:
			e.Reason = "these actions have no amount"
		case key.currency == "":
			e.Reason = "they name no currency, and the version's isn't known any more"
		case t.over:
			e.Currency, e.Reason = &key.currency, "the sum doesn't fit 64 bits"
		default:
			e.Currency, e.Sum = &key.currency, &t.total
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(a.Procedure, b.Procedure), cmp.Compare(a.Tool, b.Tool), cmp.Compare(textOf(a.Currency), textOf(b.Currency)))
	})
	return list
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
