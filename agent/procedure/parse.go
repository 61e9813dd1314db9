package procedure

import (
	"regexp"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// parser reads one file.
type parser struct {
	*expr.Compiler
	problems *source.Problems
}

// Parse reads a procedure; what is wrong goes to problems. It gives nil for a file that is no
// mapping at all.
func Parse(file string, text []byte, c *expr.Compiler, problems *source.Problems) *Procedure {
	p := parser{Compiler: c, problems: problems}
	m := source.Parse(file, text, problems).Mapping("procedure", "goal", "start", "correlate", "inputs", "gather", "ground", "require",
		"hypotheses", "otherwise", "on", "replies", "drive", "done", "tools", "guidance")
	if !m.Here() || !m.IsMapping() {
		return nil
	}
	proc := &Procedure{Pos: m.Pos(), Name: slug(m.Need("procedure", "damaged-item")), Goal: m.Need("goal", "The customer has a replacement, and the order shows it").String(),
		Start: p.start(m.Need("start", "{signals: [ticket.created]}")), On: map[casefile.StopCode]OnStop{}, Replies: map[string]*expr.Template{}, replyAt: map[string]source.Pos{}}
	for _, n := range m.Get("correlate").List() {
		if e := p.Compile(n.Text(), expr.Signal, problems); e != nil {
			proc.Correlate = append(proc.Correlate, e)
		}
	}
	for _, e := range m.Get("inputs").Entries() {
		proc.Inputs = append(proc.Inputs, p.input(e))
	}
	for _, e := range m.Get("gather").Entries() {
		call := p.call(e.Value.Mapping("call", "with", "within"))
		call.As = e.Key.Value
		p.identifier(e.Key)
		proc.Gather = append(proc.Gather, call)
	}
	for _, n := range m.Get("ground").List() {
		if t := p.Template(n.Text(), expr.Procedure, problems); t != nil {
			proc.Ground, proc.groundAt = append(proc.Ground, t), append(proc.groundAt, n.Pos())
		}
	}
	for _, n := range m.Get("require").List() {
		r := n.Mapping("check", "otherwise")
		proc.Require = append(proc.Require, Require{Check: p.condition(r.Need("check", "facts.order.id == inputs.order_id"), expr.Procedure), Otherwise: p.route(r.Need("otherwise", "{escalate: not-theirs}"))})
	}
	if n := m.Get("otherwise"); n.Here() {
		r := p.route(n)
		proc.Otherwise = &r
	}
	p.drive(m, proc)
	for _, e := range m.Get("on").Entries() {
		proc.On[casefile.StopCode(e.Key.Value)] = p.on(e)
	}
	for _, e := range m.Get("replies").Entries() {
		proc.replyAt[e.Key.Value] = e.Key.Pos
		if t := p.Template(e.Value.Text(), expr.Procedure, problems); t != nil {
			proc.Replies[e.Key.Value] = t
		} else {
			proc.Replies[e.Key.Value] = &expr.Template{}
		}
	}
	return proc
}

// slugs are the names of procedures and hypotheses: they stand in paths, ids and logs.
var slugs = regexp.MustCompile(`^[a-z0-9_-]+$`)

func slug(n source.Node) string {
	name := n.String()
	if n.Here() && !slugs.MatchString(name) {
		n.Fail("%q is no name; it has only a-z, 0-9, - and _", name)
	}
	return name
}

// identifiers are the names of facts and inputs: expressions select them by it.
var identifiers = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p parser) identifier(t source.Text) {
	if !identifiers.MatchString(t.Value) || slices.Contains([]string{"true", "false", "null", "in"}, t.Value) {
		p.problems.Add(t.Pos, "%q can't be named in an expression; a name has letters, digits and _, and begins with no digit", t.Value)
	}
}

// as reads the name that a result is given.
func (p parser) as(n source.Node) string {
	if n.Here() {
		p.identifier(n.Text())
	}
	return n.String()
}

