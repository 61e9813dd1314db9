package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
)

// TestTheDemosStoryReplays lets every case of the demo's story happen again under the bundle that it was
// handled under, out of the folder that the demo left.
func TestTheDemosStoryReplays(t *testing.T) {
	data := t.TempDir()
	command := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), args, func(string) (string, bool) { return "", false }, strings.NewReader(""), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, out := command("demo", "--addr", "127.0.0.1:0", "--data", data, "--no-browser", "--exit-when-done"); code != 0 {
		t.Fatalf("the demo ended with %d: %s", code, out)
	}
	junit := filepath.Join(t.TempDir(), "junit.xml")
	code, out := command("rehearse", "active", "--all", "--data", data, "--json", "--junit", junit)
	var r rehearsal.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if xml, err := os.ReadFile(junit); err != nil || strings.Count(string(xml), "<testcase ") != len(r.Items) {
		t.Errorf("JUnit has not all of %d cases: %v %s", len(r.Items), err, xml)
	}
	for _, it := range r.Items {
		if it.Replay.Outcome != rehearsal.Same {
			t.Errorf("%s, recorded as %s, is %s: %v", it.Rehearsal, it.Status, it.Replay.Outcome, it.Failures)
		}
	}
	if code != 0 || !r.Passed || r.Replays.Same != 17 {
		t.Errorf("it ended with %d and %+v, want 17 cases decided as they were", code, r.Replays)
	}
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--case", r.Items[0].Replay.Case}, 0, "of 1 recorded cases 1 are decided as they were, 0 in other words, 0 otherwise"},
		{[]string{"--case", "00000000-0000-7000-8000-000000000000"}, 1, "not found"},
		{[]string{"--all", "--case", r.Items[0].Replay.Case}, 2, "leave out --case"},
		{[]string{"--all", "--faults"}, 2, "leave out --faults"},
		{[]string{"--url", "http://127.0.0.1:1"}, 2, "name recorded cases with --case or --all"},
	} {
		if code, out := command(append([]string{"rehearse", "active", "--data", data}, tt.args...)...); code != tt.code || !strings.Contains(out, tt.says) {
			t.Errorf("%v ended with %d, want %d and %q: %s", tt.args, code, tt.code, tt.says, out)
		}
	}
}

// replaysTheSame lets every case of a test happen again under the bundle that handled it: whatever broke,
// and whatever people decided, nothing is decided otherwise.
func (r *rig) replaysTheSame() {
	r.t.Helper()
	var run toldRun
	if code := r.do("POST", "/api/v1/rehearsals", map[string]any{"cases": []string{rehearsal.All}}, &run); code != http.StatusAccepted {
		r.t.Errorf("asking for replays: %d", code)
		return
	}
	run = r.over(run)
	for _, it := range run.Items {
		if it.Replay.Outcome != rehearsal.Same {
			r.t.Errorf("%s, recorded as %s, is %s: %v", it.Rehearsal, it.Status, it.Replay.Outcome, it.Failures)
		}
	}
	if run.State != "done" || len(run.Items) == 0 {
		r.t.Errorf("the replay of %d cases is %s: %s", len(run.Items), run.State, run.Error)
	}
}

// TestReplayOfACandidate has a bundle with another rule and other words decide cases anew that the demo's
// handled, named by their ids, through the API and on the command line.
func TestReplayOfACandidate(t *testing.T) {
	r := newRig(t)
	replaced, refunded := r.send(story(t, "smashed-blender")[0]), r.send(story(t, "shattered-stoneware")[0])
	r.settled(replaced, casefile.Resolved)
	r.settled(refunded, casefile.Resolved)
	files := amended(t, map[string][2]string{"policies/frozen.yaml": {"", "policy: frozen\napplies_to: [shop.refund_order]\nrules:\n  - {id: frozen, deny: 'true', reason: Not today.}\n"}})
	const nobody = "00000000-0000-7000-8000-000000000000"
	var run toldRun
	if code := r.archive("POST", "/api/v1/rehearsals?cases="+refunded+","+replaced+","+nobody, files, &run); code != http.StatusAccepted {
		t.Fatalf("asking for replays of a candidate: %d", code)
	}
	if run = r.over(run); run.State != "done" || run.Passed || len(run.Items) != 3 || run.Unmet != 2 {
		t.Fatalf("three cases, one that diverges and one that isn't there: %+v", run)
	}
	for i, want := range []struct {
		outcome rehearsal.Outcome
		text    string
	}{{rehearsal.Diverged, "denied by rule frozen: Not today."}, {rehearsal.Same, ""}, {rehearsal.Unplayed, "case " + nobody + ": not found"}} {
		if it := run.Items[i]; it.Replay.Outcome != want.outcome || !strings.Contains(strings.Join(it.Failures, ""), want.text) {
			t.Errorf("%s is %s: %v, want %s: %s", it.Rehearsal, it.Replay.Outcome, it.Failures, want.outcome, want.text)
		}
	}
	var e struct{ Detail string }
	for _, body := range []map[string]any{{"cases": []string{"all"}, "faults": true}, {"cases": []string{"x"}}} {
		if code := r.do("POST", "/api/v1/rehearsals", body, &e); code != http.StatusBadRequest || e.Detail == "" {
			t.Errorf("%v: %d %q, want 400 and why", body, code, e.Detail)
		}
	}
}

// TestFullBudgetsReplay has cases take a budget's room from each other: of each alone, only its journal
// knows that there was none left.
func TestFullBudgetsReplay(t *testing.T) {
	for _, beyond := range []string{"deny", "approve"} {
		r := newRig(t)
		r.counting(map[string]string{"policies/budget.yaml": "policy: bounded\napplies_to: [counter.add]\nbudgets:\n  - {id: most, sum: 1, window: 24h, max: 2, beyond: " + beyond + "}\n"})
		for _, item := range []string{"a", "b"} {
			r.settled(r.item("seen", item), casefile.Resolved)
		}
		id := r.item("seen", "c")
		if beyond == "deny" {
			if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopBudgetExceeded {
				t.Fatalf("the third case is %v, want budget.exceeded", c)
			}
		} else {
			c := r.settled(id, casefile.Approving)
			r.as("approver", "pia").decides(id, map[string]any{"decision": "approve", "hash": c.Pending.Approval.Hash}, 200)
			r.settled(id, casefile.Resolved)
		}
		r.replaysTheSame()
	}
}
