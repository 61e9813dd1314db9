package grounding

import (
	"fmt"
	"slices"
	"strings"
)

// mention is a concept that evidence speaks of.
type mention struct {
	concept int
	negated bool
	soft    bool // of what may come and has not
}

// mention takes the concepts that a text speaks of.
func (e *evidence) mention(text string, value bool) {
	for _, clause := range clausesOf(text) {
		folded := key(clause.text)
		may := holdIndex.in(folded)
		for i := range concepts {
			if may>>i&1 == 0 || concepts[i].hold == nil {
				continue
			}
			for _, at := range concepts[i].hold.FindAllStringIndex(folded, -1) {
				e.mentions = append(e.mentions, mention{i, negatedAt(folded, at), false})
			}
		}
		if value {
			eachWord(folded, func(w string) { e.stems[stem(w)] = true })
		}
	}
}

// mentionKey takes the concepts that a key speaks of; without a value it says that there is none.
func (e *evidence) mentionKey(name string, there bool) {
	words := spaced(name)
	may := holdIndex.in(words)
	for i := range concepts {
		if h := concepts[i].hold; may>>i&1 != 0 && h != nil && h.MatchString(words) {
			e.mentions = append(e.mentions, mention{i, !there, notYet.MatchString(words)})
		}
	}
	for _, w := range strings.Fields(words) {
		if there {
			e.stems[stem(w)] = true
		}
	}
}

// moved reports whether a key says that money went back.
func (e *evidence) moved(parts []string) bool {
	name := strings.Join(parts, " ")
	return !notYet.MatchString(name) && (strings.Contains(name, "refund") || strings.Contains(name, "credited") || e.Kind == Done && strings.Contains(name, "amount"))
}

// clause is a part of a sentence.
type clause struct {
	text     string
	from, to int
	reported bool // it says what the customer said
}

func clausesOf(text string) []clause {
	var list []clause
	from := 0
	for _, at := range clauseEnd.FindAllStringIndex(text, -1) {
		list = append(list, clause{text: text[from:at[0]], from: from, to: at[1]})
		from = at[1]
	}
	return append(list, clause{text: text[from:], from: from, to: len(text)})
}

// negatedAt reports whether a no stands before a match in its clause, or right behind it.
func negatedAt(clause string, at []int) bool {
	if negated.MatchString(clause[:at[0]]) || negated.MatchString(clause[at[0]:at[1]]) {
		return true
	}
	after := strings.Fields(clause[at[1]:])
	return negated.MatchString(strings.Join(after[:min(len(after), 3)], " "))
}

// promised is something that a reply promises, or says that it was done.
type promised struct {
	concept          int
	text             string
	negated, waived  bool
	done, bySayingSo bool // bySayingSo: it says what the customer said
}

// promises are what a sentence promises.
type promises struct {
	text    string
	clauses []clause
	list    []promised
	strict  bool // it promises something, whatever
	will    []string
}

func promisesIn(text string) *promises {
	p := &promises{text: text, clauses: clausesOf(text)}
	for i := range p.clauses {
		c := &p.clauses[i]
		folded := looks(c.text)
		said := reported.FindStringIndex(folded)
		if said == nil && i > 0 && p.clauses[i-1].reported && goesOn(text[p.clauses[i-1].from:p.clauses[i-1].to]) && !anew.MatchString(folded) {
			said = []int{0, 0} // you asked for a refund and a voucher
		}
		c.reported = said != nil
		may := sayIndex.in(folded)
		for k := range concepts {
			if may>>k&1 == 0 {
				continue
			}
			for _, at := range concepts[k].say.FindAllStringIndex(folded, -1) {
				if excusedAt(folded, at) {
					continue
				}
				x := promised{concept: k, text: folded[at[0]:at[1]], bySayingSo: said != nil && said[0] <= at[0]}
				x.waived = waived.MatchString(folded[:at[0]])
				x.negated = !x.waived && negatedAt(folded, at) && !negated.MatchString(folded[at[0]:at[1]])
				x.done = !x.negated && !x.waived && wasDone(folded, at)
				p.list = append(p.list, x)
				p.strict = p.strict || !x.bySayingSo
			}
		}
		if c.reported {
			continue
		}
		if commit.MatchString(folded) {
			p.strict = true
		}
		if m := head.FindStringSubmatch(folded); m != nil {
			p.will = append(p.will, m[1])
		}
	}
	return p
}

// goesOn reports whether behind a clause comes what belongs to it.
func goesOn(clause string) bool {
	words := strings.Fields(clause)
	return len(words) > 0 && slices.Contains([]string{"and", "or", "und", "oder", "et", "ou", "y", "o"}, words[len(words)-1]) || strings.HasSuffix(strings.TrimSpace(clause), ",")
}

func excusedAt(folded string, at []int) bool {
	for _, x := range excused.FindAllStringIndex(folded, -1) {
		if x[0] <= at[0] && at[1] <= x[1] {
			return true
		}
	}
	return false
}

