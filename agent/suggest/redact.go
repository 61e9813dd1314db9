package suggest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"resolute/agent/casefile"
)

// maxExample bounds what of a customer's text becomes an example, in bytes.
const maxExample = 240

// blanks are what identifies people and things in a text, the most specific first.
var blanks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[\w.+%-]+@[\w-]+(?:\.[\w-]+)+`), "[email]"},
	{regexp.MustCompile(`https?://\S+`), "[link]"},
	{regexp.MustCompile(`\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b`), "[iban]"},
	{regexp.MustCompile(`\b(?:\d[ -]?){12,18}\d\b`), "[card]"},
	{regexp.MustCompile(`\+?\(?\d[\d ()/.-]{6,}\d`), "[phone]"},
	{regexp.MustCompile(`\b[A-Za-z]{1,8}-?\d{3,}\b|\b\d{4,}\b`), "[number]"},
}

// spaces are runs of whitespace and control signs.
var spaces = regexp.MustCompile(`[\s\p{Cc}\p{Cf}]+`)

// leastOfName is how long a part of a name has to be, in letters, to be known in a text: shorter ones are
// words.
const leastOfName = 3

// names matches what the case knows the customer by: the id, the whole name, and its parts. It is nil
// where nothing is known.
func names(who casefile.Customer) *regexp.Regexp {
	var known []string
	for _, name := range append([]string{who.ID, who.Name}, strings.FieldsFunc(who.Name, func(r rune) bool { return !unicode.IsLetter(r) })...) {
		if utf8.RuneCountInString(name) >= leastOfName {
			known = append(known, regexp.QuoteMeta(name))
		}
	}
	if len(known) == 0 {
		return nil
	}
	return regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}])(?:` + strings.Join(known, "|") + `)('s)?([^\p{L}\p{N}]|$)`)
}

// blank gives a text without what identifies people and things, and who wrote it above all, on one line
// and of bounded length.
func blank(text string, who casefile.Customer) string {
	if len(text) > 16*maxExample { // what stands far behind can't be in the example
		text = strings.ToValidUTF8(text[:16*maxExample], "")
	}
	for _, b := range blanks {
		text = b.pattern.ReplaceAllString(text, b.with)
	}
	if known := names(who); known != nil {
		for range 2 { // neighbours share the sign between them
			text = known.ReplaceAllString(text, "${1}[name]${2}${3}")
		}
	}
	text = strings.TrimSpace(spaces.ReplaceAllString(strings.ToValidUTF8(text, ""), " "))
	if len(text) <= maxExample {
		return text
	}
	cut := strings.LastIndexByte(text[:maxExample], ' ')
	if cut <= 0 {
		cut = maxExample
	}
	return strings.ToValidUTF8(text[:cut], "")
}
