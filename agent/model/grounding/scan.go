package grounding

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// claim is something in a text that evidence has to bear out. Texts of evidence are read the same way:
// there it is what they bear out.
type claim struct {
	what     What
	text     string // as it is written
	at       int    // where, in bytes
	value    string // link, id, name and words: made comparable; numbers and amounts: as canonical makes them
	unit     unit
	currency string // "" where it isn't said
	day      day
	vague    bool // a date that reads as two
	counts   bool // a number with a word behind it that is no unit: what it counts
}

// scanner finds claims in a text, one kind after the other; what is found is masked, so that nothing is
// found twice.
type scanner struct {
	text   string
	rest   []byte // text with what was found in mask
	claims []claim
}

const mask = 1

// scan gives the claims in a text that was seen, in their order. Names and promises aren't among them.
func scan(text string) *scanner {
	s := &scanner{text: text, rest: []byte(text)}
	s.links()
	if strings.ContainsFunc(text, unicode.IsDigit) {
		s.dates()
		s.times()
		s.amounts()
		s.quantities()
		s.phones()
		s.ids()
		s.numbers()
	}
	s.spelled()
	s.calendar()
	slices.SortStableFunc(s.claims, func(a, b claim) int { return a.at - b.at })
	s.ranges()
	return s
}

// each hands on what an expression finds in what is left: the bounds of the match and its groups. What
// it takes is masked, what it doesn't is passed over.
func (s *scanner) each(x *regexp.Regexp, take func(at []int) bool) {
	for from := 0; from < len(s.rest); {
		at := x.FindSubmatchIndex(s.rest[from:])
		if at == nil || at[1] == at[0] {
			return
		}
		for i := range at {
			if at[i] >= 0 {
				at[i] += from
			}
		}
		from = at[1]
		if take(at) && at[1] > at[0] {
			s.mask(at[0], at[1])
			from = at[1]
		}
	}
}

func (s *scanner) mask(from, to int) {
	for i := from; i < to; i++ {
		s.rest[i] = mask
	}
}

func (s *scanner) add(c claim, from, to int) {
	c.at, c.text = from, s.text[from:to]
	s.claims = append(s.claims, c)
}

// alone reports whether what is at a place is no part of a longer word, number or identifier.
func (s *scanner) alone(from, to int) bool {
	before, _ := utf8.DecodeLastRune(s.rest[:from])
	after, _ := utf8.DecodeRune(s.rest[to:])
	return !inWord(before) && before != mask && !inWord(after) && !s.joined(from)
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '_')
}

// joined reports whether a place follows a letter or digit and a sign that joins, as in ORD-1.
func (s *scanner) joined(from int) bool {
	if from < 2 || !strings.ContainsRune("-./:#,", rune(s.rest[from-1])) {
		return false
	}
	before, _ := utf8.DecodeLastRune(s.rest[:from-1])
	return inWord(before)
}

func (s *scanner) group(at []int, i int) string {
	if at[2*i] < 0 {
		return ""
	}
	return string(s.rest[at[2*i]:at[2*i+1]])
}

