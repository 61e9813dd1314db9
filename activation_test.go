package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resolute/agent/bundle"
	"resolute/plugins/demo"
)

// demoFiles are the demo's bundle by path, with texts replaced as amended has it.
func demoFiles(t *testing.T, changes map[string][2]string) map[string]string {
	t.Helper()
	files, all := amended(t, changes), map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// refusal is a problem document.
type refusal struct {
	Type, Detail string
	Errors       []struct{ Pointer, Detail string }
}

// sendBundle posts a bundle with texts replaced, and gives the status.
func (p *process) sendBundle(path string, changes map[string][2]string, out any) int {
	p.t.Helper()
	archive, err := bundle.Pack(amended(p.t, changes))
	if err != nil {
		p.t.Fatal(err)
	}
	q, err := http.NewRequest("POST", "http://"+p.addr+path, bytes.NewReader(archive))
	if err != nil {
		p.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+p.token)
	q.Header.Set("Content-Type", "application/gzip")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		p.t.Fatalf("POST %s: %d %v", path, res.StatusCode, err)
	}
	return res.StatusCode
}

func (p *process) activeVersion() string {
	p.t.Helper()
	var list struct {
		Items []struct {
			Version string
			Active  bool
		}
	}
	p.do("GET", "/api/v1/bundles", "", &list)
	for _, v := range list.Items {
		if v.Active {
			return v.Version
		}
	}
	return ""
}

func (p *process) runOver(run toldRun) toldRun {
	p.t.Helper()
	for run.State == "waiting" || run.State == "running" {
		if code := p.do("GET", "/api/v1/rehearsals/"+run.ID+"?wait=10s", "", &run); code != 200 {
			p.t.Fatalf("run %s: %d", run.ID, code)
		}
	}
	return run
}

// Versions of the demo's bundle, by what is changed in it.
var (
	unmetVersion = map[string][2]string{"rehearsals/flag-misfired.yaml": {"status: resolved", "status: closed"}}
	otherVersion = map[string][2]string{"procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep the old one."}}
	thirdVersion = map[string][2]string{"procedures/damaged-item.yaml": {"You don't need to send anything back.", "Keep it."}}
)

const unmetScenario = "status closed is expected within 10m0s, and it is resolved"

