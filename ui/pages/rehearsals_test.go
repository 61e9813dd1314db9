package pages

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
)

// besides keeps which versions run beside the active one.
type besides struct{ state map[string]shadow.State }

func (b *besides) report(version string) shadow.Report {
	r := shadow.Report{Version: version, State: b.state[version], By: "user:kim", StartedAt: noon, Behind: 3, Cases: 9, Same: 7, Diverged: 2, Unplayed: 1, Reads: 4,
		Kinds:      []shadow.Diverged{{Kind: shadow.OtherVerdict, Count: 2, Examples: []shadow.Example{{CaseID: "019cd73d-4286-709a-bf2a-000000000001", Seq: 9, Recorded: "allowed", Now: "asks an approver"}}}},
		People:     shadow.Agreement{Counted: shadow.Counted{Agreed: 3, Of: 4}, LowerBound: 0.31},
		Decisions:  map[casefile.DecisionName]shadow.Counted{casefile.DecideApprove: {Agreed: 3, Of: 4}},
		Procedures: []shadow.ByProcedure{{Procedure: "duplicate-charge", Cases: 9, Same: 7}}, UnplayedBy: []shadow.Unplayed{{Why: "erased", Count: 1, CaseID: "x"}}}
	if r.State == shadow.Stopped {
		r.StoppedAt, r.Why = &noon, "its plugin is gone"
	}
	return r
}

func (b *besides) Report(_ context.Context, version string) (shadow.Report, error) {
	if b.state[version] == "" {
		return shadow.Report{}, shadow.ErrNone
	}
	return b.report(version), nil
}

func (b *besides) Start(_ context.Context, version, by string) (shadow.Report, error) {
	b.state[version] = shadow.Running
	return b.report(version), nil
}

func (b *besides) Stop(_ context.Context, version, by string) (shadow.Report, error) {
	b.state[version] = shadow.Stopped
	return b.report(version), nil
}

// played are two runs: in the later one a scenario fails that passed, and a case comes otherwise elsewhere.
func played(w *world) {
	at := func(n int) *time.Time { t := noon.Add(time.Duration(n) * time.Second); return &t }
	for i, id := range []string{"r2", "r1"} {
		w.rehearsed = append(w.rehearsed, runs.Run{ID: id, Version: "aabbccddeeff", State: runs.Done, By: "user:kim", AskedAt: noon, StartedAt: at(0), EndedAt: at(2 + i), Total: 3, Begun: 3, Unmet: 1, LeftOut: []string{"pays-live"}, Options: runs.Options{Seed: 7, Faults: true}})
	}
	failing := func(step uint64, now string) rehearsal.Item {
		id := "019cd73d-4286-709a-bf2a-000000000001"
		return rehearsal.Item{Rehearsal: "case " + id, Failures: []string{"entry"}, Replay: &rehearsal.Replayed{Case: id, Outcome: rehearsal.Diverged, Notes: []string{"a note"},
			Divergence: &rehearsal.Divergence{Seq: step, At: noon, Recorded: "calls refund_payment", Now: now, Why: "the rule over-100 fires"}, Reworded: []rehearsal.Rewording{{Seq: 2, Was: "Hello", Now: "Hi"}}}}
	}
	w.cameTo = map[string][]rehearsal.Item{
		"r1": {{Rehearsal: "pays", Passed: true, Status: casefile.Resolved, Took: casefile.Duration(time.Minute), Story: []string{"opens", "refunds"}, Faults: &rehearsal.FaultTally{Runs: 5, Broken: 0, ByKind: map[string]int{"timeout": 2}}}, {Rehearsal: "stays", Passed: true, Status: casefile.Closed}, failing(9, "asks an approver")},
		"r2": {{Rehearsal: "pays", File: "rehearsals/pays.yaml", Status: casefile.Escalated, Stop: "policy.deny", Failures: []string{"rehearsals/pays.yaml:4:3: it should be resolved"}, Story: []string{"opens", "escalates"}}, {Rehearsal: "stays", Passed: true, Status: casefile.Closed}, failing(5, "asks the customer")},
	}
}

