package pages

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/statuslink"
)

// customer is somebody who has the link of a case, and no account.
type customer struct {
	t    *testing.T
	site http.Handler
	link string
	from string // address
}

func (w *world) customer(t *testing.T, s *story) *customer {
	t.Helper()
	d := w.deps(t)
	token, _, err := d.Links.Token(t.Context(), s.id, noon)
	if err != nil {
		t.Fatal(err)
	}
	return &customer{t: t, site: New(d, Options{Now: func() time.Time { return noon }, House: house}), link: statuslink.Path + token, from: "192.0.2.1:5000"}
}

func (c *customer) ask(method, path, body string, want int) string {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = c.from
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	if w.Code != want {
		c.t.Fatalf("%s %s answers %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	h := w.Header()
	if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || !strings.Contains(csp, "frame-ancestors 'none'") {
		c.t.Errorf("%s: the page may do %q", path, csp)
	}
	if !strings.Contains(h.Get("X-Robots-Tag"), "noindex") || h.Get("Cache-Control") != "no-store" {
		c.t.Errorf("%s may be indexed or kept: %v", path, h)
	}
	if want >= 300 && want < 400 {
		return h.Get("Location")
	}
	return w.Body.String()
}

func (c *customer) once(page string) string {
	c.t.Helper()
	m := regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`).FindStringSubmatch(page)
	if m == nil {
		c.t.Fatalf("the page should have a form to answer by: %s", page)
	}
	return m[1]
}

func answerForm(once, text string) string {
	return url.Values{"once": {once}, "text": {text}}.Encode()
}

// Two clicks are one answer; another text from the same form is another.
func TestCustomerAnswersOnce(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	page := c.ask("GET", c.link, "", 200)
	if !strings.Contains(page, "We need an answer from you") || !strings.Contains(html.UnescapeString(page), s.c.Question.Text) {
		t.Errorf("the page should ask what the case asks: %s", page)
	}
	once := c.once(page)
	for range 2 {
		if to := c.ask("POST", c.link, answerForm(once, " It is ORD-1002.\r\nThank you\x00! "), 303); to != c.link+"?sent=1" {
			t.Errorf("after an answer one is led to %s", to)
		}
	}
	c.ask("POST", c.link, answerForm(once, "No, ORD-1003."), 303)
	if len(w.replies) != 2 {
		t.Fatalf("two clicks and a second thought are %d answers, want 2", len(w.replies))
	}
	got := w.replies[0]
	if got.Type != "customer.replied" || got.Data["text"] != "It is ORD-1002.\nThank you!" || got.Customer().Who() != s.c.Customer.Who() {
		t.Errorf("the signal is %+v", got)
	}
	if page := c.ask("GET", c.link+"?sent=1", "", 200); !strings.Contains(page, "We have your answer") || strings.Contains(page, "<form") {
		t.Errorf("the page should thank, and have no form to send again: %s", page)
	}
}

// What is shown is what the customer was told, and nothing of how the house works.
func TestStatusPageShowsNothingOfTheInside(t *testing.T) {
	for _, s := range []*story{busy(), charged(true), denied(), replaced(), asking()} {
		w := newWorld(s)
		page := w.customer(t, s).ask("GET", w.customer(t, s).link, "", 200)
		var inside []string
		inside = append(inside, s.id, s.c.Goal, s.c.Procedure, "/cases", "/approvals", "/signin", "<script", "journal", "hypothes")
		if s.c.Stop != nil {
			inside = append(inside, string(s.c.Stop.Code), s.c.Stop.Detail, s.c.Stop.Rule, s.c.Stop.To)
		}
		for _, h := range s.c.Hypotheses {
			inside = append(inside, h.Name)
		}
		for _, a := range s.c.Attempts {
			inside = append(inside, a.Tool)
		}
		for _, signal := range s.c.Signals {
			inside = append(inside, signal.Text(), signal.EventID, signal.Source)
		}
		for _, text := range inside {
			if len(text) > 3 && strings.Contains(html.UnescapeString(page), text) {
				t.Errorf("the page of a case that is %s says %q", s.c.Status, text)
			}
		}
		if told := s.c.Reply; told != nil && !strings.Contains(html.UnescapeString(page), paragraphs(told.Text)[0]) {
			t.Errorf("the page of a case that is %s should say what the customer was told", s.c.Status)
		}
		if open := strings.Contains(page, "<form"); open == s.c.Status.Ended() {
			t.Errorf("the page of a case that is %s has a form: %v", s.c.Status, open)
		}
	}
}

func TestHostileAnswers(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	once := c.once(c.ask("GET", c.link, "", 200))
	for what, try := range map[string]struct {
		body string
		want int
	}{
		"nothing":               {answerForm(once, " \r\n\t\x00"), 422},
		"nothing that shows":    {answerForm(once, "\u200b\u2060\ufeff\u202e"), 422},
		"too long":              {answerForm(once, strings.Repeat("ä", maxReply+1)), 422},
		"no form":               {"text=hello", 400},
		"a form of somebody's":  {answerForm("../../x", "hello"), 400},
		"longer than any form":  {answerForm(once, strings.Repeat("x", maxForm)), 400},
		"a form that is broken": {"text=%zz", 400},
	} {
		r := httptest.NewRequest("POST", c.link, strings.NewReader(try.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = c.from
		rec := httptest.NewRecorder()
		c.site.ServeHTTP(rec, r)
		if rec.Code != try.want {
			t.Errorf("%s: %d, want %d", what, rec.Code, try.want)
		}
	}
	if len(w.replies) > 0 {
		t.Fatalf("of what can't be taken, %+v was", w.replies)
	}
	const nasty = `<script>alert(1)</script>{{ facts.order.id }} =1+1 "'><img src=x onerror=alert(2)>`
	page := c.ask("POST", c.link, answerForm("bad", nasty), 400)
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") || !strings.Contains(html.UnescapeString(page), nasty) {
		t.Errorf("what wasn't taken should stand in the form as text: %s", page)
	}
	c.ask("POST", c.link, answerForm(once, nasty+"\u202e\xff"), 303)
	if got := w.replies[0].Data["text"]; got != nasty+"\u202e" {
		t.Errorf("the signal's text is %q: text is data, whatever it looks like", got)
	}
	r := httptest.NewRequest("POST", c.link, strings.NewReader(answerForm(once, "from elsewhere")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	rec := httptest.NewRecorder()
	if c.site.ServeHTTP(rec, r); rec.Code != http.StatusForbidden || len(w.replies) != 1 {
		t.Errorf("another site's form: %d, %d answers", rec.Code, len(w.replies))
	}
}

func TestLinksThatOpenNothing(t *testing.T) {
	s, other := asking(), busy()
	w := newWorld(s, other)
	c := w.customer(t, s)
	old, _, err := w.deps(t).Links.Token(t.Context(), s.id, noon.Add(-40*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/status/x", c.link[:len(c.link)-2], statuslink.Path + old, "/status/" + s.id, w.customer(t, &story{id: "01890a5d-ac96-774b-bcce-b302099a8057"}).link} {
		page := c.ask("GET", path, "", 404)
		c.ask("POST", path, answerForm("0", "x"), 404)
		if !strings.Contains(page, "does not open anything") || strings.Contains(page, "<form") {
			t.Errorf("%s shows %s", path, page)
		}
	}
}

// Who tries links, looks or writes without end is told to wait; others aren't.
func TestStatusPageIsLimited(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	refused := func(n int, do func(i int) int) int {
		for i := range n {
			if do(i) == http.StatusTooManyRequests {
				return i
			}
		}
		return n
	}
	code := func(method, path, body string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr = c.from
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		c.site.ServeHTTP(rec, r)
		if rec.Code == http.StatusTooManyRequests && rec.Header().Get("Retry-After") == "" && method == "GET" {
			t.Error("too often, and no Retry-After")
		}
		return rec.Code
	}
	if n := refused(100, func(i int) int { return code("GET", fmt.Sprint("/status/", i), "") }); n != 20 {
		t.Errorf("%d links were tried before it was too often, want 20", n)
	}
	c.from = "192.0.2.2:5000"
	if n := refused(100, func(int) int { return code("GET", c.link, "") }); n != 60 {
		t.Errorf("the page was opened %d times before it was too often, want 60", n)
	}
	if n := refused(30, func(i int) int {
		c.from = fmt.Sprintf("198.51.100.%d:5000", i)
		return code("POST", c.link, answerForm(strings.Repeat("a", 32), fmt.Sprint("answer ", i)))
	}); n != 10 || len(w.replies) != 10 {
		t.Errorf("%d answers to one case were taken before it was too often (%d arrived), want 10", n, len(w.replies))
	}
}

// While nothing more is taken in, nothing that was written is lost.
func TestBusyHouseKeepsWhatWasWritten(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	once := c.once(c.ask("GET", c.link, "", 200))
	w.refuse = busyHouse{}
	if page := c.ask("POST", c.link, answerForm(once, "It is ORD-1002."), 503); !strings.Contains(page, ">It is ORD-1002.</textarea>") || !strings.Contains(page, "Nothing was sent") {
		t.Errorf("the page should say so, and keep the text: %s", page)
	}
}

type busyHouse struct{}

func (busyHouse) Error() string             { return "busy" }
func (busyHouse) RetryAfter() time.Duration { return time.Second }

// A case that went on in another one of the same customer leads there. In somebody else's it doesn't, nor for
// whoever only claimed to be that customer: with their own address they were sent a link to the case that they
// opened, and it would show what the customer was told.
func TestMergedCaseLeadsOn(t *testing.T) {
	into := asking()
	claimed, unknown := into.c.Customer, into.c.Customer
	claimed.Email, claimed.Assurance, unknown.Assurance = "me@evil.example", casefile.AssuranceNone, ""
	for _, c := range []struct {
		what  string
		who   casefile.Customer
		leads bool
	}{
		{"the same customer", into.c.Customer, true},
		{"a stranger", casefile.Customer{ID: "somebody-else", Assurance: casefile.AssuranceVouched}, false},
		{"somebody who claims to be the customer", claimed, false},
		{"nobody knows whom", unknown, false},
	} {
		s := &site{Deps: newWorld(into).deps(t)}
		if leads := s.merged(t.Context(), &casefile.Case{ID: "01890a5d-ac96-774b-bcce-b302099a8057", MergedInto: into.id, Customer: c.who, EndedAt: noon}) != ""; leads != c.leads {
			t.Errorf("a case of %s that went on in the customer's leads there: %v, want %v", c.what, leads, c.leads)
		}
	}
}

// Operators find the link on the case's page; who may only read doesn't: it lets one write.
func TestCasePageHasTheCustomersLink(t *testing.T) {
	s := asking()
	w := newWorld(s)
	for role, want := range map[people.Role]bool{people.Viewer: false, people.Operator: true, people.Admin: true} {
		w.role = role
		if page := signIn(t, w).get("/cases/"+s.id, 200); strings.Contains(page, statuslink.Path) != want {
			t.Errorf("as %s the case's page has the customer's link: %v, want %v", role, !want, want)
		}
	}
}

// An operator takes the links of a case back: they say so, what was merged into the case leads there no
// more, and the case's page has a new one.
func TestLinksAreRevoked(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	once := c.once(c.ask("GET", c.link, "", 200))
	w.role = people.Operator
	b := signIn(t, w)
	page := b.post("/cases/"+s.id+"/links/revoke", "", http.StatusOK)
	b.wants(page, "Taken back", "Robin Field")
	for method, body := range map[string]string{"GET": "", "POST": answerForm(once, "x")} {
		if page := c.ask(method, c.link, body, http.StatusGone); !strings.Contains(page, "This link was taken back") || strings.Contains(page, "<form") || len(w.replies) != 0 {
			t.Errorf("%s of a link that was taken back: %d answers, %s", method, len(w.replies), page)
		}
	}
	link := regexp.MustCompile(`href="(/status/[^"]+)"`).FindStringSubmatch(page)
	if link == nil || link[1] == c.link {
		t.Fatalf("the case's page has the link %q, want a new one", link)
	}
	c.ask("GET", link[1], "", 200)
	site := &site{Deps: w.deps(t)}
	if to := site.merged(t.Context(), &casefile.Case{ID: "01890a5d-ac96-774b-bcce-b302099a8057", MergedInto: s.id, Customer: s.c.Customer, EndedAt: noon}); to != "" {
		t.Errorf("a case that was merged into it leads to %s", to)
	}
	b.post("/cases/none/links/revoke", "", http.StatusNotFound)
}

// Whatever goes wrong, a customer is told it in a customer's words: none of the console's pages, none of their
// links, nothing of what the log says.
func TestCustomersAreToldNothingOfTheInsideWhenItFails(t *testing.T) {
	s := asking()
	w := newWorld(s)
	c := w.customer(t, s)
	for _, try := range []struct {
		what, method, path, body, site string
		broken                         error
		want                           int
	}{
		{"another site", "POST", c.link, answerForm(strings.Repeat("a", 32), "x"), "cross-site", nil, 403},
		{"a broken form", "POST", c.link, "text=%zz", "same-origin", nil, 400},
		{"a link that is cut off", "GET", statuslink.Path, "", "", nil, 404},
		{"a link with more behind it", "GET", c.link + "/x", "", "", nil, 404},
		{"another way to ask", "DELETE", c.link, "", "same-origin", nil, 404},
		{"a store that failed", "GET", c.link, "", "", fmt.Errorf("read journal.db: %w", journal.ErrStopped), 503},
		{"what nobody foresaw", "GET", c.link, "", "", errors.New("secret words of the disk"), 500},
	} {
		w.broken = try.broken
		r := httptest.NewRequest(try.method, try.path, strings.NewReader(try.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", try.site)
		r.RemoteAddr = c.from
		rec := httptest.NewRecorder()
		c.site.ServeHTTP(rec, r)
		page := rec.Body.String()
		if rec.Code != try.want {
			t.Errorf("%s: %d, want %d", try.what, rec.Code, try.want)
		}
		for _, inside := range []string{"/cases", "/signin", "resolute", "journal", "the log", "secret words", "<script"} {
			if strings.Contains(page, inside) {
				t.Errorf("%s: the page says %q: %s", try.what, inside, page)
			}
		}
		if policy := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(page, "<h1>") {
			t.Errorf("%s: it is no page for customers: %q", try.what, policy)
		}
	}
}
