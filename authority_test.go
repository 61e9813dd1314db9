package main

import (
	"io/fs"
	"testing"
	"testing/fstest"

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
	if _, err := r.app.Apply(r.t.Context(), changed, "bundle", true); err != nil {
		r.t.Fatal(err)
	}
}

// In shadow nothing is sent, whoever says that it would have been right; a person who chooses the
// action has it approved by another.
func TestShadowDecidesAndSendsNothing(t *testing.T) {
	r := newRig(t)
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
