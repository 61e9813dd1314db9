package grounding

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// day is a date as far as it is said, or a time of day. What isn't said is 0.
type day struct {
	year, month, day int
	weekday          int // 1 for Monday to 7
	offset           int // relative: days from now, if ahead
	ahead            bool
	span             span // relative: within the next one
	clock            int  // minutes since midnight and 1
}

// span is a stretch of the calendar that is told by where now is.
type span string

const (
	nextWeek  span = "week"
	nextMonth span = "month"
	nextYear  span = "year"
)

var months = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
	"januar": 1, "janner": 1, "februar": 2, "marz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12, "okt": 10, "dez": 12,
	"janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "juin": 6, "juillet": 7, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
	"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
}

var weekdays = map[string]int{
	"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7,
	"mondays": 1, "tuesdays": 2, "wednesdays": 3, "thursdays": 4, "fridays": 5, "saturdays": 6, "sundays": 7,
	"montag": 1, "dienstag": 2, "mittwoch": 3, "donnerstag": 4, "freitag": 5, "samstag": 6, "sonnabend": 6, "sonntag": 7,
	"lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6, "dimanche": 7,
	"lunes": 1, "martes": 2, "miercoles": 3, "jueves": 4, "viernes": 5, "sabado": 6, "domingo": 7,
}

// relatives are days told from today, in forms that key makes.
var relatives = map[string]int{
	"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1, "heute": 0, "gestern": -1, "ubermorgen": 2, "demain": 1, "hoy": 0, "ayer": -1,
}

var ordinals = strings.Fields("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first")

const monthWord = `(\p{L}{3,10})\.?`

var (
	reISO      = regexp.MustCompile(`([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?`)
	reDayMonth = regexp.MustCompile(`([0-9]{1,2})(?:st|nd|rd|th|er|\.)?(?: of| de)? ?` + monthWord + `(?:,? (?:de |del )?([0-9]{4}))?`)
	reMonthDay = regexp.MustCompile(monthWord + ` (?:the )?([0-9]{1,2})(?:st|nd|rd|th)?(?:,? ([0-9]{4}))?`)
	reMonth    = regexp.MustCompile(monthWord + `,? (?:de )?([0-9]{4})`)
	reDotted   = regexp.MustCompile(`([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}|[0-9]{2})?`)
	reSlashed  = regexp.MustCompile(`([0-9]{1,4})[/-]([0-9]{1,2})[/-]([0-9]{4}|[0-9]{2})`)
	reClock    = regexp.MustCompile(`([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?(?: ?([AaPp])\.?[Mm]\b\.?)?`)
	reHour     = regexp.MustCompile(`([0-9]{1,2}) ?(?:([AaPp])\.?[Mm]\b|[Uu]hr\b)`)
	reOrdinals = regexp.MustCompile(`(?i)(?:\b` + monthWord + ` (?:the )?)?\b((?:twenty-|thirty-)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\p{L}{4,7}teenth|twentieth|thirtieth))\b(?: (?:of )?` + monthWord + `)?`)
	reNext     = regexp.MustCompile(`(?i)\b(?:next|nachste[rnm]?|kommende[rnm]?|coming) (week|month|year|woche|monat|jahr)\b|\b(?:semaine|mois) prochaine?\b|\b(?:proxima semana|proximo mes)\b`)
	reIn       = regexp.MustCompile(`(?i)\b(?:in|until|till|by|since|before|after|during|of|from|im|seit|bis|en|desde) (\p{L}{3,10})\b`)
)

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func (s *scanner) date(d day, from, to int) bool {
	if d.month > 12 || d.day > 31 || d.month == 0 {
		return false
	}
	s.add(claim{what: Date, day: d}, from, to)
	return true
}

// dates finds those with figures in them.
func (s *scanner) dates() {
	s.each(reISO, func(at []int) bool {
		if !s.alone(at[0], at[0]+10) && at[4*2] < 0 {
			return false
		}
		if !s.date(day{year: number(s.group(at, 1)), month: number(s.group(at, 2)), day: number(s.group(at, 3))}, at[0], at[0]+10) {
			return false
		}
		if at[8] >= 0 {
			s.add(claim{what: Date, day: day{clock: 60*number(s.group(at, 4)) + number(s.group(at, 5)) + 1}}, at[8], at[11])
		}
		return true
	})
	if s.monthly() {
		s.monthDays()
	}
	s.figured()
}

// monthDays finds dates of which the month is a word.
func (s *scanner) monthDays() {
	s.each(reDayMonth, func(at []int) bool {
		m := months[key(s.group(at, 2))]
		return m > 0 && s.alone(at[0], at[1]) && s.date(day{year: number(s.group(at, 3)), month: m, day: number(s.group(at, 1))}, at[0], at[1])
	})
	s.each(reMonthDay, func(at []int) bool {
		m := months[key(s.group(at, 1))]
		return m > 0 && s.alone(at[0], at[1]) && s.date(day{year: number(s.group(at, 3)), month: m, day: number(s.group(at, 2))}, at[0], at[1])
	})
	s.each(reMonth, func(at []int) bool {
		m := months[key(s.group(at, 1))]
		return m > 0 && s.alone(at[0], at[1]) && s.date(day{year: number(s.group(at, 2)), month: m}, at[0], at[1])
	})
}

