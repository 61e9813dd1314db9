package casefile

import "time"

// Decision is what a planner proposes next for a case: one of Note, FindProcedure, CallTools,
// Ground, Consult, AskCustomer, AwaitSignal, AskPerson, Recheck, Resolve, Close and Escalate. It is only
// ever a proposal; the guard judges each action right before it is sent.
type Decision interface{ decision() }

// Note is something that follows from the state and is worth an entry; the planner is asked again
// with it folded in.
type Note struct {
	Data     Data
	Evidence []string
}

// FindProcedure asks which procedure handles the case.
type FindProcedure struct{}

// CallTools asks for calls; those that don't depend on each other come together.
type CallTools struct{ Calls []PlannedCall }

// PlannedCall is a call as a planner wants it.
type PlannedCall struct {
	ID         string // unique in the case and epoch; the same call planned again has the same
	Purpose    Purpose
	Fact       string // name of the fact that the result becomes, "" for none
	Hypothesis string
	Step       int
	Tool       string // PLUGIN.TOOL
	Args       Object
	Within     time.Duration // how long an asynchronous result may take, 0 for the default
	Reads      []string      // paths of the state that the plan for this call read
	Evidence   []string
	ArgReads   map[string][]string // paths of the state that each argument was made from; see Proposal
	ProposedBy string              // principal whose edit or override it is, "" for the planner
}

// Ground asks the knowledge.
type Ground struct{ Queries []string }

// AskCustomer asks the customer, for an input or within a step, and waits for the answer.
type AskCustomer struct {
	Question Question // Seq is filled in by the fold, Until by the engine where it is zero
	Within   time.Duration
}

// AwaitSignal waits for a signal.
type AwaitSignal struct {
	Wait   Wait
	Within time.Duration
}

// AskPerson is a checkpoint: a person looks before it goes on.
type AskPerson struct {
	ID         string
	Hypothesis string
	Step       int
	By         string // role
	Text       string
	Reads      []string
	Evidence   []string
}

// Recheck waits until a time, to look again.
type Recheck struct {
	At     time.Time
	Detail string // at what; "" for the check of the hypothesis
}

// Resolve ends the case: the check held.
type Resolve struct {
	Hypothesis string
	Outcome    string
	Reply      *Reply // nil for none
	Evidence   []string
}

// Close ends the case otherwise.
type Close struct {
	Stop     Stop
	Reply    *Reply
	Evidence []string
}

// Escalate hands the case to a person.
type Escalate struct {
	Stop     Stop
	Evidence []string
}

func (Note) decision()          {}
func (FindProcedure) decision() {}
func (CallTools) decision()     {}
func (Ground) decision()        {}
func (Consult) decision()       {}
func (AskCustomer) decision()   {}
func (AwaitSignal) decision()   {}
func (AskPerson) decision()     {}
func (Recheck) decision()       {}
func (Resolve) decision()       {}
func (Close) decision()         {}
func (Escalate) decision()      {}

// Fallback is what a bundle says should follow a stop code, in place of the default.
type Fallback struct {
	Wait time.Duration // for tool.unavailable: how long it is tried; 0 for the default
	Then Decision      // Escalate or Close; nil for the default
}