// condition compiles a condition that must be there; nil where it isn't or is wrong.
func (p parser) condition(n source.Node, scope expr.Scope) *expr.Program {
	if !n.Here() {
		return nil
	}
	return p.Compile(n.Text(), scope, p.problems)
}

func (p parser) start(n source.Node) Start {
	m := n.Mapping("signals", "when", "examples")
	signals := m.Need("signals", "[ticket.created]")
	s := Start{Signals: signals.Strings()}
	for _, n := range m.Get("examples").List() {
		text := n.Text()
		if strings.TrimSpace(text.Value) == "" {
			n.Fail("the example says nothing; write how a customer says it, or leave it out")
		}
		s.Examples, s.Places = append(s.Examples, text.Value), append(s.Places, text.Pos)
	}
	if signals.Here() && (len(s.Signals) == 0 || slices.Contains(s.Signals, "")) {
		signals.Fail("signals names no type, so nothing starts the procedure; write for example [ticket.created]")
	}
	if when := m.Get("when"); when.Here() && when.String() != "" {
		s.When = p.Compile(when.Text(), expr.Signal, p.problems)
	}
	return s
}

func (p parser) input(e source.Entry) Input {
	m := e.Value.Mapping("type", "pattern", "from", "ask")
	in := Input{Name: e.Key.Value, Pos: e.Key.Pos, Type: m.Need("type", "string").OneOf("string", "int", "number", "bool")}
	p.identifier(e.Key)
	in.Pattern, in.Whole = pattern(m.Get("pattern"))
	in.From = p.condition(m.Get("from"), expr.Signal)
	if ask := m.Get("ask"); ask.Here() {
		in.Ask = p.Template(ask.Text(), expr.Procedure, p.problems)
	}
	if in.From == nil && in.Pattern == nil && m.Here() && !m.Get("from").Here() && !m.Get("pattern").Here() {
		m.Fail("input %s has neither from nor pattern, so nothing can be found for it", in.Name)
	}
	return in
}

