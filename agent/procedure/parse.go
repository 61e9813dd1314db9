package procedure

import (
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/source"
)

// Parse reads a procedure's file and compiles it. The procedure is nil if the file isn't a mapping;
// with problems it may lack parts, and is good for Check only.
func Parse(c *expr.Compiler, file string, text []byte) (*Procedure, source.Problems) {
	r := &reader{compiler: c, p: &Procedure{written: map[any][]source.Text{}}}
	root := source.Parse(file, text, &r.problems)
	if !r.mapping(root, "procedure: damaged-item") {
		return nil, r.problems
	}
	r.procedure(root)
	r.problems.Sort()
	return r.p, slices.Compact(r.problems)
}

// reader fills a Procedure.
type reader struct {
	compiler *expr.Compiler
	problems source.Problems
	p        *Procedure
	replies  []source.Text // the names of replies that are asked for
}

const (
	exampleStart      = "{signals: [ticket.created]}"
	exampleVerify     = `{call: shop.get_order, with: {order_id: =inputs.order_id}, as: after, check: facts.after.refunded_cents > 0}`
	exampleHypotheses = `[{name: refundable, do: [{call: shop.refund_order, with: {order_id: =facts.order.id}}], verify: ` + exampleVerify + `}]`
)

func (r *reader) procedure(n source.Node) {
	m := n.Mapping("procedure", "goal", "start", "correlate", "inputs", "gather", "ground", "require", "hypotheses", "otherwise", "on", "replies",
		"drive", "done", "tools", "guidance")
	p := r.p
	p.Pos = n.Pos()
	p.Name = r.name(r.need(m, "procedure", "damaged-item"), wordName, "a procedure")
	p.Goal = r.need(m, "goal", "The customer has a refund, and the order shows it").String()
	if start := m.Need("start", exampleStart); r.mapping(start, exampleStart) {
		r.start(start)
	}
	for _, e := range m.Get("correlate").List() {
		if x := r.program(e, expr.Signal); x != nil {
			p.Correlate = append(p.Correlate, x)
		}
	}
	r.inputs(m.Get("inputs"))
	r.gather(m.Get("gather"))
	for _, e := range m.Get("ground").List() {
		if t := r.template(e); t != nil {
			p.Ground = append(p.Ground, t)
		}
	}
	for _, e := range m.Get("require").List() {
		r.require(e)
	}
	r.hypotheses(m)
	if h := m.Get("otherwise"); h.Here() {
		to := r.route(h)
		p.Otherwise = &to
	}
	r.on(m.Get("on"))
	r.readReplies(m.Get("replies"))
}

// hypotheses reads them, and refuses what only the model planner could run.
func (r *reader) hypotheses(m source.Mapping) {
	model := false
	for _, key := range []string{"drive", "done", "tools", "guidance"} {
		if v := m.Get(key); v.Here() {
			v.Fail("%s: the model planner comes with a later version; write hypotheses", key)
			model = true
		}
	}
	list := m.Get("hypotheses")
	switch {
	case !list.Here() && !model:
		m.Need("hypotheses", exampleHypotheses)
	case list.Here() && len(list.List()) == 0:
		list.Warn("there are no hypotheses: no case of this procedure can be resolved")
	}
	for _, e := range list.List() {
		r.hypothesis(e)
	}
}

func (r *reader) start(n source.Node) {
	m := n.Mapping("signals", "when", "examples")
	signals := m.Need("signals", "[ticket.created]")
	r.p.Start = Start{Signals: signals.Strings(), Examples: m.Get("examples").Strings()}
	if signals.Here() && len(r.p.Start.Signals) == 0 {
		signals.Fail("no signal starts the procedure; add the types that may, for example [ticket.created, email.received]")
	}
	if when := m.Get("when"); when.Here() && when.String() != "" {
		r.p.Start.When = r.program(when, expr.Signal)
	}
}

func (r *reader) inputs(n source.Node) {
	for _, e := range n.Entries() {
		if !fieldName.MatchString(e.Key.Value) {
			r.problems.Add(e.Key.Pos, "%q can't be the name of an input; %s", e.Key.Value, fieldNameRule)
		}
		if !r.mapping(e.Value, "{type: string, from: signal.data."+e.Key.Value+"}") {
			continue
		}
		m := e.Value.Mapping("type", "pattern", "from", "ask")
		in := Input{Name: e.Key.Value, Pos: e.Key.Pos, Type: m.Get("type").OneOf("string", "int", "number", "bool")}
		in.Pattern, in.Whole = r.pattern(m.Get("pattern"))
		in.From = r.program(m.Get("from"), expr.Signal)
		in.Ask = r.template(m.Get("ask"))
		switch from, pattern := m.Get("from").Here(), m.Get("pattern").Here(); {
		case !from && !pattern:
			e.Value.Fail("nothing says where %s is found; add from: signal.data.%s, or a pattern that it has in the customer's text", in.Name, in.Name)
		case !pattern && m.Get("ask").Here():
			m.Get("ask").Warn("without a pattern, %s is not found in the text of an answer", in.Name)
		}
		r.p.Inputs = append(r.p.Inputs, in)
	}
}

