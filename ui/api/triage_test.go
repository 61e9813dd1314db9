package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"resolute/agent/learner"
	"resolute/agent/people"
)

// wise has learned three things, of which abc decides.
type wise struct{}

func (wise) Standing(context.Context) (learner.Standing, error) {
	return learner.Standing{Bundle: "b", Version: "abc", LeftOut: []learner.LeftOut{{Texts: 7, Cases: []string{"c"}, Why: "of one customer"}}, Doubts: []string{"late has a single example"}}, nil
}

func (wise) Versions() []learner.Version {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	return []learner.Version{
		{Version: "def", Bundle: "b", TrainedAt: at, Worse: "it takes on fewer", Lowers: "smashed blender", Activated: []learner.Activation{}},
		{Version: "abc", Bundle: "b", TrainedAt: at, Activated: []learner.Activation{{At: at, By: "system"}}},
		{Version: "base", Bundle: "b", TrainedAt: at, Activated: []learner.Activation{}},
	}
}

func (w wise) Activate(_ context.Context, version, _ string) (learner.Version, error) {
	for _, v := range w.Versions() {
		if v.Version == version {
			return v, nil
		}
	}
	if version == "other" {
		return learner.Version{}, fmt.Errorf("%w: other", learner.ErrBundle)
	}
	return learner.Version{}, fmt.Errorf("%w: %q", learner.ErrVersion, version)
}

// Whoever reads may see what triage learned; an admin alone goes back.
func TestTriageIsListedAndRolledBack(t *testing.T) {
	h := newHouse(t)
	var page struct {
		Items []struct {
			Version string
			Active  bool
		}
		Next  string `json:"next_cursor"`
		State struct{ Version string }
	}
	a := h.do(people.Viewer, "GET", "/api/v1/triage?limit=2", "", "")
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || len(page.Items) != 2 || page.Items[0].Active || !page.Items[1].Active || page.State.Version != "abc" || page.Next != "abc" {
		t.Errorf("the list is %s (%v), want two of three, and that abc decides", a.body, err)
	}
	a = h.do(people.Viewer, "GET", "/api/v1/triage?cursor="+page.Next, "", "")
	page.Next = ""
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || len(page.Items) != 1 || page.Items[0].Version != "base" || page.Next != "" {
		t.Errorf("behind %s there is %s (%v), want the last", "abc", a.body, err)
	}
	for path, want := range map[string]int{"base": http.StatusOK, "nonsense": http.StatusNotFound, "other": http.StatusConflict} {
		if a := h.do(people.Admin, "POST", "/api/v1/triage/"+path+"/activate", "", ""); a.status != want {
			t.Errorf("activating %s: %d %s, want %d", path, a.status, a.body, want)
		}
	}
	if a := h.do(people.Approver, "POST", "/api/v1/triage/base/activate", "", ""); a.status != http.StatusForbidden {
		t.Errorf("an approver activates a version: %d, want 403", a.status)
	}
}
