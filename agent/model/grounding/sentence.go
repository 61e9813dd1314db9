package grounding

import (
	"strings"
	"unicode"
)

// splitSentences parts a text at the ends of sentences and at line breaks.
func splitSentences(text string) []string {
	var list []string
	add := func(part string) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		from := 0
		for _, end := range ends(line) {
			add(line[from:end])
			from = end
		}
		add(line[from:])
	}
	return list
}

// ends gives where sentences of a line end: behind a sign that ends one, before a space and a letter that
// isn't small, or a figure; not behind an initial or a usual abbreviation.
func ends(line string) []int {
	var list []int
	for i, r := range line {
		if !strings.ContainsRune(".!?。！？", r) {
			continue
		}
		rest := strings.TrimLeft(line[i+len(string(r)):], `"'”’)»`)
		after := strings.TrimLeft(rest, " \t")
		next, _ := firstRune(after)
		if len(after) == len(rest) && r < 0x80 || after == "" || unicode.IsLower(next) || r == '.' && short(line[:i]) {
			continue
		}
		list = append(list, len(line)-len(rest))
	}
	return list
}

func short(before string) bool {
	word := before[strings.LastIndexAny(before, " \t(\"'")+1:]
	if len([]rune(word)) <= 1 {
		return true
	}
	if strings.Trim(word, "0123456789") == "" && len(word) <= 2 {
		return true // the 4. March
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "st", "no", "nr", "e.g", "i.e", "z.b", "ca", "approx", "inc", "ltd", "co", "vs", "hr", "fr", "sr", "sra", "prof", "tel", "art", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec":
		return true
	}
	return false
}
