package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// A view that somebody saved is theirs, and nobody else's.
func TestSavedViewsAreEachPersonsOwn(t *testing.T) {
	w := newWorld(denied(), charged(false))
	b := signIn(t, w)
	b.wants(b.get("/cases?stop=policy.deny", http.StatusOK), "Save this view", `name="query" value="stop=policy.deny"`)
	b.wants(b.post("/cases/views", "name=Denied&query=stop%3Dpolicy.deny%26nonsense%3D1", http.StatusOK), `<a href="/cases?stop=policy.deny" aria-current="page">Denied</a>`, "Forget the view Denied")
	if html := b.get("/cases?stop=policy.deny", http.StatusOK); strings.Contains(html, "Save this view") {
		t.Error("a view that is saved should not be offered to be saved")
	}
	w.name = "p2"
	if html := b.get("/cases", http.StatusOK); strings.Contains(html, "Denied") {
		t.Error("somebody else's view is shown")
	}
	w.name = ""
	b.post("/cases/views", "name=&query=stop%3Dx", http.StatusBadRequest)
	b.post("/cases/views", "name=All&query=", http.StatusBadRequest)
	for i := range maxViews - 1 {
		b.post("/cases/views", fmt.Sprintf("name=v%d&query=stop%%3Dx%d", i, i), http.StatusOK)
	}
	b.wants(b.post("/cases/views", "name=more&query=stop%3Dy", http.StatusBadRequest), "20 views are kept at most")
	if html := b.post("/cases/views", "forget=Denied", http.StatusOK); strings.Contains(html, ">Denied</a>") {
		t.Error("a view that was forgotten is still there")
	}
}

// Several cases are taken over or closed at once where that sends nothing; each is decided for itself.
func TestSeveralCasesAtOnce(t *testing.T) {
	w := newWorld(denied(), charged(false), busy())
	b := signIn(t, w)
	html := b.get("/cases", http.StatusOK)
	pick := func(st *story) string {
		m := regexp.MustCompile(`name="pick" value="(` + st.id + ` [^"]+)"`).FindStringSubmatch(html)
		if m == nil {
			t.Fatalf("the list should offer to choose %s as it is shown", st.id)
		}
		return m[1]
	}
	form := url.Values{"decision": {"close"}, "note": {"spam"}, "pick": {pick(w.stories[0]), pick(w.stories[2])}, "query": {"status=escalated"}}
	b.wants(b.post("/cases/batch", form.Encode(), http.StatusOK), "2 of 2 decided", `href="/cases?status=escalated"`)
	if len(w.decided) != 2 || w.decided[0].Decision != casefile.DecideClose || w.decided[1].Note != "spam" || w.decided[0].Seen.IsZero() {
		t.Errorf("both should be closed as they were shown with the reason, not %+v", w.decided)
	}
	w.refuse = fmt.Errorf("%w: it is closed already", agent.ErrDecisionConflict)
	b.wants(b.post("/cases/batch", form.Encode(), http.StatusOK), "0 of 2 decided", "it is closed already")
	for _, bad := range []string{"decision=approve&pick=x", "decision=close&pick=x", "decision=takeover&pick=x+yesterday", "decision=takeover", "decision=takeover" + strings.Repeat("&pick=x", perPage+1)} {
		b.post("/cases/batch", bad, http.StatusBadRequest)
	}
	w.role = people.Viewer
	if html := b.get("/cases", http.StatusOK); strings.Contains(html, `name="pick"`) {
		t.Error("a viewer should not be offered to choose cases")
	}
}

func TestListSaysHowFarItLooked(t *testing.T) {
	f := Filter{Text: "rare"}
	p := listPage(0, 25_000, "x")
	l := listView(f, p, counts(90_000), "", look("operator"))
	if l.Searched != "25,000 of 90,000 cases were looked at; go on for older ones" || l.Next == "" {
		t.Errorf("a page that ends before the list does should say so, not %q", l.Searched)
	}
	html := renderPage(t, "cases", casesPage{List: l})
	if !strings.Contains(html, "Older cases may still fit") || strings.Contains(html, "No case fits") {
		t.Error("that nothing fits isn't known before all were looked at")
	}
	if got := behind(7, 8); got != "" {
		t.Errorf("a list that is a moment behind needs no word, not %q", got)
	}
}
