package grounding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// checker holds sentences against evidence.
type checker struct {
	sources *Sources
	now     time.Time
	given   map[string][]*Source
	read    map[string][]*evidence // of those that were asked for
	order   []string               // ids, as they come
	known   map[string]bool
	report  Report
}

func newChecker(sources *Sources) *checker {
	c := &checker{sources: sources, given: map[string][]*Source{}, read: map[string][]*evidence{}, known: map[string]bool{}}
	zone := sources.Zone
	if zone == nil {
		zone = time.UTC
	}
	c.now = sources.Now.In(zone)
	for i := range sources.List {
		src := &sources.List[i]
		if c.given[src.ID] == nil {
			c.order = append(c.order, src.ID)
		}
		c.given[src.ID] = append(c.given[src.ID], src)
	}
	for _, name := range sources.Names {
		eachWord(seen(name), func(w string) { c.known[key(w)] = true })
	}
	return c
}

// of gives the evidence of an id, read when it is first asked for: most of what a case knows is cited by
// nothing.
func (c *checker) of(id string) []*evidence {
	if c.read[id] == nil {
		for _, src := range c.given[id] {
			c.read[id] = append(c.read[id], newEvidence(src, c.sources))
		}
	}
	return c.read[id]
}

// elsewhere gives up to three ids of what would do and isn't cited.
func (c *checker) elsewhere(bears func(*evidence) bool) (ids []string) {
	for _, id := range c.order {
		if len(ids) < 3 && slices.ContainsFunc(c.of(id), bears) {
			ids = append(ids, id)
		}
	}
	return ids
}

// sentence checks one.
func (c *checker) sentence(at int, s Sentence) {
	fault := func(what What, text, detail string, found []string) {
		c.report.Faults = append(c.report.Faults, Fault{Sentence: at, What: what, Text: text, Detail: detail, Found: found})
	}
	if r := turned(s.Text); r != 0 {
		fault(Letters, string(r), fmt.Sprintf("it has the character %U, which shows letters in another order than they are written in; leave it out", r), nil)
	}
	var cited []*evidence
	for _, id := range s.Evidence {
		all := c.of(id)
		switch {
		case all == nil:
			fault(Citation, id, fmt.Sprintf("it cites %q, and there is no such evidence; cite only ids that were given", clip(id)), nil)
		case slices.ContainsFunc(all, func(e *evidence) bool { return e.Internal }):
			fault(Internal, id, fmt.Sprintf("it cites %s, which is internal and no customer may see; leave out what rests on it", id), nil)
		default:
			cited = append(cited, all...)
		}
	}
	text := seen(s.Text)
	found := scan(text)
	p := promisesIn(text)
	list := found.claims
	list = append(list, c.names(found)...)
	slices.SortStableFunc(list, func(a, b claim) int { return a.at - b.at })
	for i := range list {
		c.claim(&list[i], p, cited, fault)
	}
	for _, w := range mixed(text) {
		if !slices.ContainsFunc(cited, func(e *evidence) bool { return e.words[key(w)] }) {
			fault(Letters, w, fmt.Sprintf("%q is written with letters that only look like others; write it with usual ones", w), nil)
		}
	}
	c.promises(p, cited, fault)
	if w := secretIn(text); w != "" {
		fault(Secret, w, fmt.Sprintf("it speaks of %q in a way that asks for it, or could be taken so, and nobody is ever asked for that; leave it out", clip(w)), nil)
	}
}

// claim holds one claim against what the sentence cites.
func (c *checker) claim(x *claim, p *promises, cited []*evidence, fault func(What, string, string, []string)) {
	c.report.Claims++
	strict := !p.reportedAt(x.at) && (p.strict && (x.what == Number || x.what == Date) || x.what == Amount || x.what == Number && reCents.MatchString(x.text))
	if x.what == Link && slices.ContainsFunc(c.sources.Addresses, func(a string) bool { return a != "" && linkKey(a) == x.value }) {
		c.report.Held++
		return
	}
	strict = strict || x.what == Link // where a customer is led to is the company's to say
	bears := func(e *evidence) bool {
		return !e.Internal && !(strict && e.Kind == Said) && (e.bears(x, c.now) || c.ago(x, p, e))
	}
	if slices.ContainsFunc(cited, bears) {
		c.report.Held++
		return
	}
	elsewhere := c.elsewhere(bears)
	fault(x.what, x.text, c.because(x, strict, cited, elsewhere), elsewhere)
}

// ago bears out "3 days ago" by a date.
func (c *checker) ago(x *claim, p *promises, e *evidence) bool {
	if x.what != Number || seconds[x.unit] < seconds[dayUnit] || len(x.value) > 4 || !p.agoAt(x.at+len(x.text)) {
		return false
	}
	days := number(x.value) * int(seconds[x.unit]/seconds[dayUnit])
	return slices.ContainsFunc(e.days, func(d day) bool { return d.is(c.now.AddDate(0, 0, -days)) })
}

// because says what is wrong with a claim, and what to do.
func (c *checker) because(x *claim, strict bool, cited []*evidence, elsewhere []string) string {
	called := map[What]string{Number: "the number", Amount: "the amount", Date: "the date or time", Name: "the name", Link: "the link or address", ID: "the identifier"}[x.what]
	text := fmt.Sprintf("%s %q isn't in what it cites", called, clip(x.text))
	switch {
	case x.vague:
		return fmt.Sprintf("the date %q can be read in two ways; write the month as a word", x.text)
	case len(cited) == 0:
		text = fmt.Sprintf("%s %q needs evidence, and it cites none that can be told", called, clip(x.text))
	case strict && slices.ContainsFunc(cited, func(e *evidence) bool { return e.Kind == Said && e.bears(x, c.now) }):
		text = fmt.Sprintf("%s %q is only what somebody outside wrote, which bears out nothing that is promised or was done, and no address", called, clip(x.text))
	}
	if len(elsewhere) > 0 {
		return text + "; cite " + strings.Join(elsewhere, " or ") + ", which has it, or leave it out"
	}
	return text + "; leave it out, or say what the evidence says"
}

// clip keeps what is quoted in a fault short.
func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return s
}

// reCents are numbers that are written as amounts of money are.
var reCents = regexp.MustCompile(`[0-9][.,][0-9]{2}$`)

// mixed gives words that mix alphabets, or have letters that nobody writes words with.
func mixed(text string) []string {
	if plain(text) {
		return nil
	}
	var list []string
	for _, at := range wordsIn(text) {
		w := text[at[0]:at[1]]
		latin, other, odd := false, false, false
		for _, r := range w {
			switch {
			case unicode.Is(unicode.Latin, r):
				latin = true
				odd = odd || 0x0250 <= r && r <= 0x02AF && r != 'ə' || 0x1D00 <= r && r <= 0x1DBF || 0xA720 <= r && r <= 0xA7FF
			case unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Georgian):
				other = true
			}
		}
		if latin && other || odd {
			list = append(list, w)
		}
	}
	return list
}
