package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/impact"
)

func TestImpactOfACandidateOnWhatTheEngineDecided(t *testing.T) {
	r := newRig(t)
	for name, status := range map[string]casefile.Status{"smashed-blender": casefile.Resolved, "shattered-stoneware": casefile.Resolved, "duplicate-charge": casefile.Approving, "not-the-owner": casefile.Escalated} {
		r.settled(r.send(story(t, name)[0]), status)
	}
	var same impact.Report
	if code := r.do("POST", "/api/v1/bundles/active/impact", map[string]any{}, &same); code != 200 || same.Decisions < 4 || same.Changed != 0 {
		t.Fatalf("impact of what is active: %d %+v, want at least 4 decisions and no change", code, same)
	}
	var none impact.Report
	if r.do("POST", "/api/v1/bundles/active/impact", map[string]any{"to": "2020-01-01T00:00:00Z"}, &none); none.Decisions != 0 {
		t.Errorf("%d decisions before there were any", none.Decisions)
	}
	r.amend(map[string][2]string{"policies/freeze.yaml": {"", "policy: freeze\napplies_to: [shop.*]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"}})
	var frozen impact.Report
	if code := r.do("POST", "/api/v1/bundles/active/impact", map[string]any{"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, nil); code != 422 {
		t.Errorf("a period that ends before it begins answers %d, want 422: no decision would seem to change", code)
	}
	r.do("POST", "/api/v1/bundles/active/impact", map[string]any{}, &frozen)
	refunded := false
	for _, c := range frozen.Changes {
		if c.Now != casefile.Deny || c.NowRule != "frozen" || c.Was != casefile.Allow || !strings.HasPrefix(c.Tool, "shop.") {
			t.Errorf("a change is %+v, want what was allowed in the shop denied by frozen", c)
		}
		refunded = refunded || c.Tool == "shop.refund_order" && c.Count == 1 && len(c.Amounts) == 1 && c.Amounts[0].AmountCents == 6400
	}
	if frozen.Changed < 2 || !refunded {
		t.Errorf("with a freeze %+v would change, want the replacement and the refund of 64.00", frozen)
	}
}

func TestDiffTellsTheImpact(t *testing.T) {
	data, folder := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "bundle")
	starter, err := bundle.Starter()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, starter); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, "diff", folder, "--data", data); code != 1 || !strings.Contains(out, "there is no data folder") {
		t.Errorf("diff where there is no data folder: exit %d, %s", code, out)
	}
	if code, out := command(t, "token", "create", "--role", "viewer", "--data", data); code != 0 {
		t.Fatalf("begin a data folder: exit %d, %s", code, out)
	}
	if code, out := command(t, "diff", folder, "--data", data, "--impact"); code != 1 || !strings.Contains(out, "no bundle is active") {
		t.Errorf("diff where nothing is active: exit %d, %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "tools", "shop.yaml"), []byte("plugin: shop\nurl: http://127.0.0.1:1\nallow_hosts: [127.0.0.1]\nmanifest: shop.manifest.json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, "apply", folder, "--data", data); code != 0 {
		t.Fatal(out)
	}
	if code, out := command(t, "diff", folder, "--data", data, "--impact"); code != 0 || !strings.Contains(out, "nothing changes\nof 0 past decisions 0 would be others\n") {
		t.Errorf("diff with the impact: exit %d, %s", code, out)
	}
	if code, out := command(t, "diff", folder, "--data", data, "--impact", "--json", "--from", "2026-03-01T00:00:00Z"); code != 0 || !strings.Contains(out, `"impact": {`) || !strings.Contains(out, `"from": "2026-03-01T00:00:00Z"`) {
		t.Errorf("diff with the impact as JSON: exit %d, %s", code, out)
	}
}
