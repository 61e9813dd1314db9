package pages

import (
	"fmt"
	"net/url"
	"strings"

	"resolute/agent/casefile"
)

// Asked is a choice with its dialog.
type Asked struct {
	Choices Choices
	Choice  Choice
	Open    bool
}

// Dialog is the dialog of a choice; it is open where the page was asked for it, which is how it
// opens without JavaScript.
func (ch Choices) Dialog(c Choice) Asked {
	return Asked{Choices: ch, Choice: c, Open: ch.Ask == string(c.Name)}
}

// AskLink is the page with the dialog of a choice open.
func (ch Choices) AskLink(name casefile.DecisionName) string {
	q := url.Values{"ask": {string(name)}}
	at := "/cases/" + url.PathEscape(ch.CaseID)
	if ch.Next != "" {
		at = ch.Next
		q.Set("case", ch.CaseID)
	}
	return at + "?" + q.Encode() + "#ask-" + string(name)
}

// Do is what the button in the dialog says.
func (c Choice) Do() string { return strings.TrimSuffix(c.Label, "…") }

// choices says what a person may decide about a case as it stands, each with its consequence.
func choices(c *casefile.Case, v viewer) Choices {
	ch := Choices{CaseID: c.ID, Subject: shorten(titleOf(c), 80), Ask: v.ask, Next: v.next}
	if !v.may("operator") {
		ch.Locked = "You are signed in as " + v.role + ": an operator decides."
		return ch
	}
	a := c.Approval
	switch {
	case c.Status == casefile.Approving && a != nil:
		ch.Hash = a.Hash
		ch.approval(a, v)
		ch.Also = append(ch.Also, takeover(), closing())
	case c.Status == casefile.Escalated:
		ch.escalated(c)
		ch.shadowed(c)
	case c.MergedInto != "":
		ch.Locked = "It went into another case: decide there."
	case c.Status.Ended():
		ch.Says = []Says{{"Reopen", "lets it try again from the facts as they are then; what failed before may be tried again."}}
		ch.Main = []Choice{{Name: casefile.DecideReopen, Label: "Reopen…", Asks: true, Heading: "Reopen this case",
			Does: "The case goes back to work under the same procedure, gathers its facts anew and plans from there. Effects that are done stay done.", Stays: "Leave it ended"}}
	default:
		ch.Says = []Says{{"Take over", "stops the agent here; nothing more is sent until you hand it back."}, {"Close", "ends the case as it is."}}
		ch.Main = []Choice{takeover(), closing()}
	}
	return ch
}

func (ch *Choices) approval(a *casefile.Approval, v viewer) {
	asked := clock(a.AskedAt)
	reject := Choice{Name: casefile.DecideReject, Label: "Reject…", Key: "r", Asks: true, Needs: true, Stays: "Keep waiting"}
	approve := Choice{Name: casefile.DecideApprove, Label: "Approve", Key: "a", Primary: true}
	if a.Action == nil {
		reject.Heading = "Reject going on"
		reject.Does = "It does not go on from here. What else the procedure allows is tried; if nothing is left, the case goes to a person as approval.rejected."
		ch.Says = []Says{{"Approve", "lets it go on with its next step."}, {"Reject", "stops it here; what else the procedure allows is tried, else a person gets the case."}}
	} else {
		amount := ""
		if n, currency, ok := amountOf(a.Action.Args, v.currency); ok {
			amount = " " + money(n, currency)
			approve.Label += amount
		}
		reject.Heading = fmt.Sprintf("Reject %s%s", a.Action.Tool, amount)
		reject.Does = "Nothing is sent. What else the procedure allows is tried; if nothing is left, the case goes to a person as approval.rejected, with everything found so far."
		ch.Says = []Says{
			{"Approve", "reads the facts again and sends this call once, then checks in the system of record that it held before anything is called done. If anything it rests on has changed since " + asked + ", nothing is sent and you are asked again."},
			{"Reject", "sends nothing; what else the procedure allows is tried, else a person gets the case."},
		}
	}
	switch {
	case a.GrantedBy != "":
		ch.Locked = "Approved by " + actor(a.GrantedBy) + "; it is about to go on."
	case a.ProposedBy != "" && a.ProposedBy == v.id:
		ch.Locked = "You proposed this action: somebody else approves it."
	case a.By != "" && !v.may(a.By):
		ch.Locked = fmt.Sprintf("The rule asks for the role %s; you are signed in as %s.", a.By, v.role)
	default:
		ch.Main = []Choice{approve, reject}
	}
}

func (ch *Choices) escalated(c *casefile.Case) {
	retry := Choice{Name: casefile.DecideRetry, Label: "Retry…", Key: "y", Asks: true, Heading: "Let it try again",
		Does: "It gathers the facts anew and may try again what failed before, under new idempotency keys. Look first that what was sent before was not done after all.", Stays: "Leave it here"}
	ch.Also = []Choice{closing()}
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