// pattern compiles an expression as it is, to find it in a text, and anchored at both ends.
func pattern(n source.Node) (found, whole *regexp.Regexp) {
	if !n.Here() {
		return nil, nil
	}
	found, err := regexp.Compile(n.String())
	if err == nil {
		whole, err = regexp.Compile(`\A(?:` + n.String() + `)\z`)
		if err != nil { // a \Q that isn't closed quotes what is put behind it
			whole, err = regexp.Compile(`\A(?:` + n.String() + `\E)\z`)
		}
	}
	if err != nil {
		n.Fail("pattern: %s; it is an RE2 expression", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil, nil
	}
	return found, whole
}

func (p parser) call(m source.Mapping) Call {
	tool := m.Need("call", "shop.get_order")
	c := Call{Pos: tool.Pos(), Tool: tool.String(), With: p.Object(m.Get("with"), expr.Procedure, p.problems), As: p.as(m.Get("as")), Within: m.Get("within").Duration()}
	if !m.Get("with").Here() {
		c.With.Pos = tool.Pos()
	}
	if undo := m.Get("undo"); undo.Here() {
		u := p.call(undo.Mapping("call", "with", "within"))
		c.Undo = &u
	}
	return c
}

func (p parser) route(n source.Node) Route {
	m := n.Mapping("escalate", "to", "close", "reply")
	r := Route{Pos: n.Pos(), Escalate: m.Get("escalate").String(), To: m.Get("to").String(), Reply: m.Get("reply").String()}
	if end := m.Get("close"); end.Here() {
		r.Close = end.OneOf("declined")
	}
	switch {
	case !m.Here():
	case r.Escalate != "" && r.Close != "":
		n.Fail("a case is either escalated or closed, not both")
	case r.Escalate == "" && r.Close == "":
		n.Fail("say where the case goes: {escalate: REASON, to: QUEUE} or {close: declined, reply: NAME}")
	case r.Escalate != "" && r.Reply != "":
		n.Fail("an escalated case has no reply; a person writes it")
	}
	return r
}

func (p parser) on(e source.Entry) OnStop {
	m := e.Value.Mapping("wait", "then")
	on := OnStop{Pos: e.Key.Pos, Wait: m.Get("wait").Duration()}
	if m.Get("wait").Here() && e.Key.Value != string(casefile.StopToolUnavailable) {
		m.Get("wait").Fail("only tool.unavailable waits")
	}
	switch then := m.Get("then"); {
	case then.Here():
		on.Then = p.route(then)
	case m.Here() && !m.Get("wait").Here():
		m.Fail("say where the case goes: then: {escalate: REASON, to: QUEUE} or then: {close: declined, reply: NAME}")
	}
	return on
}

func (p parser) hypothesis(n source.Node) Hypothesis {
	m := n.Mapping("name", "when", "do", "verify", "reply", "then")
	h := Hypothesis{Pos: n.Pos(), Name: slug(m.Need("name", "replaceable")), Reply: m.Get("reply").String(), When: p.condition(m.Get("when"), expr.Procedure)}
	for _, s := range m.Need("do", "[{call: shop.create_replacement, with: {order_id: =facts.order.id}}]").List() {
		h.Do = append(h.Do, p.step(s))
	}
	if then := m.Get("then"); then.Here() {
		h.ThenNext = then.OneOf("next") == "next"
	}
	v := m.Need("verify", "{call: shop.get_order, with: {...}, as: after, check: facts.after.replacement_id != \"\"}")
	if !v.Here() {
		return h
	}
	h.Verify = p.verify(v.Mapping("call", "with", "as", "check", "within"))
	return h
}

func (p parser) verify(m source.Mapping) Verify {
	v := Verify{Call: p.call(m), Check: p.condition(m.Need("check", "facts.after.replacement_id != \"\""), expr.Procedure), Within: m.Get("within").Duration()}
	v.Call.Within = 0
	return v
}

func (p parser) step(n source.Node) Step {
	s := Step{Pos: n.Pos()}
	m := n.Mapping("call", "with", "as", "within", "undo", "ask", "wait", "checkpoint")
	var kinds []string
	for _, kind := range []string{"call", "ask", "wait", "checkpoint"} {
		if m.Get(kind).Here() {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) != 1 {
		if m.Here() {
			n.Fail("a step is one of call, ask, wait and checkpoint; this one has %d of them", len(kinds))
		}
		return s
	}
	if kinds[0] != "call" {
		for _, key := range []string{"with", "as", "within", "undo"} {
			if m.Get(key).Here() {
				m.Get(key).Fail("%s belongs to a call; in a step that is %s it goes inside: {%s: {...}}", key, kinds[0], kinds[0])
			}
		}
	}
	switch kinds[0] {
	case "call":
		c := p.call(m)
		s.Call = &c
	case "ask":
		k := m.Get("ask").Mapping("text", "as", "pattern", "within")
		re, _ := pattern(k.Get("pattern"))
		s.Ask = &Ask{Text: p.Template(k.Need("text", "Which one do you want?").Text(), expr.Procedure, p.problems), As: p.as(k.Need("as", "choice")), Pattern: re, Within: k.Get("within").Duration()}
	case "wait":
		k := m.Get("wait").Mapping("for", "match", "within")
		s.Wait = &Wait{For: k.Need("for", "payment.succeeded").String(), Match: p.condition(k.Get("match"), expr.Signal), Within: k.Get("within").Duration()}
	case "checkpoint":
		k := m.Get("checkpoint").Mapping("by", "show")
		s.Checkpoint = &Checkpoint{By: k.Get("by").OneOf("operator", "approver", "admin"), Show: p.Template(k.Need("show", "About to ship {{ facts.order.item }}").Text(), expr.Procedure, p.problems)}
	}
	return s
}
