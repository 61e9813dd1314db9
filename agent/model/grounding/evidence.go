package grounding

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// evidence is what one source bears out.
type evidence struct {
	*Source
	zone     *time.Location
	currency string // of amounts that name none

	quantities []quantity
	prices     []price
	days       []day
	links      map[string]bool
	written    map[string]bool // identifiers and numbers as they are written
	words      map[string]bool // as key makes them
	stems      map[string]bool // of words that may bear out what is promised
	mentions   []mention
	refunded   []string // amounts under keys that say that money went back
	paid       []string // amounts under keys that say what was paid
}

func newEvidence(src *Source, sources *Sources) *evidence {
	e := &evidence{Source: src, zone: sources.Zone, currency: sources.Currency,
		links: map[string]bool{}, written: map[string]bool{}, words: map[string]bool{}, stems: map[string]bool{}}
	if e.zone == nil {
		e.zone = time.UTC
	}
	for _, text := range []string{src.Title, src.Text} {
		if text == "" {
			continue
		}
		text = seen(text)
		e.read(text)
		if src.Kind == Passage || src.Kind == Said {
			e.mention(text, false)
		}
	}
	if src.Kind == Done {
		e.mentionKey(src.Title, true)
	}
	e.value("", src.Value, src.currencyIn(sources.Currency))
	return e
}

// currencyIn gives the currency that a source names for all of its amounts.
func (s *Source) currencyIn(usual string) string {
	if m, ok := s.Value.(map[string]any); ok {
		if c, ok := m["currency"].(string); ok {
			return strings.ToUpper(c)
		}
	}
	return usual
}

// read takes what a text says.
func (e *evidence) read(text string) {
	s := scan(text)
	for _, c := range s.claims {
		switch c.what {
		case Link:
			e.links[c.value] = true
		case ID:
			e.written[c.value] = true
		case Amount:
			e.prices = append(e.prices, price{c.value, c.currency})
			e.quantities = append(e.quantities, quantity{c.value, money})
		case Number:
			e.quantities = append(e.quantities, quantity{c.value, c.unit})
			if c.unit == "" {
				e.written[c.text] = true
				if e.Kind != Told && e.Kind != Done {
					e.prices = append(e.prices, price{value: c.value})
				}
			}
		case Date:
			e.days = append(e.days, c.day)
			if c.value != "" {
				e.words[c.value] = true // as it is written
			}
			if c.day.year > 0 {
				e.quantities = append(e.quantities, quantity{strconv.Itoa(c.day.year), ""})
			}
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		local := t.In(e.zone)
		e.days = append(e.days, dayOf(local), day{clock: 60*local.Hour() + local.Minute() + 1})
	}
	e.addWords(text)
}

func dayOf(t time.Time) day { return day{year: t.Year(), month: int(t.Month()), day: t.Day()} }

func (e *evidence) addWords(text string) {
	eachWord(text, func(w string) {
		w = key(w)
		e.words[w] = true
		if e.Kind == Passage {
			e.stems[stem(w)] = true
		}
	})
}

// value takes what a JSON value says, under the key that it stands at.
func (e *evidence) value(name string, v any, currency string) {
	switch v := v.(type) {
	case map[string]any:
		if c, ok := v["currency"].(string); ok {
			currency = strings.ToUpper(c)
		}
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		slices.Sort(names)
		for _, k := range names {
			e.addWords(spaced(k))
			e.value(k, v[k], currency)
		}
	case []any:
		e.quantities = append(e.quantities, quantity{strconv.Itoa(len(v)), item})
		for _, x := range v {
			e.value(name, x, currency)
		}
		e.mentionKey(name, len(v) > 0)
	case string:
		text := seen(v)
		e.read(text)
		e.mentionKey(name, v != "")
		if !free(name) && strings.Count(text, " ") < 4 {
			e.mention(spaced(text), true)
		}
	case bool:
		e.mentionKey(name, v)
	case int64:
		e.number(name, strconv.FormatInt(v, 10), currency)
	case float64:
		e.number(name, strconv.FormatFloat(v, 'f', -1, 64), currency)
	case nil:
		e.mentionKey(name, false)
	}
}

// number takes a number under its key, which may say what it counts.
func (e *evidence) number(name, value, currency string) {
	value = strings.TrimPrefix(value, "-")
	e.mentionKey(name, value != "0")
	e.written[value] = true
	whole, part, _ := strings.Cut(value, ".")
	plainly := canonical(whole)
	if p := strings.TrimRight(part, "0"); p != "" {
		plainly += "." + p
	}
	parts := strings.Fields(spaced(name))
	last := ""
	if len(parts) > 0 {
		last = parts[len(parts)-1]
	}
	if last == "cents" || last == "cent" || last == "minor" {
		places, ok := decimals[currency]
		if !ok {
			places = 2
		}
		amount := minor(plainly, places)
		e.prices = append(e.prices, price{amount, currency})
		switch {
		case e.moved(parts):
			e.refunded = append(e.refunded, amount)
		case slices.ContainsFunc(parts, func(p string) bool { return p == "total" || p == "paid" || p == "price" }):
			e.paid = append(e.paid, amount)
		}
		return
	}
	u, _ := unitAt(last)
	if u == "" && slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(measureWords, p) }) {
		u = whatever
	}
	e.quantities = append(e.quantities, quantity{plainly, u})
	if (u == "" || u == whatever) && slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(moneyWords, p) }) {
		e.prices = append(e.prices, price{plainly, currency})
	}
	for _, p := range parts { // incidents_30d
		if i := strings.IndexFunc(p, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
			if u, n := unitAt(p[i:]); u != "" && n == len(p)-i {
				e.quantities = append(e.quantities, quantity{canonical(p[:i]), u})
			}
		}
	}
}

