package pages

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// Beliefs is what a case takes to be so, each with what it rests on.
type Beliefs struct {
	Facts    []Belief
	Passages []PassageView
	Inputs   []Belief
	Claims   []Claim
	Read     Moment // when the newest fact was read
	Stale    bool   // facts are gathered again before anything rests on them
}

// Empty reports whether nothing is believed yet.
func (b Beliefs) Empty() bool {
	return len(b.Facts)+len(b.Passages)+len(b.Inputs)+len(b.Claims) == 0
}

// Belief is a fact or an input.
type Belief struct {
	Name     string
	Fields   []Field
	More     int    // fields left out
	All      string // the whole value as JSON, "" where Fields show it all
	Source   string // the tool, or how it was found
	Entry    uint64 // 0 for none
	Stale    bool   // of an earlier round
	Evidence Evidence
}

// PassageView is a piece of knowledge.
type PassageView struct {
	Title, Text, Address, Link, Query string
	Long                              bool
	Evidence                          Evidence
}

// Claim is what a customer wrote, shortened; all of it stands with the signal.
type Claim struct {
	Text, Type, Link string
	At               Moment
	Evidence         Evidence
}

// passageText is how much of a passage stands in the open.
const passageText = 220

func beliefs(c *casefile.Case, v viewer) Beliefs {
	var b Beliefs
	names := slices.SortedFunc(maps.Keys(c.Facts), func(x, y string) int {
		return cmp.Or(cmp.Compare(c.Facts[x].Seq, c.Facts[y].Seq), cmp.Compare(x, y))
	})
	for _, name := range names {
		f := c.Facts[name]
		belief := Belief{Name: name, Source: f.Tool, Entry: f.Seq, Stale: f.Round != c.Round && !c.Status.Ended(), Evidence: byTool()}
		if f.Tool == "" {
			belief.Evidence, belief.Source = byCustomer(), "answered"
		}
		belief.fill(f.Value.V, v)
		b.Stale = b.Stale || belief.Stale
		b.Facts = append(b.Facts, belief)
	}
	b.Read = moment(newestAnswer(c), v.now)
	for _, p := range c.Passages {
		b.Passages = append(b.Passages, PassageView{Title: p.Title, Text: p.Text, Address: p.Address, Link: knowledgeLink(p.Address),
			Query: p.Query, Long: len(p.Text) > passageText, Evidence: byKnowledge()})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Inputs)) {
		in := c.Inputs[name]
		belief := Belief{Name: name, Source: found(in), Evidence: inputEvidence(c, in)}
		belief.fill(in.Value.V, v)
		b.Inputs = append(b.Inputs, belief)
	}
	list, _ := heard(c)
	for _, received := range list {
		s := &received.Signal
		text, _ := s.Data["text"].(string)
		if text = strings.Join(strings.Fields(cmp.Or(text, s.Text())), " "); text == "" {
			continue
		}
		b.Claims = append(b.Claims, Claim{Text: shorten(text, 160), Type: s.Type, Link: "#signal-" + s.ID, At: moment(s.Time, v.now), Evidence: byCustomer()})
	}
	return b
}

// fill shows a value: an object by its fields, anything else as it is.
func (b *Belief) fill(value any, v viewer) {
	o, ok := value.(map[string]any)
	if !ok {
		s := shown(b.Name, value, nil, v.currency, v.now)
		if items, list := value.([]any); list && len(items) > 0 {
			s.Text, s.Code, b.All = plural(len(items), "item"), false, pretty(value)
		}
		b.Fields = []Field{{Shown: s}}
		return
	}
	b.Fields, b.More = fields(o, v.currency, v.now)
	if b.More > 0 || nested(o) {
		b.All = pretty(value)
	}
}

// nested reports whether fields leaves something of an object out.
func nested(o map[string]any) bool {
	for _, v := range o {
		switch t := v.(type) {
		case []any:
			if len(t) > 0 {
				return true
			}
		case map[string]any:
			if nested(t) {
				return true
			}
		case string:
			if len(t) > maxText {
				return true
			}
		}
	}
	return false
}

func newestAnswer(c *casefile.Case) (at time.Time) {
	for _, a := range c.Attempts {
		if a.Outcome != casefile.OutcomeDone {
			continue
		}
		if end := a.At.Add(time.Duration(a.DurationMS) * time.Millisecond); end.After(at) {
			at = end
		}
	}
	return at
}

func found(in casefile.Input) string {
	switch in.How {
	case "pattern":
		return "found in the text"
	case "answer":
		return "answered"
	case "from":
		return "said by the signal"
	}
	return in.How
}

// inputEvidence is as good as who sent the signal that the input stands in.
func inputEvidence(c *casefile.Case, in casefile.Input) Evidence {
	if in.How == "from" {
		for i := range c.Signals {
			if s := &c.Signals[i].Signal; s.ID == in.Signal && s.Assurance == casefile.AssuranceVouched && s.Text() == "" {
				return byCompany()
			}
		}
	}
	return byCustomer()
}

// observed is what a condition read.
func observed(values map[string]casefile.Value, v viewer) []Field {
	var list []Field
	for _, path := range slices.Sorted(maps.Keys(values)) {
		name := path[strings.LastIndexByte(path, '.')+1:]
		list = append(list, Field{Name: path, Shown: shown(name, values[path].V, nil, v.currency, v.now)})
	}
	return list
}
