package agent

import (
	"time"

	"resolute/agent/casefile"
)

// Event is what a step answers to: the time, and what became of the commands of the step before.
type Event struct {
	Now      time.Time
	Answers  []Answered
	Found    *Found
	Routed   *Routing
	Recalled *Recalled
	Thought  *casefile.ModelAnswered
	HeldBy   string              // an older case is at work on what this one wants to be about
	Exceeded []casefile.Exceeded // the budgets that had no room for what this case was about to send
	Usual    Usual               // nil: nothing is unusual
	Paused   casefile.Pauses     // what is paused now
	Draining bool                // journal what the commands gave, and begin nothing
}

// Answered is what became of a request, or of the question what became of it.
type Answered struct {
	Call   string // id
	Try    int
	Asked  bool      // it was a question, not the request itself
	SentAt time.Time // when it was sent
	Answer casefile.Answer
}

// Found is what the knowledge says.
type Found struct {
	Queries  []string
	Passages []casefile.Passage
	Error    string
}

// Command is something to be carried out once the entries of its step are durable: one of Send,
// Ask, Search, Recall, Route and Think.
type Command interface{ command() }

// Send makes one request: one journaled try.
type Send struct {
	Call casefile.Call
}

// Ask asks a plugin what became of a call.
type Ask struct {
	Call casefile.Call
}

// Search asks the knowledge.
type Search struct{ Queries []string }

// Route asks triage.
type Route struct{}

func (Send) command()   {}
func (Ask) command()    {}
func (Search) command() {}
func (Route) command()  {}

// Result is what follows from an event: entries to make durable first, then either commands to
// carry out, or Park.
type Result struct {
	Entries  []casefile.Entry
	Commands []Command
	Park     bool
	WakeAt   time.Time // of a parked case, zero for never
	// Merge is the case that this one gives way to, which gets its signals.
	Merge string
	// HoldAnyway: the case keeps at it though an older one holds its keys.
	HoldAnyway bool
	// Paused: the parked case waits for the end of a pause.
	Paused bool
}
