package main

import (
	"fmt"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/learner"
	"resolute/agent/triage"
	"resolute/embed"
	"resolute/plugins/demo"
)

// learnedBy has people close a case each, in turn, with what they say that it is for, until triage has learned
// from it; it gives what that came to, and what decides.
func (r *rig) learnedBy(t *testing.T, who []desk, procedure string, text func(i int) string) (v learner.Version, deciding string) {
	t.Helper()
	for i := range 60 {
		id := r.send(demo.Signal{ID: fmt.Sprintf("lesson-%d", i), Source: "helpdesk", Type: "ticket.created",
			Data: map[string]any{"customer": map[string]any{"id": fmt.Sprintf("CUS-q%d", i)}, "thread": fmt.Sprintf("lesson-%d", i), "text": text(i)}})
		r.settled(id, casefile.Escalated, casefile.Waiting)
		d := who[i%len(who)]
		d.decides(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
		d.decides(id, map[string]any{"decision": "close", "procedure": procedure, "note": "done"}, 200)
	}
	var list struct {
		Items []learner.Version
		State learner.Standing
	}
	eventually(t, "triage learns from what people say", func() bool {
		r.do("GET", "/api/v1/triage", nil, &list)
		return len(list.Items) > 1
	})
	r.do("GET", "/api/v1/triage", nil, &list)
	return list.Items[0], list.State.Version
}

func wares(format string) func(i int) string {
	things, ends := strings.Fields("blender mug lamp plate chair kettle"), strings.Fields("thanks bye regards cheers soon hello please now sadly today")
	return func(i int) string { return fmt.Sprintf(format, things[i%6], ends[i/6]) }
}

// One operator closes sixty cases of damaged things as returned ones: nothing changes by itself, and it is
// said why.
func TestOneOperatorDoesNotSwingTriage(t *testing.T) {
	r := newRig(t)
	v, deciding := r.learnedBy(t, []desk{r.as("operator", "flood")}, "returned-item", wares("my %s arrived smashed and shattered, %s"))
	t.Logf("kept back: %s%s", v.Worse, v.Lowers)
	if len(v.Activated) != 0 || v.Worse == "" && v.Lowers == "" || deciding != v.Replaces {
		t.Errorf("%s decides, and it learned %+v; want it kept beside what decides, and why", deciding, v)
	}
	id := r.send(demo.Signal{ID: "after", Source: "helpdesk", Type: "ticket.created", Data: map[string]any{"thread": "after", "text": "my teapot arrived smashed, please replace it"}})
	r.settled(id, casefile.Escalated, casefile.Waiting)
	if d := r.routed(id); d.Procedure != "damaged-item" || d.Triage != v.Replaces {
		t.Errorf("what is damaged goes to %q by version %s, want damaged-item by %s", d.Procedure, d.Triage, v.Replaces)
	}
}

// A triage that sends what is damaged elsewhere fails rehearsals, and says which and where.
func TestTriageThatLowersRehearsalsIsNamed(t *testing.T) {
	r := newRig(t)
	a := r.app.(*appliance)
	before, err := a.shelf.Triage(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	wrong := before.Classifier.Examples()
	for i := range wrong {
		if wrong[i].Procedure == "damaged-item" {
			wrong[i].Procedure = "returned-item"
		}
	}
	after := before
	if after.Classifier, err = (triage.Trainer{Embedder: embed.Builtin()}).Train(t.Context(), wrong, nil); err != nil {
		t.Fatal(err)
	}
	if why, err := a.lowers(t.Context(), before, before); why != "" || err != nil {
		t.Errorf("the same lowers %q, %v", why, err)
	}
	if why, err := a.lowers(t.Context(), before, after); !strings.Contains(why, "fail that pass without it") || !strings.Contains(why, "damaged-item") || err != nil {
		t.Errorf("it lowers %q, %v; want rehearsals of damaged items named", why, err)
	}
	before.Version = "another"
	if why, err := a.lowers(t.Context(), before, after); err == nil {
		t.Errorf("under another version of the bundle it lowers %q, want an error", why)
	}
}
