package grounding

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// unit is what a number counts, "" where nothing says so.
type unit string

const (
	percent  unit = "percent"
	second   unit = "second"
	minute   unit = "minute"
	hour     unit = "hour"
	dayUnit  unit = "day"
	workday  unit = "working day"
	week     unit = "week"
	month    unit = "month"
	year     unit = "year"
	item     unit = "item"  // of a list, in evidence
	money    unit = "money" // an amount in words of evidence, named without its currency
	whatever unit = "*"     // a fact's, whose key says that it is a time or a share and not in what
)

// seconds are what units of time are worth, of those that are always worth the same.
var seconds = map[unit]int64{second: 1, minute: 60, hour: 3600, dayUnit: 86400, week: 7 * 86400}

// unitWords are what units are called, in forms that key makes.
var unitWords = map[unit]string{
	percent: `%|percent|per cent|prozent|pour cent|por ciento|percentage points?`,
	second:  `seconds?|secs?|sekunden?|secondes?|segundos?`,
	minute:  `minutes?|mins?|minuten?|minutos?`,
	hour:    `hours?|hrs?|h|stunden?|std|heures?|horas?`,
	workday: `(?:business|working|work|week)[ -]?days?|werktage?n?|arbeitstage?n?|jours? (?:ouvres?|ouvrables?)|dias? (?:habiles?|laborables?)`,
	dayUnit: `(?:calendar )?days?|d|tage?n?|kalendertage?n?|jours?|dias?`,
	week:    `weeks?|wks?|wochen?|semaines?|semanas?`,
	month:   `months?|monate?n?|mois|mes(?:es)?`,
	year:    `years?|yrs?|jahre?n?|ans?|annees?|anos?`,
}

var unitOrder = []unit{percent, second, minute, workday, dayUnit, hour, week, month, year}

var (
	reUnit  = regexp.MustCompile(`^(?:(?:extra|more|additional|further|full|whole|weitere|volle) )?(?:` + unitGroups() + `)(?:[^\p{L}\p{N}_]|$)`)
	numeral = `[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]+(?:[.,'][0-9]+)*`
	reNum   = regexp.MustCompile(`#?(` + numeral + `)`)
	// rePlainGroups is a number that is grouped by spaces, and no telephone's.
	rePlainGroups = regexp.MustCompile(`^[0-9]{1,3}(?: [0-9]{3})+$`)
)

func unitGroups() string {
	list := make([]string, len(unitOrder))
	for i, u := range unitOrder {
		list[i] = "(" + unitWords[u] + ")"
	}
	return strings.Join(list, "|")
}

// unitAt gives the unit that a text begins with, behind a space or a hyphen at most, and how long that is.
func unitAt(text string) (u unit, length int) {
	skip := len(text) - len(strings.TrimLeft(text, " -"))
	if skip > 1 {
		return "", 0
	}
	text = text[skip:]
	end := min(len(text), 40)
	for end < len(text) && text[end]&0xC0 == 0x80 {
		end++
	}
	head := text[:end]
	at := reUnit.FindStringSubmatchIndex(key(head))
	if at == nil {
		return "", 0
	}
	for i, u := range unitOrder {
		if at[2*i+2] >= 0 {
			return u, skip + lengthIn(head, at[2*i+3])
		}
	}
	return "", 0
}

// lengthIn gives how many bytes of a text key made n bytes of.
func lengthIn(text string, n int) int {
	for i := range text {
		if len(key(text[:i])) >= n {
			return i
		}
	}
	return len(text)
}

// canonical writes a decimal number in one way: no groups, a point, no zeros that say nothing. "" for
// what is no number, such as 1.2.3.
//
// One separator before exactly three digits parts groups, as in 1,250 or 1.250: nobody writes an amount
// with three decimals, and a weight of 1.250 kg is compared as it is written.
func canonical(written string) string {
	s := written
	if strings.ContainsAny(s, " '") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "'", "")
	}
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	point := -1
	switch {
	case dots+commas == 0:
	case dots > 0 && commas > 0:
		point = max(strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ','))
		if dots > 1 && commas > 1 || strings.Count(s, s[point:point+1]) > 1 || !grouped(s[:point]) {
			return ""
		}
	case dots+commas > 1:
		if !grouped(s) {
			return ""
		}
	default:
		i := strings.IndexAny(s, ".,")
		if len(s)-i-1 != 3 || i > 3 || s[0] == '0' {
			point = i
		}
	}
	whole, part := s, ""
	if point >= 0 {
		whole, part = s[:point], strings.TrimRight(s[point+1:], "0")
	}
	whole = strings.TrimLeft(strings.ReplaceAll(strings.ReplaceAll(whole, ".", ""), ",", ""), "0")
	if whole == "" {
		whole = "0"
	}
	if part == "" {
		return whole
	}
	return whole + "." + part
}

// grouped reports whether digits are parted in threes.
func grouped(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' })
	for i, p := range parts {
		if len(p) > 3 || i > 0 && len(p) != 3 {
			return false
		}
	}
	return len(parts) > 0
}

// quantities finds numbers with a unit behind them.
func (s *scanner) quantities() {
	s.each(reNum, func(at []int) bool {
		u, length := unitAt(string(s.rest[at[1]:min(len(s.rest), at[1]+60)]))
		if u == "" || !s.apart(at[0]) {
			return false
		}
		written := s.group(at, 1)
		value := canonical(written)
		if value == "" {
			return false
		}
		s.add(claim{what: Number, value: value, unit: u}, at[0], at[1]+length)
		s.mask(at[1], at[1]+length)
		return true
	})
}

