package pages

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// What the dialogs of choices are called that share a decision, or are none.
const (
	askHypothesis = "hypothesis"
	askAction     = "action"
	askTeach      = "teach"
)

// Asked is a choice with its dialog.
type Asked struct {
	Choices Choices
	Choice  Choice
	Open    bool
}

// ToolOption is a tool that a person may choose.
type ToolOption struct{ Name, Says string }

// Ref is what the dialog of a choice is called.
func (c Choice) Ref() string { return cmp.Or(c.As, string(c.Name)) }

// Dialog is the dialog of a choice; it is open where the page was asked for it, which is how it
// opens without JavaScript.
func (ch Choices) Dialog(c Choice) Asked {
	return Asked{Choices: ch, Choice: c, Open: ch.Ask == c.Ref()}
}

// AskLink is the page with the dialog of a choice open.
func (ch Choices) AskLink(ref string) string {
	q := url.Values{"ask": {ref}}
	at := "/cases/" + url.PathEscape(ch.CaseID)
	if ch.Next != "" {
		at = ch.Next
		q.Set("case", ch.CaseID)
	}
	return at + "?" + q.Encode() + "#ask-" + ref
}

// Do is what the button in the dialog says.
func (c Choice) Do() string { return cmp.Or(c.Button, strings.TrimSuffix(c.Label, "…")) }

// seen names the state that a case was shown in, so that a second click, or one on a page that somebody else
// has decided on meanwhile, is told from the first.
func seen(updated time.Time) string {
	if updated.IsZero() {
		return ""
	}
	return updated.UTC().Format(time.RFC3339Nano)
}

// choices says what a person may decide about a case as it stands, each with its consequence.
func choices(c *casefile.Case, v viewer) Choices {
	ch := Choices{CaseID: c.ID, Seen: seen(c.UpdatedAt), Subject: shorten(titleOf(c), 80), Ask: v.ask, Next: v.next, Wrong: v.wrong}
	if !v.may("operator") {
		ch.Locked = "You are signed in as " + v.role + ": an operator decides."
		return ch
	}
	a := c.Approval
	switch {
	case c.Status == casefile.Approving && a != nil:
		ch.Hash = a.Hash
		ch.approval(c, a, v)
		ch.others(c, v)
		ch.Also = append(ch.Also, takeover(), closing())
	case c.Status == casefile.Escalated:
		ch.escalated(c)
		ch.others(c, v)
		ch.shadowed(c)
		ch.Also = append(ch.Also, closing())
	case c.MergedInto != "":
		ch.Locked = "It went into another case: decide there."
		return ch
	case c.Status.Ended():
		ch.Says = []Says{{"Reopen", "lets it try again from the facts as they are then; what failed before may be tried again."}}
		ch.Main = []Choice{{Name: casefile.DecideReopen, Label: "Reopen…", Asks: true, Heading: "Reopen this case",
			Does: "The case goes back to work under the same procedure, gathers its facts anew and plans from there. Effects that are done stay done.", Stays: "Leave it ended"}}
	default:
		ch.Says = []Says{{"Take over", "stops the agent here; nothing more is sent until you hand it back."}, {"Close", "ends the case as it is."}}
		ch.Main = []Choice{takeover()}
		ch.others(c, v)
		ch.Also = append(ch.Also, closing())
	}
	ch.Also = append(ch.Also, teaching(c, v))
	return ch
}

func (ch *Choices) approval(c *casefile.Case, a *casefile.Approval, v viewer) {
	asked := clock(a.AskedAt)
	reject := Choice{Name: casefile.DecideReject, Label: "Reject…", Key: "r", Asks: true, Needs: true, Stays: "Keep waiting"}
	approve := Choice{Name: casefile.DecideApprove, Label: "Approve", Key: "a", Primary: true}
	rest := otherwise(c, v.plan, casefile.StopApprovalRejected)
	var list []Choice
	if a.Action == nil {
		reject.Heading = "Reject going on"
		reject.Does = "It does not go on from here: " + rest + "."
		ch.Says = []Says{{"Approve", "lets it go on: " + then(c, v.plan, a.Hypothesis) + "."}, {"Reject", "stops it here; " + rest + "."}}
		list = []Choice{approve, reject}
	} else {
		amount := ""
		if n, currency, ok := amountOf(a.Action.Args, v.currency); ok {
			amount = " " + money(n, currency)
			approve.Label += amount
		}
		reject.Heading = fmt.Sprintf("Reject %s%s", a.Action.Tool, amount)
		reject.Does = "Nothing is sent; " + rest + ". Whoever gets it sees everything found so far."
		ch.Says = []Says{
			{"Approve", "reads the facts again and sends " + a.Action.Tool + amount + " once, " + then(c, v.plan, a.Hypothesis) + ". If anything it rests on has changed since " + asked + ", nothing is sent and you are asked again."},
			{"Reject", "sends nothing; " + rest + "."},
		}
		list = []Choice{approve}
		if edit, ok := editing(a, v); ok {
			list = append(list, edit)
		}
		list = append(list, reject)
	}
	switch {
	case a.GrantedBy != "":
		ch.Locked = "Approved by " + actor(a.GrantedBy) + "; it is about to go on."
	case a.ProposedBy != "" && a.ProposedBy == v.id:
		ch.Locked = "You proposed this action: somebody else approves it."
	case a.By != "" && !v.may(a.By):
		ch.Locked = fmt.Sprintf("The rule asks for the role %s; you are signed in as %s.", a.By, v.role)
	default:
		ch.Main = list
	}
}

