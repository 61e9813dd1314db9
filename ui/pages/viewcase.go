package pages

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/procedure"
	"resolute/tools"
)

// CaseView is everything that a page shows of one case.
type CaseView struct {
	ID, Short  string
	Seq        uint64
	Title      string
	Status     Chip
	Opened     Moment
	OpenedBy   string // type of the signal that opened it
	Procedure  string
	Effects    string
	Doing      []Doing
	Stop       *StopView
	Proof      *Proof
	Beliefs    Beliefs
	Hypotheses []HypothesisView
	Timeline   Timeline
	Reply      *ReplyView
	Draft      *DraftView // what it would be, nil where nothing says
	Signals    []SignalView
	Unheard    int // signals between the first and the others that are shown
	Customer   CustomerView
	Links      []LinkView
	Decided    Versions
	Choices    *Choices // of a case without a stop box
}

// Doing is a call under way.
type Doing struct {
	Tool  string
	State string
	Since Moment
}

// Proof is the check that closed a case.
type Proof struct {
	Hypothesis string
	Check      string
	Read       Moment
	Observed   []Field
	Outcome    string
}

// CustomerView is whose case it is, and how far that is vouched for.
type CustomerView struct {
	Name, Email, ID string
	Query           string // what finds this customer's cases
	Assurance       string
	Evidence        Evidence
}

// LinkView leads to another case.
type LinkView struct{ ID, Short, Why string }

// Versions is what a case is handled under.
type Versions struct {
	Bundle, BundleShort string
	Policy, PolicyShort string
	Entries             uint64
	Head, HeadShort     string
	Epoch               int
}

// SignalView is a signal of a case: what it says is a claim.
type SignalView struct {
	ID, Type, Source, EventID string
	At                        Moment
	Subject, Text             string
	Rest                      string // its data as JSON
	Entry                     string // link to all of it
	Assurance                 string
	Evidence                  Evidence
}

// ReplyView is what the customer is told, with what it rests on.
type ReplyView struct {
	To         string
	Paragraphs []string
	Citations  []Cited
}

// Cited is a citation with the passage or the entry that it leads to.
type Cited struct {
	Address string
	Title   string
	Text    string // "" where the passage is not at hand
	Entry   uint64 // 0 for none
	Link    string
	Evidence
}

// viewer is what views are built with beside the case itself.
type viewer struct {
	now      time.Time
	currency string
	role     string               // of who looks
	id       string               // of who looks
	may      func(by string) bool // whether who looks may decide what asks for this role
	ask      string               // the choice whose dialog is open
	form     url.Values           // what was typed in it
	wrong    string               // what was wrong with that
	plan     *procedure.Procedure // of the case, nil where it isn't known
	tools    map[string]tools.Offered
	next     string            // page to go on with after a decision
	rows     int               // of the timeline: those before this one, 0 for the newest
	at       string            // of the timeline: the row that a link leads to, "" for none
	goals    map[string]string // of the procedures that a case may be sent down, by name; of one that triage isn't sure of
}

// typed is what somebody typed in the dialog of a choice before.
func (v viewer) typed(ref string) url.Values {
	if v.ask != ref {
		return nil
	}
	return v.form
}

