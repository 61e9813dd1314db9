package scenario

import (
	"slices"
	"time"

	"resolute/agent/source"
)

// Customer is who writes beside the scenario's signals: about what reaches them, in their own time. They
// are the customer of the first signal.
type Customer struct {
	Pos      source.Pos
	Persona  Persona
	Knows    []Fact        // in the file's order
	Delay    time.Duration // until they write about what reached them
	Patience Patience
	Reacts   Reaction
	Injects  string // text behind everything that they write
}

// Fact is something that a customer tells when they are asked for it.
type Fact struct {
	Pos      source.Pos
	Name     string // of the input, or of the answer to a step, that is asked for
	Value    string
	Evades   int           // how often they say something else first; Never for always
	Wrong    string        // what they say in its place the first time, "" for nothing
	Corrects time.Duration // after which they take that back by themselves, 0: only when asked again
}

// Never is how often something that is never said is evaded.
const Never = -1

// Persona is how a customer writes.
type Persona string

// The personas.
const (
	Plain   Persona = "plain"
	Terse   Persona = "terse"
	Chatty  Persona = "chatty"
	Angry   Persona = "angry"
	Foreign Persona = "foreign" // in another language than the company's
)

// Personas are all of them.
func Personas() []Persona { return []Persona{Plain, Terse, Chatty, Angry, Foreign} }

// Reaction is what a customer does about the first reply.
type Reaction string

// The reactions.
const (
	Silent    Reaction = "nothing"
	Thanks    Reaction = "thanks"
	Complains Reaction = "complains"
	AsksAgain Reaction = "asks-again"
)

// Reactions are all of them.
func Reactions() []Reaction { return []Reaction{Silent, Thanks, Complains, AsksAgain} }

// Patience is what a customer puts up with.
type Patience struct {
	Questions   int           // how many they answer before they give up; 0: all
	Waits       time.Duration // how long they go without a word, 0: for ever
	WritesAgain bool          // they ask what became of it then; else they give up
}

// defaultDelay is how long a customer takes where nothing else is said.
const defaultDelay = 30 * time.Minute

// leastWait is the shortest time without a word that anybody is impatient about.
const leastWait = time.Minute

func (s *Scenario) customer(n source.Node) *Customer {
	if !n.Here() {
		return nil
	}
	m := mapping(n, "persona", "knows", "hides", "mistakes", "delay", "patience", "reacts", "injects")
	c := &Customer{Pos: n.Pos(), Delay: defaultDelay, Injects: m.Get("injects").String(),
		Persona: Persona(m.Get("persona").OneOf(words(Personas())...)), Reacts: Reaction(m.Get("reacts").OneOf(words(Reactions())...))}
	d := m.Get("delay")
	if d.Here() {
		c.Delay = d.Duration()
	}
	if within := s.Expect.Within; n.IsMapping() && within > 0 && c.Delay > within {
		if !d.Here() {
			d = n
		}
		d.Fail("they would answer after %v, when the rehearsal is over: it ends at expect.within, %v", c.Delay, within)
	}
	for _, e := range m.Get("knows").Entries() {
		c.Knows = append(c.Knows, fact(e))
	}
	for _, e := range m.Get("hides").Entries() {
		if f := c.known(e); f != nil {
			f.Evades = evades(e.Value)
		}
	}
	for _, e := range m.Get("mistakes").Entries() {
		if f := c.known(e); f != nil {
			f.mistake(e.Value)
		}
	}
	c.patience(m.Get("patience"))
	if !s.named() {
		n.Fail("nobody is known to write: the first signal has no customer in its data; add for example customer: {id: CUS-101}")
	}
	return c
}

// named reports whether the first signal says who the customer is.
func (s *Scenario) named() bool {
	if len(s.Signals) == 0 {
		return true // said already
	}
	who, _ := s.Signals[0].Data["customer"].(map[string]any)
	return who["id"] != nil || who["email"] != nil
}

func fact(e source.Entry) Fact {
	f := Fact{Pos: e.Value.Pos(), Name: e.Key.Value}
	if e.Value.IsScalar() {
		f.Value = e.Value.String()
	}
	if f.Value == "" {
		e.Value.Fail("what they know is a text or a number; write it like order_id: ORD-1001")
	}
	return f
}

// known finds what an entry is about among what the customer knows.
func (c *Customer) known(e source.Entry) *Fact {
	names := make([]string, len(c.Knows))
	for i := range c.Knows {
		if names[i] = c.Knows[i].Name; names[i] == e.Key.Value {
			return &c.Knows[i]
		}
	}
	e.Value.Fail("they don't know %s, so they can say nothing else first; add it to knows%s", e.Key.Value, source.Nearest(e.Key.Value, names))
	return nil
}

func evades(n source.Node) int {
	if n.IsScalar() && n.String() == "never" {
		return Never
	}
	times := n.Int()
	if times == 0 && n.IsScalar() && n.String() == "0" {
		n.Fail("write how often they say something else first, from 1, or never if they never say it")
	}
	return times
}

func (f *Fact) mistake(n source.Node) {
	m := mapping(n, "says", "corrects")
	f.Wrong = m.Need("says", "ORD-1000").String()
	if f.Wrong == f.Value && f.Wrong != "" {
		m.Get("says").Fail("that is what they know, so it is no mistake")
	}
	if at := m.Get("corrects"); at.Here() {
		if f.Corrects = at.Duration(); f.Corrects == 0 {
			at.Fail("write how long after it they take it back, like 5m; without corrects they do when they are asked again")
		}
	}
}

func (c *Customer) patience(n source.Node) {
	if !n.Here() {
		return
	}
	m := mapping(n, "questions", "waits", "then")
	if q := m.Get("questions"); q.Here() {
		if c.Patience.Questions = q.Int(); c.Patience.Questions == 0 {
			q.Fail("somebody who answers no question needs no customer here; write how many they answer, from 1")
		}
	}
	waits, then := m.Get("waits"), m.Get("then")
	if waits.Here() {
		if c.Patience.Waits = waits.Duration(); c.Patience.Waits < leastWait {
			waits.Fail("nobody is impatient within %v; write it like 24h", leastWait)
			c.Patience.Waits = leastWait
		}
	}
	if then.Here() && !waits.Here() {
		then.Fail("this is what they do when they hear nothing; say for how long by waits: 24h")
	}
	c.Patience.WritesAgain = then.OneOf("gives-up", "writes-again") == "writes-again"
}

// Question is what the bundle's procedures ask customers for.
type Question struct {
	Name  string
	Takes func(answer string) bool // nil: anything
}

// CheckCustomer warns of what the customer knows and nobody asks for, or can't take for an answer.
func (s *Scenario) CheckCustomer(asked []Question, problems *source.Problems) {
	if s.Customer == nil {
		return
	}
	var names []string
	for _, q := range asked {
		if !slices.Contains(names, q.Name) {
			names = append(names, q.Name)
		}
	}
	for i := range s.Customer.Knows {
		f := &s.Customer.Knows[i]
		if !slices.Contains(names, f.Name) {
			problems.Warn(f.Pos, "no procedure asks a customer for %s, so they never say it%s", f.Name, source.Nearest(f.Name, names))
			continue
		}
		if !slices.ContainsFunc(asked, func(q Question) bool { return q.Name == f.Name && (q.Takes == nil || q.Takes(f.Value)) }) {
			problems.Warn(f.Pos, "%q is no answer for who asks for %s: they will be asked again, in vain", f.Value, f.Name)
		}
	}
}

func words[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, w := range list {
		all[i] = string(w)
	}
	return all
}
