package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Budget bounds what actions take together within a window of time. What is counted is the value of
// Sum for each action, in minor units of the action's currency; a Sum that is a plain number counts
// actions, whatever their currency.
type Budget struct {
	ID     string
	Pos    source.Pos
	Sum    *expr.Program
	Per    *expr.Program // what is counted apart, nil for all together
	Window time.Duration // rolls from each reservation
	Max    int64         // of the sums within Window
	Beyond casefile.VerdictOutcome
}

// mostTaken is more than any amount, in minor units, and so little that sums don't overflow.
const mostTaken = 1 << 50

func (p *Policy) addBudget(n source.Node, c *expr.Compiler, problems *source.Problems) {
	m := n.Mapping("id", "sum", "per", "window", "max", "beyond")
	b := Budget{ID: nameOf(m.Need("id", "refunds-day")), Pos: n.Pos(),
		Window: m.Need("window", "24h").Duration(), Max: int64(m.Need("max", "500000").Int()),
		Beyond: casefile.VerdictOutcome(m.Need("beyond", "approve").OneOf("approve", "deny"))}
	if sum := m.Need("sum", "action.args.amount_cents"); sum.Here() {
		b.Sum = c.Compile(sum.Text(), expr.Policy, problems)
		if b.Sum != nil && b.Sum.Kind() != "int" && b.Sum.Kind() != expr.Any {
			sum.Fail("a budget counts whole numbers, and this is a %s", b.Sum.Kind())
		}
	}
	if per := m.Get("per"); per.Here() {
		b.Per = c.Compile(per.Text(), expr.Policy, problems)
	}
	if m.Get("window").Here() && b.Window <= 0 {
		m.Get("window").Fail("a budget needs a window of time that is longer than nothing, like 24h")
	}
	if b.Max < 0 {
		m.Get("max").Fail("a budget is of nothing or more")
	}
	if p.names(b.ID) {
		n.Fail("%s is there twice", b.ID)
	}
	p.Budgets = append(p.Budgets, b)
}

// names reports whether a rule, a budget or a factor of the policy has this id.
func (p *Policy) names(id string) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.ID == id }) ||
		slices.ContainsFunc(p.Budgets, func(b Budget) bool { return b.ID == id }) ||
		slices.ContainsFunc(p.Risk, func(f Factor) bool { return f.ID == id })
}

// counts reports whether the budget counts actions.
func (b *Budget) counts() bool {
	return b.Sum != nil && strings.Trim(b.Sum.Source, "0123456789 ") == ""
}

// budget takes what the action takes, and says what follows where the budget had no room for it.
func (j *judgement) budget(p *Policy, b *Budget, exceeded []casefile.Exceeded) {
	r, err := j.reservation(p, b)
	if err != nil {
		said := casefile.RuleResult{Policy: p.Name, Rule: b.ID, Says: casefile.Deny, Error: err.Error(),
			Reason: "what it takes from the budget can't be told, and then it is denied: " + err.Error()}
		j.excuse(&said, b.Sum)
		j.excuse(&said, b.Per)
		j.fire(said)
		return
	}
	said := casefile.RuleResult{Policy: p.Name, Rule: b.ID, Says: b.Beyond, Code: casefile.StopBudgetExceeded}
	for _, x := range exceeded {
		if said.Fired || !x.Same(r) || r.Amount <= r.Max-x.Used {
			continue
		}
		said.Fired, said.Reason = true, beyond(&r, x.Used)
		j.exceeded = append(j.exceeded, casefile.Exceeded{Reservation: r, Used: x.Used})
		r.Over = b.Beyond == casefile.Approve // whoever approves this knows
	}
	j.rules, j.reserves = append(j.rules, said), append(j.reserves, r)
}

// beyond says why a budget has no room.
func beyond(r *casefile.Reservation, used int64) string {
	unit, of := "", ""
	if r.Currency != "" {
		unit = " minor units of " + r.Currency
	}
	if r.Key != "" {
		of = " for " + r.Key
	}
	return fmt.Sprintf("of %d%s within %v%s, %d are used, and this would take %d more", r.Max, unit, time.Duration(r.Window), of, used, r.Amount)
}

func (j *judgement) reservation(p *Policy, b *Budget) (r casefile.Reservation, err error) {
	r = casefile.Reservation{Policy: p.Name, Budget: b.ID, Max: b.Max, Window: casefile.Duration(b.Window), Beyond: b.Beyond}
	sum, err := j.value(b.Sum)
	if err != nil {
		return r, err
	}
	amount, whole := sum.(int64)
	if !whole || amount < 0 || amount > mostTaken {
		return r, fmt.Errorf("%s is %v, and a budget counts whole numbers from 0 on", b.Sum.Source, sum)
	}
	if r.Amount = amount; !b.counts() {
		if r.Currency, err = j.currency(); err != nil {
			return r, err
		}
	}
	if b.Per == nil {
		return r, nil
	}
	per, err := j.value(b.Per)
	if err == nil && per == nil {
		err = fmt.Errorf("%s is null", b.Per.Source)
	}
	if err != nil {
		return r, err
	}
	key, err := casefile.EncodeValue(per)
	r.Key = string(key)
	return r, err
}

func (j *judgement) value(e *expr.Program) (any, error) {
	if e == nil {
		return nil, errors.New("it was not compiled")
	}
	j.reads = append(j.reads, e.Reads()...)
	return e.Eval(j.vars)
}

// currency is that of the action's amounts: what stands beside them, else the company's.
func (j *judgement) currency() (string, error) {
	given, ok := j.args["currency"]
	if !ok {
		return j.terms.Currency, nil
	}
	text, _ := given.(string)
	code := strings.ToUpper(text)
	if !isCurrency(code) {
		return "", fmt.Errorf("%v is no currency", given)
	}
	return code, nil
}

func isCurrency(code string) bool {
	return len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