// figured finds dates that are all figures.
func (s *scanner) figured() {
	s.each(reDotted, func(at []int) bool {
		return s.alone(at[0], at[1]) && s.date(day{year: century(s.group(at, 3)), month: number(s.group(at, 2)), day: number(s.group(at, 1))}, at[0], at[1])
	})
	s.each(reSlashed, func(at []int) bool {
		a, b, c := s.group(at, 1), s.group(at, 2), s.group(at, 3)
		if !s.alone(at[0], at[1]) {
			return false
		}
		if len(a) == 4 && len(c) == 2 {
			return s.date(day{year: number(a), month: number(b), day: number(c)}, at[0], at[1])
		}
		if len(a) > 2 {
			return false
		}
		d, m := number(a), number(b)
		if m > 12 {
			d, m = m, d
		}
		if !s.date(day{year: century(c), month: m, day: d}, at[0], at[1]) {
			return false
		}
		last := &s.claims[len(s.claims)-1]
		last.vague, last.value = d <= 12 && d != m, last.text
		return true
	})
}

func century(y string) int {
	if len(y) == 2 {
		return 2000 + number(y)
	}
	return number(y)
}

func (s *scanner) times() {
	take := func(at []int, hours, minutes int, half string) bool {
		if hours > 24 || minutes > 59 || !s.alone(at[0], at[1]) {
			return false
		}
		switch strings.ToLower(half) {
		case "p":
			hours = hours%12 + 12
		case "a":
			hours %= 12
		}
		s.add(claim{what: Date, day: day{clock: 60*hours + minutes + 1}}, at[0], at[1])
		return true
	}
	s.each(reClock, func(at []int) bool {
		return take(at, number(s.group(at, 1)), number(s.group(at, 2)), s.group(at, 3))
	})
	s.each(reHour, func(at []int) bool { return take(at, number(s.group(at, 1)), 0, s.group(at, 2)) })
}

// calendar finds days that are told in words.
func (s *scanner) calendar() {
	if s.monthly() {
		s.monthsInWords()
	}
	s.weeks()
}

// monthly reports whether a text names a month.
func (s *scanner) monthly() bool {
	for _, at := range wordsIn(string(s.rest)) {
		if at[1]-at[0] <= 12 && months[key(string(s.rest[at[0]:at[1]]))] > 0 {
			return true
		}
	}
	return false
}

func (s *scanner) monthsInWords() {
	s.each(reOrdinals, func(at []int) bool {
		m := max(months[key(s.group(at, 1))], months[key(s.group(at, 3))])
		n := slices.Index(ordinals, strings.ToLower(s.group(at, 2))) + 1
		return m > 0 && n > 0 && s.date(day{month: m, day: n}, at[0], at[1])
	})
	s.each(reIn, func(at []int) bool {
		word := s.group(at, 1)
		r, _ := firstRune(word)
		m := months[key(word)]
		if m == 0 || len(word) < 4 && key(word) != "may" || !unicode.IsUpper(r) && slices.Contains([]string{"may", "march", "mars"}, key(word)) {
			return false
		}
		s.add(claim{what: Date, day: day{month: m}}, at[2], at[3])
		s.mask(at[2], at[3])
		return false
	})
}

// weeks finds days that are told from now, and days of the week.
func (s *scanner) weeks() {
	s.each(reNext, func(at []int) bool {
		to := nextWeek
		switch w := key(string(s.rest[at[0]:at[1]])); {
		case strings.Contains(w, "mo") && !strings.Contains(w, "woche"):
			to = nextMonth
		case strings.Contains(w, "year"), strings.Contains(w, "jahr"):
			to = nextYear
		}
		s.add(claim{what: Date, day: day{span: to}}, at[0], at[1])
		return true
	})
	rest := string(s.rest)
	for _, at := range wordsIn(rest) {
		if at[1]-at[0] > 14 {
			continue
		}
		word := key(rest[at[0]:at[1]])
		if n, ok := relatives[word]; ok {
			s.add(claim{what: Date, value: word, day: day{offset: n, ahead: true}}, at[0], at[1])
			s.mask(at[0], at[1])
		} else if n := weekdays[word]; n > 0 {
			s.add(claim{what: Date, value: word, day: day{weekday: n}}, at[0], at[1])
			s.mask(at[0], at[1])
		}
	}
}

// bears reports whether a date that evidence has is the one that is said.
func (d day) bears(c *claim, now time.Time) bool {
	said := c.day
	switch {
	case said.clock > 0:
		return d.clock == said.clock
	case d.clock > 0:
		return false
	case said.ahead:
		return d.is(now.AddDate(0, 0, said.offset))
	case said.span != "":
		t, ok := d.time(now)
		return ok && said.span.holds(t, now)
	case said.weekday > 0:
		if d.weekday > 0 {
			return d.weekday == said.weekday
		}
		t, ok := d.time(now)
		return ok && (int(t.Weekday())+6)%7+1 == said.weekday
	}
	return d.weekday == 0 && d.month == said.month && (d.day == said.day || said.day == 0) && (d.year == said.year || said.year == 0 || d.year == 0 && max(said.year-now.Year(), now.Year()-said.year) <= 1)
}

func (d day) is(t time.Time) bool {
	return d.month == int(t.Month()) && d.day == t.Day() && (d.year == t.Year() || d.year == 0)
}

// time gives the day, of this year where no year is said.
func (d day) time(now time.Time) (time.Time, bool) {
	if d.month == 0 || d.day == 0 {
		return time.Time{}, false
	}
	y := d.year
	if y == 0 {
		y = now.Year()
	}
	return time.Date(y, time.Month(d.month), d.day, 0, 0, 0, 0, now.Location()), true
}

// holds reports whether a day is in the span that comes next.
func (s span) holds(t, now time.Time) bool {
	switch s {
	case nextWeek:
		y, w := now.AddDate(0, 0, 7).ISOWeek()
		ty, tw := t.ISOWeek()
		return y == ty && w == tw
	case nextMonth:
		first := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, now.Location())
		return t.Year() == first.Year() && t.Month() == first.Month()
	}
	return t.Year() == now.Year()+1
}
