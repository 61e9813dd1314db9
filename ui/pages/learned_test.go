package pages

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/learner"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/suggest"
)

// suggests makes suggestions as a suggest.Keeper does: who accepts one that is remade is told so.
type suggests struct {
	list []suggest.Shown
	did  []string
}

func (s *suggests) List(_ context.Context, state suggest.State) ([]suggest.Shown, error) {
	return slices.DeleteFunc(slices.Clone(s.list), func(x suggest.Shown) bool { return x.State != state }), nil
}

func (s *suggests) Get(_ context.Context, id string) (suggest.Shown, error) {
	for _, x := range s.list {
		if x.ID == id {
			return x, nil
		}
	}
	return suggest.Shown{}, fmt.Errorf("%w: %q", suggest.ErrNone, id)
}

func (s *suggests) Rehearse(ctx context.Context, id string, who people.Principal) (suggest.Shown, runs.Run, error) {
	x, err := s.Get(ctx, id)
	s.did = append(s.did, "rehearse "+id+" "+who.Actor())
	return x, runs.Run{}, err
}

func (s *suggests) Accept(ctx context.Context, id, candidate string, who people.Principal) (suggest.Shown, error) {
	x, err := s.Get(ctx, id)
	switch {
	case err != nil:
	case candidate != x.Candidate:
		err = suggest.ErrRemade
	case x.Rehearsal == nil:
		err = suggest.ErrUnrehearsed
	default:
		s.did = append(s.did, "accept "+id+" "+candidate)
	}
	return x, err
}

func (s *suggests) Dismiss(ctx context.Context, id, note string, who people.Principal) (suggest.Shown, error) {
	x, err := s.Get(ctx, id)
	s.did = append(s.did, "dismiss "+id+" "+note)
	return x, err
}

func oneSuggestion(state suggest.State) suggest.Shown {
	return suggest.Shown{State: state, Base: "b7e41c0955aab7e41c0955aa", Candidate: "c0ffee000000c0ffee000000",
		Suggestion: suggest.Suggestion{ID: "order-1", Kind: suggest.Order, Title: "Try refund-duplicate before voidable in duplicate-charge", Why: "In 3 of 3 cases people put it first.", Evidence: 3, People: []string{"user:kim", "user:ada"},
			Cases: []suggest.Basis{{Case: "019cd73d-4286-709a-bf2a-00000000beef", Seq: 17, At: noon.Add(-time.Hour), Actor: "user:kim", What: "chose refund-duplicate in place of voidable"}}},
		Files: []bundle.FileChange{{Path: "procedures/duplicate-charge.yaml", Change: "changed", Diff: "@@ -1,3 +1,3 @@\n hypotheses:\n-  - name: voidable\n+  - name: refund-duplicate\n"}}}
}

// learned is triage that knows some versions.
type learned struct {
	standing learner.Standing
	versions []learner.Version
	basis    []learner.Basis
	forgot   bool
	did      []string
}

func (l *learned) Standing(context.Context) (learner.Standing, error) { return l.standing, nil }
func (l *learned) Versions() []learner.Version                        { return l.versions }
func (l *learned) Basis(context.Context, string) ([]learner.Basis, bool, error) {
	return l.basis, !l.forgot, nil
}

func (l *learned) Activate(_ context.Context, version, by string) (learner.Version, error) {
	for _, v := range l.versions {
		if v.Version == version && v.Bundle == l.standing.Bundle {
			l.did = append(l.did, version+" "+by)
			l.standing.Version = version
			return v, nil
		}
	}
	return learner.Version{}, learner.ErrVersion
}

