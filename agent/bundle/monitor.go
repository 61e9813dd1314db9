package bundle

import (
	"time"

	"resolute/agent/expr"
	"resolute/agent/procedure"
	"resolute/agent/source"
)

// Monitor is a schedule that looks for problems before customers ask.
type Monitor struct {
	Name   string
	Pos    source.Pos
	Every  time.Duration
	Tool   string
	With   *expr.Object
	As     string     // the one fact that there is
	CallAt source.Pos // of Tool
	Each   *expr.Program
	When   *expr.Program // nil: each item is a finding
	Key    *expr.Program
	Limit  int // findings a run
	Signal *expr.Object
}

func parseMonitor(file string, text []byte, c *expr.Compiler, problems *source.Problems) *Monitor {
	m := source.Parse(file, text, problems).Mapping("monitor", "every", "call", "each", "when", "key", "limit", "signal")
	if !m.Here() {
		return nil
	}
	k := &Monitor{Pos: m.Pos(), Name: m.Need("monitor", "stalled-shipments").String(), Every: m.Need("every", "15m").Duration(), Limit: 50}
	call := m.Need("call", "{call: shop.list_shipments, as: shipments}").Mapping("call", "with", "as")
	tool := call.Need("call", "shop.list_shipments")
	k.Tool, k.CallAt, k.As = tool.String(), tool.Pos(), call.Need("as", "shipments").String()
	k.With = c.Object(call.Get("with"), expr.Monitor, problems)
	if !call.Get("with").Here() {
		k.With.Pos = k.CallAt
	}
	k.Each = compiled(m.Need("each", "facts.shipments.items"), c, problems)
	k.When = compiled(m.Get("when"), c, problems)
	k.Key = compiled(m.Need("key", "item.id"), c, problems)
	k.Signal = c.Object(m.Need("signal", "{customer: {id: =item.customer_id}}"), expr.Monitor, problems)
	if n := m.Get("limit"); n.Here() {
		k.Limit = n.Int()
	}
	if m.Get("every").Here() && k.Every < time.Second {
		m.Get("every").Fail("a monitor runs once a second at most")
	}
	return k
}

// check reports what a monitor says that can't work with these tools.
func (k *Monitor) check(tools toolset, problems *source.Problems) {
	call := &procedure.Call{Pos: k.CallAt, Tool: k.Tool, With: k.With, As: k.As}
	procedure.CheckRead(call, tools, k.Signal, []*expr.Program{k.Each, k.When, k.Key}, problems)
}

func compiled(n source.Node, c *expr.Compiler, problems *source.Problems) *expr.Program {
	if !n.Here() {
		return nil
	}
	return c.Compile(n.Text(), expr.Monitor, problems)
}
