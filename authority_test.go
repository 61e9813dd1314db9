package main

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/plugins/demo"
)

// apply activates the demo's bundle with some of its files replaced.
func (r *rig) apply(files map[string]string) {
	r.t.Helper()
	bundle, err := demo.Bundle()
	if err != nil {
		r.t.Fatal(err)
	}
	changed := fstest.MapFS{}
	err = fs.WalkDir(bundle, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			b, err = fs.ReadFile(bundle, path)
			changed[path] = &fstest.MapFile{Data: b}
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for path, text := range files {
		changed[path] = &fstest.MapFile{Data: []byte(text)}
	}
	if _, err := r.app.Apply(r.t.Context(), changed, "bundle"); err != nil {
		r.t.Fatal(err)
	}
}

// In shadow nothing is sent, whoever says that it would have been right; a person who chooses the
// action has it approved by another.
func TestShadowDecidesAndSendsNothing(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	r.apply(map[string]string{"authority.yaml": "default: shadow\n"})
	id := r.send(story(t, "duplicate-charge")[0])
	c := r.settled(id, casefile.Escalated)
	if c.Stop.Code != casefile.StopAuthorityShadow || c.Pending == nil || c.Pending.Shadowed.Hash == "" {
		t.Fatalf("in shadow: %v, pending %+v; want authority.shadow, with what it would have done", c, c.Pending)
	}
	shadowed := c.Pending.Shadowed
	r.decide(id, map[string]any{"decision": "approve", "hash": "another"}, 409)
	r.decide(id, map[string]any{"decision": "approve", "hash": shadowed.Hash, "note": "as I would"}, 200)
	r.decide(id, map[string]any{"decision": "approve", "hash": shadowed.Hash}, 409)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopAuthorityShadow || r.called("billing.refund_payment") != 0 {
		t.Errorf("judged in shadow: %v, %d refunds; want that it stays with the person and nothing is sent", c, r.called("billing.refund_payment"))
	}
	r.decide(id, map[string]any{"decision": "override", "action": shadowed.Action}, 200)
	c = r.settled(id, casefile.Approving)
	r.decide(id, map[string]any{"decision": "approve", "hash": c.Pending.Approval.Hash}, 403) // its own proposer
	if r.called("billing.refund_payment") != 0 {
		t.Error("a person's own action was sent before another approved it")
	}
}

// The level is live: a case that was opened before it changed goes by what it is now.
func TestLevelIsLive(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "duplicate-charge")[0])
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	r.apply(map[string]string{"authority.yaml": "default: shadow\n"})
	r.decide(id, map[string]any{"decision": "approve", "hash": hash}, 200)
	c := r.settled(id, casefile.Escalated)
	if c.Stop.Code != casefile.StopAuthorityShadow || r.called("billing.refund_payment") != 0 {
		t.Errorf("approved after the level fell to shadow: %v, %d refunds", c, r.called("billing.refund_payment"))
	}
}

