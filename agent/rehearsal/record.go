package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/casefile"
)

// record is the journal of a case, with how far a replay of it has come.
type record struct {
	entries []casefile.Entry
	at      int // index of the first entry that hasn't come about again
}

// errErased is why a journal can't be replayed that isn't whole any more.
var errErased = errors.New("what it was about was erased")

// newRecord checks that a case's journal is there from its first entry on.
func newRecord(entries []casefile.Entry) (*record, error) {
	for i := range entries {
		if e := &entries[i]; e.Seq != uint64(i)+1 || e.Data == nil {
			return nil, fmt.Errorf("entry %d is empty: %w", i+1, errErased)
		}
	}
	if len(entries) < 2 {
		return nil, fmt.Errorf("its journal has %d entries, and none that opens it", len(entries))
	}
	first, isSignal := entries[0].Data.(*casefile.SignalReceived)
	if _, opens := entries[1].Data.(*casefile.CaseOpened); !isSignal || !opens || first.From != "" {
		return nil, fmt.Errorf("its journal begins with %s and %s, and not with a signal that opens it", entries[0].Data.Kind(), entries[1].Data.Kind())
	}
	return &record{entries: entries}, nil
}

// next is the entry that is to come about next, nil at the end.
func (r *record) next() *casefile.Entry {
	if r.at == len(r.entries) {
		return nil
	}
	return &r.entries[r.at]
}

// outside reports whether an entry is of what happens to a case: it doesn't follow from its state.
func outside(e *casefile.Entry) bool {
	switch d := e.Data.(type) {
	case *casefile.SignalReceived, *casefile.CaseOpened, *casefile.CaseReopened, *casefile.OperatorDecided, *casefile.AuthorityChanged:
		return true
	case *casefile.CaseLinked:
		return e.Actor == casefile.ActorSystem
	case *casefile.CallAnswered:
		return d.Source == casefile.SourceCallback
	}
	return false
}

// supports reports whether an entry decides nothing: what was found out, and who was told of what was
// decided.
func supports(e *casefile.Entry) bool {
	switch e.Data.(type) {
	case *casefile.KnowledgeFound, *casefile.HistoryFound, *casefile.ModelAnswered, *casefile.ModelProposed, *casefile.CaseCorrelated, *casefile.HandoffOpened, *casefile.HandoffNoticed:
		return true
	}
	return false
}

// absorbed reports whether an entry says what became of a command: in the journal it stands before what
// follows from it.
func absorbed(e *casefile.Entry) bool {
	switch d := e.Data.(type) {
	case *casefile.KnowledgeFound, *casefile.HistoryFound, *casefile.ModelAnswered, *casefile.ProcedureChosen:
		return true
	case *casefile.CallAnswered:
		return d.Source == casefile.SourceAnswer || d.Source == casefile.SourceOperation
	}
	return false
}

// cut reports whether the step that took in the entry at an index did nothing else, because it was told
// to stop: what follows happened later, or from outside.
func (r *record) cut(index int) bool {
	taken := &r.entries[index]
	for _, e := range r.entries[index+1:] {
		switch {
		case !e.At.Equal(taken.At) || outside(&e):
			return true
		case !absorbed(&e):
			return false
		}
	}
	return true
}

// together are the entries from the next one on that were decided at its time.
func (r *record) together() []casefile.Entry {
	n := r.at
	for n < len(r.entries) && !outside(&r.entries[n]) && r.entries[n].At.Equal(r.entries[r.at].At) {
		n++
	}
	return r.entries[r.at:n]
}

// inFlight gives the answer to a question that must have been asked before a person took the case out of
// the agent's hands, which stands next in the journal; nil for none.
func (r *record) inFlight() *casefile.Entry {
	takenOut := false
	for i := r.at; i < len(r.entries); i++ {
		e := &r.entries[i]
		switch d := e.Data.(type) {
		case *casefile.OperatorDecided:
			takenOut = takenOut || d.Decision == casefile.DecideTakeover || d.Decision == casefile.DecideClose
		case *casefile.CallAnswered:
			if d.Source == casefile.SourceOperation && takenOut {
				return e
			}
		case *casefile.ProcedureChosen, *casefile.KnowledgeFound, *casefile.HistoryFound, *casefile.ModelAnswered:
			if takenOut {
				return e
			}
		}
		if !outside(e) {
			return nil
		}
	}
	return nil
}

// answer gives the index of what became first of a try from here on, -1 for nothing.
func (r *record) answer(id string, try int) int {
	for i := r.at; i < len(r.entries); i++ {
		if d, ok := r.entries[i].Data.(*casefile.CallAnswered); ok && d.ID == id && (try == 0 || d.Try == try) {
			return i
		}
	}
	return -1
}

// dueAgain is when the newest answer before the next entry said to ask again about a call.
func (r *record) dueAgain(id string) (e *casefile.CallAnswered) {
	for i := range r.at {
		if d, ok := r.entries[i].Data.(*casefile.CallAnswered); ok && d.ID == id {
			e = d
		}
	}
	return e
}

