package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/plugins/demo"
)

// bring has two ways; the one that comes first asks a person each time.
const bring = `procedure: bring
goal: The item is counted once
start: {signals: [item.wanted]}
inputs:
  item: {type: string, from: signal.data.item}
gather:
  now_it_is: {call: counter.get, with: {item: =inputs.item}}
hypotheses:
  # by parcel
  - name: by-parcel
    do:
      - {call: counter.ship, with: {item: =inputs.item}}
    verify: {call: counter.get, with: {item: =inputs.item}, as: after, check: facts.after.count == 1}
  # by hand
  - name: by-hand
    do:
      - {call: counter.add, with: {item: =inputs.item}}
    verify: {call: counter.get, with: {item: =inputs.item}, as: after, check: facts.after.count == 1}
otherwise: {escalate: not-brought}
`

const brought = `rehearsal: something is wanted
now: 2026-03-01T10:00:00Z
signals: [{at: 0s, type: item.wanted, data: {item: x, customer: {id: c-x}}}]
world:
  counter.get: [{args: {item: x}, result: {item: x, count: 0}}, {args: {item: x}, result: {item: x, count: 1}}]
  counter.add: [{args: {item: x}, result: {}}]
expect: {status: resolved, calls: [counter.add], within: 10m}
`

// suggestion is one as the API tells it.
type suggestion struct {
	ID, Kind, Title, Why, State, Base, Candidate string
	Evidence                                     int
	People                                       []string
	OnePerson                                    bool `json:"one_person"`
	Cases                                        []struct {
		CaseID string `json:"case_id"`
		What   string
	}
	Files     []bundle.FileChange
	Rehearsal *struct{ Passed bool }
}

func (r *rig) suggestions(state string) []suggestion {
	r.t.Helper()
	var list struct{ Items []suggestion }
	if code := r.do("GET", "/api/v1/suggestions?state="+state, nil, &list); code != 200 {
		r.t.Fatalf("suggestions: %d", code)
	}
	return list.Items
}

// call wants a status for a request by somebody, and gives the answer.
func (d desk) call(method, path string, in any, want int, out any) {
	d.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		d.t.Fatal(err)
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+d.token)
	w := httptest.NewRecorder()
	d.app.Handler().ServeHTTP(w, q)
	if w.Code != want {
		d.t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			d.t.Fatal(err)
		}
	}
}