var (
	reURL    = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:mailto|tel|sms|javascript|data|callto|skype|whatsapp):)[^\s<>"\x01|]+`)
	reMail   = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+`)
	reDomain = regexp.MustCompile(`[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(\p{L}{2,24})((?:[/?][^\s<>"\x01]*)?)`)
	reHandle = regexp.MustCompile(`@[\p{L}\p{N}_]{2,}`)
)

// links finds what can be clicked or written to, and names with dots in them.
func (s *scanner) links() {
	if !strings.ContainsAny(s.text, ".:@") {
		return
	}
	if strings.Contains(s.text, ":") || strings.Contains(s.text, "www.") || strings.Contains(s.text, "WWW.") {
		s.addresses()
	}
	if strings.Contains(s.text, "@") {
		s.mails()
	}
	if dotted(s.text) {
		s.domains()
	}
}

// dotted reports whether a point stands within a word.
func dotted(text string) bool {
	for i := 1; i+1 < len(text); i++ {
		if text[i] == '.' && text[i-1] > ' ' && text[i+1] > ' ' {
			return true
		}
	}
	return false
}

func (s *scanner) addresses() {
	s.each(reURL, func(at []int) bool {
		at[1] = at[0] + len(strings.TrimRight(string(s.rest[at[0]:at[1]]), ".,;:!?)]}'*_"))
		s.link(at[0], at[1])
		return true
	})
}

func (s *scanner) mails() {
	s.each(reMail, func(at []int) bool {
		for at[0] < at[1] && strings.ContainsRune("'._-", rune(s.rest[at[0]])) {
			at[0]++
		}
		at[1] = at[0] + len(strings.TrimRight(string(s.rest[at[0]:at[1]]), "-_."))
		s.link(at[0], at[1])
		return true
	})
	s.each(reHandle, func(at []int) bool {
		s.link(at[0], at[1])
		return true
	})
}

func (s *scanner) domains() {
	s.each(reDomain, func(at []int) bool {
		last := s.group(at, 1)
		first, _ := utf8.DecodeRuneInString(last)
		if unicode.IsUpper(first) && !slices.Contains(tops, strings.ToLower(last)) || abbreviated(string(s.rest[at[0]:at[1]])) {
			return false // the end of a sentence without a space behind it, or e.g.
		}
		at[1] = at[0] + len(strings.TrimRight(string(s.rest[at[0]:at[1]]), ".,;:!?)]}'"))
		s.link(at[0], at[1])
		return true
	})
}

// tops are endings of domains that make one out of what looks like the end of a sentence.
var tops = []string{"com", "net", "org", "io", "de", "fr", "es", "it", "uk", "co", "eu", "app", "dev", "shop", "info", "biz", "xyz", "top", "ru", "cn", "me", "ly", "ai", "us", "ch", "at", "nl", "pl", "online", "site", "store", "link", "click"}

func abbreviated(s string) bool {
	for _, part := range strings.Split(s, ".") {
		if utf8.RuneCountInString(part) > 1 {
			return false
		}
	}
	return true
}

func (s *scanner) link(from, to int) {
	s.add(claim{what: Link, value: linkKey(s.text[from:to])}, from, to)
}

// linkKey makes what leads to the same place the same: without a usual scheme, www and an ending slash.
// Only the part that can't tell capitals apart is folded.
func linkKey(link string) string {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if len(link) > len(scheme) && strings.EqualFold(link[:len(scheme)], scheme) {
			link = link[len(scheme):]
			break
		}
	}
	host, path := link, ""
	if i := strings.IndexAny(link, "/?"); i >= 0 {
		host, path = link[:i], link[i:]
	}
	return strings.TrimPrefix(strings.ToLower(host), "www.") + strings.TrimSuffix(path, "/")
}

var (
	rePhone = regexp.MustCompile(`\+?\(?[0-9][0-9 ()./-]{5,}[0-9]`)
	reID    = regexp.MustCompile(`#?[\p{L}\p{N}_]+(?:[-_][\p{L}\p{N}_]+|\.\p{N}[\p{L}\p{N}_]*)*`)
	reOrder = regexp.MustCompile(`^([0-9]+)(?:st|nd|rd|th|x|e|er|re|de)$`)
)

func (s *scanner) phones() {
	s.each(rePhone, func(at []int) bool {
		text := string(s.rest[at[0]:at[1]])
		digits := digitsOf(text)
		parted := strings.ContainsAny(text, "+()/-") || strings.Contains(text, " ")
		if len(digits) < 7 || len(digits) > 20 || !parted || !s.alone(at[0], at[1]) || rePlainGroups.MatchString(text) {
			return false
		}
		s.add(claim{what: Link, value: "tel " + digits}, at[0], at[1])
		return true
	})
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// ids finds what has letters and digits in it.
func (s *scanner) ids() {
	s.each(reID, func(at []int) bool {
		text := strings.TrimPrefix(string(s.rest[at[0]:at[1]]), "#")
		if !strings.ContainsFunc(text, unicode.IsDigit) || !strings.ContainsFunc(text, unicode.IsLetter) {
			return false
		}
		if m := reOrder.FindStringSubmatch(strings.ToLower(text)); m != nil {
			s.add(claim{what: Number, value: canonical(m[1])}, at[0], at[1])
			return true
		}
		s.add(claim{what: ID, value: key(text)}, at[0], at[1])
		return true
	})
}
