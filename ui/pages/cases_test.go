package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
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

// failingAt fails from a decision on.
type failingAt struct {
	*world
	left int
}

func (f *failingAt) Decide(ctx context.Context, id string, d agent.Decide, who people.Principal) (*casefile.Case, error) {
	if f.left--; f.left < 0 {
		return nil, fmt.Errorf("append: %w", journal.ErrStopped)
	}
	return f.world.Decide(ctx, id, d, who)
}

// What fails in between says what was decided until then: nobody decides it again, nor thinks that it is done.
func TestSeveralCasesOfWhichSomeFail(t *testing.T) {
	w := newWorld(denied(), charged(false), busy())
	d := w.deps(t)
	d.Engine = &failingAt{w, 1}
	form := url.Values{"decision": {"takeover"}, "pick": {w.stories[0].id, w.stories[1].id, w.stories[2].id}}
	r := httptest.NewRequest("POST", "/cases/batch", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "token"})
	rec := httptest.NewRecorder()
	New(d, Options{House: house}).ServeHTTP(rec, r)
	page := rec.Body.String()
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(page, "Nothing was changed") {
		t.Errorf("one of three was taken over: %d, %s", rec.Code, page)
	}
	for _, want := range []string{"1 of 3 decided", "taken over", "not known: look at the case", "not decided</dd>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page should say %q: %s", want, page)
		}
	}
}

// Fifty cases of whatever customers write are a page that opens at once.
func TestListOfLongTexts(t *testing.T) {
	for _, long := range []string{strings.Repeat("“Where is it?” ", 20), strings.Repeat(`<&">`, 75)} {
		amount := int64(12_345_600)
		p := listing.Page{}
		for i := range perPage {
			p.Rows = append(p.Rows, listing.Row{ID: begin(i, 0).id, Status: casefile.Escalated, Goal: long, Subject: long, Procedure: "damaged-item-of-a-long-name", Customer: casefile.Customer{ID: long, Name: long, Email: long},
				Stop: &casefile.Stop{Code: casefile.StopHypothesesExhausted, Detail: long}, OpenedAt: noon, UpdatedAt: noon, Amount: &amount, Currency: "EUR", Holder: "user:" + long})
		}
		for name, data := range map[string]any{"cases": casesPage{List: listView(Filter{}, p, counts(90_000), "", look("operator"))}, "queues": queuesOf(p.Rows)} {
			if html := renderPage(t, name, withShell(data, signedIn)); len(html) > 100<<10 {
				t.Errorf("the page %s has %d bytes, want at most 100 KB", name, len(html))
			}
		}
	}
}

// queuesOf are queues in which cases wait, twice as many as a list has.
func queuesOf(rows []listing.Row) queuesPage {
	p := queuesPage{Heading: "many"}
	for range inQueues / len(rows) {
		for i := range rows {
			p.Rows = append(p.Rows, waitingView(&rows[i], look("operator")))
		}
	}
	return p
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
