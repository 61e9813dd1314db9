package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	b, err := r.app.(*appliance).library.Apply(r.t.Context(), amended(r.t, changes), "bundle", casefile.ActorSystem)
	if err != nil {
		r.t.Fatal(err)
	}
	return b.Version
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

func TestDiffSaysWhatChanges(t *testing.T) {
	r := newRig(t)
	var list struct{ Items []struct{ Version string } }
	r.do("GET", "/api/v1/bundles", nil, &list)
	was := list.Items[0].Version
	now := r.amend(map[string][2]string{"policies/refunds.yaml": {"approve: action.args.amount_cents > 10000", "approve: action.args.amount_cents > 20000"},
		"policies/freeze.yaml": {"", "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"},
		"tools/shop.yaml":      {"plugin: shop", "plugin: shop\neffects: {create_replacement: irreversible}"}})
	var d struct {
		From, To string
		Files    []struct{ Path, Change, Diff string }
		Rules    []struct{ Policy, Rule, Change, Was, Now string }
		Tools    []struct {
			Tool, Change string
			What         []string
		}
	}
	if code := r.do("GET", "/api/v1/bundles/"+was+"/diff/active", nil, &d); code != 200 || d.From != was || d.To != now {
		t.Fatalf("diff: %d from %s to %s", code, d.From, d.To)
	}
	var files, rules, tools []string
	for _, f := range d.Files {
		files = append(files, f.Change+" "+f.Path)
	}
	for _, x := range d.Rules {
		rules = append(rules, strings.Join([]string{x.Change, x.Policy, x.Rule, x.Was, x.Now}, "|"))
	}
	for _, x := range d.Tools {
		tools = append(tools, x.Change+" "+x.Tool+" "+strings.Join(x.What, ","))
	}
	if want := []string{"added policies/freeze.yaml", "changed policies/refunds.yaml", "changed tools/shop.yaml"}; !slices.Equal(files, want) {
		t.Errorf("the files are %q, want %q", files, want)
	}
	if want := []string{"added|freeze|frozen||deny: true", "changed|refunds|over-100|approve: action.args.amount_cents > 10000|approve: action.args.amount_cents > 20000"}; !slices.Equal(rules, want) {
		t.Errorf("the rules are %q, want %q", rules, want)
	}
	if want := []string{"changed shop.create_replacement effect"}; !slices.Equal(tools, want) {
		t.Errorf("the tools are %q, want %q", tools, want)
	}
	if !strings.Contains(d.Files[1].Diff, "-  - {id: over-100, approve: action.args.amount_cents > 10000") {
		t.Errorf("the diff of the refunds is %q", d.Files[1].Diff)
	}
	for path, want := range map[string]int{"/api/v1/bundles/active/diff/active": 200, "/api/v1/bundles/" + was[:12] + "/diff/" + now[:12]: 200, "/api/v1/bundles/active/diff/0000000000": 404} {
		var out map[string]any
		if code := r.do("GET", path, nil, &out); code != want {
			t.Errorf("GET %s: %d %v, want %d", path, code, out, want)
		}
	}
}

func TestDiffWithAFolderStoresNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	bundle := t.TempDir()
	files := map[string]string{"resolute.yaml": "company: A\n", "policies/p.yaml": "policy: p\napplies_to: [shop.*]\n"}
	write := func() {
		t.Helper()
		for name, text := range files {
			file := filepath.Join(bundle, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write()
	if code, out := command(t, "apply", bundle, "--data", data); code != 0 {
		t.Fatal(out)
	}
	if code, out := command(t, "diff", bundle, "--data", data); code != 0 || !strings.Contains(out, "nothing changes") {
		t.Errorf("diff with what is active: exit %d, %s", code, out)
	}
	files["policies/p.yaml"] += "rules:\n  - {id: frozen, deny: 'true'}\n"
	write()
	if code, out := command(t, "diff", bundle, "--data", data); code != 0 || !strings.Contains(out, "rule frozen of p is added\n  + deny: true\n") || !strings.Contains(out, "+  - {id: frozen, deny: 'true'}") {
		t.Errorf("diff with a new rule: exit %d, %s", code, out)
	}
	if code, out := command(t, "diff", bundle, "--data", data, "--json"); code != 0 || !strings.Contains(out, `"change": "added"`) {
		t.Errorf("diff as JSON: exit %d, %s", code, out)
	}
	files["policies/p.yaml"] += "  - {id: wrong, deny: 1 +}\n"
	write()
	if code, out := command(t, "diff", bundle, "--data", data); code != 1 || !strings.Contains(out, filepath.Join(bundle, "policies/p.yaml")+":5:") {
		t.Errorf("diff with a bundle that has errors: exit %d, %s; want the place of the error", code, out)
	}
}