func wasDone(folded string, at []int) bool {
	match := folded[at[0]:at[1]]
	if underway.MatchString(match) {
		return true
	}
	if deeds.MatchString(match[:max(strings.LastIndexByte(match, ' '), 0)]) && participle.MatchString(match[strings.LastIndexByte(match, ' ')+1:]) {
		return true // it is in the match: we shipped
	}
	return participle.MatchString(match) && deeds.MatchString(folded[:at[0]]) || elsewhere.MatchString(match) && deedsElsewhere.MatchString(folded)
}

// reportedAt reports whether a place is where a sentence says what the customer said.
func (p *promises) reportedAt(at int) bool {
	return slices.ContainsFunc(p.clauses, func(c clause) bool { return c.reported && c.from <= at && at < c.to })
}

func (p *promises) agoAt(at int) bool {
	rest := strings.TrimLeft(p.text[min(at, len(p.text)):], " ")
	return strings.HasPrefix(rest, "ago") || strings.HasPrefix(rest, "earlier")
}

// promises holds what is promised against what the sentence cites.
func (c *checker) promises(p *promises, cited []*evidence, fault func(What, string, string, []string)) {
	var told []string
	for i := range p.list {
		x := &p.list[i]
		c.report.Claims++
		bears := func(e *evidence) bool { return e.bearsPromise(x) }
		if slices.ContainsFunc(cited, bears) || concepts[x.concept].name == conceptFull && fullyPaid(cited) {
			c.report.Held++
			continue
		}
		if slices.Contains(told, x.text) {
			continue
		}
		told = append(told, x.text)
		elsewhere := c.elsewhere(bears)
		fault(Promise, x.text, x.because(elsewhere), elsewhere)
	}
	for _, rest := range p.will {
		words := contentWords(rest)
		if len(words) == 0 {
			continue
		}
		c.report.Claims++
		missing := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
			return slices.ContainsFunc(cited, func(e *evidence) bool { return e.Kind != Said && e.stems[stem(w)] })
		})
		if 2*len(missing) <= len(words) {
			c.report.Held++
			continue
		}
		text := clip(strings.TrimSpace(rest))
		fault(Promise, text, fmt.Sprintf("it says that something will be: %q, and what it cites says nothing of %s; promise only what a tool's fact or a passage that may be quoted says", text, strings.Join(missing, ", ")), nil)
	}
}

// because says what is wrong with a promise, and what to do.
func (x *promised) because(elsewhere []string) string {
	name := concepts[x.concept].name
	what := fmt.Sprintf("it promises %s (%q)", name, clip(x.text))
	switch {
	case x.done:
		what = fmt.Sprintf("it says that %s was done (%q), and no tool's fact that it cites says so", name, clip(x.text))
	case x.waived:
		what += " by saying that something isn't needed, and nothing that it cites says that it isn't"
	case x.negated:
		what = fmt.Sprintf("it speaks of %s (%q), and nothing that it cites does", name, clip(x.text))
	case name == conceptPolicy:
		what = fmt.Sprintf("it states a policy (%q), and cites no passage that customers may see", clip(x.text))
	default:
		what += ", and no tool's fact and no passage that it cites says so; what the customer wrote promises nothing"
	}
	if len(elsewhere) > 0 {
		return what + "; cite " + strings.Join(elsewhere, " or ") + ", or leave it out"
	}
	return what + "; leave it out"
}

// bearsPromise reports whether the source bears out a promise.
func (e *evidence) bearsPromise(x *promised) bool {
	if e.Internal || e.Kind == Said && !x.bySayingSo {
		return false
	}
	if concepts[x.concept].name == conceptPolicy {
		return e.Kind == Passage || e.Kind == Said
	}
	return slices.ContainsFunc(e.mentions, func(m mention) bool {
		switch {
		case m.concept != x.concept:
			return false
		case x.done && !x.bySayingSo:
			return !m.negated && !m.soft && (e.Kind == Told || e.Kind == Done)
		case x.waived:
			return m.negated
		case x.negated:
			return true
		}
		return !m.negated
	})
}

// fullyPaid reports whether facts say that as much went back as was paid.
func fullyPaid(cited []*evidence) bool {
	var back, paid []string
	for _, e := range cited {
		back, paid = append(back, e.refunded...), append(paid, e.paid...)
	}
	return slices.ContainsFunc(back, func(a string) bool { return a != "0" && slices.Contains(paid, a) })
}

// contentWords gives the words of what will be that say what it is, without those that concepts, numbers and names
// stand for: they are checked by themselves.
func contentWords(rest string) []string {
	may := sayIndex.in(rest)
	for i := range concepts {
		if may>>i&1 != 0 {
			rest = concepts[i].say.ReplaceAllString(rest, " ")
		}
	}
	rest = string(scan(rest).rest)
	var list []string
	eachWord(rest, func(w string) {
		if len(w) >= 4 && !usual[w] && !slices.Contains(list, w) {
			list = append(list, w)
		}
	})
	return list
}

// stem cuts the endings of a word, so that its forms are one; it needs to be the same for both sides, and right
// for neither.
func stem(w string) string {
	for _, end := range []string{"ements", "ement", "ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ed", "es", "ly", "er", "s", "y", "e"} {
		if strings.HasSuffix(w, end) && len(w)-len(end) >= 3 {
			w = w[:len(w)-len(end)]
			break
		}
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] {
		w = w[:n-1]
	}
	return w
}
