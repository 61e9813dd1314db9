package api_test

import (
	"context"
	"fmt"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/impact"
	"resolute/agent/people"
	"resolute/agent/precedent"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/suggest"
	"resolute/ui/api"
)

// suggesting has one suggestion, and says no to what names another.
type suggesting struct{ api.Rehearsals }

var when = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func (suggesting) one() suggest.Shown {
	return suggest.Shown{Suggestion: suggest.Suggestion{ID: "a1", Kind: suggest.Loosen, Title: "t", Why: "w", Evidence: 3, People: []string{"user:a"}, OnePerson: true,
		Cases: []suggest.Basis{{Case: "c", Seq: 7, At: when, Actor: "user:a", What: "approved"}}}, State: suggest.Open, Base: "b", Candidate: "c",
		Files:     []bundle.FileChange{{Path: "policies/x.yaml", Change: bundle.Changed, Diff: "@@"}},
		Rehearsal: &runs.Evidence{Run: "r", At: when, Seed: 1, Ran: 1, Unmet: []string{}, LeftOut: []string{}, Passed: true},
		Impact:    &impact.Report{Version: "c", Changes: []impact.Change{}},
		Dismissal: &suggest.Dismissal{By: "user:a", At: when, Note: "n", Evidence: 1}}
}

func (s suggesting) List(_ context.Context, state suggest.State) ([]suggest.Shown, error) {
	bare := s.one()
	bare.State, bare.Rehearsal, bare.Impact, bare.Dismissal = state, nil, nil, nil
	return []suggest.Shown{s.one(), bare}, nil
}

func (s suggesting) Get(_ context.Context, id string) (suggest.Shown, error) {
	if id != "a1" {
		return suggest.Shown{}, fmt.Errorf("%w: %q", suggest.ErrNone, id)
	}
	return s.one(), nil
}

func (s suggesting) Rehearse(ctx context.Context, id string, who people.Principal) (suggest.Shown, runs.Run, error) {
	shown, err := s.Get(ctx, id)
	if err != nil {
		return shown, runs.Run{}, err
	}
	run, err := s.Start(ctx, runs.Order{Bundle: &bundle.Bundle{Version: "v"}, By: who.Actor()})
	return shown, run, err
}

func (s suggesting) Accept(ctx context.Context, id, candidate string, _ people.Principal) (suggest.Shown, error) {
	if candidate != "" && candidate != "c" {
		return suggest.Shown{}, suggest.ErrRemade
	}
	shown, err := s.Get(ctx, id)
	shown.Candidate = "0123456789abcdef"
	return shown, err
}

func (s suggesting) Dismiss(ctx context.Context, id, _ string, _ people.Principal) (suggest.Shown, error) {
	return s.Get(ctx, id)
}

// remembering has one closed case.
type remembering struct{}

func (remembering) Search(_ context.Context, q precedent.Query) ([]precedent.Precedent, error) {
	if q.Text == "busy" {
		return nil, precedent.ErrBusy
	}
	return []precedent.Precedent{{Case: "c", Score: 0.5, Procedure: "p", Hypothesis: "h", Worked: true, Outcome: string(casefile.Resolved), Done: []precedent.Done{{Tool: "shop.x"}},
		RuledOut: []precedent.RuledOut{{Hypothesis: "g", Why: "w"}}, OpenedAt: when, ClosedAt: when}}, nil
}

// learns asks everything of suggestions and of closed cases.
func (h *house) learns(do doing, version, caseID string) {
	do(people.Viewer, "GET", "/api/v1/suggestions", "", "")
	do(people.Viewer, "GET", "/api/v1/suggestions?state=dismissed", "", "")
	do(people.Viewer, "GET", "/api/v1/suggestions?state=gone", "", "")
	for _, id := range []string{"a1", "nope"} {
		at := "/api/v1/suggestions/" + id
		do(people.Viewer, "GET", at, "", "")
		do(people.Operator, "POST", at+"/rehearse?wait=10s", "", "")
		do(people.Admin, "POST", at+"/accept", "application/json", `{"candidate":"c"}`)
		do(people.Admin, "POST", at+"/accept", "application/json", `{"candidate":"d"}`)
		do(people.Operator, "POST", at+"/dismiss", "application/json", `{"note":"no"}`)
		do(people.Operator, "POST", at+"/dismiss", "application/json", `{}`)
	}
	do(people.Viewer, "GET", "/api/v1/bundles/"+version+"/archive", "", "")
	do(people.Viewer, "GET", "/api/v1/bundles/nope/archive", "", "")
	do(people.Viewer, "GET", "/api/v1/cases/"+caseID+"/similar?k=3", "", "")
	do(people.Viewer, "GET", "/api/v1/cases/similar?text=mug", "", "")
	do(people.Viewer, "GET", "/api/v1/cases/similar?text=busy", "", "")
	do(people.Viewer, "GET", "/api/v1/cases/similar", "", "")
}
