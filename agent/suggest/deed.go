package suggest

import (
	"time"

	"resolute/agent/casefile"
)

// How is what a person did with what the agent wanted.
type How string

// The kinds of deeds.
const (
	Approved How = "approved" // as it was proposed
	Rejected How = "rejected"
	Edited   How = "edited"  // other arguments
	Chose    How = "chose"   // another hypothesis than the planner's
	Acted    How = "acted"   // an action of their own
	Placed   How = "placed"  // said which procedure a case is for that triage wasn't sure of, or got wrong
	Settled  How = "settled" // closed it by hand, without any procedure
)

// Deed is one decision in a case, with what it was about. It holds what mining needs and no more.
type Deed struct {
	Case      string    `json:"case_id"`
	Seq       uint64    `json:"seq"` // of the entry that says it
	At        time.Time `json:"at"`
	By        string    `json:"by"`    // principal
	Actor     string    `json:"actor"` // as the journal names them
	How       How       `json:"how"`
	Procedure string    `json:"procedure,omitempty"` // of the case; of a Placed, the one that it is for

	Hypothesis string `json:"hypothesis,omitempty"` // that the agent was at
	Instead    string `json:"instead,omitempty"`    // of a Chose: the one that the person put before it
	Held       bool   `json:"held,omitempty"`       // what the person wanted came about, and stood
	Reversed   bool   `json:"reversed,omitempty"`   // it was done, and taken back or found wrong later
	Step       int    `json:"step,omitempty"`       // of Hypothesis

	Tool    string          `json:"tool,omitempty"`    // of the action
	Args    casefile.Object `json:"args,omitempty"`    // that the agent proposed; of an Acted, the person's
	Changed casefile.Object `json:"changed,omitempty"` // of an Edited: the arguments that are others, as they are now
	// Paths are, by argument of what the person did, the paths of the state that held the same value.
	Paths map[string][]string `json:"paths,omitempty"`

	Rules    []Fired          `json:"rules,omitempty"`    // that asked for a person
	Alone    bool             `json:"alone,omitempty"`    // nothing but those rules asked: no risk, budget or authority
	Observed map[string]int64 `json:"observed,omitempty"` // whole numbers that the rules read, by path

	Customer string `json:"customer,omitempty"` // in a word; "" where nobody is named
	Signal   string `json:"signal,omitempty"`   // type of the one with Text
	Text     string `json:"text,omitempty"`     // what the customer wrote, bounded and blanked
	// Found are the inputs, as PROCEDURE/INPUT, whose pattern is met in what the customer wrote.
	Found []string `json:"found,omitempty"`
	Note  string   `json:"note,omitempty"`
}

// Kept counts cases in which the planner's own hypothesis held, and nobody chose another.
type Kept map[Choice]int

// Choice is a hypothesis of a procedure.
type Choice struct{ Procedure, Hypothesis string }

// Fired is a rule that asked for a person, as it was written then.
type Fired struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	Says   string `json:"says,omitempty"` // as Guard.Rules words it, "" where the version is gone
}