// apart reports whether a number begins at a place, and no identifier goes on there.
func (s *scanner) apart(from int) bool {
	if s.joined(from) && s.rest[from-1] != '/' {
		before, _ := lastRune(s.rest[:from-1])
		return '0' <= before && before <= '9' && s.rest[from-1] == '-' && !s.lettered(from-1)
	}
	before, _ := lastRune(s.rest[:from])
	return !inWord(before)
}

// lettered reports whether the word that ends at a place has a letter.
func (s *scanner) lettered(to int) bool {
	for to > 0 {
		r, size := lastRune(s.rest[:to])
		switch {
		case '0' <= r && r <= '9' || r == '-' || r == '.' || r == ',':
		case inWord(r):
			return true
		default:
			return false
		}
		to -= size
	}
	return false
}

// numbers finds what is left of figures.
func (s *scanner) numbers() {
	s.each(reNum, func(at []int) bool {
		written := s.group(at, 1)
		value := canonical(written)
		if value == "" || len(written) > 1 && written[0] == '0' && !strings.ContainsAny(written, ".,") {
			s.add(claim{what: ID, value: written}, at[0], at[1]) // what begins with a zero isn't counted with
			return true
		}
		s.add(claim{what: Number, value: value, counts: counted(s.text[at[1]:])}, at[0], at[1])
		return true
	})
}

// counted reports whether a word stands right behind a number.
func counted(rest string) bool {
	if !strings.HasPrefix(rest, " ") {
		return false
	}
	r, _ := firstRune(rest[1:])
	return unicode.IsLower(r)
}

// ranges gives a number before another one its unit: 3 to 5 days.
func (s *scanner) ranges() {
	for i := range s.claims {
		a := &s.claims[i]
		if a.what != Number || a.unit != "" || i+1 == len(s.claims) {
			continue
		}
		b := &s.claims[i+1]
		if end := a.at + len(a.text); b.what == Number && b.unit != "" && end <= b.at && slices.Contains(betweens, strings.TrimSpace(key(s.text[end:b.at]))) {
			a.unit = b.unit
		}
	}
}

var betweens = []string{"-", "to", "or", "bis", "oder", "a", "ou", "o", "and", "und"}

// sameTime reports whether two quantities of time are equal.
func sameTime(a string, u unit, b string, v unit) bool {
	x, y := seconds[u], seconds[v]
	if x == 0 || y == 0 {
		switch {
		case u == year && v == month:
			x, y = 12, 1
		case u == month && v == year:
			x, y = 1, 12
		default:
			return false
		}
	}
	if len(a) > 15 || len(b) > 15 {
		return false
	}
	p, ok := new(big.Rat).SetString(a)
	q, ok2 := new(big.Rat).SetString(b)
	return ok && ok2 && p.Mul(p, big.NewRat(x, 1)).Cmp(q.Mul(q, big.NewRat(y, 1))) == 0
}

// quantity is a number that evidence has.
type quantity struct {
	value string
	unit  unit
}

// bears reports whether it bears out a claim.
func (q quantity) bears(c *claim) bool {
	if q.value != c.value {
		return sameTime(c.value, c.unit, q.value, q.unit)
	}
	switch q.unit {
	case c.unit, whatever:
		return true
	case item, money, "":
		return c.unit == ""
	}
	return c.unit == "" && !c.counts
}

func (s *scanner) spelled() {
	folded := key(s.text)
	if len(folded) != len(s.text) {
		s.spelledIn(string(s.rest), key)
		return
	}
	s.spelledIn(string(s.rest), strings.ToLower)
}

// spelledIn finds numbers that are written as words: more than one, or one with a unit or a currency.
func (s *scanner) spelledIn(rest string, fold func(string) string) {
	words := wordsIn(rest)
	for i := 0; i < len(words); i++ {
		word := func(k int) string {
			if k < len(words) && words[k][1]-words[k][0] <= 40 {
				return fold(rest[words[k][0]:words[k][1]])
			}
			return ""
		}
		total, part, last, said := int64(0), int64(0), i-1, false
		for k := i; k < len(words); k++ {
			if k > i {
				if between := rest[words[k-1][1]:words[k][0]]; between != " " && between != "-" {
					break
				}
			}
			w := word(k)
			if n, ok := numberWords[w]; ok {
				if said && part%100 != 0 && !(part%100 >= 20 && part%10 == 0 && n < 10) {
					break // two numbers, not one
				}
				part, said, last = part+n, true, k
			} else if n, ok := multipliers[w]; ok && (said || w != "million") {
				if part == 0 {
					part = 1
				}
				if n == 100 || n == 12 {
					part *= n
				} else {
					total, part = total+part*n, 0
				}
				said, last = true, k
			} else if w != "and" && w != "und" || !said || k+1 >= len(words) || numberWords[word(k+1)] == 0 || part%100 != 0 {
				break
			}
			if total > 1e12 || part > 1e12 {
				break
			}
		}
		single := !said && slices.Contains(articles, word(i)) && i > 0 && slices.Contains(spans, word(i-1))
		if !said && !single {
			continue
		}
		if single {
			total, part, last = 1, 0, i
		}
		from, to := words[i][0], words[last][1]
		value := big.NewInt(total + part).String()
		u, length := unitAt(rest[to:min(len(rest), to+60)])
		if u == "" {
			if code, n := currencyAt(rest[to:min(len(rest), to+60)]); code != "" {
				s.money(value, code, from, to+n)
				i = last
				continue
			}
			if single || total+part == 1 {
				continue
			}
		}
		s.add(claim{what: Number, value: value, unit: u, counts: u == "" && counted(s.text[to:])}, from, to+length)
		s.mask(from, to+length)
		i = last
	}
}

func (s *scanner) money(value, code string, from, to int) {
	if code == cent {
		value = minor(value, 2)
		code = ""
	}
	s.add(claim{what: Amount, value: value, currency: code}, from, to)
	s.mask(from, to)
}