// judged is what a verdict depended on beside the state of the case.
type judged struct {
	standing *casefile.Standing
	exceeded []casefile.Exceeded
	unusual  []casefile.RiskPart
}

// verdict gives what was known when an action of a tool was judged: now, else before, else later.
func (r *record) verdict(tool string) (judged, bool) {
	group := r.together()
	for i := range group {
		if j, ok := judgedBy(&group[i], tool); ok {
			return j, true
		}
	}
	for i := r.at - 1; i >= 0; i-- {
		if j, ok := judgedBy(&r.entries[i], tool); ok {
			return j, true
		}
	}
	for i := r.at + len(group); i < len(r.entries); i++ {
		if j, ok := judgedBy(&r.entries[i], tool); ok {
			return j, true
		}
	}
	return judged{}, false
}

func judgedBy(e *casefile.Entry, tool string) (judged, bool) {
	var v *casefile.Verdict
	switch d := e.Data.(type) {
	case *casefile.CallIntended:
		if d.Call.Tool == tool {
			v = d.Verdict
		}
	case *casefile.ActionDenied:
		if d.Call.Tool == tool && d.Verdict.Policy != "" {
			v = &d.Verdict
		}
	case *casefile.ActionShadowed:
		if d.Shadowed.Action.Tool == tool {
			v = &d.Shadowed.Verdict
		}
	case *casefile.ApprovalAsked:
		if a := &d.Approval; a.Action != nil && a.Action.Tool == tool {
			v = &casefile.Verdict{Authority: a.Authority, Exceeded: a.Exceeded, Risk: a.Risk}
		}
	}
	if v == nil {
		return judged{}, false
	}
	j := judged{standing: v.Authority, exceeded: v.Exceeded}
	if v.Risk != nil {
		for _, part := range v.Risk.Parts {
			if part.Policy == "" {
				j.unusual = append(j.unusual, part)
			}
		}
	}
	return j, true
}

// pause gives what was paused when the next entries were decided, nil for nothing.
func (r *record) pause() *casefile.Pause {
	for _, e := range r.together() {
		switch d := e.Data.(type) {
		case *casefile.CaseStopped:
			if d.Stop.Code == casefile.StopPaused {
				return pauseOf(d.Stop.Detail)
			}
		case *casefile.CallAnswered:
			if d.Source == casefile.SourcePause {
				return &casefile.Pause{Tool: r.toolOf(d.ID)}
			}
		}
	}
	return nil
}

// pauseOf reads what a paused case says of the pause.
func pauseOf(detail string) *casefile.Pause {
	what, by, _ := strings.Cut(detail, " is paused by ")
	p := &casefile.Pause{}
	p.By, p.Note, _ = strings.Cut(by, ": ")
	if name, ok := strings.CutPrefix(what, "the tool "); ok {
		p.Tool = name
	} else if name, ok := strings.CutPrefix(what, "the procedure "); ok {
		p.Procedure = name
	}
	return p
}

// toolOf gives the tool of a recorded call.
func (r *record) toolOf(id string) string {
	for i := range r.entries {
		if d, ok := r.entries[i].Data.(*casefile.CallIntended); ok && d.Call.ID == id {
			return d.Call.Tool
		}
	}
	return ""
}

// answers reports whether there is a call like this in the record.
func (r *record) answers(a *casefile.Action) bool {
	return slices.ContainsFunc(r.entries, func(e casefile.Entry) bool {
		d, ok := e.Data.(*casefile.CallIntended)
		return ok && d.Call.Same(a)
	})
}

// held gives the older case that had what this one wanted to be about, "" for none.
func (r *record) held() string {
	for _, e := range r.together() {
		switch d := e.Data.(type) {
		case *casefile.CaseClosed:
			if d.MergedInto != "" {
				return d.MergedInto
			}
		case *casefile.CaseLinked:
			if e.Actor != casefile.ActorSystem {
				return d.Case
			}
		}
	}
	return ""
}

// final is the state that the case was in when the record ends.
func (r *record) final(id string) *casefile.Case {
	c := casefile.New(id)
	for i := range r.entries {
		c.Fold(&r.entries[i])
	}
	return c
}

// swap brings a gather call forward that was sent together with the next one, in another order.
func (r *record) swap(same func(*casefile.Entry) bool) bool {
	if !absorbs(&r.entries[r.at]) {
		return false
	}
	for i := r.at + 1; i < len(r.entries); i++ {
		e := &r.entries[i]
		if e.Data.Kind() != r.entries[r.at].Data.Kind() || !e.At.Equal(r.entries[r.at].At) || !absorbs(e) {
			return false
		}
		if same(e) {
			r.entries = slices.Clone(r.entries)
			r.entries[r.at], r.entries[i] = r.entries[i], r.entries[r.at]
			return true
		}
	}
	return false
}

// absorbs reports whether the order of an entry among others of its kind, in the same step, is the
// order of calls that don't depend on each other.
func absorbs(e *casefile.Entry) bool {
	switch d := e.Data.(type) {
	case *casefile.CallIntended:
		return !d.Call.Writes()
	case *casefile.CallAnswered:
		return absorbed(e)
	}
	return false
}
