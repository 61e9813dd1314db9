package grounding

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wordsOf gives the words of a text, made comparable, with a space around each.
func wordsOf(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, w := range strings.FieldsFunc(key(text), func(r rune) bool { return !inWord(r) && r != '\'' }) {
		if w = strings.Trim(w, "'"); w != "" {
			b.WriteString(w)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// saidBy gives all that a source says in words.
func saidBy(src *Source) string {
	var b strings.Builder
	b.WriteString(src.Title + "\n" + src.Text)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString("\n" + v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(v[k])
			}
		}
	}
	walk(src.Value)
	return wordsOf(seen(b.String()))
}

// quotes finds runs of words that an internal passage has and no source that may be quoted.
func (c *checker) quotes(sentences []Sentence) {
	var internal, quotable []string
	for i := range c.sources.List {
		if c.sources.List[i].Internal {
			internal = append(internal, saidBy(&c.sources.List[i]))
		}
	}
	if len(internal) == 0 {
		return
	}
	for i := range c.sources.List {
		if !c.sources.List[i].Internal {
			quotable = append(quotable, saidBy(&c.sources.List[i]))
		}
	}
	var words []string
	var of []int
	for i, s := range sentences {
		for _, w := range strings.Fields(wordsOf(seen(s.Text))) {
			words, of = append(words, w), append(of, i)
		}
	}
	has := func(list []string, run string) bool {
		return slices.ContainsFunc(list, func(said string) bool { return strings.Contains(said, run) })
	}
	for i := 0; i+Run <= len(words); i++ {
		run := " " + strings.Join(words[i:i+Run], " ") + " "
		if !has(internal, run) || has(quotable, run) {
			continue
		}
		end := i + Run
		for end < len(words) && has(internal, " "+strings.Join(words[end-Run+1:end+1], " ")+" ") {
			end++
		}
		text := strings.Join(words[i:end], " ")
		c.report.Faults = append(c.report.Faults, Fault{Sentence: of[i], What: Internal, Text: text,
			Detail: fmt.Sprintf("it quotes %q from an internal passage, which no customer may see; leave it out", clip(text))})
		i = end - 1
	}
}
