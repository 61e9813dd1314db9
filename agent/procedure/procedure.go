// Package procedure is how one kind of problem is resolved: it parses and checks procedures, and
// plans by them. The planner is pure: from the state of a case and the time it gives the next
// decision, the same one every time.
package procedure

import (
	"iter"
	"regexp"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Procedure is one file of a bundle's procedures, parsed and compiled.
type Procedure struct {
	Name       string
	Pos        source.Pos
	Goal       string
	Start      Start
	Correlate  []*expr.Program
	Inputs     []Input // in the file's order
	Gather     []Call  // each with As, in the file's order
	Ground     []*expr.Template
	Require    []Require
	Hypotheses []Hypothesis
	Drive      *Drive // nil: its hypotheses do; else there is the one that is called Driven
	Otherwise  *Route // nil: hypotheses.exhausted
	On         map[casefile.StopCode]OnStop
	Replies    map[string]*expr.Template

	groundAt []source.Pos // of Ground
	replyAt  map[string]source.Pos
	recalls  bool // found by Check
}

// ReadsHistory reports whether a checked procedure reads the customer's earlier cases.
func (p *Procedure) ReadsHistory() bool { return p.recalls }

// Acts gives the calls of the hypotheses' steps, and those that undo them.
func (p *Procedure) Acts() iter.Seq[*Call] {
	return func(yield func(*Call) bool) {
		for i := range p.Hypotheses {
			for j := range p.Hypotheses[i].Do {
				call := p.Hypotheses[i].Do[j].Call
				if call == nil {
					continue
				}
				if !yield(call) || call.Undo != nil && !yield(call.Undo) {
					return
				}
			}
		}
	}
}

// Gives is the tool that a fact comes from, "" for none.
func (p *Procedure) Gives(fact string) string {
	for i := range p.Gather {
		if p.Gather[i].As == fact {
			return p.Gather[i].Tool
		}
	}
	for call := range p.Acts() {
		if call.As == fact {
			return call.Tool
		}
	}
	for i := range p.Hypotheses {
		if v := &p.Hypotheses[i].Verify; v.Call.As == fact {
			return v.Call.Tool
		}
	}
	return ""
}

// Start says which signals may begin a case of the procedure.
type Start struct {
	Signals  []string      // types
	When     *expr.Program // nil: always
	Examples []string      // how customers say it; none: the type decides alone
	Places   []source.Pos  // of Examples
}

// Input is a value that is looked for in the case's signals.
type Input struct {
	Name    string
	Pos     source.Pos
	Type    string         // string, int, number or bool
	Pattern *regexp.Regexp // nil for none; not anchored
	Whole   *regexp.Regexp // Pattern, anchored at both ends
	From    *expr.Program  // nil for none
	Ask     *expr.Template // nil: the customer isn't asked, and the input stays absent
}

// Call is a tool with its arguments.
type Call struct {
	Pos    source.Pos
	Tool   string // PLUGIN.TOOL
	With   *expr.Object
	As     string        // the fact that the result becomes, "" for none
	Within time.Duration // how long an asynchronous result may take, 0 for the default
	Undo   *Call         // nil for none
}

// Require is something that must hold before any hypothesis is tried.
type Require struct {
	Check     *expr.Program
	Otherwise Route
}

// Route says where a case goes: to a person, or to its end.
type Route struct {
	Pos      source.Pos
	Escalate string // a reason in a word
	To       string // queue, "" for the default
	Close    string // "declined"
	Reply    string // name of a reply, "" for none
}

// OnStop replaces what happens by default at a stop code.
type OnStop struct {
	Pos  source.Pos
	Wait time.Duration // tool.unavailable: how long it is tried, 0 for the default
	Then Route
}

// Hypothesis is a suspected cause, the steps that would fix it, and the check that proves it.
type Hypothesis struct {
	Name     string
	Pos      source.Pos
	When     *expr.Program // nil: always
	Do       []Step
	Verify   Verify
	Reply    string // name of a reply, "" for none
	ThenNext bool   // the next hypothesis may follow even if this one's writes stay
}

// Step is one of Call, Ask, Wait and Checkpoint.
type Step struct {
	Pos        source.Pos
	Call       *Call
	Ask        *Ask
	Wait       *Wait
	Checkpoint *Checkpoint
}

// Ask asks the customer.
type Ask struct {
	Text    *expr.Template
	As      string
	Pattern *regexp.Regexp // nil: the whole text is the answer
	Within  time.Duration  // 0 for the default
}

// Wait waits for a signal.
type Wait struct {
	For    string
	Match  *expr.Program // nil: any of that type in the case
	Within time.Duration
}

// Checkpoint is where a person looks before it goes on.
type Checkpoint struct {
	By   string // role
	Show *expr.Template
}

// Verify reads the system of record and says what must hold.
type Verify struct {
	Call   Call
	Check  *expr.Program
	Within time.Duration // how long it may take to become true
}
