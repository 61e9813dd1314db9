package pages

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// weighed is what a verdict rests on beside the rules and budgets: how unusual the action is, and how far
// the agent is trusted with it.
func weighed(level *casefile.Standing, risk *casefile.Risk) []RuleView {
	var list []RuleView
	if risk != nil {
		var why []string
		for _, p := range risk.Parts {
			why = append(why, fmt.Sprintf("%d %s", p.Add, cmp.Or(p.Reason, p.Factor)))
		}
		list = append(list, RuleView{Name: "how unusual", Note: fmt.Sprintf("%d of 100: %s", risk.Score, strings.Join(why, "; "))})
	}
	if level != nil {
		say := string(level.Level)
		if level.Band != "" {
			say += ", band " + level.Band
		}
		view := RuleView{Name: "authority", Note: say + "; " + level.Why}
		if level.Level != casefile.LevelAct {
			view.Fired, view.Says, view.Reason = true, string(casefile.Approve), view.Note
		}
		list = append(list, view)
	}
	return list
}

// inBudget is an amount of a budget: money, or a number of things.
func inBudget(n int64, currency string) string {
	if currency == "" {
		return fmt.Sprint(n)
	}
	return money(n, currency) + " " + currency
}

// reserved says what a write took out of a budget.
func reserved(r casefile.Reservation) string {
	say := fmt.Sprintf("%s of %s within %s", inBudget(r.Amount, r.Currency), inBudget(r.Max, r.Currency), span(time.Duration(r.Window)))
	if r.Key != "" {
		say += ", for " + r.Key
	}
	if r.Over {
		say += ", beyond it by a person's word"
	}
	return say
}

// newer is what arrived since an approval was asked.
func newer(c *casefile.Case, a *casefile.Approval) []Claim {
	var list []Claim
	for i := range c.Signals {
		s := &c.Signals[i]
		if s.Seq <= a.Seq || a.Seq == 0 {
			continue
		}
		text := strings.Join(strings.Fields(s.Text()), " ")
		list = append(list, Claim{Text: shorten(cmp.Or(text, s.Type), 160), Type: s.Type, Link: "/cases/" + c.ID + "#signal-" + s.ID, Evidence: byCustomer()})
	}
	return list
}

// proposer says who proposed the action that waits.
func proposer(c *casefile.Case, a *casefile.Approval) string {
	if o := c.Override; o != nil && o.Principal == a.ProposedBy && o.By != "" {
		return actor(o.By)
	}
	return "a person"
}
