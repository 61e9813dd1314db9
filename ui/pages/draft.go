package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/procedure"
)

// DraftView is the reply that a case would send once the check of its hypothesis holds.
type DraftView struct {
	Name       string
	Paragraphs []string
	Missing    string // what isn't known yet, so that the text stands as it is written in the procedure
	Rests      []Cited
}

// draft writes the reply of the hypothesis that is being tried, as far as what is known allows.
func draft(c *casefile.Case, plan *procedure.Procedure, now time.Time) *DraftView {
	h := c.Current()
	if h == nil || c.Status.Ended() {
		return nil
	}
	def := findHypothesis(plan, h.Name)
	if def == nil || def.Reply == "" || plan.Replies[def.Reply] == nil {
		return nil
	}
	t := plan.Replies[def.Reply]
	d := &DraftView{Name: def.Reply}
	for _, fact := range t.Facts() {
		if f, ok := c.Facts[fact]; ok && f.Seq > 0 {
			d.Rests = append(d.Rests, cited(c, casefile.EvidenceEntry(f.Seq)))
		}
	}
	text, err := t.Render(expr.CaseVars(c, now))
	if err != nil {
		text = t.Source
		d.Missing = unknown(c, t)
	}
	d.Paragraphs = paragraphs(text)
	return d
}

// unknown names what a text needs and the case doesn't know yet.
func unknown(c *casefile.Case, t *expr.Template) string {
	var list []string
	for _, f := range t.Facts() {
		if _, ok := c.Facts[f]; !ok {
			list = append(list, "facts."+f)
		}
	}
	for _, in := range t.Inputs() {
		if _, ok := c.Inputs[in]; !ok {
			list = append(list, "inputs."+in)
		}
	}
	if len(list) == 0 {
		return "a value that it needs"
	}
	slices.Sort(list)
	return fmt.Sprint(strings.Join(slices.Compact(list), ", "))
}
