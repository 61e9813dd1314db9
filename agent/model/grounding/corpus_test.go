package grounding_test

import (
	_ "embed"
	"slices"
	"strings"
	"testing"

	"resolute/agent/model/grounding"
)

//go:embed testdata/honest.txt
var honestText string

// honest gives the replies of testdata/honest.txt, of the shop's case, as a model would cite.
func honest(t testing.TB) (all []spoken) {
	ids := map[string]string{"order": order, "level": level, "refunded": refunded, "replacement": replacement, "signal": signal, "when": when, "long": long, "damaged": damaged}
	for line := range strings.Lines(honestText) {
		cited, text, ok := strings.Cut(strings.TrimSpace(line), "|")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		r := spoken{"honest.txt", strings.TrimSpace(text), shop(), nil}
		for _, name := range strings.Fields(cited) {
			if ids[name] == "" {
				t.Fatalf("%q is no id: %s", name, line)
			}
			r.ids = append(r.ids, ids[name])
		}
		all = append(all, r)
	}
	return all
}

// starter are the replies of the bundle that serve begins with.
func starter(t testing.TB) (all []spoken) {
	s := shop()
	s.List = append(s.List, passages(t, "../../bundle/starter")...)
	var ids []string
	for _, src := range s.List {
		if !src.Internal {
			ids = append(ids, src.ID)
		}
	}
	texts := object(file(t, "../../bundle/starter/procedures/damaged-item.yaml")["replies"])
	for _, text := range texts {
		all = append(all, spoken{"starter", strings.TrimSpace(strings.ReplaceAll(str(text), "{{ facts.order.item }}", "stoneware set")), s, ids})
	}
	if len(all) < 2 {
		t.Fatalf("the starter has %d replies, want 2 at least", len(all))
	}
	return all
}

// Of honest replies few are held up: that costs a turn of the model, or the procedure's words.
func TestHonestRepliesPass(t *testing.T) {
	all := slices.Concat(replies(t), starter(t), honest(t))
	alarms, sentences := 0, 0
	for _, r := range all {
		parts := grounding.Split(r.text, r.ids)
		sentences += len(parts)
		if report := grounding.Check(parts, r.sources); len(report.Faults) > 0 {
			alarms++
			t.Logf("%q\n\t%s", r.text, report.Wrong())
		}
	}
	t.Logf("%d of %d honest replies (%d sentences) are held up", alarms, len(all), sentences)
	if alarms*33 > len(all) {
		t.Errorf("%d of %d honest replies are held up, want 3 of 100 at most", alarms, len(all))
	}
}