// caseView builds the view of a case from its state and its journal.
func caseView(c *casefile.Case, entries []casefile.Entry, v viewer) CaseView {
	view := CaseView{
		ID: c.ID, Short: short(c.ID), Seq: c.Seq,
		Title:      titleOf(c),
		Status:     chip(c.Status),
		Opened:     moment(c.OpenedAt, v.now),
		Procedure:  c.Procedure,
		Effects:    effects(c, v),
		Stop:       stopView(c, v),
		Proof:      proof(c, entries, v),
		Beliefs:    beliefs(c, v),
		Hypotheses: hypotheses(c, entries, v),
		Timeline:   timeline(c, entries, v),
		Reply:      reply(c),
		Draft:      draft(c, v.plan, v.now),
		Customer:   customerView(c.Customer),
		Decided:    Versions{Bundle: c.Bundle, BundleShort: digest(c.Bundle), Entries: c.Seq, Epoch: c.Epoch},
	}
	if view.Stop == nil {
		ch := choices(c, v)
		view.Choices = &ch
	}
	if len(c.Signals) > 0 {
		view.OpenedBy = c.Signals[0].Type
	}
	list, between := heard(c)
	for _, s := range list {
		signal := signalView(&s.Signal, signalBytes/len(list), v)
		signal.Entry = entryLink(c.ID, s.Seq)
		view.Signals = append(view.Signals, signal)
	}
	view.Unheard = between
	for _, p := range c.Pending {
		view.Doing = append(view.Doing, Doing{Tool: p.Tool, State: callState(p), Since: moment(p.SentAt, v.now)})
	}
	for _, l := range c.Links {
		view.Links = append(view.Links, LinkView{ID: l.Case, Short: short(l.Case), Why: l.Why})
	}
	if c.MergedInto != "" {
		view.Links = append(view.Links, LinkView{ID: c.MergedInto, Short: short(c.MergedInto), Why: "it went on there"})
	}
	for i := range entries {
		e := &entries[i]
		view.Decided.Head, view.Decided.HeadShort = e.Hash.String(), digest(e.Hash.String())
		if p := e.Versions.Policy; p != "" {
			view.Decided.Policy, view.Decided.PolicyShort = p, digest(p)
		}
	}
	return view
}

// titleOf is the goal; before it is known, what arrived.
func titleOf(c *casefile.Case) string {
	if c.Goal != "" {
		return c.Goal
	}
	if len(c.Signals) > 0 {
		s := &c.Signals[0].Signal
		if first, _, _ := strings.Cut(s.Text(), "\n"); first != "" {
			return "“" + shorten(first, 90) + "”"
		}
		return cmp.Or(s.Type, "A case")
	}
	return "A case without a goal yet"
}

func callState(p casefile.Call) string {
	what := map[casefile.Purpose]string{casefile.ForGather: "reading", casefile.ForDo: "doing", casefile.ForUndo: "undoing", casefile.ForVerify: "checking"}[p.Purpose]
	try := ""
	if p.Try > 1 {
		try = fmt.Sprintf(", try %d", p.Try)
	}
	switch p.State {
	case casefile.NotDone:
		return what + try + ": nothing happened, will be sent again"
	case casefile.Unsettled:
		return what + try + ": outcome unknown, being settled"
	case casefile.InOperation:
		return what + try + ": accepted, the result comes later"
	}
	return what + try + ": sent"
}

// effects says what the case has changed in the world so far.
func effects(c *casefile.Case, v viewer) string {
	done, undone := 0, 0
	sums := map[string]int64{}
	var order []string
	for _, w := range c.Writes {
		if w.Undone {
			undone++
			continue
		}
		done++
		if n, currency, ok := amountOf(w.Args, v.currency); ok {
			if _, seen := sums[currency]; !seen {
				order = append(order, currency)
			}
			sums[currency] += n
		}
	}
	switch {
	case done+undone == 0 && c.Status.Ended():
		return "nothing was changed"
	case done+undone == 0:
		return "nothing changed yet"
	}
	say := plural(done, "effect")
	for _, currency := range order {
		say += ", " + money(sums[currency], currency) + " " + currency
	}
	if undone > 0 {
		say += fmt.Sprintf(", %d undone", undone)
	}
	return say
}

