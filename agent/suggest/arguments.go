package suggest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/procedure"
	"resolute/agent/source/amend"
)

// place is a step of a hypothesis.
func place(d *Deed) string {
	return joined(d.Procedure, d.Hypothesis, fmt.Sprint(d.Step), d.Tool)
}

// arguments finds arguments of steps that are always edited the same way.
func (m *miner) arguments() {
	keys, groups := m.grouped(func(d *Deed) string {
		if d.Hypothesis == "" || d.How != Approved && d.How != Edited {
			return ""
		}
		return place(d)
	})
	for _, k := range keys {
		deeds := groups[k]
		args := map[string]bool{}
		for i := range deeds {
			if d := &deeds[i]; d.How == Edited && len(d.Changed) == 1 && d.Held {
				for arg := range d.Changed {
					args[arg] = true
				}
			}
		}
		for _, arg := range sorted(args) {
			m.argument(deeds, arg)
		}
	}
}

// argument proposes another value for an argument, if people edit it the same way.
func (m *miner) argument(deeds []Deed, arg string) {
	first := &deeds[0]
	step, ok := m.step(first)
	if !ok {
		return
	}
	written := word(step.with, arg)
	if written == "" {
		return
	}
	edits := with(deeds, func(d *Deed) bool {
		_, edited := d.Changed[arg]
		return d.How == Edited && edited && len(d.Changed) == 1 && d.Held && d.Changed[arg] != nil
	})
	ways := map[string][]Deed{}
	var order []string
	for i := range edits {
		for _, way := range m.ways(&edits[i], arg, written) {
			if ways[way] == nil {
				order = append(order, way)
			}
			ways[way] = append(ways[way], edits[i])
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(ways[b]) - len(ways[a]) })
	if len(order) == 0 || order[0] == written || !m.enough(ways[order[0]], len(deeds)-len(ways[order[0]])) {
		return
	}
	way, on := order[0], fair(ways[order[0]])
	text, err := amend.Set(m.v.Files[step.path], append(slices.Clone(step.at), "with", arg), way)
	if err != nil {
		return
	}
	if check := replaced(step.check, expression(written), expression(way)); check != step.check {
		if proven, err := amend.Set(text, step.checkAt, check); err == nil {
			text = proven
		}
	}
	m.suggest(Suggestion{Kind: Argument, Title: fmt.Sprintf("Call %s of %s with %s: %s instead of %s", first.Tool, first.Procedure, arg, way, written),
		Why:   fmt.Sprintf("people changed %s to that in %d of %d calls of this step that they looked at", arg, len(ways[way]), len(deeds)),
		files: map[string][]byte{step.path: text}}, joined(place(first), arg), on,
		func(d *Deed) string {
			return fmt.Sprintf("%s: %s instead of %s", arg, shown(d.Changed[arg]), shown(d.Args[arg]))
		})
}

// ways are how a person's value could be written in the step, the likeliest first.
func (m *miner) ways(d *Deed, arg, written string) (list []string) {
	p := m.procedure(d.Procedure)
	for _, path := range d.Paths[arg] {
		if p != nil && gathered(p, path) {
			list = append(list, "="+path)
		}
	}
	was, wasInt := d.Args[arg].(int64)
	switch now := d.Changed[arg].(type) {
	case int64:
		if share, ok := percent(was, now); wasInt && ok && strings.HasPrefix(written, "=") {
			list = append(list, fmt.Sprintf("=(%s) * %d / 100", expression(written), share))
		}
		list = append(list, fmt.Sprint("=", now))
	case string:
		if now != "" && !strings.HasPrefix(now, "=") && len(now) <= maxExample && now == oneLine(now) {
			list = append(list, now)
		}
	}
	return list
}

// percent is which share one number is of another, if it is a whole one.
func percent(was, now int64) (int64, bool) {
	if was <= 0 || now <= 0 || now > 1<<50 || was == now || now*100%was != 0 {
		return 0, false
	}
	return now * 100 / was, true
}

// gathered reports whether a path is of what a procedure knows before it acts.
func gathered(p *procedure.Procedure, path string) bool {
	root, rest, _ := strings.Cut(path, ".")
	name, _, _ := strings.Cut(rest, ".")
	switch root {
	case "inputs":
		return slices.ContainsFunc(p.Inputs, func(in procedure.Input) bool { return in.Name == name })
	case "facts":
		return slices.ContainsFunc(p.Gather, func(c procedure.Call) bool { return c.As == name })
	}
	return false
}

func (m *miner) procedure(name string) *procedure.Procedure {
	for _, p := range m.v.Procedures {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// expression is the expression of a value, "" for a literal.
func expression(value string) string {
	s, ok := strings.CutPrefix(value, "=")
	if !ok {
		return ""
	}
	return s
}

// replaced puts another expression in place of one, where it stands by itself.
func replaced(text, was, now string) string {
	if was == "" || now == "" {
		return text
	}
	alone := regexp.MustCompile(`(^|[^A-Za-z0-9_.])` + regexp.QuoteMeta(was) + `($|[^A-Za-z0-9_.(\[])`)
	return alone.ReplaceAllStringFunc(text, func(found string) string { return strings.Replace(found, was, now, 1) })
}

func shown(v any) string {
	b, err := json.Marshal(casefile.Value{V: v})
	if err != nil || len(b) > maxExample {
		return "…"
	}
	return string(b)
}
