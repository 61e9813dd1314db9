package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
	"resolute/plugins/demo"
)

// theatre is the demo's bundle in a folder, and the company beside it, which must not be called.
type theatre struct {
	t      *testing.T
	bundle string
	url    string
	calls  atomic.Int64
}

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	h := &theatre{t: t, bundle: filepath.Join(t.TempDir(), "bundle")}
	files, err := demo.Bundle()
	if err == nil {
		err = os.CopyFS(h.bundle, files)
	}
	if err != nil {
		t.Fatal(err)
	}
	company, err := demo.Open(filepath.Join(t.TempDir(), "company.db"), demo.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !strings.HasSuffix(q.URL.Path, "/manifest") {
			h.calls.Add(1)
		}
		company.Handler().ServeHTTP(w, q)
	}))
	h.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := company.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// command runs resolute in the theatre.
func (h *theatre) command(args ...string) (code int, stdout, stderr string) {
	var out, log bytes.Buffer
	env := func(name string) (string, bool) { return h.url, name == demo.EnvURL }
	code = run(h.t.Context(), args, env, strings.NewReader(""), &out, &log)
	return code, out.String(), log.String()
}

func (h *theatre) write(file, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.bundle, file), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *theatre) report(args ...string) (int, rehearsal.Report) {
	h.t.Helper()
	code, out, log := h.command(append([]string{"rehearse", h.bundle, "--json"}, args...)...)
	var r rehearsal.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		h.t.Fatalf("rehearse --json ended with %d and printed %v: %s %s", code, err, out, log)
	}
	return code, r
}

