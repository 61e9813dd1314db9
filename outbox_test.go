package main

import (
	"testing"

	"resolute/agent/casefile"
)

// Without a webhook a reply is ready where it stands: nothing is left to wait for.
func TestRepliesAreReadyWithoutWebhook(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "smashed-blender")[0])
	r.settled(id, casefile.Resolved)
	var list struct {
		Items []struct {
			CaseID string `json:"case_id"`
			Status string
		}
	}
	r.do("GET", "/api/v1/outbox", nil, &list)
	found := 0
	for _, m := range list.Items {
		if m.CaseID == id {
			found++
		}
		if m.Status != "ready" {
			t.Errorf("a message of case %s is %s, want ready", m.CaseID, m.Status)
		}
	}
	if found != 1 {
		t.Errorf("the outbox holds %+v, want one reply of case %s", list.Items, id)
	}
}
