package procedure

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// checker checks one procedure against the tools.
type checker struct {
	*Procedure
	tools    ToolSet
	queues   []string
	problems *source.Problems
	facts    map[string]json.RawMessage // those there are so far, with their schema (nil if unknown)
	maybe    map[string]json.RawMessage // those that only some paths have given by here
}

// reader is an expression, a text or an object of arguments.
type reader interface {
	Reads() []string
	Facts() []string
	Inputs() []string
	ReadsHistory() bool
}

// Check reports what a procedure says that can't work with these tools and queues.
func (p *Procedure) Check(tools ToolSet, queues []string, problems *source.Problems) {
	k := &checker{Procedure: p, tools: tools, queues: queues, problems: problems, facts: map[string]json.RawMessage{}}
	k.start()
	k.gather()
	for i := range p.Ground {
		k.reads(p.groundAt[i], p.Ground[i])
	}
	gathered, all := maps.Clone(k.facts), k.allFacts()
	used := map[string]bool{}
	for i := range p.Require {
		k.program(p.Require[i].Check)
		k.maybe = all
		k.route(p.Require[i].Otherwise, used)
		k.maybe = nil
	}
	k.drive()
	names := map[string]bool{}
	for i := range p.Hypotheses {
		h := &p.Hypotheses[i]
		if names[h.Name] {
			problems.Add(h.Pos, "hypothesis %s is there twice", h.Name)
		}
		names[h.Name] = true
		k.facts = maps.Clone(gathered)
		k.hypothesis(h)
		k.reply(h.Pos, h.Reply, used)
	}
	if len(p.Hypotheses) == 0 && p.Otherwise == nil {
		problems.Warn(p.Pos, "there is no hypothesis and no otherwise: every case ends as hypotheses.exhausted")
	}
	k.facts, k.maybe = gathered, all
	if p.Otherwise != nil {
		k.route(*p.Otherwise, used)
	}
	for _, code := range slices.Sorted(maps.Keys(p.On)) {
		k.on(code, p.On[code], used)
	}
	k.facts = all
	for _, name := range slices.Sorted(maps.Keys(p.Replies)) {
		if !used[name] {
			k.reads(p.replyAt[name], p.Replies[name])
		}
	}
}

// stopCodes are those that `on` can route: all that a case may be escalated with.
var stopCodes = []casefile.StopCode{casefile.StopPolicyDeny, casefile.StopAuthorityShadow, "budget.exceeded", casefile.StopConfidenceLow,
	casefile.StopEvidenceMissing, casefile.StopOutcomeUnknown, casefile.StopToolUnavailable, casefile.StopToolError, casefile.StopManifestChanged,
	casefile.StopCheckFailed, casefile.StopHypothesesExhausted, casefile.StopApprovalRejected, casefile.StopApprovalExpired,
	casefile.StopLoopLimit, casefile.StopModelUnavailable, casefile.StopProcedureEscalate, casefile.StopHumanTakeover, casefile.StopInputMissing}

func (k *checker) on(code casefile.StopCode, on OnStop, used map[string]bool) {
	if !slices.Contains(stopCodes, code) {
		known := make([]string, len(stopCodes))
		for i, c := range stopCodes {
			known[i] = string(c)
		}
		k.problems.Add(on.Pos, "%s is no stop code that escalates%s", code, hintOr(string(code), known, ""))
	}
	k.route(on.Then, used)
}

func (k *checker) start() {
	if e := k.Start.When; e != nil && (readsFacts(e) || len(e.Inputs()) > 0) {
		k.problems.Add(e.Pos, "start.when sees the signal alone; facts and inputs come later")
	}
	for i := range k.Inputs {
		in := &k.Inputs[i]
		switch f := in.From; {
		case f == nil:
		case readsFacts(f):
			k.problems.Add(f.Pos, "an input comes from signals, before any fact is gathered")
		default:
			k.program(f)
		}
		switch {
		case in.Ask == nil:
		case readsFacts(in.Ask):
			k.problems.Add(in.Pos, "the question for %s is asked before any fact is gathered, so it can't read one", in.Name)
		case slices.Contains(in.Ask.Inputs(), in.Name):
			k.problems.Add(in.Pos, "the question for %s reads %s itself, which is absent when it is asked", in.Name, in.Name)
		default:
			k.reads(in.Pos, in.Ask)
		}
	}
	for _, e := range k.Correlate {
		if readsFacts(e) {
			k.problems.Add(e.Pos, "correlate sees signals and inputs, before any fact is gathered")
			continue
		}
		k.program(e)
	}
}

// readsFacts reports whether any fact is read, be it by a name that isn't constant.
func readsFacts(e reader) bool {
	return len(e.Facts()) > 0 || slices.Contains(e.Reads(), "facts")
}

// gather checks the reads, in the order in which they can be made.
func (k *checker) gather() {
	names := map[string]bool{}
	left := make([]*Call, 0, len(k.Gather))
	for i := range k.Gather {
		names[k.Gather[i].As] = true
		left = append(left, &k.Gather[i])
	}
	for len(left) > 0 {
		n := len(left)
		left = slices.DeleteFunc(left, func(c *Call) bool {
			for _, f := range c.With.Facts() {
				if _, done := k.facts[f]; names[f] && !done {
					return false
				}
			}
			k.call(c, true)
			return true
		})
		if len(left) == n {
			for _, c := range left {
				k.problems.Add(c.Pos, "%s needs a fact that needs %s: break the circle", c.As, c.As)
			}
			return
		}
	}
}