// TestWhatPeopleDoAgainAndAgainBecomesTheProcedure: two people put another hypothesis first in three cases;
// that is suggested as a diff with those cases, and rehearsed, and accepted; the next case goes by itself.
func TestWhatPeopleDoAgainAndAgainBecomesTheProcedure(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"procedures/bring.yaml": bring, "rehearsals/brought.yaml": brought})
	olga, omar, ada, vic := r.as("operator", "olga"), r.as("operator", "omar"), r.as("admin", "ada"), r.as("viewer", "vic")
	for i, who := range []desk{olga, omar, olga} {
		if got := r.suggestions(""); len(got) != 0 {
			t.Fatalf("after %d cases there is %+v; one or two are no pattern", i, got)
		}
		id := r.item("wanted", fmt.Sprint("item-", i))
		if c := r.settled(id, casefile.Approving); c.Stop.Rule != "shipping" {
			t.Fatalf("case %d is %v, want it to ask by the rule shipping", i, c)
		}
		who.decides(id, map[string]any{"decision": "override", "hypothesis": "by-hand"}, 200)
		r.settled(id, casefile.Resolved)
	}
	list := r.suggestions("")
	if len(list) != 1 {
		t.Fatalf("%d suggestions: %+v", len(list), list)
	}
	s := list[0]
	if s.Kind != "order" || s.Evidence != 3 || len(s.Cases) != 3 || s.OnePerson || strings.Join(s.People, " ") != "token:olga token:omar" || s.Rehearsal != nil {
		t.Errorf("what is suggested: %+v", s)
	}
	diff := s.Files[0].Diff
	if len(s.Files) != 1 || s.Files[0].Path != "procedures/bring.yaml" || !strings.Contains(diff, "+  # by parcel\n+  - name: by-parcel\n") || strings.Contains(diff, "-goal") {
		t.Errorf("its diff is of %+v", s.Files)
	}
	at := "/api/v1/suggestions/" + s.ID
	ada.call("POST", at+"/accept", map[string]any{}, 409, nil) // not rehearsed
	vic.call("POST", at+"/rehearse?wait=30s", nil, 403, nil)
	olga.call("POST", at+"/accept", map[string]any{}, 403, nil)
	var run toldRun
	olga.call("POST", at+"/rehearse?wait=30s", nil, 202, &run)
	if run = r.over(run); !run.Passed || run.Version != s.Candidate {
		t.Fatalf("the rehearsal came to %+v", run)
	}
	ada.call("POST", at+"/accept", map[string]any{"candidate": s.Base}, 409, nil) // another was shown
	var done struct{ Version, Archive, Note string }
	ada.call("POST", at+"/accept", map[string]any{"candidate": s.Candidate}, 200, &done)
	ada.call("POST", at+"/accept", map[string]any{}, 404, nil)
	if done.Version != s.Candidate || len(r.suggestions("")) != 0 {
		t.Errorf("accepted: %+v, and left is %+v", done, r.suggestions(""))
	}
	if c := r.settled(r.item("wanted", "the next"), casefile.Resolved); c.Outcome != "by-hand" {
		t.Errorf("the next case is %v, want it resolved by hand without anybody", c)
	}
	archived := httptest.NewRecorder()
	r.app.Admin().ServeHTTP(archived, httptest.NewRequest("GET", done.Archive, nil))
	files, err := bundle.Unpack(archived.Body.Bytes())
	if err != nil || archived.Header().Get("Content-Type") != "application/gzip" {
		t.Fatalf("the archive of the version: %d %v", archived.Code, err)
	}
	if b, err := r.app.(*appliance).library.Candidate(t.Context(), files); err != nil || b.Version != s.Candidate {
		t.Errorf("the archive is another bundle: %v", err)
	}
	said := map[string]bool{}
	var audit struct {
		Items []struct{ Actor, Action, Subject string }
	}
	r.do("GET", "/api/v1/audit?limit=200", nil, &audit)
	for _, e := range audit.Items {
		said[e.Actor+" "+e.Action+" "+e.Subject] = true
	}
	if !said["token:ada suggestion.accepted "+s.ID] || !said["token:ada bundle.applied "+s.Candidate] {
		t.Errorf("the audit has %v", said)
	}
}