// TestActivationAsksForRehearsals is a house where a version has to pass its rehearsals before it becomes
// active, whose process is killed between rehearsing and activating.
func TestActivationAsksForRehearsals(t *testing.T) {
	h := newTheatre(t)
	p := served(t, demoFiles(t, unmetVersion), demo.EnvURL+"="+h.url)
	p.serve() // nothing is asked for yet, so what was active fails its rehearsals
	before := p.activeVersion()
	if err := os.WriteFile(filepath.Join(p.data, "server.yaml"), []byte("activation: rehearsed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p.serve() // which undoes nothing

	var refused refusal
	if code := p.sendBundle("/api/v1/bundles", otherVersion, &refused); code != 409 || refused.Type != "urn:resolute:problem:unrehearsed" || !strings.Contains(refused.Detail, "none has been run of this one") {
		t.Fatalf("activating what was not rehearsed: %d %+v, want 409 that says so", code, refused)
	}
	var run toldRun
	if p.sendBundle("/api/v1/rehearsals", otherVersion, &run); !p.runOver(run).Passed {
		t.Fatalf("the run is %+v, want it passed", run)
	}
	p.kill()
	p.serve()
	var activated struct {
		Version   string
		Active    bool
		Rehearsed struct{ Run string }
	}
	if code := p.sendBundle("/api/v1/bundles", otherVersion, &activated); code != 200 || !activated.Active || activated.Rehearsed.Run != run.ID {
		t.Fatalf("activating what passed before the process was killed: %d %+v, want it active by run %s", code, activated, run.ID)
	}
	other := activated.Version

	if code := p.do("POST", "/api/v1/bundles/"+before+"/activate", "", &activated); code != 200 || p.activeVersion() != before {
		t.Errorf("rolling back to a version that was active before: %d, want it active whatever it was rehearsed as", code)
	}
	if code := p.do("POST", "/api/v1/bundles/"+other+"/activate", "", &activated); code != 200 {
		t.Errorf("rolling forward again: %d", code)
	}

	// A draft whose run dies has passed nothing.
	if code := p.sendBundle("/api/v1/bundles?activate=false", thirdVersion, &activated); code != 200 || activated.Active {
		t.Fatalf("storing a draft: %d %+v", code, activated)
	}
	draft := activated.Version
	if code := p.do("POST", "/api/v1/rehearsals", `{"version":"`+draft+`","faults":true}`, &run); code != 202 {
		t.Fatalf("rehearsing the draft: %d", code)
	}
	p.kill()
	p.serve()
	if p.do("GET", "/api/v1/rehearsals/"+run.ID, "", &run); run.State != "interrupted" {
		t.Errorf("the run that was under way when the process was killed is %s, want it interrupted", run.State)
	}
	if code := p.do("POST", "/api/v1/bundles/"+draft+"/activate", "", &refused); code != 409 {
		t.Errorf("activating a draft whose run was interrupted: %d, want 409", code)
	}
	if p.do("POST", "/api/v1/rehearsals", `{"version":"`+draft+`"}`, &run); !p.runOver(run).Passed {
		t.Errorf("the draft's run is %+v, want it passed", run)
	}
	if code := p.do("POST", "/api/v1/bundles/"+draft+"/activate", "", &activated); code != 200 || p.activeVersion() != draft {
		t.Errorf("activating a draft that passed: %d, want it active", code)
	}

	p.sendBundle("/api/v1/rehearsals", map[string][2]string{"rehearsals/flag-misfired.yaml": {"status: resolved", "status: waiting"}}, &run)
	p.runOver(run)
	code := p.sendBundle("/api/v1/bundles", map[string][2]string{"rehearsals/flag-misfired.yaml": {"status: resolved", "status: waiting"}}, &refused)
	if code != 409 || len(refused.Errors) != 1 || !strings.Contains(refused.Detail, run.ID) || !strings.Contains(refused.Detail, refused.Errors[0].Pointer) {
		t.Errorf("activating what failed: %d %+v, want 409 that names the rehearsal", code, refused)
	}
}

// TestApplyAndServeRehearse is what apply and serve --bundle do where a version has to pass first.
func TestApplyAndServeRehearse(t *testing.T) {
	h := newTheatre(t)
	p := served(t, demoFiles(t, nil), demo.EnvURL+"="+h.url, "RESOLUTE_ACTIVATION=rehearsed")
	folder := func(name string, changes map[string][2]string, without string) string {
		dir := filepath.Join(t.TempDir(), name)
		for file, text := range demoFiles(t, changes) {
			if without != "" && strings.HasPrefix(file, without) {
				continue
			}
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	unmet, none := folder("unmet", unmetVersion, ""), folder("none", nil, "rehearsals/")
	if out, err := p.try("apply", none); err == nil || !strings.Contains(out, "the bundle has no rehearsals") {
		t.Errorf("applying a bundle without rehearsals, with no server: %v %s", err, out)
	}
	p.serve()
	first := p.activeVersion()
	if first == "" {
		t.Fatal("nothing is active after serve --bundle, whose rehearsals pass")
	}
	for range 2 { // the second time, too
		if out, err := p.try("apply", unmet); err == nil || !strings.Contains(out, unmetScenario) || p.activeVersion() != first {
			t.Errorf("applying a bundle whose rehearsals fail: %v %s; want it refused with what isn't met", err, out)
		}
	}
	if out, err := p.try("apply", folder("other", otherVersion, "")); err != nil || !strings.Contains(out, "active: ") || p.activeVersion() == first {
		t.Errorf("applying a bundle whose rehearsals pass: %v %s", err, out)
	}
	p.kill()
	if out, err := p.try("apply", folder("third", thirdVersion, "")); err != nil || !strings.Contains(out, "active: ") {
		t.Errorf("applying a bundle with no server: %v %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "bundle", "rehearsals", "flag-misfired.yaml"), []byte(demoFiles(t, unmetVersion)["rehearsals/flag-misfired.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.start(); p.ready() {
		t.Error("serve --bundle serves with a new version that fails its rehearsals")
	}
	if log := p.log(); !strings.Contains(log, unmetScenario) {
		t.Errorf("serve --bundle said %s, want what isn't met", log)
	}
}
