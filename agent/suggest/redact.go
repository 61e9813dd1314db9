package suggest

import (
	"regexp"
	"strings"
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

// blank gives a text without what identifies people and things, on one line and of bounded length.
func blank(text string) string {
	if len(text) > 16*maxExample { // what stands far behind can't be in the example
		text = strings.ToValidUTF8(text[:16*maxExample], "")
	}
	for _, b := range blanks {
		text = b.pattern.ReplaceAllString(text, b.with)
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