// TestDemoRehearses plays the scenarios that the demo's bundle ships, each with every kind of fault at
// every call. They are there for each of its procedures.
func TestDemoRehearses(t *testing.T) {
	h := newTheatre(t)
	code, r := h.report("--faults")
	runs := 0
	played := map[string]bool{}
	for _, it := range r.Items {
		if !it.Passed {
			t.Errorf("%s:\n%s\n%s", it.Rehearsal, strings.Join(it.Failures, "\n"), strings.Join(it.Story, "\n"))
		}
		for _, line := range it.Story {
			if _, name, ok := strings.Cut(line, "  procedure "); ok {
				played[name] = true
			}
		}
		if it.Faults != nil {
			runs += it.Faults.Runs
			t.Logf("%s: %d runs, %d as expected, %d left to people, %d otherwise", it.Rehearsal, it.Faults.Runs, it.Faults.AsExpected, it.Faults.ByPeople, it.Faults.Otherwise)
		}
	}
	if code != 0 || !r.Passed {
		t.Errorf("rehearse ended with %d, want 0", code)
	}
	procedures, err := os.ReadDir(filepath.Join(h.bundle, "procedures"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procedures {
		if name := strings.TrimSuffix(p.Name(), ".yaml"); !played[name] {
			t.Errorf("no rehearsal of the demo plays the procedure %s", name)
		}
	}
	if n := h.calls.Load(); n != 0 {
		t.Errorf("the company was called %d times by rehearsals", n)
	}
	t.Logf("%d rehearsals, %d runs with faults", len(r.Items), runs)
}

func TestRehearsalsOfASeedAreTheSame(t *testing.T) {
	h := newTheatre(t)
	_, first, _ := h.command("rehearse", h.bundle, "--json", "--faults", "--seed", "7")
	if _, again, _ := h.command("rehearse", h.bundle, "--json", "--faults", "--seed", "7"); again != first {
		t.Error("the same seed gave two reports")
	}
	took := func(seed string) (list []casefile.Duration) {
		_, r := h.report("--seed", seed)
		for _, it := range r.Items {
			list = append(list, it.Took)
		}
		return list
	}
	if slices.Equal(took("7"), took("8")) {
		t.Error("everything took as long under another seed: the seed has no say")
	}
}

func TestRehearsalsAreReadStrictly(t *testing.T) {
	const scenario = `rehearsal: strict
now: 2026-03-01T10:00:00Z
signals: [{at: 0s, type: flag.misfired, data: {flag_key: checkout-v2}}]
world:
  ops.get_flag: [{args: {flag_key: checkout-v2}, result: {change_id: c, changed_at: "", changed_by: ana, enabled: true, errors_per_minute: 1, intended: false, key: checkout-v2}}]
expect: {status: escalated}
`
	h := newTheatre(t)
	file := filepath.Join("rehearsals", "strict.yaml")
	for _, tt := range []struct{ from, to, want string }{
		{"", "", ""},
		{"ops.get_flag", "ops.get_flags", "strict.yaml:5:3: plugin ops has no tool get_flags; did you mean ops.get_flag?"},
		{"ops.get_flag", "opps.get_flag", "strict.yaml:5:3: the bundle has no plugin opps"},
		{"now: 2026-03-01T10:00:00Z", "now: yesterday", `strict.yaml:2:6: "yesterday" is no time`},
		{"at: 0s", "at: 80h", "strict.yaml:3:16: the signal would arrive after 80h0m0s, when the rehearsal is over"},
		{"at: 0s", "at: -1s", `strict.yaml:3:16: "-1s" is not a duration`},
		{"enabled: true", "enabled: 1", "strict.yaml:5:58: enabled in the result of ops.get_flag is of type boolean"},
		{"changed_by: ana, ", "", "strict.yaml:5:58: the result of ops.get_flag has a field changed_by, which is missing here"},
		{"args: {flag_key", "args: {flag", "strict.yaml:5:25: ops.get_flag takes no argument flag"},
		{"{status: escalated}", "{status: escalated, nevr: [ops.set_flag]}", "strict.yaml:6:29: unknown key nevr; did you mean never?"},
		{"{status: escalated}", "{status: done}", `strict.yaml:6:18: "done" is not one of`},
		{"{status: escalated}", "{}", "strict.yaml:6:9: nothing is expected"},
		{"{status: escalated}", "{never: [ops.drop]}", "strict.yaml:6:9: plugin ops has no tool drop"},
		{"expect", "faults: [{tool: ops.get_flag, kind: late_callback}]\nexpect", "strict.yaml:6:10: late_callback can't befall ops.get_flag, which answers at once"},
		{"expect", "faults: [{tool: ops.get_flag, kind: meteor}]\nexpect", `strict.yaml:6:37: "meteor" is not one of`},
		{"type: flag.misfired", "type: timer.fired", "strict.yaml:3:26: signals of type timer.fired come from resolute alone"},
		{"rehearsal: strict", "rehearsal: something that no procedure is for", `"something that no procedure is for" is there twice`},
	} {
		h.write(file, strings.Replace(scenario, tt.from, tt.to, 1))
		code, out, _ := h.command("check", h.bundle)
		if want := 1; tt.want != "" && (code != want || !strings.Contains(out, tt.want)) || tt.want == "" && code != 0 {
			t.Errorf("%q in place of %q: check ended with %d, want %q in:\n%s", tt.to, tt.from, code, tt.want, out)
		}
		if code, _, log := h.command("rehearse", h.bundle); tt.want != "" && (code != 1 || !strings.Contains(log, tt.want)) {
			t.Errorf("%q in place of %q: rehearse ended with %d, want %q in:\n%s", tt.to, tt.from, code, tt.want, log)
		}
	}
}

// TestUnmetRehearsalsSayWhere has one scenario fail in each way that it can.
func TestUnmetRehearsalsSayWhere(t *testing.T) {
	h := newTheatre(t)
	path := filepath.Join(h.bundle, "rehearsals", "flag-misfired.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scenario := string(raw)
	for _, tt := range []struct{ from, to, want string }{
		{"status: resolved", "status: closed", "status closed is expected within 10m0s, and it is resolved"},
		{"calls: [ops.set_flag]", "calls: [ops.set_flag, ops.get_usage]", "a call of ops.get_usage is expected after ops.set_flag within 10m0s, and was not made; called were ops.get_flag, ops.set_flag"},
		{"calls:", "never:", "ops.set_flag must never be called, and was"},
		{"calls: [ops.set_flag]", "reply_contains: [sorry]", `the customer must be told "sorry" within 10m0s, and was told nothing`},
		{"args: {flag_key: checkout-v2, enabled: false}", "args: {flag_key: checkout-v2, enabled: true}", `the world has no answer to ops.set_flag with {"enabled":false,"flag_key":"checkout-v2"}`},
		{"expect:", "faults: [{tool: ops.set_flag, on: 5, kind: slow}]\nexpect:", "the fault befalls no call: ops.set_flag is not called 5 times"},
	} {
		h.write(filepath.Join("rehearsals", "flag-misfired.yaml"), strings.Replace(scenario, tt.from, tt.to, 1))
		junit := filepath.Join(t.TempDir(), "junit.xml")
		code, r := h.report("--junit", junit)
		failed := ""
		for _, it := range r.Items {
			if !it.Passed {
				failed += it.Rehearsal + ": " + strings.Join(it.Failures, "; ")
			}
		}
		if code != 1 || !strings.HasPrefix(failed, "a feature flag that an upstream change switched on: "+path+":") || !strings.Contains(failed, tt.want) {
			t.Errorf("%q in place of %q: exit %d, want that one to fail with %q:\n%s", tt.to, tt.from, code, tt.want, failed)
		}
		if code, out, _ := h.command("rehearse", h.bundle); code != 1 || !strings.Contains(out, "✗ a feature flag") || !strings.Contains(out, tt.want) {
			t.Errorf("%q in place of %q: exit %d, and the text doesn't say %q:\n%s", tt.to, tt.from, code, tt.want, out)
		}
		var suite struct {
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		}
		if raw, err := os.ReadFile(junit); err != nil || xml.Unmarshal(raw, &suite) != nil || suite.Failures != 1 || len(suite.Cases) != len(r.Items) {
			t.Errorf("%q in place of %q: the JUnit report has %d failures in %d cases (%v), want 1 in %d", tt.to, tt.from, suite.Failures, len(suite.Cases), err, len(r.Items))
		}
	}
}

// TestLiveRehearsalsCallThePlugin plays a scenario against the company itself, which is the sandbox.
func TestLiveRehearsalsCallThePlugin(t *testing.T) {
	h := newTheatre(t)
	h.write(filepath.Join("rehearsals", "flag-misfired.yaml"), `rehearsal: live
now: 2026-03-01T10:00:00Z
signals: [{at: 0s, type: flag.misfired, data: {flag_key: checkout-v2}}]
world: {plugin: live}
expect: {status: resolved, calls: [ops.get_flag, ops.set_flag, ops.get_flag]}
`)
	code, r := h.report("--faults")
	if n := h.calls.Load(); code != 0 || n != 3 {
		t.Errorf("exit %d, %d calls of the company, want 0 and the 3 of the live scenario, once: %+v", code, n, r.Items)
	}
}
