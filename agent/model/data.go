package model

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"resolute/agent/casefile"
)

// Trust says what a piece of data is good for.
type Trust string

// The kinds of trust.
const (
	ByTool      Trust = "told by a tool"
	ByKnowledge Trust = "knowledge of the company"
	ByInternal  Trust = "internal knowledge: it may inform you, and no customer may see it"
	ByAgent     Trust = "recorded by this agent"
	ByCustomer  Trust = "untrusted: written by whoever sent it"
)

// piece is a piece of data in a prompt.
type piece struct {
	id    string // by which it is cited, "" for none
	title string
	trust Trust
	text  string
	rank  int // the higher, the sooner it is left out
}

// Ranks, from what no prompt can do without.
const (
	rankCase = iota
	rankNewest
	rankFact
	rankTried
	rankRead
	rankPassage
	rankSignal
	rankPast
)

// tell writes a piece between two lines that nobody who wrote into it could know: they are a function of
// what it says.
func (p *piece) tell(c *casefile.Case) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.ID, c.Bundle, p.id, p.text}, "\x00")))
	mark := hex.EncodeToString(sum[:8])
	head := "--- data " + mark
	if p.id != "" {
		head += " id=" + p.id
	}
	return fmt.Sprintf("%s (%s; %s)\n%s\n--- end %s\n", head, p.title, p.trust, p.text, mark)
}

var marks = regexp.MustCompile(`(?m)^--- (data|end) [0-9a-f]{16}`)

// Alike reports whether two prompts say the same, whatever they are marked with: marks differ by case and
// version of the bundle.
func Alike(a, b string) bool {
	return marks.ReplaceAllString(a, "$1") == marks.ReplaceAllString(b, "$1")
}

// readable leaves out what a person wouldn't see, and is told to no model either.
func readable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || r >= 0xE0000 && r <= 0xE0FFF {
			return -1
		}
		return r
	}, text))
}

// longestTitle is how many bytes a title has at most.
const longestTitle = 300

// oneLine makes a title that stays on the line of its mark.
func oneLine(title string) string {
	title = strings.Join(strings.Fields(readable(title)), " ")
	if len(title) > longestTitle {
		title = strings.ToValidUTF8(title[:longestTitle], "") + "…"
	}
	return title
}

// bytesOfToken is more than a token ever counts for, on average of a text.
const bytesOfToken = 8

// data are the pieces that a case has, in the order in which they are told.
func (p *Planner) data(c *casefile.Case) []piece {
	var list []piece
	add := func(one piece) {
		if most := bytesOfToken * p.Context; len(one.text) > most { // far beyond what there is room for
			one.text = one.text[:most]
		}
		one.title = oneLine(p.Redact.Text(one.title)) // types and addresses come from outside too
		if one.text = readable(p.Redact.Text(one.text)); one.text != "" {
			list = append(list, one)
		}
	}
	for i := range c.Signals {
		s := &c.Signals[i]
		one := piece{id: signalID(i), title: fmt.Sprintf("signal %s of %s", s.Type, s.Time.UTC().Format(time.RFC3339)), trust: ByCustomer, text: signalText(&s.Signal), rank: rankSignal}
		if i == len(c.Signals)-1 || i == 0 {
			one.rank = rankNewest
		}
		add(one)
	}
	for i := range c.Passages {
		k := &c.Passages[i]
		one := piece{id: passageID(i), title: "passage " + k.Address, trust: ByKnowledge, text: k.Title + "\n" + k.Text, rank: rankPassage + i}
		if k.Internal {
			one.trust = ByInternal
		}
		add(one)
	}
	add(piece{title: "case", trust: ByAgent, text: p.caseText(c), rank: rankCase})
	for _, name := range sorted(c.Inputs) {
		add(piece{id: "inputs." + name, title: "input " + name + ", found in a signal", trust: ByCustomer, text: plain(c.Inputs[name].Value.V), rank: rankCase})
	}
	for _, name := range factsInOrder(c) {
		f := c.Facts[name]
		one := piece{id: "facts." + name, title: "fact " + name, trust: ByCustomer, text: plain(f.Value.V), rank: rankFact}
		if f.Tool != "" {
			one.title, one.trust = "fact "+name+", read by "+f.Tool, ByTool
			if t, ok := p.Tools[f.Tool]; ok && len(t.Trusted) > 0 {
				one.title += "; nobody outside can write " + strings.Join(t.Trusted, ", ")
			}
		}
		if driven(name) {
			one.rank = rankRead
		}
		add(one)
	}
	for i := range c.Writes {
		w := &c.Writes[i]
		text := w.Tool + " " + plain(map[string]any(w.Args))
		if w.Undone {
			text += " (undone since)"
		}
		add(piece{id: doneID(i), title: "done", trust: ByAgent, text: text, rank: rankCase})
	}
	add(piece{title: "tried", trust: ByAgent, text: tried(c), rank: rankTried})
	if c.History != nil && len(c.History.Cases) > 0 {
		add(piece{title: "earlier cases of the customer", trust: ByAgent, text: past(c), rank: rankPast + len(c.Passages) + len(c.Signals)})
	}
	return list
}

