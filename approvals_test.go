package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// desk is somebody with a role of their own.
type desk struct {
	*rig
	token string
}

func (r *rig) as(role, name string) desk {
	r.t.Helper()
	var t struct{ Token string }
	if code := r.do("POST", "/api/v1/tokens", map[string]any{"role": role, "name": name}, &t); code != http.StatusCreated {
		r.t.Fatalf("a token for %s: %d", name, code)
	}
	return desk{r, t.Token}
}

// decides wants a status for a decision, and gives the answer.
func (d desk) decides(id string, in map[string]any, want int) (out map[string]any) {
	d.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		d.t.Fatal(err)
	}
	q := httptest.NewRequest("POST", "/api/v1/cases/"+id+"/decisions", bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+d.token)
	w := httptest.NewRecorder()
	d.app.Handler().ServeHTTP(w, q)
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != want {
		d.t.Fatalf("%v: %d %v (%v), want %d", in, w.Code, out["detail"], err, want)
	}
	return out
}

// waiting gives what waits for approval, as case and hash.
func (r *rig) waiting() (list []string) {
	r.t.Helper()
	for cursor := ""; ; {
		var p struct {
			Items []struct {
				CaseID string `json:"case_id"`
				Hash   string
			}
			NextCursor string `json:"next_cursor"`
		}
		r.do("GET", "/api/v1/approvals?limit=2&cursor="+cursor, nil, &p)
		for _, i := range p.Items {
			list = append(list, i.CaseID+" "+i.Hash)
		}
		if cursor = p.NextCursor; cursor == "" {
			return list
		}
	}
}

const twice = `procedure: twice
goal: The item is counted twice
start: {signals: [item.twice]}
inputs:
  item: {type: string, from: signal.data.item}
gather:
  now_it_is: {call: counter.get, with: {item: =inputs.item}}
hypotheses:
  - name: uncounted
    do:
      - {call: counter.add, with: {item: =facts.now_it_is.item}}
      - {checkpoint: {by: approver, show: 'Is {{ inputs.item }} there twice?'}}
      - {call: counter.add, with: {item: =facts.now_it_is.item}}
    verify: {call: counter.get, with: {item: =inputs.item}, as: after, check: facts.after.count == 2}
    reply: counted
otherwise: {escalate: not-counted}
replies:
  counted: It is counted.
`

// A case asks for several approvals one after the other, two of them for the same call: each is for its
// own step, and the list has the one that waits.
func TestApprovalsOfOneCaseAreNotMixedUp(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"authority.yaml": "default: propose\n", "procedures/twice.yaml": twice})
	olga, pia := r.as("operator", "olga"), r.as("approver", "pia")
	id := r.item("twice", "x")
	var hashes []string
	for step, want := range []casefile.StopCode{casefile.StopAuthorityPropose, casefile.StopCheckpoint, casefile.StopPolicyApproval} {
		c := r.settled(id, casefile.Approving)
		hash := c.Pending.Approval.Hash
		if c.Stop.Code != want || slices.Contains(hashes, hash) {
			t.Fatalf("step %d waits as %v under %s, want %s under a hash of its own", step, c, hash, want)
		}
		if got := r.waiting(); !slices.Equal(got, []string{id + " " + hash}) {
			t.Errorf("step %d waits, and the list says %v", step, got)
		}
		for _, old := range hashes {
			pia.decides(id, map[string]any{"decision": "approve", "hash": old}, 409)
		}
		if step == 1 {
			olga.decides(id, map[string]any{"decision": "approve", "hash": hash}, 403)
		}
		hashes = append(hashes, hash)
		pia.decides(id, map[string]any{"decision": "approve", "hash": hash}, 200)
		pia.decides(id, map[string]any{"decision": "approve", "hash": hash}, 409)
	}
	r.settled(id, casefile.Resolved)
	if got := r.waiting(); len(got) > 0 {
		t.Errorf("the case is resolved, and the list says that %v waits", got)
	}
	adds := 0
	for _, d := range r.entries(id, "call.intended") {
		if d["call"].(map[string]any)["tool"] == "counter.add" {
			adds++
		}
	}
	if adds != 2 {
		t.Errorf("%d calls were sent for two approved steps", adds)
	}
}

func TestCheckpointIsRejected(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"procedures/twice.yaml": twice})
	id := r.item("twice", "x")
	c := r.settled(id, casefile.Approving)
	r.decide(id, map[string]any{"decision": "reject", "hash": c.Pending.Approval.Hash, "note": "it is not"}, 200)
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopCheckFailed || len(r.waiting()) > 0 {
		t.Errorf("a rejected checkpoint after a done write: %v, and %v waits; want it with a person, since what was done isn't proven", c, r.waiting())
	}
}

// The list is what waits, whatever became of the approvals before; and it can be made anew.
func TestApprovalsAreListed(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"authority.yaml": "default: propose\n"})
	var want []string
	for i, decision := range []string{"", "close", "", "takeover", "reject", ""} {
		id := r.item("seen", fmt.Sprint("item-", i))
		hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
		if decision == "" {
			want = append(want, id+" "+hash)
		} else {
			r.decide(id, map[string]any{"decision": decision}, 200)
		}
	}
	if got := r.waiting(); !slices.Equal(got, want) {
		t.Errorf("%v waits, want %v", got, want)
	}
	store := r.app.(*appliance).store
	kept, err := store.List(t.Context(), "approval", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	forget := []journal.Record{{Kind: "projection", Key: "approval"}}
	for _, k := range kept {
		forget = append(forget, journal.Record{Kind: k.Kind, Key: k.Key})
	}
	if err := store.Put(t.Context(), forget...); err != nil || len(r.waiting()) > 0 {
		t.Fatalf("forgetting the list: %v, %v", err, r.waiting())
	}
	for range 2 {
		if err := agent.Relist(t.Context(), store); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.waiting(); !slices.Equal(got, want) {
		t.Errorf("made anew, %v waits, want %v", got, want)
	}
}

// Who approves much within a minute is told, there and in the audit; who doesn't isn't.
func TestRubberStampingIsWarnedOf(t *testing.T) {
	r := newRig(t)
	r.counting(map[string]string{"authority.yaml": "default: propose\n"})
	quick, calm := r.as("operator", "quick"), r.as("operator", "calm")
	for i := range 5 {
		id := r.item("seen", fmt.Sprint("item-", i))
		hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
		said, _ := quick.decides(id, map[string]any{"decision": "approve", "hash": hash}, 200)["warning"].(string)
		if warned := strings.Contains(said, "5 approvals within a minute"); warned != (i == 4) {
			t.Errorf("approval %d within a minute is answered with the warning %q", i+1, said)
		}
	}
	id := r.item("seen", "another")
	hash := r.settled(id, casefile.Approving).Pending.Approval.Hash
	if said := calm.decides(id, map[string]any{"decision": "approve", "hash": hash}, 200)["warning"]; said != nil {
		t.Errorf("somebody else's first approval is warned of: %v", said)
	}
	var audit struct {
		Items []struct {
			Actor, Action string
			Detail        struct{ Warning string }
		}
	}
	r.do("GET", "/api/v1/audit?limit=200", nil, &audit)
	var warned []string
	for _, e := range audit.Items {
		if e.Detail.Warning != "" {
			warned = append(warned, e.Actor+" "+e.Action)
		}
	}
	if !slices.Equal(warned, []string{"token:quick case.approve"}) {
		t.Errorf("the audit warns of %v, want the fifth approval of token:quick alone", warned)
	}
}