// TestASuggestionIsOfTheActiveVersion: where another becomes active, it is made anew, and what was
// rehearsed before counts for nothing; where what it changes is gone, so is the suggestion.
func TestASuggestionIsOfTheActiveVersion(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"procedures/bring.yaml": bring, "rehearsals/brought.yaml": brought})
	olga, ada := r.as("operator", "olga"), r.as("admin", "ada")
	decide := func(who desk, items ...string) {
		for _, item := range items {
			id := r.item("wanted", item)
			r.settled(id, casefile.Approving)
			who.decides(id, map[string]any{"decision": "override", "hypothesis": "by-hand"}, 200)
			r.settled(id, casefile.Resolved)
		}
	}
	decide(ada, "a", "b", "c")
	alone := r.suggestions("")[0]
	if !alone.OnePerson || !strings.Contains(alone.Why, "so far only token:ada decides so") {
		t.Errorf("three decisions of one person: %+v", alone)
	}
	var run toldRun
	olga.call("POST", "/api/v1/suggestions/"+alone.ID+"/rehearse?wait=30s", nil, 202, &run)
	r.over(run)
	ada.call("POST", "/api/v1/suggestions/"+alone.ID+"/accept", map[string]any{}, 403, nil) // hers alone
	olga.call("POST", "/api/v1/suggestions/"+alone.ID+"/dismiss", map[string]any{"note": "not yet"}, 200, nil)
	olga.call("POST", "/api/v1/suggestions/"+alone.ID+"/dismiss", map[string]any{"note": "not yet"}, 409, nil)
	decide(olga, "d", "e")
	if open, dismissed := r.suggestions(""), r.suggestions("dismissed"); len(open) != 0 || len(dismissed) != 1 || dismissed[0].Evidence != 4 {
		t.Errorf("dismissed on 3 cases, there are 5 now, of which 4 count, since nobody counts more than the others: %+v is open, %+v dismissed", open, dismissed)
	}
	decide(olga, "f")
	back := r.suggestions("")
	if len(back) != 1 || back[0].OnePerson || back[0].ID != alone.ID || !back[0].Rehearsal.Passed {
		t.Fatalf("twice as many cases, by two people: %+v", back)
	}
	r.counting(map[string]string{"procedures/bring.yaml": bring + "# and so on\n", "rehearsals/brought.yaml": brought})
	ada.call("POST", "/api/v1/suggestions/"+alone.ID+"/accept", map[string]any{"candidate": back[0].Candidate}, 409, nil)
	if anew := r.suggestions(""); len(anew) != 1 || anew[0].ID != alone.ID || anew[0].Candidate == back[0].Candidate || anew[0].Rehearsal != nil {
		t.Errorf("another version is active: %+v", anew)
	}
	r.counting(map[string]string{"rehearsals/brought.yaml": strings.Replace(strings.ReplaceAll(brought, "item.wanted", "item.seen"), "calls: [counter.add], ", "", 1)})
	if gone := r.suggestions(""); len(gone) != 0 {
		t.Errorf("the procedure is gone, and there is %+v", gone)
	}
}

// TestCasesThatPeoplePlaceBecomeExamples: what triage didn't know and people said what it is for, or settled
// by hand, is suggested as examples, without what identifies the customers, and as a sketch.
func TestCasesThatPeoplePlaceBecomeExamples(t *testing.T) {
	r := newRig(t)
	olga, omar := r.as("operator", "olga"), r.as("operator", "omar")
	place := func(i int, text, procedure, note string) {
		id := r.send(demo.Signal{ID: fmt.Sprint(note, i), Source: "test", Type: "ticket.created", Data: map[string]any{"customer": map[string]any{"id": fmt.Sprint("c-", note, i)}, "text": text}})
		r.settled(id, casefile.Escalated)
		decision := map[string]any{"decision": "close", "note": note}
		if procedure != "" {
			decision["procedure"] = procedure
		}
		[]desk{olga, omar}[i%2].decides(id, decision, 200)
	}
	for i, text := range []string{"Zorp zorp, call me at +44 20 7946 0958 or zed@zorp.example", "zorp again, ORD-1001 if you must know", "Zorp for the third time"} {
		place(i, text, "damaged-item", "told by phone")
	}
	for i, text := range []string{"do you paint walls for ORD-9001?", "will you paint our walls, ORD-9002", "paint the walls please ORD-9003"} {
		place(i, text, "", "We do not paint walls")
	}
	got := map[string]suggestion{}
	for _, s := range r.suggestions("") {
		got[s.Kind] = s
	}
	if s := got["examples"]; s.Evidence != 3 || !strings.Contains(s.Files[0].Diff, "\n+    - 'Zorp zorp, call me at [phone] or [email]'\n") || !strings.Contains(s.Files[0].Diff, "+    - 'zorp again, [number] if you must know'") || strings.Contains(s.Files[0].Diff, "7946") {
		t.Errorf("the examples are %+v", s)
	}
	if s := got["procedure"]; s.Evidence != 3 || s.Files[0].Path != "procedures/we-do-not-paint-walls.yaml" || s.Files[0].Change != "added" {
		t.Errorf("the sketch is %+v", s)
	}
}
