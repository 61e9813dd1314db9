package suggest

import (
	"fmt"
	"slices"
	"strings"

	"resolute/agent/source/amend"
)

// mostExamples is how many examples one suggestion brings.
const mostExamples = 5

// examples finds texts that people sent to a procedure which triage didn't know them by. Each customer
// counts once, and a text that was sent to two procedures says nothing.
func (m *miner) examples() {
	sentTo := map[string]map[string]bool{}
	for i := range m.deeds {
		if d := &m.deeds[i]; d.How == Placed && d.Text != "" {
			text := strings.ToLower(d.Text)
			if sentTo[text] == nil {
				sentTo[text] = map[string]bool{}
			}
			sentTo[text][d.Procedure] = true
		}
	}
	keys, groups := m.grouped(func(d *Deed) string {
		if d.How != Placed || d.Text == "" || len(sentTo[strings.ToLower(d.Text)]) > 1 {
			return ""
		}
		return d.Procedure
	})
	for _, name := range keys {
		if on := distinct(groups[name]); m.enough(on, 0) {
			m.example(name, fair(on))
		}
	}
}

// distinct keeps one deed of each customer and of each text.
func distinct(deeds []Deed) (list []Deed) {
	for i := range deeds {
		d := &deeds[i]
		if !slices.ContainsFunc(list, func(o Deed) bool {
			return strings.EqualFold(o.Text, d.Text) || d.Customer != "" && o.Customer == d.Customer
		}) {
			list = append(list, *d)
		}
	}
	return list
}

// example proposes texts as examples of a procedure that has some.
func (m *miner) example(name string, on []Deed) {
	path, root, ok := m.v.file("procedures", "procedure", name)
	if !ok {
		return
	}
	start, _ := get(root, "start")
	has, ok := get(start, "examples")
	if !ok || has.IsScalar() || has.IsMapping() {
		return
	}
	known := has.Strings()
	var more []string
	for i := range on {
		text := on[i].Text
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, text) }) {
			more = append(more, text)
		}
	}
	if len(more) < m.Least { // the others are there by now
		return
	}
	more = more[max(0, len(more)-mostExamples):]
	text, err := amend.Append(m.v.Files[path], amend.Path{"start", "examples"}, more)
	if err != nil {
		return
	}
	m.suggest(Suggestion{Kind: Examples, Title: fmt.Sprintf("Give %s %s of how customers say it", name, plural(len(more), "example", "examples")),
		Why:   fmt.Sprintf("triage wasn't sure of %d cases, or sent them elsewhere, and people sent them to %s", len(on), name),
		files: map[string][]byte{path: text}}, name, on, func(d *Deed) string { return "sent to " + d.Procedure + ": " + d.Text })
}
