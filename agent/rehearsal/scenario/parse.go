package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Parse reads a file; nil if nothing of it can be used.
func Parse(file string, text []byte, problems *source.Problems) *Scenario {
	m := source.Parse(file, text, problems).Mapping("rehearsal", "now", "signals", "customer", "authority", "paused", "world", "faults", "expect")
	if !m.Here() {
		return nil
	}
	name := m.Need("rehearsal", "smashed blender, replacement in stock")
	s := &Scenario{Pos: m.Pos(), Name: name.String()}
	if strings.ContainsFunc(s.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		name.Fail("a rehearsal's name is one line of text that can be printed, and %q isn't", s.Name)
	}
	s.Now = moment(m.Need("now", "2026-03-01T10:00:00Z"))
	s.Expect = parseExpect(m.Need("expect", "{status: resolved}"))
	signals := m.Need("signals", "[{at: 0s, type: ticket.created, data: {...}}]")
	for i, n := range signals.List() {
		s.Signals = append(s.Signals, s.signal(n, i))
	}
	if signals.Here() && len(s.Signals) == 0 {
		signals.Fail("nothing arrives, so nothing can happen; add a signal")
	}
	slices.SortStableFunc(s.Signals, func(a, b Signal) int { return int(a.At - b.At) })
	s.Customer = s.customer(m.Get("customer"))
	for _, n := range m.Get("authority").List() {
		s.Authority = append(s.Authority, parseLevel(n))
	}
	for _, n := range m.Get("paused").List() {
		s.Paused = append(s.Paused, s.pause(n))
	}
	for _, o := range s.Expect.Cases {
		if o.Signal > len(s.Signals) {
			problems.Add(o.Pos, "there is no signal %d, there are %d", o.Signal, len(s.Signals))
		}
	}
	s.world(m.Need("world", "{shop.get_order: [{args: {order_id: ORD-1001}, result: {...}}]}"))
	for _, n := range m.Get("faults").List() {
		s.Faults = append(s.Faults, parseFault(n))
	}
	return s
}

// moment reads a time of RFC 3339.
func moment(n source.Node) time.Time {
	if !n.Here() {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, n.String())
	if err != nil {
		n.Fail("%q is no time; write it like 2026-03-01T10:00:00Z", n.String())
	} else if at.Year() < 1970 || at.Year() > 2200 {
		n.Fail("a rehearsal happens between 1970 and 2200, not in %d", at.Year())
	}
	return at.UTC()
}

// mapping reads a mapping that has to be one.
func mapping(n source.Node, known ...string) source.Mapping {
	if n.Here() && !n.IsMapping() {
		n.Fail("a mapping (key: value) is expected here")
		return source.Mapping{}
	}
	return n.Mapping(known...)
}

func (s *Scenario) signal(n source.Node, i int) Signal {
	m := mapping(n, "at", "type", "source", "id", "subject", "data", "assurance")
	g := Signal{Pos: n.Pos(), At: m.Get("at").Duration()}
	g.Type = m.Need("type", "ticket.created").String()
	g.Source, g.EventID, g.Subject = m.Get("source").String(), m.Get("id").String(), m.Get("subject").String()
	if g.Source == "" {
		g.Source = "rehearsal"
	}
	if g.EventID == "" {
		g.EventID = fmt.Sprint("signal-", i+1)
	}
	g.Data = object(m.Get("data"))
	g.Assurance = casefile.Assurance(m.Get("assurance").OneOf(string(casefile.AssuranceVouched), string(casefile.AssuranceNone)))
	if casefile.Reserved(g.Type) && g.Type != casefile.TypeMonitorFound {
		m.Get("type").Fail("signals of type %s come from resolute alone", g.Type)
	}
	if within := s.Expect.Within; m.Get("at").Here() && within > 0 && g.At > within {
		m.Get("at").Fail("the signal would arrive after %v, when the rehearsal is over: it ends at expect.within, %v", g.At, within)
	}
	return g
}

func object(n source.Node) casefile.Object {
	if !n.Here() {
		return nil
	}
	o, ok := n.Value().(map[string]any)
	if !ok {
		n.Fail("a mapping (key: value) is expected here")
	}
	return o
}

func (s *Scenario) world(n source.Node) {
	s.WorldAt = n.Pos()
	for _, e := range n.Entries() {
		if e.Key.Value == "plugin" {
			s.Live = e.Value.OneOf("live") == "live"
			continue
		}
		t := Tool{Pos: e.Key.Pos, Name: e.Key.Value}
		for _, a := range e.Value.List() {
			m := mapping(a, "args", "from", "result")
			args, result, from := m.Get("args"), m.Need("result", "{...}"), m.Get("from").Duration()
			if !result.Here() {
				continue // said already
			}
			if within := s.Expect.Within; within > 0 && from > within {
				m.Get("from").Fail("this would be answered from %v on, when the rehearsal is over: it ends at expect.within, %v", from, within)
			}
			t.Answers = append(t.Answers, Answer{Pos: a.Pos(), Args: object(args), ArgsAt: args.Pos(), From: from, Result: result.Value(), ResultAt: result.Pos()})
		}
		if len(e.Value.List()) == 0 {
			e.Value.Fail("%s gets no answer here; add one, or leave the tool out", t.Name)
		}
		s.World = append(s.World, t)
	}
}

func parseFault(n source.Node) Fault {
	m := mapping(n, "tool", "on", "kind")
	f := Fault{Pos: n.Pos(), Tool: m.Need("tool", "shop.create_replacement").String(), On: 1}
	if on := m.Get("on"); on.Here() {
		if f.On = on.Int(); f.On == 0 {
			on.Fail("calls are counted from 1")
		}
	}
	f.Kind = Kind(m.Need("kind", "timeout").OneOf(words(Kinds())...))
	return f
}

func parseExpect(n source.Node) Expect {
	m := mapping(n, "status", "stop", "calls", "never", "reply_contains", "cases", "within")
	e := Expect{Pos: n.Pos(), Calls: m.Get("calls").Strings(), Never: m.Get("never").Strings(), ReplyContains: m.Get("reply_contains").Strings(), Within: DefaultWithin,
		Status: status(m.Get("status")), Stop: casefile.StopCode(m.Get("stop").String())}
	for _, o := range m.Get("cases").List() {
		e.Cases = append(e.Cases, parseOutcome(o))
	}
	if w := m.Get("within"); w.Here() {
		if e.Within = w.Duration(); e.Within == 0 && w.String() != "" {
			w.Fail("nothing can come about within no time; write it like 1h")
		}
	}
	if n.Here() && e.Status == "" && e.Stop == "" && len(e.Calls)+len(e.Never)+len(e.ReplyContains)+len(e.Cases) == 0 {
		n.Fail("nothing is expected, so the rehearsal proves nothing; add for example status: resolved")
	}
	return e
}
