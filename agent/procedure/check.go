package procedure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// ToolSet is what is known of the tools that a procedure may call.
type ToolSet interface {
	// Schemas gives a tool's effect and schemas; ok is false if its plugin doesn't have it.
	Schemas(tool string) (effect string, input, output json.RawMessage, ok bool)
	// Known reports whether anything is known of a plugin; of one that is down nothing is.
	Known(plugin string) bool
	// Names gives the tools of a plugin, all if it is "".
	Names(plugin string) []string
}

// checker checks one procedure against the tools.
type checker struct {
	*Procedure
	tools    ToolSet
	queues   []string
	problems *source.Problems
	facts    map[string]json.RawMessage // those there are so far, with their schema (nil if unknown)
}

// Check reports what a procedure says that can't work with these tools and queues.
func (p *Procedure) Check(tools ToolSet, queues []string, problems *source.Problems) {
	k := &checker{Procedure: p, tools: tools, queues: queues, problems: problems, facts: map[string]json.RawMessage{}}
	k.start()
	k.gather()
	for i := range p.Ground {
		k.reads(p.Pos, p.Ground[i].Facts(), p.Ground[i].Inputs(), p.Ground[i].Reads())
	}
	for i := range p.Require {
		k.program(p.Require[i].Check)
		k.route(p.Require[i].Otherwise)
	}
	gathered := maps.Clone(k.facts)
	names := map[string]bool{}
	for i := range p.Hypotheses {
		h := &p.Hypotheses[i]
		if names[h.Name] {
			problems.Add(h.Pos, "hypothesis %s is there twice", h.Name)
		}
		names[h.Name] = true
		k.facts = maps.Clone(gathered)
		k.hypothesis(h)
	}
	if len(p.Hypotheses) == 0 && p.Otherwise == nil {
		problems.Warn(p.Pos, "there is no hypothesis and no otherwise: every case ends as hypotheses.exhausted")
	}
	k.facts = k.allFacts()
	if p.Otherwise != nil {
		k.route(*p.Otherwise)
	}
	for code, on := range p.On {
		if !slices.Contains(stopCodes, code) {
			problems.Add(on.Pos, "%s is no stop code%s", code, source.Nearest(string(code), words(stopCodes)))
		}
		if on.Then.Escalate != "" || on.Then.Close != "" {
			k.route(on.Then)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Replies)) {
		t := p.Replies[name]
		k.reads(p.Pos, t.Facts(), t.Inputs(), t.Reads())
	}
}

// stopCodes are those that `on` can route.
var stopCodes = []casefile.StopCode{casefile.StopPolicyDeny, casefile.StopConfidenceLow, casefile.StopEvidenceMissing, casefile.StopOutcomeUnknown,
	casefile.StopToolUnavailable, casefile.StopToolError, casefile.StopManifestChanged, casefile.StopCheckFailed, casefile.StopHypothesesExhausted,
	casefile.StopApprovalRejected, casefile.StopApprovalExpired, casefile.StopLoopLimit, casefile.StopProcedureEscalate, casefile.StopInputMissing}

func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func (k *checker) start() {
	for _, e := range []*expr.Program{k.Start.When} {
		if e != nil && (len(e.Facts()) > 0 || len(e.Inputs()) > 0) {
			k.problems.Add(e.Pos, "start.when sees the signal alone; facts and inputs come later")
		}
	}
	for i := range k.Inputs {
		if f := k.Inputs[i].From; f != nil && len(f.Facts()) > 0 {
			k.problems.Add(f.Pos, "an input comes from signals, before any fact is gathered")
		}
	}
	for _, e := range k.Correlate {
		if len(e.Facts()) > 0 {
			k.problems.Add(e.Pos, "correlate sees signals and inputs, before any fact is gathered")
		}
		k.program(e)
	}
}

// gather checks the reads, in the order in which they can be made.
func (k *checker) gather() {
	names := map[string]bool{}
	for i := range k.Gather {
		names[k.Gather[i].As] = true
	}
	left := make([]*Call, 0, len(k.Gather))
	for i := range k.Gather {
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
			if s.Call.Undo != nil {
				k.call(s.Call.Undo, false)
			}
			k.call(s.Call, false)
		case s.Ask != nil:
			if s.Ask.Text != nil {
				k.reads(s.Pos, s.Ask.Text.Facts(), s.Ask.Text.Inputs(), s.Ask.Text.Reads())
			}
			k.facts[s.Ask.As] = nil
		case s.Wait != nil:
			k.program(s.Wait.Match)
		case s.Checkpoint != nil && s.Checkpoint.Show != nil:
			k.reads(s.Pos, s.Checkpoint.Show.Facts(), s.Checkpoint.Show.Inputs(), s.Checkpoint.Show.Reads())
		}
	}
	if h.Verify.Call.Tool != "" {
		k.call(&h.Verify.Call, true)
	}
	k.program(h.Verify.Check)
	k.reply(h.Pos, h.Reply)
}

// allFacts are all that any path may have gathered.
func (k *checker) allFacts() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	add := func(c *Call) {
		if c != nil && c.As != "" {
			_, _, output, _ := k.tools.Schemas(c.Tool)
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
		k.reads(e.Pos, e.Facts(), e.Inputs(), e.Reads())
	}
}

