package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
}
