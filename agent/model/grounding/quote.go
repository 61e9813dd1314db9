package grounding

import (
	"fmt"
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

// quotes finds runs of words that an internal passage has and no source that may be quoted.
func (c *checker) quotes(sentences []Sentence) {
	internal, quotable := []*evidence{}, []*evidence{}
	for _, id := range c.order {
		for _, e := range c.by[id] {
			if e.Internal {
				internal = append(internal, e)
			} else {
				quotable = append(quotable, e)
			}
		}
	}
	if len(internal) == 0 {
		return
	}
	var words []string
	var of []int
	for i, s := range sentences {
		for _, w := range strings.Fields(wordsOf(seen(s.Text))) {
			words, of = append(words, w), append(of, i)
		}
	}
	has := func(list []*evidence, run string) bool {
		for _, e := range list {
			if strings.Contains(e.runs, run) {
				return true
			}
		}
		return false
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