// amountOf finds the one amount in a call's arguments.
func amountOf(args map[string]any, currency string) (int64, string, bool) {
	var amount int64
	found := 0
	for name, v := range args {
		if n, ok := v.(int64); ok && strings.HasSuffix(name, "_cents") {
			amount, found = n, found+1
		}
	}
	if c, ok := args["currency"].(string); ok && c != "" {
		currency = c
	}
	return amount, currency, found == 1
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// proof is the check that held last, of a case that is resolved.
func proof(c *casefile.Case, entries []casefile.Entry, v viewer) *Proof {
	if c.Status != casefile.Resolved {
		return nil
	}
	p := &Proof{Outcome: c.Outcome}
	for i := range entries {
		switch d := entries[i].Data.(type) {
		case *casefile.CheckRead:
			if d.Held {
				p.Hypothesis, p.Check, p.Read = d.Hypothesis, d.Check, moment(entries[i].At, v.now)
				p.Observed = observed(d.Observed, v)
			}
		case *casefile.CaseResolved:
			p.Hypothesis = cmp.Or(d.Hypothesis, p.Hypothesis)
		}
	}
	return p
}

// nameShown is how much of what somebody says that they are called is shown, in characters. What is longer is
// nobody's name, and is neither searched for nor taught about.
const nameShown = 300

// named gives a text if it is short enough to be a name, else "".
func named(text string) string {
	if shorten(text, nameShown) != text {
		return ""
	}
	return text
}

func customerView(c casefile.Customer) CustomerView {
	view := CustomerView{Name: shorten(cmp.Or(c.Name, c.Email, c.ID, "Nobody named"), nameShown), Email: shorten(c.Email, nameShown), ID: shorten(c.ID, nameShown),
		Query: named(cmp.Or(c.ID, c.Email, c.Name)), Assurance: assurance(c.Assurance), Evidence: byCustomer()}
	if c.Assurance == casefile.AssuranceVouched {
		view.Evidence = byCompany()
	}
	return view
}

func assurance(a casefile.Assurance) string {
	switch a {
	case casefile.AssuranceVouched:
		return "vouched for by a system of the company"
	case casefile.AssuranceAuthenticated:
		return "authenticated by the mail's domain"
	}
	return "nobody vouches for it; every write needs approval"
}

// A case shows the signal that opened it and the newest ones, and so much of all their texts together, in bytes.
const (
	signalsShown = 10
	signalBytes  = 12_000
)

// heard gives the signals that a case shows, and how many are between the first and the others.
func heard(c *casefile.Case) (list []*casefile.Received, between int) {
	between = max(len(c.Signals)-signalsShown, 0)
	for i := range c.Signals {
		if i == 0 || i > between {
			list = append(list, &c.Signals[i])
		}
	}
	return list, between
}

// signalView shows a signal, each of its long texts as far as there is room.
func signalView(s *casefile.Signal, room int, v viewer) SignalView {
	view := SignalView{ID: s.ID, Type: s.Type, Source: s.Source, EventID: s.EventID, At: moment(s.Time, v.now),
		Assurance: assurance(s.Assurance), Evidence: byCustomer()}
	subject, _ := s.Data["subject"].(string)
	text, _ := s.Data["text"].(string)
	view.Subject, view.Text = shorten(subject, nameShown), shorten(text, room)
	if view.Text == "" && s.Assurance == casefile.AssuranceVouched {
		view.Evidence = byCompany()
	}
	if rest := without(s.Data, "subject", "text"); len(rest) > 0 {
		view.Rest = shorten(pretty(rest), room)
	}
	return view
}

func without(o map[string]any, names ...string) map[string]any {
	rest := make(map[string]any, len(o))
	for k, v := range o {
		rest[k] = v
	}
	for _, n := range names {
		delete(rest, n)
	}
	return rest
}

// reply is the last text for the customer, its citations with the passages that the case holds.
func reply(c *casefile.Case) *ReplyView {
	if c.Reply == nil {
		return nil
	}
	view := &ReplyView{To: c.Reply.To, Paragraphs: paragraphs(c.Reply.Text)}
	for _, a := range c.Reply.Citations {
		view.Citations = append(view.Citations, cited(c, a))
	}
	return view
}

// cited resolves what a decision or a sentence rests on: kb://..., entry:SEQ or signal:ID.
func cited(c *casefile.Case, address string) Cited {
	var seq uint64
	if n, _ := fmt.Sscanf(address, "entry:%d", &seq); n == 1 {
		cite := Cited{Address: address, Title: fmt.Sprintf("Entry %d of the journal", seq), Entry: seq, Link: fmt.Sprintf("#entry-%d", seq), Evidence: byTool()}
		for name, f := range c.Facts {
			if f.Seq == seq {
				cite.Title = cmp.Or(f.Tool, "answer") + " as " + name
			}
		}
		return cite
	}
	if id, ok := strings.CutPrefix(address, "signal:"); ok {
		return Cited{Address: address, Title: "What arrived", Link: "#signal-" + id, Evidence: byCustomer()}
	}
	cite := Cited{Address: address, Title: address, Link: knowledgeLink(address), Evidence: byKnowledge()} // bundles may leave out kb://
	for _, p := range c.Passages {
		if p.Address == address {
			cite.Title, cite.Text = p.Title, p.Text
		}
	}
	return cite
}
