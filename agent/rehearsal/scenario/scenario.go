// Package scenario reads rehearsals: what arrives, how the world answers, what breaks, and what has
// to come of it. A file is read strictly, and held against the tools of its bundle.
package scenario

import (
	"time"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Scenario is one file of a bundle's rehearsals. It is not changed once it is parsed.
type Scenario struct {
	Name    string
	Pos     source.Pos
	Now     time.Time // when it begins
	Signals []Signal  // by time
	// Customer writes beside Signals; nil: nobody does.
	Customer  *Customer
	Authority []Level // above the bundle's
	Paused    []Paused
	// Live says that calls of tools which World doesn't answer go to the plugins of the bundle.
	Live    bool
	World   []Tool
	WorldAt source.Pos
	Faults  []Fault
	Expect  Expect
}

// Signal arrives a while after the beginning.
type Signal struct {
	Pos source.Pos
	At  time.Duration // since Scenario.Now
	casefile.Signal
}

// Tool is what the world answers to calls of one tool.
type Tool struct {
	Pos     source.Pos
	Name    string // PLUGIN.TOOL
	Answers []Answer
}

// Answer is what calls get whose arguments have at least the values of Args.
type Answer struct {
	Pos      source.Pos
	Args     casefile.Object
	ArgsAt   source.Pos
	From     time.Duration // since Scenario.Now: from then on it is given, in place of those from before
	Result   any           // as YAML means it
	ResultAt source.Pos
}

// Kind is how a call goes wrong.
type Kind string

// The kinds of faults.
const (
	Timeout            Kind = "timeout"              // nothing is done, and no answer comes
	TimeoutAfterEffect Kind = "timeout_after_effect" // it is done, and no answer comes
	Error              Kind = "error"                // nothing is done, and the answer is a 500
	Reject             Kind = "reject"               // the business says no, with a 422
	Slow               Kind = "slow"                 // the answer comes just before the timeout
	DuplicateCallback  Kind = "duplicate_callback"   // the result is posted twice
	LateCallback       Kind = "late_callback"        // the result is posted long after it is there
	Garbage            Kind = "garbage"              // it is done, and the answer can't be read
	CrashBefore        Kind = "crash_before"         // resolute dies before the request is sent
	CrashAfter         Kind = "crash_after"          // resolute dies before it takes the answer down
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Timeout, TimeoutAfterEffect, Error, Reject, Slow, DuplicateCallback, LateCallback, Garbage, CrashBefore, CrashAfter}
}

// Fits reports whether a fault of this kind can befall a call of a tool.
func (k Kind) Fits(effect string, async bool) bool {
	switch k {
	case TimeoutAfterEffect:
		return effect != "read"
	case DuplicateCallback, LateCallback:
		return async
	}
	return true
}

// Fault makes a call of a tool go wrong.
type Fault struct {
	Pos  source.Pos
	Tool string
	On   int // which request to the tool, from 1
	Kind Kind
}

// Expect is what has to come of it. What is empty isn't asked for.
type Expect struct {
	Pos           source.Pos
	Status        casefile.Status
	Stop          casefile.StopCode
	Calls         []string  // tools that are called, in this order, others between them
	Never         []string  // tools that aren't
	ReplyContains []string  // texts that the customer is told, each in some message
	Cases         []Outcome // of others than the first signal's, or of that one too
	Within        time.Duration
}

// DefaultWithin is by when what is expected has to have come about where nothing else is said.
const DefaultWithin = 72 * time.Hour