// rehearsalPages are the pages of rehearsals with all that they show.
func rehearsalPages(v viewer) map[string]any {
	w := newWorld()
	played(w)
	s := &site{Options: Options{Now: func() time.Time { return noon }, House: house}.filled()}
	under := runs.Run{ID: "r3", State: runs.Running, Begun: 2, Total: 9, Options: runs.Options{Cases: rehearsal.All}}
	progress := s.progressView([]runs.Run{under}, nil, true)
	b := &besides{state: map[string]shadow.State{"a": shadow.Running, "b": shadow.Stopped}}
	on, off := b.report("a"), b.report("b")
	p := runPage{Run: s.runRow(&w.rehearsed[0]), Seed: "7", Progress: progress, Outcomes: outcomesSay(&rehearsal.Replays{Same: 1}), LeftOut: []string{"a", "b"}, Shortened: "s", Others: []Option{{Value: "x", Name: "n"}}}
	p.items(append(w.cameTo["r2"], w.cameTo["r1"]...), 0)
	p.Items[0].More, p.Next, p.Of = 4, "/rehearsals/r2?from=20", "o"
	c := comparePage{A: s.runRow(&w.rehearsed[1]), B: s.runRow(&w.rehearsed[0]), Notes: []string{"n"}}
	c.compare(&runs.Told{Items: w.cameTo["r1"]}, &runs.Told{Items: w.cameTo["r2"][1:]})
	c.More = 3
	return map[string]any{"rehearsal": p, "compare": c, "rehearsals": rehearsalsPage{May: true, Versions: []Option{{Value: "v", Name: "n", Chosen: true}}, Progress: progress, Rows: []RunRow{s.runRow(&w.rehearsed[0]), s.runRow(&under)}, Next: "/rehearsals?cursor=x",
		Shadows: []ShadowView{shadowView(&on, v), shadowView(&off, v)}, Beside: []Option{{Value: "b", Name: "b"}}}}
}