// counting has the rig work for the counting house, by files in place of its own.
func (r *rig) counting(files map[string]string) {
	r.t.Helper()
	ledger, err := os.Create(filepath.Join(r.t.TempDir(), "ledger"))
	if err != nil {
		r.t.Fatal(err)
	}
	server := httptest.NewServer(&judge{ledger: ledger, n: map[string]int{}, state: map[string]string{}})
	r.t.Cleanup(func() {
		server.Close()
		_ = ledger.Close()
	})
	bundle := fstest.MapFS{}
	for _, set := range []map[string]string{judgeBundle(server.URL), files} {
		for path, text := range set {
			bundle[path] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	delete(bundle, "monitors/lying.yaml")
	if _, err := r.app.Apply(r.t.Context(), bundle, "bundle"); err != nil {
		r.t.Fatal(err)
	}
}

// item sends a signal about an item, and gives its case.
func (r *rig) item(kind, item string) string {
	r.t.Helper()
	return r.send(signalOf(kind+item, "item."+kind, item))
}

func signalOf(id, kind, item string) demo.Signal {
	return demo.Signal{ID: id, Source: "test", Type: kind, Data: map[string]any{"item": item, "customer": map[string]any{"id": "c-" + item}}}
}

// entries gives what the journal of a case says in entries of a kind.
func (r *rig) entries(id, kind string) (data []map[string]any) {
	r.t.Helper()
	var journal struct {
		Items []struct {
			Kind string
			Data map[string]any
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", nil, &journal)
	for _, e := range journal.Items {
		if e.Kind == kind {
			data = append(data, e.Data)
		}
	}
	return data
}

// Proposals that people agree with earn to act, which an admin gives; a case that a person reopens takes
// it back at once. The journal of the case that tipped the scales says why.
func TestTheAgentEarnsToActAndLosesIt(t *testing.T) {
	r := newRig(t)
	defer r.replaysTheSame()
	r.counting(map[string]string{"authority.yaml": "default: propose\npromote: {after: 2, agreement: 0.3, confidence: 0.6}\ndemote: {reversals: 1, window: 168h}\n"})
	var last string
	for _, item := range []string{"a", "b"} {
		last = r.item("seen", item)
		hash := r.settled(last, casefile.Approving).Pending.Approval.Hash
		r.decide(last, map[string]any{"decision": "approve", "hash": hash}, 200)
		r.settled(last, casefile.Resolved)
	}
	said := r.entries(last, "authority.changed")
	if len(said) != 1 || said[0]["proposed"] != true || said[0]["to"] != "act" || said[0]["tool"] != "counter.add" {
		t.Fatalf("the journal of the case that tipped the scales says %v, want a promotion to act that is proposed", said)
	}
	if r.settled(r.item("seen", "c"), casefile.Approving).Stop.Code != casefile.StopAuthorityPropose {
		t.Error("a promotion that nobody accepted counts")
	}
	answer := map[string]any{"procedure": "count", "tool": "counter.add", "decision": "accept", "note": "it does well"}
	if code := r.do("POST", "/api/v1/authority", answer, nil); code != 200 {
		t.Fatalf("accepting the promotion: %d", code)
	}
	done := r.item("seen", "d")
	r.settled(done, casefile.Resolved)
	r.decide(done, map[string]any{"decision": "reopen", "note": "counted the wrong one"}, 200)
	said = r.entries(done, "authority.changed")
	if len(said) != 1 || said[0]["from"] != "act" || said[0]["to"] != "propose" {
		t.Fatalf("the journal of the reopened case says %v, want a demotion from act to propose", said)
	}
	if c := r.settled(r.item("seen", "e"), casefile.Approving); c.Stop.Code != casefile.StopAuthorityPropose {
		t.Errorf("after the demotion: %v, want it to propose", c)
	}
	var list struct{ Items []authority.Level }
	r.do("GET", "/api/v1/authority", nil, &list)
	if l := list.Items[0]; l.Level != casefile.LevelPropose || l.Given != casefile.LevelPropose || l.Promotion != nil {
		t.Errorf("the levels are %+v, want propose again", list.Items)
	}
}

// What an admin demotes is proposed, or only watched, from the next action on: in cases that are open too. A
// promotion that was earned before doesn't bring it back; who restores it does.
func TestAnAdminDemotesAnAction(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"authority.yaml": "default: act\n"})
	r.settled(r.item("seen", "a"), casefile.Resolved)
	server := httptest.NewServer(r.app.Handler())
	defer server.Close()
	ada := r.as("admin", "ada")
	says := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := commandLine(t, append(append([]string{"authority"}, args...), "--url", server.URL, "--token", ada.token)...)
		if code != want {
			t.Fatalf("authority %q: exit %d %s%s, want %d", args, code, out, errs, want)
		}
		return out
	}
	says(2, "demote", "count", "counter.add")
	says(1, "demote", "count", "counter.ad", "--note", "x")
	says(0, "demote", "count", "counter.add", "--note", "it counted twice")
	open := r.item("seen", "b")
	hash := r.settled(open, casefile.Approving).Pending.Approval.Hash
	says(0, "demote", "count", "counter.add", "--to", "shadow", "--note", "twice again")
	if out := says(0, "list"); !strings.Contains(out, "count counter.add *: shadow (given act)") || !strings.Contains(out, "lowered by token:ada: twice again") {
		t.Errorf("the levels are listed as %q", out)
	}
	r.decide(open, map[string]any{"decision": "approve", "hash": hash}, 200)
	if c := r.settled(open, casefile.Escalated); c.Stop.Code != casefile.StopAuthorityShadow {
		t.Errorf("a case that was open when the level fell to shadow: %v, want authority.shadow", c)
	}
	says(0, "restore", "count", "counter.add", "--note", "the scale was broken")
	r.settled(r.item("seen", "c"), casefile.Resolved)
	says(1, "restore", "count", "counter.add", "--note", "again")
}