func someLearned() *learned {
	l := &learned{standing: learner.Standing{Bundle: "b1", Version: "newest000000", Learned: 41, Held: 10, Taught: 2, Doubts: []string{"an example of damaged-item is more like those of late-parcel"},
		LeftOut: []learner.LeftOut{{Texts: 7, Cases: []string{"019cd73d-4286-709a-bf2a-00000000beef"}, Why: "of one sender, who has more than a fifth"}, {Procedure: "damaged-item", Texts: 1, Why: "w"}}}}
	score := learner.Score{Texts: 120, Told: 112, Right: 95, Wrong: 2, People: 23, Threshold: .72, Surprise: .31}
	l.versions = []learner.Version{
		{Version: "worse0000000", Bundle: "b1", TrainedAt: noon.Add(-time.Minute), Examples: 60, Evidence: 44, Held: score, Replaces: "newest000000", Before: score, Worse: "it takes on 2 more wrongly"},
		{Version: "newest000000", Bundle: "b1", TrainedAt: noon.Add(-time.Hour), Seconds: 1.5, Examples: 60, Evidence: 41, Strangers: 3, Held: score, Replaces: "authors00000", Before: learner.Score{Texts: 120, Told: 80, Right: 60, People: 60, Threshold: .7}, Chance: .0004, Activated: []learner.Activation{{At: noon.Add(-time.Hour), By: "system"}}},
		{Version: "authors00000", Bundle: "b1", TrainedAt: noon.Add(-48 * time.Hour), Examples: 60, Activated: []learner.Activation{{At: noon.Add(-48 * time.Hour), By: "system"}}},
		{Version: "others000000", Bundle: "b0", TrainedAt: noon.Add(-72 * time.Hour), Examples: 55, Evidence: 3},
	}
	for i := range 30 {
		l.basis = append(l.basis, learner.Basis{Case: fmt.Sprintf("019cd73d-4286-709a-bf2a-%012x", i), Procedure: "damaged-item"})
	}
	l.basis = append(l.basis, learner.Basis{Case: "019cd73d-4286-709a-bf2a-00000000beef"})
	return l
}

// learntPages are the pages of what was learned, with all that they show.
func (s *site) learntPages(pages map[string]any, v viewer) {
	open, gone := oneSuggestion(suggest.Open), oneSuggestion(suggest.Dismissed)
	open.Rehearsal, open.OnePerson = &runs.Evidence{Run: "r", At: noon, Ran: 21, Unmet: []string{"u"}}, true
	open.Impact = &impact.Report{Decisions: 9, Changed: 1, Changes: []impact.Change{{Tool: "t", Count: 1}}}
	open.Dismissal, gone.Dismissal = &suggest.Dismissal{By: "user:kim", Note: "n", At: noon, Evidence: 1}, &suggest.Dismissal{By: "user:kim", Note: "n", At: noon, Evidence: 3}
	one, other := s.suggestionView(&open, nil), s.suggestionView(&gone, nil)
	one.Left = 2
	pages["suggestions"] = suggestionsPage{Heading: "h", Views: []Tab{{Name: "Open", Link: "/suggestions", Count: "1", Current: true}}, List: []SuggestionView{one, other}, Accepted: &AcceptedView{"v", "v", "/bundles/v/archive"}}
	pages["suggestion"] = suggestionPage{One: one, May: true, Accept: true}
	pages["suggestion locked"] = suggestionPage{One: other, May: true, Accept: true, Locked: "l"}
	l := someLearned()
	p := triagePage{Learned: "1", Held: "2", Taught: "3", PinnedBy: "kim", LeftOut: []LeftOutView{leftOutView(l.standing.LeftOut[0])}, Doubts: l.standing.Doubts, Older: 2, Admin: true}
	for i := range l.versions {
		p.Versions = append(p.Versions, triageView(&l.versions[i], l.versions, l.standing, v))
	}
	pages["triage"] = p
	pages["triage-version"] = triageVersionPage{One: p.Versions[0], Admin: true, Classes: classes("v", l.basis, "")}
}