// editing changes the arguments of what waits, where the schema of its tool is known.
func editing(a *casefile.Approval, v viewer) (Choice, bool) {
	tool, ok := v.tools[a.Action.Tool]
	if !ok || len(a.Action.Args) == 0 {
		return Choice{}, false
	}
	locked := map[string]string{}
	for _, r := range a.Rules {
		if arg, ok := strings.CutPrefix(r.Rule, "bind:"); ok {
			locked[arg] = "Bound by the policy " + r.Policy + ": no other value is allowed."
		}
	}
	return Choice{Name: casefile.DecideEdit, Label: "Edit…", Key: "e", Asks: true, Needs: true, Heading: "Edit " + a.Action.Tool, Tool: a.Action.Tool, Button: "Do this instead",
		Fields: argFields(tool.Input, a.Action.Args, v.typed(string(casefile.DecideEdit)), locked, v.currency), Stays: "Keep as it is",
		Does: "The guard judges the new arguments as it would the agent's own: what it allows is sent at once, what it wants a person for is approved by somebody else, since who proposes an action does not approve it, and what a rule denies says so here. The check of the hypothesis stays what it is, so what it can't prove is undone or goes to a person."}, true
}

// others adds another hypothesis and another action in place of what the plan wants.
func (ch *Choices) others(c *casefile.Case, v viewer) {
	if len(c.Pending) > 0 || v.plan == nil {
		return // a call is under way; or nobody knows what could be chosen
	}
	if list := instead(c, v.plan); len(list) > 0 {
		ch.Also = append(ch.Also, Choice{Name: casefile.DecideOverride, As: askHypothesis, Label: "Another hypothesis…", Key: "h", Asks: true, Needs: true, Hypotheses: list, Button: "Try this one",
			Chosen: v.typed(askHypothesis).Get("hypothesis"), Heading: "Try another hypothesis", Stays: "Leave the choice",
			Does: "What waits here is withdrawn, nothing of it is sent. The case goes on with the one you choose: its steps are judged by the same rules, and ask again where a rule wants a person. Its check proves it."})
	}
	all := Choice{Name: casefile.DecideOverride, As: askAction, Label: "Another action…", Key: "n", Asks: true, Needs: true, Button: "Do this", Heading: "Do something else here", Stays: "Leave it",
		Does: "The guard judges it as it would the agent's own: what it allows is sent at once, what a rule or the agent's authority wants a person for is approved by somebody else, and what a rule denies says so here. The check of the hypothesis then proves it or not."}
	for _, name := range slices.Sorted(maps.Keys(v.tools)) {
		if t := v.tools[name]; t.Effect != "read" {
			all.Tools = append(all.Tools, ToolOption{name, cmp.Or(t.Title, shorten(t.Description, 80), effectWords(t.Effect))})
		}
	}
	form := v.typed(askAction)
	if tool, ok := v.tools[form.Get("tool")]; ok && v.ask == askAction {
		all.Tool, all.Heading = tool.Name, "Do "+tool.Name+" here"
		all.Fields = argFields(tool.Input, nil, form, nil, v.currency)
		for i := range v.plan.Hypotheses {
			p := planned(&v.plan.Hypotheses[i])
			p.Tried = begunAs(c, p.Name)
			all.Hypotheses = append(all.Hypotheses, p)
		}
		if all.Chosen = form.Get("hypothesis"); all.Chosen == "" && c.Current() != nil {
			all.Chosen = c.Current().Name
		}
	}
	if len(all.Tools) > 0 {
		ch.Also = append(ch.Also, all)
	}
}

