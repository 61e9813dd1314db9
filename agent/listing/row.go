package listing

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
)

// Row is a case in a list.
type Row struct {
	ID         string
	Status     casefile.Status
	Stop       *casefile.Stop // nil for none
	Goal       string
	Subject    string // what the first signal is about
	Procedure  string
	Customer   casefile.Customer
	Bundle     string
	Outcome    string
	MergedInto string
	OpenedAt   time.Time
	UpdatedAt  time.Time
	EndedAt    time.Time // zero while it is open

	Amount   *int64 // at stake, in minor units: of the action that waits, else of the last that was sent; nil for none
	Currency string // that the action names, "" for the house's

	Queue   string // where it waits for a person, "" for nowhere
	Since   time.Time
	DueAt   time.Time
	Overdue bool   // that it is was told
	Holder  string // actor who took it over

	AskedAt time.Time // the approval that waits, zero for none
	By      string    // role that may give it

	granted  bool     // the approval was given, and the case goes on
	shadowed bool     // what it would have done waits to be judged
	values   []string // inputs, to be found by
}

// longest is how much of a text a row keeps, in bytes.
const longest = 300

// RowOf is what a list shows of a case as it is.
func RowOf(c *casefile.Case) Row {
	r := Row{ID: c.ID}
	r.take(c)
	r.Subject = agent.Subject(c)
	if a := c.Approval; a != nil && a.Action != nil {
		r.money(a.Action)
	} else {
		for i := range slices.Backward(c.Writes) {
			if r.money(&casefile.Action{Args: c.Writes[i].Args}) {
				break
			}
		}
	}
	for _, in := range c.Inputs {
		r.values = append(r.values, valueText(in.Value))
	}
	return r
}

// Fold applies an entry of the case.
func (r *Row) Fold(e *casefile.Entry) {
	c := r.state()
	c.Fold(e)
	r.take(c)
	switch d := e.Data.(type) {
	case *casefile.SignalReceived:
		if r.Subject == "" {
			r.Subject = agent.Subject(&casefile.Case{Signals: []casefile.Received{{Signal: d.Signal}}})
		}
	case *casefile.ApprovalAsked:
		if d.Approval.Action != nil {
			r.money(d.Approval.Action)
		}
	case *casefile.CallIntended:
		if d.Call.Purpose == casefile.ForDo && d.Call.Writes() {
			r.money(&d.Call.Action)
		}
	case *casefile.InputsFound:
		r.values = nil
		for _, in := range d.Inputs {
			r.values = append(r.values, valueText(in.Value))
		}
		slices.Sort(r.values)
	}
}

// state is the case as far as the fold of what lists show needs it.
func (r *Row) state() *casefile.Case {
	c := &casefile.Case{ID: r.ID, Status: r.Status, Stop: r.Stop, Goal: r.Goal, Procedure: r.Procedure, Customer: r.Customer, Bundle: r.Bundle, Outcome: r.Outcome,
		MergedInto: r.MergedInto, OpenedAt: r.OpenedAt, UpdatedAt: r.UpdatedAt, EndedAt: r.EndedAt, Holder: r.Holder}
	if r.Subject != "" {
		c.Signals = make([]casefile.Received, 1)
	}
	if r.Queue != "" {
		c.Handoff = &casefile.Handoff{Queue: r.Queue, Since: r.Since, DueAt: r.DueAt, Overdue: r.Overdue}
	}
	if !r.AskedAt.IsZero() {
		c.Approval = &casefile.Approval{AskedAt: r.AskedAt, By: r.By}
		if r.granted {
			c.Approval.GrantedBy = casefile.ActorSystem // by whom isn't listed
		}
	}
	if r.shadowed {
		c.Shadowed = &casefile.Shadowed{}
	}
	return c
}

// take reads what a list shows of a case's state.
func (r *Row) take(c *casefile.Case) {
	r.Status, r.Stop, r.Goal, r.Procedure, r.Customer, r.Bundle = c.Status, nil, cut(c.Goal), c.Procedure, c.Customer, c.Bundle
	r.Customer.Name, r.Customer.Email, r.Customer.ID = cut(c.Customer.Name), cut(c.Customer.Email), cut(c.Customer.ID)
	r.Outcome, r.MergedInto, r.Holder, r.OpenedAt, r.UpdatedAt, r.EndedAt = cut(c.Outcome), c.MergedInto, c.Holder, c.OpenedAt, c.UpdatedAt, c.EndedAt
	if s := c.Stop; s != nil && c.Status != casefile.Resolved {
		stop := *s
		stop.Detail = cut(stop.Detail)
		r.Stop = &stop
	}
	r.Queue, r.Since, r.DueAt, r.Overdue = "", time.Time{}, time.Time{}, false
	if h := c.Handoff; h != nil {
		r.Queue, r.Since, r.DueAt, r.Overdue = h.Queue, h.Since, h.DueAt, h.Overdue
	}
	r.AskedAt, r.By, r.granted = time.Time{}, "", false
	if a := c.Approval; a != nil {
		r.AskedAt, r.By, r.granted = a.AskedAt, a.By, a.GrantedBy != ""
	}
	r.shadowed = c.Shadowed != nil && c.Shadowed.JudgedBy == ""
}

// money takes the one amount of an action over, and reports whether it has one.
func (r *Row) money(a *casefile.Action) bool {
	var amount int64
	found := 0
	for name, v := range a.Args {
		if n, ok := v.(int64); ok && strings.HasSuffix(name, "_cents") {
			amount, found = n, found+1
		}
	}
	if found != 1 {
		return false
	}
	currency, _ := a.Args["currency"].(string)
	r.Amount, r.Currency = &amount, cut(currency)
	return true
}

func valueText(v casefile.Value) string {
	if s, ok := v.V.(string); ok {
		return cut(s)
	}
	b, err := casefile.EncodeValue(v.V)
	if err != nil {
		return ""
	}
	return cut(string(b))
}

// cut bounds what customers and plugins may put into a row.
func cut(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}

// words is what a row is found by, in lower case.
func (r *Row) words() string {
	stop := ""
	if r.Stop != nil {
		stop = string(r.Stop.Code)
	}
	return strings.ToLower(strings.Join(append([]string{r.ID, r.Goal, r.Subject, r.Procedure, r.Customer.ID, r.Customer.Email, r.Customer.Name, r.Outcome, stop, cmp.Or(r.MergedInto, "")}, r.values...), "\n"))
}