// moneyWords are words of keys under which amounts in major units stand.
var moneyWords = strings.Fields("amount price total cost fee balance due paid credit refund charge sum limit max min value")

// measureWords are words of keys under which times and shares stand.
var measureWords = strings.Fields("within wait delay age window time term length duration period after every interval eta warranty rate share pct ratio discount tax vat credit limit timeout ttl")

// spaced gives the words of a key: shop.refund_order, refundedCents.
func spaced(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case r == '_' || r == '.' || r == '-' || r == '/' || r == ':':
			r = ' '
		case 'A' <= r && r <= 'Z' && lower:
			b.WriteByte(' ')
		}
		lower = 'a' <= r && r <= 'z'
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// free reports whether what stands under a key is somebody's free text.
func free(name string) bool {
	for _, p := range strings.Fields(spaced(name)) {
		if slices.Contains(freeWords, p) {
			return true
		}
	}
	return false
}

var freeWords = strings.Fields("name email text note notes comment comments message messages subject address description reason title body memo remark remarks summary")

// bears reports whether the source bears out a claim; now is in the zone that days begin in.
func (e *evidence) bears(c *claim, now time.Time) bool {
	switch c.what {
	case Link:
		if e.links[c.value] {
			return true
		}
		digits, tel := strings.CutPrefix(c.value, "tel ")
		return tel && (e.written[digits] || e.written["+"+digits])
	case ID:
		return e.written[c.value]
	case Name:
		return e.words[c.value] || e.words[strings.TrimSuffix(c.value, "s")]
	case Amount:
		return slices.ContainsFunc(e.prices, func(p price) bool { return p.value == c.value && sameCurrency(c.currency, p.currency) })
	case Date:
		if c.value != "" && (c.day.ahead || c.vague) && e.words[c.value] && e.Kind != Said {
			return true
		}
		if c.day.ahead && c.day.offset == 0 && e.Kind != Said && e.Kind != Passage && !e.At.IsZero() && dayOf(e.At.In(now.Location())).is(now) {
			return true
		}
		return !c.vague && slices.ContainsFunc(e.days, func(d day) bool { return d.bears(c, now) })
	case Number:
		if e.written[c.text] && c.unit == "" && !c.counts {
			return true
		}
		if slices.ContainsFunc(e.quantities, func(q quantity) bool { return q.bears(c) }) {
			return true
		}
		if c.unit == "" && strings.ContainsAny(c.text, ".,") {
			return slices.ContainsFunc(e.prices, func(p price) bool { return p.value == c.value })
		}
	}
	return false
}