func (ch *Choices) escalated(c *casefile.Case) {
	retry := Choice{Name: casefile.DecideRetry, Label: "Retry…", Key: "y", Asks: true, Heading: "Let it try again",
		Does: "It gathers the facts anew and may try again what failed before, under new idempotency keys. Look first that what was sent before was not done after all.", Stays: "Leave it here"}
	ends := Says{"Close", "ends it: the rest was done by hand, or nothing is to be done."}
	if c.Stop == nil || c.Stop.Code != casefile.StopHumanTakeover {
		retry.Primary = true
		ch.Main = []Choice{retry, takeover()}
		ch.Says = []Says{{"Retry", "gathers the facts anew and lets it try again what failed."}, {"Take over", "makes it yours until you hand it back."}, ends}
		return
	}
	ch.Main = []Choice{{Name: casefile.DecideHandback, Label: "Hand back…", Key: "b", Primary: true, Asks: true, Heading: "Hand it back to the agent",
		Does: "It gathers the facts anew and goes on from where it stood; what failed before is not tried again.", Stays: "Keep it"}, retry}
	ch.Says = []Says{{"Hand back", "lets it go on from where it stood; what failed stays failed."}, {"Retry", "lets it try again what failed, too."}, ends}
}

// shadowed adds whether what the agent would have done was right.
func (ch *Choices) shadowed(c *casefile.Case) {
	s := c.Shadowed
	if s == nil || s.JudgedBy != "" {
		return
	}
	ch.Hash = s.Hash
	ch.Says = append([]Says{{"Right or wrong", "counts as evidence of how far " + s.Action.Tool + " may be left to the agent; nothing is sent, and the case stays here."}}, ch.Says...)
	ch.Also = append([]Choice{{Name: casefile.DecideApprove, Label: "It was right"}, {Name: casefile.DecideReject, Label: "It was wrong…", Asks: true, Needs: true,
		Heading: "Say that it was wrong", Does: "Nothing is sent, and the case stays with you. What the agent would have done counts as rejected.", Stays: "Say nothing"}}, ch.Also...)
}

func takeover() Choice {
	return Choice{Name: casefile.DecideTakeover, Label: "Take over…", Key: "t", Asks: true, Heading: "Take over this case",
		Does: "The agent stops here and the case is yours. Calls already sent are settled, nothing more is sent until you hand it back. What waits for approval is withdrawn.", Stays: "Leave it to the agent"}
}

func closing() Choice {
	return Choice{Name: casefile.DecideClose, Label: "Close…", Asks: true, Needs: true, Heading: "Close this case",
		Does: "The case ends as human.closed. Nothing is sent to the customer, effects that are done stay done.", Stays: "Leave it open"}
}

// teachFor is how long a correction counts where nobody says otherwise.
const teachFor = 180 * 24 * time.Hour

// TeachView is a correction to be written, filled in as far as the case says.
type TeachView struct {
	Says, InsteadOf      string
	Procedure, Customer  string
	Product, Scope       string
	Expires              string // a day
	Passages             []PassageView
	FromCase, FromCaseID string
}

// teaching is a correction that the case gives occasion to.
func teaching(c *casefile.Case, v viewer) Choice {
	t := &TeachView{Procedure: c.Procedure, Customer: named(cmp.Or(c.Customer.ID, c.Customer.Email)), Expires: v.now.Add(teachFor).Format(time.DateOnly), FromCase: c.ID, FromCaseID: short(c.ID)}
	if t.Scope = "procedure"; c.Procedure == "" {
		t.Scope = "everywhere"
	}
	for _, p := range c.Passages {
		t.Passages = append(t.Passages, PassageView{Title: p.Title, Text: shorten(p.Text, 200), Address: p.Address})
	}
	if typed := v.typed(askTeach); typed.Has("says") {
		t.Says, t.InsteadOf, t.Product = typed.Get("says"), typed.Get("instead_of"), typed.Get("product")
		t.Scope, t.Expires = cmp.Or(typed.Get("scope"), t.Scope), typed.Get("expires")
	}
	return Choice{As: askTeach, Label: "Teach…", Key: "c", Asks: true, Heading: "Teach a correction", Teach: t, Button: "Teach", Stays: "Teach nothing",
		Does: "Searchable at once, above documents where it holds. It informs plans and replies, never a rule. One that contradicts another, or with which fewer of the rehearsals pass, is held for an admin. It can be revoked at any time."}
}