func signalID(i int) string  { return fmt.Sprintf("signal.%d", i+1) }
func passageID(i int) string { return fmt.Sprintf("kb.%d", i+1) }
func doneID(i int) string    { return fmt.Sprintf("done.%d", i+1) }

func signalText(s *casefile.Signal) string {
	rest := casefile.Object{}
	for k, v := range s.Data {
		if k != "text" && k != "subject" && k != "customer" {
			rest[k] = v
		}
	}
	text := s.Text()
	if len(rest) > 0 {
		text = strings.TrimSpace(text + "\n" + plain(map[string]any(rest)))
	}
	return text
}

func (p *Planner) caseText(c *casefile.Case) string {
	who := casefile.Object{"assurance": string(c.Customer.Assurance)}
	for k, v := range map[string]string{"id": c.Customer.ID, "email": c.Customer.Email, "name": c.Customer.Name} {
		if v != "" {
			who[k] = v
		}
	}
	return "opened " + c.OpenedAt.UTC().Format(time.RFC3339) + "\ncustomer " + plain(map[string]any(who))
}

// tried is what the agent did without success, oldest first: each a line.
func tried(c *casefile.Case) string {
	var lines []string
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if a.Purpose != casefile.ForDo && a.Outcome == casefile.OutcomeDone || a.Outcome == "" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", a.Tool, plain(map[string]any(a.Args)), strings.TrimSpace(string(a.Outcome)+" "+a.Code+" "+a.Detail)))
	}
	for i := range c.Hypotheses {
		h := &c.Hypotheses[i]
		if h.Cause != nil {
			lines = append(lines, fmt.Sprintf("%s was given up: %s %s", cmp.Or(h.Statement, h.Name), h.Cause.Code, h.Cause.Detail))
		}
	}
	if f := c.Failure; f != nil && f.Call == "" && f.Detail != "" {
		lines = append(lines, "then "+f.Detail)
	}
	return strings.Join(lines, "\n")
}

func past(c *casefile.Case) string {
	var lines []string
	for _, k := range c.History.Cases {
		lines = append(lines, fmt.Sprintf("%s: %s %s, ended %s", k.Procedure, k.Outcome, k.Hypothesis, k.ClosedAt.UTC().Format(time.DateOnly)))
	}
	return strings.Join(lines, "\n")
}

// plain writes a value as JSON.
func plain(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	b, err := casefile.EncodeValue(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func sorted[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// factsInOrder gives the names of the facts, those that came first first, so that what a prompt begins
// with stays the same.
func factsInOrder(c *casefile.Case) []string {
	list := sorted(c.Facts)
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(c.Facts[a].Seq, c.Facts[b].Seq) })
	return list
}