func (k *checker) hypothesis(h *Hypothesis) {
	k.program(h.When)
	for i := range h.Do {
		switch s := &h.Do[i]; {
		case s.Call != nil:
			k.call(s.Call, false)
			if s.Call.Undo != nil { // it runs when the call is done, so it may read what the call gave
				k.call(s.Call.Undo, false)
			}
		case s.Ask != nil:
			if s.Ask.Text != nil {
				k.reads(s.Pos, s.Ask.Text)
			}
			k.facts[s.Ask.As] = nil
		case s.Wait != nil:
			k.program(s.Wait.Match)
		case s.Checkpoint != nil && s.Checkpoint.Show != nil:
			k.reads(s.Pos, s.Checkpoint.Show)
		}
	}
	if h.Verify.Call.Tool != "" {
		k.call(&h.Verify.Call, true)
	}
	k.program(h.Verify.Check)
	k.proves(&h.Verify)
}

// proves reports a check that would hold or fail whatever the system of record says.
func (k *checker) proves(v *Verify) {
	switch as := v.Call.As; {
	case v.Check == nil || as != "" && slices.Contains(v.Check.Facts(), as) || slices.Contains(v.Check.Reads(), "facts"):
	case len(v.Check.Facts()) == 0:
		k.problems.Add(v.Check.Pos, "the check reads no fact, so it proves nothing; read what verify's call gives, by its `as`")
	case as == "":
		k.problems.Warn(v.Check.Pos, "the check reads nothing that verify's call gives, so it proves nothing new; give the call an `as` and read it")
	default:
		k.problems.Warn(v.Check.Pos, "the check doesn't read facts.%s, which verify's call gives, so it proves nothing new", as)
	}
}

// allFacts are all that any path may have gathered.
func (k *checker) allFacts() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	add := func(c *Call) {
		if c != nil && c.As != "" {
			_, _, output, _ := k.tools.Schemas(c.Tool)
			if other, two := all[c.As]; two && string(other) != string(output) {
				output = nil // two tools may give it, and nobody knows which one did
			}
			all[c.As] = output
		}
	}
	for i := range k.Gather {
		add(&k.Gather[i])
	}
	for i := range k.Hypotheses {
		h := &k.Hypotheses[i]
		for j := range h.Do {
			add(h.Do[j].Call)
			if h.Do[j].Ask != nil {
				all[h.Do[j].Ask.As] = nil
			}
		}
		add(&h.Verify.Call)
	}
	return all
}

func (k *checker) program(e *expr.Program) {
	if e != nil {
		k.reads(e.Pos, e)
	}
}

// reads checks names of facts and inputs, and fields of facts as far as schemas tell.
func (k *checker) reads(at source.Pos, e reader) {
	k.recalls = k.recalls || e.ReadsHistory()
	known := slices.Sorted(maps.Keys(k.facts))
	for _, f := range e.Facts() {
		if slices.Contains(known, f) {
			continue
		}
		if _, perhaps := k.maybe[f]; perhaps {
			k.warn(at, "the fact %s may not be there yet when this is read, and then nothing is sent", f)
		} else {
			k.fail(at, "nothing gives the fact %s before it is read%s", f, source.Nearest(f, known))
		}
	}
	var declared []string
	for i := range k.Inputs {
		declared = append(declared, k.Inputs[i].Name)
	}
	for _, in := range e.Inputs() {
		if !slices.Contains(declared, in) {
			k.fail(at, "there is no input %s%s", in, source.Nearest(in, declared))
		}
	}
	for _, path := range e.Reads() {
		if rest, ok := strings.CutPrefix(path, "facts."); ok {
			if name, fields, deeper := strings.Cut(rest, "."); deeper {
				k.field(at, name, k.facts[name], fields)
			}
		}
	}
}

// fail and warn add what isn't said yet: a reply is read on several paths.
func (k *checker) fail(at source.Pos, format string, args ...any) {
	var one source.Problems
	one.Add(at, format, args...)
	k.once(one[0])
}

func (k *checker) warn(at source.Pos, format string, args ...any) {
	var one source.Problems
	one.Warn(at, format, args...)
	k.once(one[0])
}

func (k *checker) once(p source.Problem) {
	if !slices.Contains(*k.problems, p) {
		*k.problems = append(*k.problems, p)
	}
}

func (k *checker) route(r Route, used map[string]bool) {
	if r.To != "" && !slices.Contains(k.queues, r.To) {
		k.problems.Add(r.Pos, "there is no queue %s in resolute.yaml%s", r.To, source.Nearest(r.To, k.queues))
	}
	k.reply(r.Pos, r.Reply, used)
}

// reply checks a reply with the facts that there are where it is written.
func (k *checker) reply(at source.Pos, name string, used map[string]bool) {
	if name == "" {
		return
	}
	t, ok := k.Replies[name]
	if !ok {
		k.problems.Add(at, "there is no reply %s%s", name, source.Nearest(name, slices.Sorted(maps.Keys(k.Replies))))
		return
	}
	used[name] = true
	k.reads(k.replyAt[name], t)
}
