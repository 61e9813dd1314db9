// Package redact takes what identifies a person's means of payment or reach out of texts and values: card
// numbers (Luhn), IBANs (mod 97), addresses of mail, and telephone numbers. It is pure, and applied before
// a model is asked and before anything is logged; redact of resolute.yaml says which kinds.
//
// What is found is replaced by its kind in brackets, such as [card]. Digits of any script count, in groups
// as people write them, and what can't be seen between them doesn't hide them. What is redacted once stays
// as it is.
//
// # Caveats
//
// A number is told by its form. A card number has 13 to 19 digits, begins with 2 to 6 and fits its check
// digit, which one in ten other numbers of that form does too: an article number may be taken for one. A
// telephone number begins with + or 0, or is parted as in 555-010-0199: other digits in a row are
// identifiers. Addresses and numbers that are spelled out stay.
package redact

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of what is taken out.
const (
	Card  = "card"
	Email = "email"
	Phone = "phone"
	IBAN  = "iban"
)

// Kinds are all that there are.
func Kinds() []string { return []string{Card, Email, Phone, IBAN} }

// Redactor takes some kinds out. The zero value takes out nothing.
type Redactor struct{ card, email, phone, iban bool }

// New makes a redactor of kinds; one that isn't known is an error.
func New(kinds ...string) (Redactor, error) {
	var r Redactor
	for _, k := range kinds {
		switch k {
		case Card:
			r.card = true
		case Email:
			r.email = true
		case Phone:
			r.phone = true
		case IBAN:
			r.iban = true
		default:
			return Redactor{}, fmt.Errorf("%q can't be redacted; known are card, email, phone and iban", k)
		}
	}
	return r, nil
}

// With takes out what either does.
func (r Redactor) With(o Redactor) Redactor {
	return Redactor{r.card || o.card, r.email || o.email, r.phone || o.phone, r.iban || o.iban}
}

// Text gives a text without what is taken out; one that has nothing of it is given back as it is.
func (r Redactor) Text(s string) string {
	if r == (Redactor{}) || !r.worth(s) {
		return s
	}
	var b strings.Builder
	kept := 0 // up to where s is in b
	put := func(from, to int, k string) {
		b.WriteString(s[kept:from])
		b.WriteByte('[')
		b.WriteString(k)
		b.WriteByte(']')
		kept = to
	}
	before := ' ' // the rune before i
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		from, to, kind := i, 0, ""
		switch {
		case c == '@' && r.email:
			if from, to = address(s, kept, i); to > 0 {
				kind = Email
			}
		case part(before):
		case r.iban && letter(c):
			if to = account(s[i:]); to > 0 {
				to, kind = i+to, IBAN
			}
		case c == '+' || c == '(' || decimal(c) >= 0:
			to, kind = r.number(s, i, before)
		}
		if to == 0 {
			i += size
			if !unseen(c) {
				before = c
			}
			continue
		}
		put(from, to, kind)
		i, before = to, ']'
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// worth reports whether a text may have something that is taken out.
func (r Redactor) worth(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '@' && r.email:
			return true
		case '0' <= c && c <= '9':
			digits++
		case c >= utf8.RuneSelf:
			return true
		}
	}
	return digits >= 7 && (r.card || r.phone || r.iban)
}

// Value gives a JSON value without what is taken out, keys of objects included; what has nothing of it is
// given back as it is and shared, so neither may be changed.
func (r Redactor) Value(v any) any {
	if r == (Redactor{}) {
		return v
	}
	w, _ := r.value(v)
	return w
}

func (r Redactor) value(v any) (any, bool) {
	switch x := v.(type) {
	case string:
		if s := r.Text(x); s != x {
			return s, true
		}
	case int64:
		if x >= leastCard {
			return r.figure(v, strconv.FormatInt(x, 10))
		}
	case float64:
		if x >= leastCard && x < 1e19 && x == math.Trunc(x) {
			return r.figure(v, strconv.FormatFloat(x, 'f', 0, 64))
		}
	case []any:
		var list []any
		for i, was := range x {
			y, changed := r.value(was)
			if changed && list == nil {
				list = slices.Clone(x)
			}
			if changed {
				list[i] = y
			}
		}
		if list != nil {
			return list, true
		}
	case map[string]any:
		return r.object(v, x)
	}
	return v, false
}

// leastCard is the lowest number that a card can have.
const leastCard = 2_000_000_000_000

// figure redacts a number that is a card's; no other kind is written as a number.
func (r Redactor) figure(v any, text string) (any, bool) {
	if r.card {
		if s := (Redactor{card: true}).Text(text); s != text {
			return s, true
		}
	}
	return v, false
}

func (r Redactor) object(same any, v map[string]any) (any, bool) {
	changed := false
	for k, x := range v {
		if _, c := r.value(x); c || r.Text(k) != k {
			changed = true
			break
		}
	}
	if !changed {
		return same, false
	}
	names := make([]string, 0, len(v))
	for k := range v {
		names = append(names, k)
	}
	slices.Sort(names)
	m := make(map[string]any, len(v))
	for _, k := range names {
		name := r.Text(k)
		for name != k && taken(m, v, name) {
			name += "'" // two addresses as keys are two values
		}
		m[name], _ = r.value(v[k])
	}
	return m, true
}

func taken(a, b map[string]any, name string) bool {
	_, in := a[name]
	_, or := b[name]
	return in || or
}

func letter(r rune) bool { return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' }

// part reports whether a rune goes on into what stands behind it.
func part(r rune) bool {
	return letter(r) || r == '_' || decimal(r) >= 0 || r >= utf8.RuneSelf && unicode.IsLetter(r)
}

// unseen reports whether a rune shows nothing and may stand between digits.
func unseen(r rune) bool {
	return r >= 0xAD && (unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r == 0x034F)
}

// decimal gives the value of a digit of any script, -1 for what is none.
func decimal(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return int(r - '0')
	case r < 0x660 || !unicode.Is(unicode.Nd, r):
		return -1
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	return -1
}
