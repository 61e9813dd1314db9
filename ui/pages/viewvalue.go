package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"resolute/agent/casefile"
)

// Shown is a value as a page shows it. Money has Currency set; a Moment has At set.
type Shown struct {
	Text     string
	Raw      string // the value as it is, where Text isn't
	Currency string
	At       Moment
	Code     bool // an identifier or a piece of JSON
}

// Field is a named value.
type Field struct {
	Name string
	Shown
}

// Limits of what a page shows of one value; the whole value stands in the journal.
const (
	maxText   = 240
	maxRaw    = 2000 // on hovering
	maxJSON   = 4000
	maxFields = 8
)

// shown makes a value readable. Its name says what it is: money is called *_cents, and its currency
// stands beside it or is the house's.
func shown(name string, v any, beside map[string]any, currency string, now time.Time) Shown {
	switch t := v.(type) {
	case nil:
		return Shown{Text: "none"}
	case bool:
		if t {
			return Shown{Text: "yes", Raw: "true"}
		}
		return Shown{Text: "no", Raw: "false"}
	case int64:
		if strings.HasSuffix(name, "_cents") {
			if c, ok := beside["currency"].(string); ok && c != "" {
				currency = c
			}
			return Shown{Text: money(t, currency), Raw: strconv.FormatInt(t, 10), Currency: currency}
		}
		return Shown{Text: strconv.FormatInt(t, 10)}
	case string:
		if t == "" {
			return Shown{Text: "empty", Raw: `""`}
		}
		if at, err := time.Parse(time.RFC3339, t); err == nil {
			return Shown{Text: t, At: moment(at, now)}
		}
		return Shown{Text: shorten(t, maxText), Raw: shorten(t, maxRaw)}
	case []any:
		if len(t) == 0 {
			return Shown{Text: "none", Raw: "[]"}
		}
	}
	b, err := casefile.EncodeValue(v)
	if err != nil {
		return Shown{Text: fmt.Sprint(v), Code: true}
	}
	return Shown{Text: shorten(string(b), maxText), Code: true}
}

// money writes minor units with the currency's decimals and groups of three.
func money(minor int64, currency string) string {
	decimals := currencyDecimals(currency)
	digits, sign := strconv.FormatInt(minor, 10), ""
	if minor < 0 {
		digits, sign = digits[1:], "−"
	}
	if pad := decimals + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, part := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		part = "." + part
	}
	return sign + whole + part
}

// currencyDecimals is how many decimals amounts of a currency have (ISO 4217 exponents).
func currencyDecimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// fields gives the plain values of an object, nested ones under dotted names, sorted, at most
// maxFields of them; more says how many are left out.
func fields(o map[string]any, currency string, now time.Time) (list []Field, more int) {
	list = flatten(nil, "", o, currency, now, 0)
	if len(list) > maxFields {
		list, more = list[:maxFields], len(list)-maxFields
	}
	return list, more
}

func flatten(list []Field, prefix string, o map[string]any, currency string, now time.Time, depth int) []Field {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		v := o[name]
		if inner, ok := v.(map[string]any); ok && depth < 2 && len(inner) > 0 {
			list = flatten(list, prefix+name+".", inner, currency, now, depth+1)
			continue
		}
		if name == "currency" && prices(o) {
			continue
		}
		s := shown(name, v, o, currency, now)
		if items, ok := v.([]any); ok && len(items) > 0 && len(s.Text) > 60 {
			s = Shown{Text: fmt.Sprintf("%d listed", len(items))}
		}
		list = append(list, Field{Name: prefix + name, Shown: s})
	}
	return list
}

// prices reports whether an object has an amount that says its currency already.
func prices(o map[string]any) bool {
	for name, v := range o {
		if _, ok := v.(int64); ok && strings.HasSuffix(name, "_cents") {
			return true
		}
	}
	return false
}

// pretty is a value as indented JSON, cut where it is too long to read.
func pretty(v any) string {
	b, err := casefile.EncodeValue(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return string(b)
	}
	return readable(out.String())
}

// readable is a text, cut where it is too long to read.
func readable(text string) string {
	if len(text) <= maxJSON {
		return text
	}
	return strings.ToValidUTF8(text[:maxJSON], "") + "\n… [cut here; it has " + size(len(text)) + "]"
}

// shorten cuts a text to at most n runes, the last of them an ellipsis.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	at := 0
	for range n - 1 {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return strings.TrimRight(s[:at], " ") + "…"
}

// short is the part of an id that people tell apart: a UUIDv7 begins with its time.
func short(id string) string {
	if len(id) == 36 {
		return id[30:]
	}
	return shorten(id, 12)
}

// digest is the beginning of a hash or a version.
func digest(hash string) string {
	hash = strings.TrimPrefix(hash, "sha256:")
	return hash[:min(len(hash), 8)]
}