func TestARunSaysWhatItCameTo(t *testing.T) {
	f := &figured{w: newWorld(busy())}
	played(f.w)
	do := insightSite(t, f, people.Viewer)
	_, html := do("GET", "/rehearsals", "")
	for _, want := range []string{`href="/rehearsals/r1"`, "scenarios with faults", "1 of 3 did not pass", "2.00 s"} {
		if !strings.Contains(html, want) {
			t.Errorf("the runs should say %q", want)
		}
	}
	if strings.Contains(html, `action="/rehearsals"`) || strings.Contains(html, `action="/shadows"`) {
		t.Error("a viewer is offered to start something")
	}
	_, html = do("GET", "/rehearsals/r2", "")
	for _, want := range []string{"pays.yaml:4:3: it should be resolved", "escalates", "pays-live", "calls refund_payment", "asks the customer", "the rule over-100 fires", `href="/cases/019cd73d-4286-709a-bf2a-000000000001#entry-5"`, `value="r1"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the run should say %q", want)
		}
	}
	if strings.Index(html, "did not pass</span> <b>pays") > strings.Index(html, "<b>stays") {
		t.Error("what did not pass should come first")
	}
	if code, _ := do("GET", "/rehearsals/none", ""); code != http.StatusNotFound {
		t.Errorf("a run that isn't kept: %d", code)
	}
}

func TestTwoRunsSideBySide(t *testing.T) {
	f := &figured{w: newWorld(busy())}
	played(f.w)
	do := insightSite(t, f, people.Viewer)
	code, html := do("GET", "/rehearsals/compare?run=r2&run=r1", "")
	for _, want := range []string{"2 of 3 rehearsals came to something else; 1 are the same", "outcome: passed, then did not pass", "ended: resolved, then escalated, policy.deny", "the story parts at its line 2: “refunds”, then “escalates”", "diverges at entry 9, then at entry 5"} {
		if code != http.StatusOK || !strings.Contains(html, want) {
			t.Errorf("%d: it should say %q", code, want)
		}
	}
	if strings.Contains(html, "<h2>stays") {
		t.Error("what is the same in both is shown")
	}
	for _, bad := range []string{"", "?run=r1", "?run=r1&run=r1", "?run=r1&run=r2&run=r3"} {
		if code, _ := do("GET", "/rehearsals/compare"+bad, ""); code != http.StatusBadRequest {
			t.Errorf("%q: %d, want 400", bad, code)
		}
	}
}

// ordered keeps what was asked of a keeper.
type ordered struct {
	*world
	asked []runs.Order
}

func (o *ordered) Start(ctx context.Context, order runs.Order) (runs.Run, error) {
	o.asked = append(o.asked, order)
	return o.world.Start(ctx, order)
}

func TestAnOperatorRehearses(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Operator
	d := w.deps(t)
	o, b := &ordered{world: w}, &besides{state: map[string]shadow.State{}}
	d.Rehearsals, d.Shadows = o, b
	h := New(d, Options{Now: func() time.Time { return noon }, House: house})
	post := func(path string, form url.Values) int {
		r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "token"})
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	id := w.stories[0].id
	if code := post("/rehearsals", url.Values{"version": {"active"}, "what": {"scenarios"}, "faults": {"yes"}, "seed": {"42"}}); code != http.StatusSeeOther {
		t.Fatalf("scenarios: %d", code)
	}
	if code := post("/rehearsals", url.Values{"version": {"active"}, "what": {"named"}, "cases": {id + ", " + id}, "faults": {"yes"}}); code != http.StatusSeeOther {
		t.Fatalf("recorded cases: %d", code)
	}
	if a := o.asked[0]; !a.Faults || a.Seed != 42 || a.Cases != "" || a.Live || !strings.HasSuffix(a.By, "Robin Field") {
		t.Errorf("the order is %+v", a)
	}
	if a := o.asked[1]; a.Faults || a.Seed != 1 || a.Cases != id+","+id {
		t.Errorf("the order of recorded cases is %+v", a)
	}
	for _, bad := range []url.Values{{"seed": {"-1"}}, {"what": {"named"}}, {"what": {"named"}, "cases": {"x"}}, {"version": {"none"}}} {
		if code := post("/rehearsals", bad); code != http.StatusBadRequest && code != http.StatusNotFound {
			t.Errorf("%v: %d, want a refusal", bad, code)
		}
	}
	if len(o.asked) != 2 {
		t.Errorf("%d runs were asked for, want 2", len(o.asked))
	}
	if code := post("/rehearsals/r1/stop", nil); code != http.StatusSeeOther || w.rehearsed[0].State != runs.Interrupted {
		t.Errorf("stopping: %d, %s", code, w.rehearsed[0].State)
	}
	for _, do := range []string{"start", "stop"} {
		if code := post("/shadows", url.Values{"version": {"active"}, "do": {do}}); code != http.StatusSeeOther {
			t.Errorf("%s beside: %d", do, code)
		}
	}
	if code := post("/shadows", url.Values{"version": {"active"}, "do": {"dance"}}); code != http.StatusBadRequest {
		t.Errorf("dance beside: %d", code)
	}
	r := httptest.NewRequest("GET", "/rehearsals", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "token"})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	for _, want := range []string{"its plugin is gone", "3 of 4, at least 31 % to be expected", "asks an approver", "does the same under another rule"} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("what it saw should say %q", want)
		}
	}
}

// A page that is open hears how far a run is, and that it is over.
func TestProgressOfARun(t *testing.T) {
	w := newWorld(busy())
	w.ran = make(chan struct{}, 1)
	w.rehearsed = []runs.Run{{ID: "r1", State: runs.Running, Begun: 2, Total: 9}}
	w.later = []runs.Run{{ID: "r1", State: runs.Done, Begun: 9, Total: 9, Passed: true}}
	srv := httptest.NewServer(New(w.deps(t), Options{Now: func() time.Time { return noon }, House: house}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/rehearsals/stream?run=r1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "token"})
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	until := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the stream ended before it said %q", part)
	}
	until("2 of 9 begun")
	w.ran <- struct{}{}
	until("passed, all 9")
}

// However much a run came to, a page of it stays small.
func TestALargeRunStaysSmall(t *testing.T) {
	long := strings.Repeat("a long line ", 20)
	story := func(n int) []string { return slices.Repeat([]string{long[:120]}, n) }
	var a, b runs.Told
	for i := range 500 {
		it := rehearsal.Item{Rehearsal: fmt.Sprint("scenario ", i), Failures: story(20), Story: story(400)}
		a.Items = append(a.Items, it)
		it.Story = story(i + 1)
		b.Items = append(b.Items, it)
	}
	p, c := runPage{Shell: signedIn}, comparePage{Shell: signedIn}
	p.items(a.Items, 0)
	c.compare(&a, &b)
	for name, data := range map[string]any{"rehearsal": p, "compare": c} {
		html := renderPage(t, name, data)
		t.Logf("%s: %d bytes", name, len(html))
		if len(html) > 100<<10 {
			t.Errorf("the page %s has %d bytes", name, len(html))
		}
	}
	if p.Next == "" || c.More == 0 || p.Items[0].More == 0 || p.Items[0].MoreFailures == 0 {
		t.Error("what isn't shown should be said")
	}
}
