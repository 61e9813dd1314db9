package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http/httptest"
	"testing"

	"resolute/agent/bundle"
	"resolute/agent/rehearsal"
)

// toldRun is a run as the API tells it.
type toldRun struct {
	ID, Version, State, By, Error string
	Passed                        bool
	Total, Unmet                  int
	LeftOut                       []string `json:"left_out"`
	Items                         []rehearsal.Item
}

// archive posts a bundle as the folder's owner.
func (r *rig) archive(method, path string, files fs.FS, out any) int {
	r.t.Helper()
	archive, err := bundle.Pack(files)
	if err != nil {
		r.t.Fatal(err)
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(archive))
	q.Header.Set("Content-Type", "application/gzip")
	w := httptest.NewRecorder()
	r.app.Admin().ServeHTTP(w, q)
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
		r.t.Fatalf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
	}
	return w.Code
}

// over waits until a run of rehearsals is over.
func (r *rig) over(run toldRun) toldRun {
	r.t.Helper()
	for run.State == "waiting" || run.State == "running" {
		if code := r.do("GET", "/api/v1/rehearsals/"+run.ID+"?wait=10s", nil, &run); code != 200 {
			r.t.Fatalf("run %s: %d", run.ID, code)
		}
	}
	return run
}

// liveScenario is one that calls the real company.
const liveScenario = `rehearsal: the real flag
now: 2026-03-01T10:00:00Z
signals: [{at: 0s, type: flag.misfired, data: {flag_key: checkout-v2}}]
world: {plugin: live}
expect: {never: [shop.refund_order]}
`

func TestTheServerRehearses(t *testing.T) {
	r := newRig(t)
	var run toldRun
	if code := r.do("POST", "/api/v1/rehearsals", map[string]any{}, &run); code != 202 || run.ID == "" {
		t.Fatalf("asking for rehearsals: %d %+v, want 202 with an id", code, run)
	}
	if run = r.over(run); run.State != "done" || !run.Passed || len(run.Items) == 0 || run.Total != len(run.Items) {
		t.Fatalf("the demo's rehearsals are %+v, want them done and passed", run)
	}
	var bad toldRun
	files := amended(t, map[string][2]string{"rehearsals/flag-misfired.yaml": {"status: resolved", "status: closed"}, "rehearsals/live.yaml": {"", liveScenario}})
	if code := r.archive("POST", "/api/v1/rehearsals?seed=3", files, &bad); code != 202 {
		t.Fatalf("rehearsing a bundle that isn't stored: %d", code)
	}
	bad = r.over(bad)
	if bad.Passed || bad.Unmet != 1 || len(bad.LeftOut) != 1 || bad.Version == run.Version {
		t.Errorf("a candidate that fails one rehearsal, with one that is live: %d unmet, left out %v, passed %v", bad.Unmet, bad.LeftOut, bad.Passed)
	}
	var list struct{ Items []toldRun }
	if r.do("GET", "/api/v1/rehearsals", nil, &list); len(list.Items) != 2 || list.Items[0].ID != bad.ID {
		t.Errorf("the list has %+v, want both runs, the newest first", list.Items)
	}
	var versions struct{ Items []struct{ Version string } }
	if r.do("GET", "/api/v1/bundles", nil, &versions); len(versions.Items) != 1 {
		t.Errorf("%d versions are stored after a candidate was rehearsed, want the active one alone", len(versions.Items))
	}
	for _, tool := range []string{"ops.get_flag", "ops.set_flag", "shop.create_replacement", "shop.refund_order"} {
		if n := r.called(tool); n != 0 {
			t.Errorf("%s of the real company was called %d times by rehearsals", tool, n)
		}
	}
}

// TestLiveRehearsalsAreAskedFor lets the scenario that calls the real company do so: only then is it
// called.
func TestLiveRehearsalsAreAskedFor(t *testing.T) {
	r := newRig(t)
	r.amend(map[string][2]string{"rehearsals/live.yaml": {"", liveScenario}})
	before := r.called("ops.get_flag")
	var run toldRun
	r.do("POST", "/api/v1/rehearsals", map[string]any{"live": true}, &run)
	if run = r.over(run); !run.Passed || len(run.LeftOut) != 0 || r.called("ops.get_flag") == before {
		t.Errorf("with live: true the run is %+v, and the company was asked for the flag %d times; want it passed, and asked", run, r.called("ops.get_flag")-before)
	}
}
