package suggest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	yaml "resolute/agent/source"
)

// alike is from which cosine on two texts are about the same problem.
const alike = 0.5

// procedures finds problems that no procedure is for, and that people settle by hand again and again.
func (m *miner) procedures() {
	var kinds [][]Deed
	for i := range m.deeds {
		d := m.deeds[i]
		if d.How != Settled || d.Text == "" || d.Signal == "" || d.Note == "" {
			continue
		}
		at := slices.IndexFunc(kinds, func(k []Deed) bool { return k[0].Signal == d.Signal && m.alike(&k[0], &d) })
		if at < 0 {
			kinds = append(kinds, []Deed{d})
		} else {
			kinds[at] = append(kinds[at], d)
		}
	}
	for _, k := range kinds {
		if on := distinct(k); m.enough(on, 0) {
			m.sketch(fair(on))
		}
	}
}

// alike reports whether two cases are of the same kind: people noted the same about them, or they mean the
// same.
func (m *miner) alike(a, b *Deed) bool {
	if strings.EqualFold(strings.Trim(a.Note, " ."), strings.Trim(b.Note, " .")) {
		return true
	}
	if m.v.Meaning == nil {
		return false
	}
	sum, x, y := float32(0), m.v.Meaning(a.Text), m.v.Meaning(b.Text)
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum >= alike
}

// words are what a name is made of.
var words = regexp.MustCompile(`[a-z0-9]+`)

// sketch proposes a procedure that knows such cases, asks for what they need, looks it up, and hands them
// to a person with what people did before. What would resolve them by itself is left to be written.
func (m *miner) sketch(on []Deed) {
	note := on[0].Note
	for i := range on {
		if len(on[i].Note) < len(note) {
			note = on[i].Note
		}
	}
	parts := words.FindAllString(strings.ToLower(note), 5)
	if len(parts) == 0 {
		return
	}
	name := strings.Join(parts, "-")
	input, reads, ok := m.known(on)
	if _, _, there := m.v.file("procedures", "procedure", name); there || !ok {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# A sketch, from %d cases that no procedure was for. It hands them to a person who then knows what is asked\n# for; write what to do and what proves it in place of as-people-did.\n", len(on))
	fmt.Fprintf(&b, "procedure: %s\ngoal: %s\nstart:\n  signals: [%s]\n  examples:\n", name, quote(note), on[0].Signal)
	for i := range on[max(0, len(on)-mostExamples):] {
		fmt.Fprintf(&b, "    - %s\n", quote(on[max(0, len(on)-mostExamples)+i].Text))
	}
	fmt.Fprintf(&b, "inputs:\n  %s\ngather:\n  %s\n", input, reads.line)
	fmt.Fprintf(&b, "hypotheses:\n  - name: as-people-did\n    when: 'false'\n    do:\n      - {checkpoint: {by: operator, show: %s}}\n    verify: {call: %s, with: %s, as: after, check: facts.after == null}\n",
		quote(strings.ReplaceAll("People did: "+note, "{{", "{ {")), reads.tool, reads.with)
	b.WriteString("otherwise: {escalate: as-people-did}\n")
	m.suggest(Suggestion{Kind: Procedure, Title: fmt.Sprintf("Write a procedure for what people settle by hand: %s", note),
		Why:   fmt.Sprintf("people closed %d cases by hand that no procedure was for and that are about the same", len(on)),
		files: map[string][]byte{"procedures/" + name + ".yaml": []byte(b.String())}}, joined(on[0].Signal, name), on,
		func(d *Deed) string { return d.Text + " → " + d.Note })
}

// read is a call that only needs one input.
type read struct{ line, tool, with string }

// known is an input that all these cases have, as a procedure asks for it, and what it looks up by that.
func (m *miner) known(on []Deed) (input string, r read, ok bool) {
	for _, found := range on[0].Found {
		if slices.ContainsFunc(on, func(d Deed) bool { return !slices.Contains(d.Found, found) }) {
			continue
		}
		procedure, name, _ := strings.Cut(found, "/")
		_, root, there := m.v.file("procedures", "procedure", procedure)
		if !there {
			continue
		}
		inputs, _ := get(root, "inputs")
		asked, there := get(inputs, name)
		gather, _ := get(root, "gather")
		if !there || !gather.IsMapping() {
			continue
		}
		for _, e := range gather.Entries() {
			if with, needs := get(e.Value, "with"); needs && only(with, "=inputs."+name) {
				return name + ": " + flow(asked), read{e.Key.Value + ": " + flow(e.Value), word(e.Value, "call"), flow(with)}, true
			}
		}
	}
	return "", read{}, false
}

// only reports whether arguments are one value, and literals.
func only(with yaml.Node, value string) bool {
	uses := false
	for _, e := range with.Entries() {
		if !e.Value.IsScalar() || strings.HasPrefix(e.Value.String(), "=") && e.Value.String() != value {
			return false
		}
		uses = uses || e.Value.String() == value
	}
	return uses
}