// reads checks names of facts and inputs, and fields of facts as far as schemas tell.
func (k *checker) reads(at source.Pos, facts, inputs, paths []string) {
	known := slices.Sorted(maps.Keys(k.facts))
	for _, f := range facts {
		if !slices.Contains(known, f) {
			k.problems.Add(at, "nothing gives the fact %s before it is read%s", f, source.Nearest(f, known))
		}
	}
	var declared []string
	for i := range k.Inputs {
		declared = append(declared, k.Inputs[i].Name)
	}
	for _, in := range inputs {
		if !slices.Contains(declared, in) {
			k.problems.Add(at, "there is no input %s%s", in, source.Nearest(in, declared))
		}
	}
	for _, path := range paths {
		if rest, ok := strings.CutPrefix(path, "facts."); ok {
			name, fields, deeper := strings.Cut(rest, ".")
			if deeper {
				k.field(at, name, k.facts[name], fields)
			}
		}
	}
}

// schema is the part of a JSON Schema that tells which fields there are.
type schema struct {
	Properties           map[string]json.RawMessage `json:"properties"`
	Required             []string                   `json:"required"`
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
	Type                 any                        `json:"type"`
	Ref                  string                     `json:"$ref"`
}

func (k *checker) field(at source.Pos, fact string, raw json.RawMessage, path string) {
	walked := fact
	for path != "" && len(raw) > 0 {
		var s schema
		if json.Unmarshal(raw, &s) != nil || s.Properties == nil || s.Ref != "" {
			return
		}
		var name string
		name, path, _ = strings.Cut(path, ".")
		next, ok := s.Properties[name]
		if !ok {
			fields := slices.Sorted(maps.Keys(s.Properties))
			k.problems.Add(at, "%s has no field %s by its tool's output schema%s", walked, name, hintOr(name, fields))
			return
		}
		walked, raw = walked+"."+name, next
	}
}

func hintOr(name string, known []string) string {
	if hint := source.Nearest(name, known); hint != "" {
		return hint
	}
	return "; it has " + strings.Join(known, ", ")
}

// call checks a call, and adds the fact that it gives.
func (k *checker) call(c *Call, reading bool) {
	plugin, _, dotted := strings.Cut(c.Tool, ".")
	effect, input, output, ok := k.tools.Schemas(c.Tool)
	switch {
	case c.Tool == "":
	case !dotted:
		k.problems.Add(c.Pos, "%s is no tool; tools are called PLUGIN.TOOL", c.Tool)
	case !ok && k.tools.Known(plugin):
		k.problems.Add(c.Pos, "%s has no tool %s%s", plugin, c.Tool, hintOr(c.Tool, k.tools.Names(plugin)))
	case !ok && !slices.ContainsFunc(k.tools.Names(""), func(t string) bool { return strings.HasPrefix(t, plugin+".") }):
		k.problems.Add(c.Pos, "no file in tools/ is the plugin %s%s", plugin, source.Nearest(plugin, k.plugins()))
	case ok && reading && effect != "read":
		k.problems.Add(c.Pos, "%s changes something (its effect is %s); gather and verify only read", c.Tool, effect)
	}
	k.reads(c.Pos, c.With.Facts(), c.With.Inputs(), c.With.Reads())
	if ok {
		k.arguments(c, input)
	}
	if c.As != "" {
		k.facts[c.As] = output
	}
}

func (k *checker) plugins() []string {
	var list []string
	for _, t := range k.tools.Names("") {
		if plugin, _, _ := strings.Cut(t, "."); !slices.Contains(list, plugin) {
			list = append(list, plugin)
		}
	}
	return list
}

func (k *checker) arguments(c *Call, raw json.RawMessage) {
	var s schema
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil || s.Properties == nil {
		return
	}
	known := slices.Sorted(maps.Keys(s.Properties))
	given := map[string]bool{}
	for _, arg := range c.With.Names() {
		given[arg.Value] = true
		prop, ok := s.Properties[arg.Value]
		if !ok {
			if string(s.AdditionalProperties) != "true" {
				k.problems.Add(arg.Pos, "%s has no argument %s%s", c.Tool, arg.Value, hintOr(arg.Value, known))
			}
			continue
		}
		if v, isLiteral := c.With.Literal(arg.Value); isLiteral {
			k.literal(c, arg, v, prop)
		}
	}
	for _, name := range s.Required {
		if !given[name] {
			k.problems.Add(c.With.Pos, "%s needs the argument %s", c.Tool, name)
		}
	}
}

func (k *checker) literal(c *Call, arg source.Text, v any, raw json.RawMessage) {
	var s schema
	if json.Unmarshal(raw, &s) != nil {
		return
	}
	want, _ := s.Type.(string)
	got := "null"
	switch v.(type) {
	case string:
		got = "string"
	case int64:
		got = "integer"
	case float64:
		got = "number"
	case bool:
		got = "boolean"
	}
	if want == "" || want == got || want == "number" && got == "integer" {
		return
	}
	hint := ""
	if text, ok := v.(string); ok && strings.ContainsAny(text, ".(") {
		hint = fmt.Sprintf("; an expression starts with =, like =%s", text)
	}
	k.problems.Add(arg.Pos, "%s of %s is a %s, and this is a %s%s", arg.Value, c.Tool, want, got, hint)
}

func (k *checker) route(r Route) {
	if r.To != "" && !slices.Contains(k.queues, r.To) {
		k.problems.Add(r.Pos, "there is no queue %s in resolute.yaml%s", r.To, source.Nearest(r.To, k.queues))
	}
	k.reply(r.Pos, r.Reply)
}

func (k *checker) reply(at source.Pos, name string) {
	if _, ok := k.Replies[name]; !ok && name != "" {
		k.problems.Add(at, "there is no reply %s%s", name, source.Nearest(name, slices.Sorted(maps.Keys(k.Replies))))
	}
}
