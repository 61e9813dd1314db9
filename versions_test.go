package main

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent/casefile"
	"resolute/plugins/demo"
)

// amend applies the demo's bundle with texts replaced in some of its files, and gives the version. In
// place of "" it adds a file.
func (r *rig) amend(changes map[string][2]string) string {
	r.t.Helper()
	version, err := r.app.Apply(r.t.Context(), amended(r.t, changes), "bundle", true)
	if err != nil {
		r.t.Fatal(err)
	}
	return version
}

func amended(t testing.TB, changes map[string][2]string) fs.FS {
	t.Helper()
	files, err := demo.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{}
	for name, change := range changes {
		if change[0] == "" {
			all[name] = &fstest.MapFile{Data: []byte(change[1])}
		}
	}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if change, ok := changes[name]; ok {
			if !strings.Contains(string(text), change[0]) {
				t.Fatalf("%s has no %q", name, change[0])
			}
			text = []byte(strings.Replace(string(text), change[0], change[1], 1))
		}
		all[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// broken is a ticket about an order of Mara's that arrived damaged.
func broken(id, thread, text string) demo.Signal {
	return demo.Signal{Source: "helpdesk", ID: id, Type: "ticket.created", Data: map[string]any{"thread": thread,
		"customer": map[string]any{"id": "CUS-101", "email": "mara@lindqvist.example"}, "text": text}}
}

func TestACaseKeepsTheProcedureThatItOpenedUnder(t *testing.T) {
	r := newRig(t)
	open := r.send(broken("t-1", "t-1", "My blender arrived smashed, the jug is in pieces."))
	r.settled(open, casefile.Waiting)
	now := r.amend(map[string][2]string{"procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep the old one."}})
	answer := broken("t-2", "t-1", "It is ORD-1001.")
	answer.Type = "customer.replied"
	if id := r.send(answer); id != open {
		t.Fatalf("the answer went to case %s, want %s", id, open)
	}
	c := r.settled(open, casefile.Resolved)
	if !strings.Contains(c.Reply.Text, "You don't need to send anything back.") {
		t.Errorf("a case that was open when the procedure changed replies %q, want the text of the version that it opened under", c.Reply.Text)
	}
	var shown struct{ Bundle string }
	if r.do("GET", "/api/v1/cases/"+open, nil, &shown); shown.Bundle == now || shown.Bundle == "" {
		t.Errorf("the case is under bundle %q, want the one before %s", shown.Bundle, now)
	}
}

func TestALooserPolicyIsForCasesThatMoveToIt(t *testing.T) {
	r := newRig(t)
	r.amend(map[string][2]string{"policies/freeze.yaml": {"", "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"}})
	id := r.send(broken("t-1", "t-1", "My blender of ORD-1001 arrived smashed, the jug is in pieces."))
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopPolicyDeny || c.Stop.Rule != "frozen" {
		t.Fatalf("case %v, want it denied by frozen", c)
	}
	loose := r.amend(nil)
	r.decide(id, map[string]any{"decision": "retry"}, 200)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopPolicyDeny || len(r.effects(id)) != 0 {
		t.Fatalf("retried under the version that it opened under: case %v, effects %v; want it denied again", c, r.effects(id))
	}
	r.decide(id, map[string]any{"decision": "retry", "bundle": "active"}, 200)
	r.settled(id, casefile.Resolved)
	var shown struct{ Bundle string }
	if r.do("GET", "/api/v1/cases/"+id, nil, &shown); shown.Bundle != loose {
		t.Errorf("the case is under bundle %q, want %s, which it was moved to", shown.Bundle, loose)
	}
	var journal struct {
		Items []struct {
			Kind     casefile.Kind
			Versions casefile.Versions
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", nil, &journal)
	denied := map[string]bool{}
	for _, e := range journal.Items {
		switch e.Kind {
		case casefile.KindActionDenied:
			denied[e.Versions.Policy] = true
			if e.Versions.Bundle == "" || e.Versions.Procedure == "" || e.Versions.Manifest == "" {
				t.Errorf("a denial was decided under %+v, want all versions named", e.Versions)
			}
		case casefile.KindCallIntended:
			if e.Versions.Manifest == "" {
				t.Errorf("a call was decided under %+v, want the manifest named", e.Versions)
			}
		}
	}
	if len(denied) != 2 {
		t.Errorf("the denials name the policies %v, want those of the first time, and those with the active ones", denied)
	}
}
