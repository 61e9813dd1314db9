package model

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/grounding"
	"resolute/agent/model/sureness"
)

// report is what a check came to.
type report struct {
	Wrong    string  // exactly what is wrong, "" for nothing
	Coverage float64 // share of what is said that the evidence holds
}

// grounded holds what an answer would tell the customer against its evidence; for a call, coverage is the
// share of the arguments' values that the evidence holds.
func (d *driver) grounded(one *answer, told []piece) report {
	switch one.Decision {
	case casefile.WantAsk, casefile.WantReply:
	case casefile.WantCall:
		return report{Coverage: covered(one.Args, one.Evidence, told)}
	default:
		if len(one.Evidence) == 0 {
			return report{}
		}
		return report{Coverage: 1}
	}
	return d.held(d.c, one.Sentences, told, d.now)
}

// held holds sentences against what they cite, in the ids of the prompt; more are sources beside the case.
func (p *Planner) held(c *casefile.Case, said []grounding.Sentence, told []piece, now time.Time, more ...grounding.Source) report {
	sentences := make([]grounding.Sentence, len(said))
	var back []string
	for i, s := range said {
		sentences[i].Text = s.Text
		for _, id := range s.Evidence {
			sentences[i].Evidence = append(sentences[i].Evidence, p.sourceOf(c, id))
		}
	}
	for _, id := range cites(told) {
		back = append(back, p.sourceOf(c, id), id)
	}
	sources := grounding.Of(c, p.house, now)
	sources.List = append(weighable(sources.List, sentences), more...)
	found := grounding.Check(sentences, sources)
	return report{Wrong: strings.NewReplacer(back...).Replace(found.Wrong()), Coverage: found.Coverage()} // the model knows the ids of the prompt alone
}

// mostRead is how many bytes of a source are read: whoever sends a book can't keep others waiting until
// it is.
const mostRead = 16 << 10

// weighable leaves out long sources that no sentence cites, and takes the beginning of those that one
// does, as the words of whoever wrote them.
func weighable(list []grounding.Source, sentences []grounding.Sentence) []grounding.Source {
	var kept []grounding.Source
	for _, s := range list {
		text := s.Text
		if s.Value != nil {
			text += "\n" + plain(s.Value)
		}
		cited := slices.ContainsFunc(sentences, func(said grounding.Sentence) bool { return slices.Contains(said.Evidence, s.ID) })
		switch {
		case s.Kind == grounding.Passage, len(text) <= mostRead:
			kept = append(kept, s)
		case cited:
			kept = append(kept, grounding.Source{ID: s.ID, Kind: grounding.Said, Text: text[:mostRead], At: s.At})
		}
	}
	return kept
}

// sourceOf is what a piece of evidence is called outside of the prompt.
func (p *Planner) sourceOf(c *casefile.Case, id string) string {
	for i := range c.Passages {
		if id == passageID(i) {
			return c.Passages[i].Address
		}
	}
	if refs := p.refs(c, []string{id}); len(refs) == 1 {
		return refs[0]
	}
	return id
}

// citations are the passages that sentences cite, by address.
func citations(c *casefile.Case, sentences []grounding.Sentence) []string {
	var list []string
	for _, s := range sentences {
		for _, id := range s.Evidence {
			for i := range c.Passages {
				if address := c.Passages[i].Address; id == passageID(i) && !slices.Contains(list, address) {
					list = append(list, address)
				}
			}
		}
	}
	return list
}

// covered is the share of the arguments' values that occur in the evidence; one that is the sum or the
// difference of two numbers there counts half: so much is easily so by chance.
func covered(args casefile.Object, evidence []string, told []piece) float64 {
	var text strings.Builder
	for i := range told {
		if slices.Contains(evidence, told[i].id) {
			text.WriteString(told[i].text + "\n")
		}
	}
	held, all := 0.0, 0
	each(map[string]any(args), func(v any) {
		if all++; occurs(plain(v), text.String()) {
			held++
		} else if derived(v, text.String()) {
			held += 0.5
		}
	})
	switch {
	case all > 0:
		return held / float64(all)
	case len(evidence) > 0:
		return 1
	}
	return 0
}

var numbers = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)

// mostNumbers bounds how many numbers of the evidence are added up.
const mostNumbers = 100

// derived reports whether a number is the sum or the difference of two that stand in a text.
func derived(v any, text string) bool {
	var want float64
	switch t := v.(type) {
	case int64:
		want = float64(t)
	case float64:
		want = t
	default:
		return false
	}
	var there []float64
	for _, s := range numbers.FindAllString(text, mostNumbers) {
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			there = append(there, n)
		}
	}
	for i, a := range there {
		for _, b := range there[i+1:] {
			if a+b == want || a-b == want || b-a == want {
				return true
			}
		}
	}
	return false
}

// each calls with every value that is neither list nor object.
func each(v any, call func(any)) {
	switch t := v.(type) {
	case map[string]any:
		for _, k := range sorted(t) {
			each(t[k], call)
		}
	case []any:
		for _, v := range t {
			each(v, call)
		}
	default:
		call(v)
	}
}

// occurs reports whether a value stands in a text, and not as a part of a longer one.
func occurs(value, text string) bool {
	for from := 0; value != "" && from < len(text); {
		i := strings.Index(text[from:], value)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(value)
		if (start == 0 || !wordy(text[start-1])) && (end == len(text) || !wordy(text[end])) {
			return true
		}
		from = start + 1
	}
	return false
}

func wordy(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b >= 0x80
}

// sure is how sure a proposal is.
func (d *driver) sure(a *casefile.Asked, g *group, coverage float64) casefile.Confidence {
	k := casefile.Confidence{Agreement: float64(len(g.of)) / float64(max(len(a.Answers), a.Sampled, 1)), Coverage: coverage}
	for _, one := range g.of {
		k.Stated += one.Confidence / float64(len(g.of))
	}
	d.weigh(d.c, a, &k)
	return k
}

// weigh makes one number of the parts.
func (p *Planner) weigh(c *casefile.Case, a *casefile.Asked, k *casefile.Confidence) {
	for i := range c.Passages {
		k.Retrieval = max(k.Retrieval, c.Passages[i].Score)
	}
	k.Raw = sureness.Combine(*k)
	k.Value = sureness.Value(a.Calibrated, k.Raw)
}