func TestSuggestionIsRehearsedAndAccepted(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Operator
	b := signIn(t, w)
	b.wants(b.get("/suggestions", http.StatusOK), "Nothing to suggest", "Nobody decided the same often enough yet")
	w.suggests.list = []suggest.Shown{oneSuggestion(suggest.Open)}
	b.wants(b.get("/suggestions", http.StatusOK), "1 suggestion", "Try refund-duplicate before voidable", "3 cases, decided by kim and ada", "not rehearsed yet")
	at := "/suggestions/order-1"
	html := b.get(at, http.StatusOK)
	b.wants(html, "In 3 of 3 cases people put it first.", `<span class="gone">-  - name: voidable</span>`, `<span class="add">&#43;  - name: refund-duplicate</span>`, `href="/cases/019cd73d-4286-709a-bf2a-00000000beef#entry-17"`,
		"chose refund-duplicate in place of voidable", ">kim</td>", "And 2 more", "An admin accepts it.", ">Rehearse</button>")
	if strings.Contains(html, at+"/accept") {
		t.Error("an operator should not be offered to accept")
	}
	b.post(at+"/rehearse", "", http.StatusOK)
	b.post(at+"/accept", "candidate=c0ffee000000c0ffee000000", http.StatusForbidden)
	w.role = people.Admin
	if html := b.get(at, http.StatusOK); strings.Contains(html, at+"/accept") || !strings.Contains(html, "Rehearse it first") {
		t.Error("what wasn't rehearsed can't be accepted, and the page says so")
	}
	b.wants(b.post(at+"/accept", "candidate=c0ffee000000c0ffee000000", http.StatusConflict), "not as it was shown", `href="/suggestions"`)
	w.rehearsed = []runs.Run{{Version: "c0ffee000000c0ffee000000", State: runs.Running, Begun: 4, Total: 21}}
	b.wants(b.get(at, http.StatusOK), "running, 4 of 21 begun", "Look again")
	w.rehearsed = nil
	shown := &w.suggests.list[0]
	shown.Rehearsal = &runs.Evidence{Ran: 21, At: noon, Unmet: []string{"twice-charged"}}
	b.wants(b.get(at, http.StatusOK), "1 of 21 did not pass", "twice-charged", "did not pass its rehearsals, so")
	shown.Rehearsal = &runs.Evidence{Ran: 21, At: noon, Passed: true}
	b.wants(b.get(at, http.StatusOK), "passed, all 21", "Accept, and activate c0ffee", `name="candidate" value="c0ffee000000c0ffee000000"`, "activating it again rolls this back")
	shown.OnePerson, shown.People = true, []string{"token:Robin Field"}
	b.wants(b.get(at, http.StatusOK), "You alone decided so")
	shown.OnePerson = false
	b.wants(b.post(at+"/accept", "candidate=another", http.StatusConflict), "made anew")
	b.post(at+"/accept", "", http.StatusBadRequest)
	b.post(at+"/accept", "candidate=c0ffee000000c0ffee000000", http.StatusOK)
	if want := []string{"rehearse order-1 token:Robin Field", "accept order-1 c0ffee000000c0ffee000000"}; !slices.Equal(w.suggests.did, want) {
		t.Errorf("what was done: %q, want %q", w.suggests.did, want)
	}
	active, err := w.company.library.Active()
	if err != nil {
		t.Fatal(err)
	}
	b.wants(b.get("/suggestions?accepted="+active.Version, http.StatusOK), "is active: cases that open from now on", `href="/bundles/`+active.Version+`/archive"`)
	if html := b.get("/suggestions?accepted=another", http.StatusOK); strings.Contains(html, "is active") {
		t.Error("only what is active is said to be")
	}
	if files, err := bundle.Unpack([]byte(b.get("/bundles/"+active.Version+"/archive", http.StatusOK))); err != nil || files == nil {
		t.Errorf("the archive should hold the version's files: %v", err)
	}
}

