package bundle

import (
	"maps"
	"slices"
	"strings"

	"resolute/agent/policy"
	"resolute/agent/procedure"
	"resolute/agent/source"
)

// warn warns of what the policies don't do, though somebody may think so.
func (l *loader) warn(set toolset, procedures []string) {
	if l.problems.Failed() {
		return // what is broken is as good as not there, and what would be warned of may be what is broken
	}
	known := policy.Known{Tools: map[string][]string{}, Procedures: procedures, All: true}
	arguments := set.arguments()
	for name := range set.plugins {
		known.All = known.All && set.Known(name)
	}
	for _, tool := range set.Names("") {
		known.Tools[tool] = arguments[tool]
	}
	for _, p := range l.policies {
		if !slices.Contains(l.unsound, p) {
			p.Warn(known, &l.problems)
		}
	}
	l.warnOfExamples()
	for _, p := range l.Procedures {
		for call := range p.Acts() {
			l.warnOfCall(set, p, call)
		}
		l.warnOfDrive(set, p)
	}
}

// warnOfCall warns of a write that no policy covers, and of arguments that will be refused.
func (l *loader) warnOfCall(set toolset, p *procedure.Procedure, call *procedure.Call) {
	effect, _, _, ok := set.Schemas(call.Tool)
	if !ok || effect == "read" {
		return
	}
	l.warnUncovered(call.Tool, effect, call.Pos)
	doubtful := l.Guard.Doubtful(call.Tool, call.With.Sources(), p.Gives)
	for _, name := range slices.Sorted(maps.Keys(doubtful)) {
		at := call.Pos
		for _, arg := range call.With.Names() {
			if arg.Value == name {
				at = arg.Pos
			}
		}
		l.problems.Warn(at, "%s of %s is made from %s, which customers can write: unless a trusted fact says the same, the call is denied; take it from a field that is trusted, or bind it in a policy",
			name, call.Tool, doubtful[name])
	}
}

func (l *loader) warnUncovered(tool, effect string, at source.Pos) {
	if l.Guard.Covers(tool) {
		return
	}
	then := "a person has to approve each call"
	if effect == "irreversible" {
		then = "it is denied, as nothing allows what can't be undone"
	}
	l.problems.Warn(at, "no policy covers %s, which writes: %s", tool, then)
}

// warnOfExamples warns of examples that triage learns little from: the same words for two procedures, and
// a single example of one.
func (l *loader) warnOfExamples() {
	first := map[string]*procedure.Procedure{}
	for _, p := range l.Procedures {
		if len(p.Start.Examples) == 1 {
			l.problems.Warn(p.Start.Places[0], "%s has a single example: what is said in other words is hard to tell for it; add some", p.Name)
		}
		for i, text := range p.Start.Examples {
			folded := strings.ToLower(strings.Join(strings.Fields(text), " "))
			switch other := first[folded]; {
			case other == nil:
				first[folded] = p
			case other != p:
				l.problems.Warn(p.Start.Places[i], "%q is an example of %s too: triage can't tell which of the two a customer means; keep it where it belongs", text, other.Name)
			}
		}
	}
}