func (r *reader) gather(n source.Node) {
	for _, e := range n.Entries() {
		if !fieldName.MatchString(e.Key.Value) {
			r.problems.Add(e.Key.Pos, "%q can't be the name of a fact; %s", e.Key.Value, fieldNameRule)
		}
		if r.mapping(e.Value, exampleCall) {
			call := r.call(e.Value.Mapping("call", "with", "within"))
			call.As = e.Key.Value
			r.p.Gather = append(r.p.Gather, call)
		}
	}
}

func (r *reader) require(n source.Node) {
	if !r.mapping(n, "{check: facts.order.paid, otherwise: {escalate: not-paid}}") {
		return
	}
	m := n.Mapping("check", "otherwise")
	q := Require{Check: r.program(r.need(m, "check", "facts.order.customer_email == case.customer.email"), expr.Procedure)}
	if to := m.Need("otherwise", "{escalate: ownership-mismatch}"); to.Here() {
		q.Otherwise = r.route(to)
	}
	if q.Check != nil {
		r.p.Require = append(r.p.Require, q)
	}
}

// route reads where a case goes.
func (r *reader) route(n source.Node) Route {
	to := Route{Pos: n.Pos()}
	const example = "{escalate: no-option-left, to: default} or {close: declined, reply: NAME}"
	if !r.mapping(n, example) {
		return to
	}
	m := n.Mapping("escalate", "to", "close", "reply")
	escalate, end, queue, reply := m.Get("escalate"), m.Get("close"), m.Get("to"), m.Get("reply")
	switch {
	case escalate.Here() == end.Here():
		n.Fail("write one of %s", example)
	case escalate.Here():
		if to.Escalate = escalate.String(); to.Escalate == "" {
			escalate.Fail("escalate is empty; say why in a word, for example no-option-left")
		}
		if reply.Here() {
			reply.Fail("reply goes with close; a person who gets the case writes to the customer")
		}
	default:
		to.Close = end.OneOf("declined")
		if queue.Here() {
			queue.Fail("to goes with escalate; a closed case waits in no queue")
		}
	}
	if queue.Here() {
		t := queue.Text()
		to.To, to.queue = t.Value, t.Pos
	}
	to.Reply = r.reply(reply)
	return to
}

// reply reads the name of a reply.
func (r *reader) reply(n source.Node) string {
	if !n.Here() {
		return ""
	}
	t := n.Text()
	r.replies = append(r.replies, t)
	return t.Value
}

func (r *reader) readReplies(n source.Node) {
	r.p.Replies = map[string]*expr.Template{}
	var names []string
	used := map[string]bool{}
	for _, t := range r.replies {
		used[t.Value] = true
	}
	for _, e := range n.Entries() {
		names = append(names, e.Key.Value)
		r.p.Replies[e.Key.Value] = r.template(e.Value)
		if !used[e.Key.Value] {
			r.problems.Warn(e.Key.Pos, "nothing uses the reply %s", e.Key.Value)
		}
	}
	for _, t := range r.replies {
		if _, ok := r.p.Replies[t.Value]; !ok {
			r.problems.Add(t.Pos, "there is no reply %s%s", t.Value, orElse(source.Nearest(t.Value, names), names, "; add it under replies", "; there are "))
		}
	}
}

// fallbacks are the stop codes that `on` may name: those that a case would escalate with.
var fallbacks = []string{
	string(casefile.StopToolUnavailable), string(casefile.StopPolicyDeny), "authority.shadow", "budget.exceeded", string(casefile.StopConfidenceLow),
	string(casefile.StopEvidenceMissing), string(casefile.StopInputMissing), string(casefile.StopOutcomeUnknown), string(casefile.StopToolError),
	string(casefile.StopManifestChanged), string(casefile.StopCheckFailed), string(casefile.StopHypothesesExhausted),
	string(casefile.StopApprovalRejected), string(casefile.StopApprovalExpired), string(casefile.StopLoopLimit), "model.unavailable",
	string(casefile.StopProcedureEscalate),
}

func (r *reader) on(n source.Node) {
	r.p.On = map[casefile.StopCode]OnStop{}
	for _, e := range n.Entries() {
		code := e.Key.Value
		if !slices.Contains(fallbacks, code) {
			r.problems.Add(e.Key.Pos, "%s is not a stop code that a case goes to a person with%s", code, orElse(source.Nearest(code, fallbacks), fallbacks, "", "; those are "))
		}
		if !r.mapping(e.Value, "{then: {escalate: shop-down, to: on-call}}") {
			continue
		}
		m := e.Value.Mapping("wait", "then")
		on := OnStop{Pos: e.Key.Pos, Wait: m.Get("wait").Duration()}
		if m.Get("wait").Here() && code != string(casefile.StopToolUnavailable) {
			m.Get("wait").Fail("wait goes with tool.unavailable alone: nothing is tried again at %s", code)
		}
		switch then := m.Get("then"); {
		case then.Here():
			on.Then = r.route(then)
		case !m.Get("wait").Here():
			m.Need("then", "{escalate: shop-down, to: on-call}")
		}
		r.p.On[casefile.StopCode(code)] = on
	}
}