func TestSuggestionIsDismissedWithANote(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Operator
	w.suggests.list = []suggest.Shown{oneSuggestion(suggest.Open)}
	b := signIn(t, w)
	b.post("/suggestions/order-1/dismiss", "note=", http.StatusBadRequest)
	b.post("/suggestions/order-1/dismiss", "note=the+order+is+wanted", http.StatusOK)
	if want := []string{"dismiss order-1 the order is wanted"}; !slices.Equal(w.suggests.did, want) {
		t.Errorf("what was done: %q, want %q", w.suggests.did, want)
	}
	b.wants(b.get("/suggestions/gone", http.StatusNotFound), "not suggested any more", `href="/suggestions"`)
	x := oneSuggestion(suggest.Dismissed)
	x.Dismissal = &suggest.Dismissal{By: "user:kim", At: noon.Add(-time.Hour), Note: "the order is wanted", Evidence: 3}
	w.suggests.list = []suggest.Shown{x}
	b.wants(b.get("/suggestions", http.StatusOK), "Nothing to suggest", "Dismissed <span>1</span>")
	b.wants(b.get("/suggestions?state=dismissed", http.StatusOK), "Dismissed by kim", "the order is wanted")
	html := b.get("/suggestions/order-1", http.StatusOK)
	if strings.Contains(html, "/dismiss") || !strings.Contains(html, "It comes back when far more speaks for it") {
		t.Error("what is dismissed can't be dismissed again")
	}
	w.suggests.list[0].State = suggest.Open
	b.wants(b.get("/suggestions/order-1", http.StatusOK), "when it rested on 3 cases; far more speaks for it now", "/dismiss")
}

func TestTriageSaysWhatItLearnedAndRollsBack(t *testing.T) {
	w := newWorld(busy())
	w.role = people.Operator
	b := signIn(t, w)
	w.learned.standing = learner.Standing{Bundle: "b1"}
	b.wants(b.get("/triage", http.StatusOK), "Nothing was learned yet")
	*w.learned = *someLearned()
	html := b.get("/triage", http.StatusOK)
	b.wants(html, "112 of 120", "97 of 120", "2 of 97", "0.72", "41 texts of cases, 60 examples of the bundle; 3 for none", "it takes on 2 more wrongly", "more than a fifth", `href="/cases/019cd73d-4286-709a-bf2a-00000000beef"`,
		"more like those of late-parcel", "belongs to another version of the bundle", "An admin activates a version")
	if strings.Contains(html, "/activate") || strings.Contains(html, "Pinned by") {
		t.Error("an operator should not be offered to activate, and nothing is pinned")
	}
	html = b.get("/triage/newest000000", http.StatusOK)
	b.wants(html, "80 of 120", "0.0004", `href="/triage/newest000000?procedure=damaged-item"`, "30 texts", `<code>none</code>`, "00beef")
	if n := strings.Count(html, `href="/cases/`); n != basisShown+1 {
		t.Errorf("%d cases are named, want the newest %d of one procedure and the one of none", n, basisShown)
	}
	if n := strings.Count(b.get("/triage/newest000000?procedure=damaged-item", http.StatusOK), `href="/cases/`); n != 30 {
		t.Errorf("%d of 30 cases are named", n)
	}
	b.get("/triage/none", http.StatusNotFound)
	w.role = people.Admin
	html = b.get("/triage", http.StatusOK)
	b.wants(html, `action="/triage/worse0000000/activate"`, ">Activate</button>", `action="/triage/authors00000/activate"`, ">Roll back to this</button>")
	if strings.Contains(html, `"/triage/newest000000/activate"`) || strings.Contains(html, `"/triage/others000000/activate"`) {
		t.Error("what decides, or belongs to another bundle, can't be activated")
	}
	b.wants(b.get("/triage/authors00000", http.StatusOK), "until an admin activates that")
	b.post("/triage/authors00000/activate", "", http.StatusOK)
	if want := []string{"authors00000 token:Robin Field"}; !slices.Equal(w.learned.did, want) {
		t.Errorf("%q, want %q", w.learned.did, want)
	}
	w.learned.standing.PinnedBy, w.learned.forgot, w.learned.basis = "user:robin", true, nil
	b.wants(b.get("/triage", http.StatusOK), "Pinned by robin")
	b.wants(b.get("/triage/newest000000", http.StatusOK), "kept any more")
	b.post("/triage/none/activate", "", http.StatusNotFound)
}
