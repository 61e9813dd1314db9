package pages

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
)

func query(s string) url.Values { q, _ := url.ParseQuery(s); return q }

// browser is somebody who uses the console.
type browser struct {
	t    *testing.T
	base string
	c    *http.Client
}

func open(t *testing.T, w *world) *browser {
	t.Helper()
	return openWith(t, w.deps(t))
}

func openWith(t *testing.T, deps Deps) *browser {
	t.Helper()
	srv := httptest.NewServer(New(deps, Options{Now: func() time.Time { return noon }, House: house, Pace: time.Millisecond}))
	t.Cleanup(srv.Close)
	jar, _ := cookiejar.New(nil)
	return &browser{t: t, base: srv.URL, c: &http.Client{Jar: jar}}
}

func signIn(t *testing.T, w *world) *browser {
	b := open(t, w)
	b.get("/signin?code=once", http.StatusOK)
	return b
}

func (b *browser) do(r *http.Request, status int) string {
	b.t.Helper()
	resp, err := b.c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s should answer %d, not %d: %s", r.Method, r.URL.RequestURI(), status, resp.StatusCode, body)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
		b.t.Errorf("%s should be under default-src 'self', not %q", r.URL.Path, csp)
	}
	return string(body)
}

func (b *browser) get(path string, status int) string {
	b.t.Helper()
	r, _ := http.NewRequest("GET", b.base+path, nil)
	return b.do(r, status)
}

func (b *browser) post(path, form string, status int, header ...string) string {
	b.t.Helper()
	r, _ := http.NewRequest("POST", b.base+path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r, status)
}

func (b *browser) wants(html string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(html, text) {
			b.t.Errorf("the page should say %q", text)
		}
	}
}

func TestNobodySeesAnythingBeforeSigningIn(t *testing.T) {
	w := newWorld(charged(false))
	b := open(t, w)
	id := w.stories[0].id
	for _, path := range []string{"/", "/cases", "/cases/" + id, "/approvals", "/outbox", "/knowledge", "/pages/stream?of=cases&after=0"} {
		html := b.get(path, http.StatusUnauthorized)
		b.wants(html, "You are not signed in", "How to get a link")
		if strings.Contains(html, "Marta") || path != "/cases/"+id && strings.Contains(html, id) {
			t.Errorf("%s tells somebody who isn't signed in about a case", path)
		}
	}
	b.post("/cases/"+id+"/decisions", "decision=approve", http.StatusUnauthorized)
	if len(w.decided) > 0 {
		t.Error("somebody who isn't signed in decided")
	}
	w.role = people.Ingest
	b = signInAs(t, w)
	b.get("/cases", http.StatusUnauthorized)
}

func signInAs(t *testing.T, w *world) *browser {
	b := open(t, w)
	b.c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.get("/signin?code=once", http.StatusSeeOther)
	b.c.CheckRedirect = nil
	return b
}

func TestSignInLink(t *testing.T) {
	b := open(t, newWorld(asking()))
	b.wants(b.get("/signin?code=used", http.StatusForbidden), "This link does not sign you in")
	b.wants(b.get("/signin?code=once&next="+url.QueryEscape("/cases?status=waiting"), http.StatusOK), "The parcel is found or sent again", "Robin Field")
	for _, away := range []string{"//evil.example", "https://evil.example", `/\evil.example`} {
		if local(away) {
			t.Errorf("a sign-in link should not lead to %s", away)
		}
	}
	b.wants(b.post("/signout", "", http.StatusOK), "Sign in", "How to get a link")
	b.get("/cases", http.StatusUnauthorized)
}

func TestCasesPage(t *testing.T) {
	w := newWorld(busy(), charged(false), denied(), replaced(), asking())
	b := signIn(t, w)
	b.wants(b.get("/cases", http.StatusOK), "The stalled shipment is credited by the SLA", "Marta Nowak", "policy.deny", "and that is all")
	html := b.get("/cases?status=approval", http.StatusOK)
	b.wants(html, "Marta Nowak", "1 shown")
	if strings.Contains(html, "Tomas Reyes") {
		t.Error("a list of approvals shows a case that is resolved")
	}
	b.wants(b.get("/cases?q=no+such+thing", http.StatusOK), "No case fits these filters.")
	b.wants(signIn(t, newWorld()).get("/cases", http.StatusOK), "No case yet.")
}

func TestCasesPageGoesOnOverACursor(t *testing.T) {
	w := newWorld()
	for i := range perPage + 7 {
		w.add(begin(i, time.Hour).agent(0, email(i, "Kim", "", "", fmt.Sprintf("Subject %03d", i), "text", "none")).agent(0, &casefile.CaseOpened{}))
	}
	b := signIn(t, w)
	first := b.get("/cases?customer=Kim", http.StatusOK)
	_, rest, ok := strings.Cut(first, `<a class="btn" href="/cases?cursor=`)
	if !ok {
		t.Fatal("a list with more cases than fit should lead to older ones")
	}
	cursor, _, _ := strings.Cut(rest, `"`)
	second := b.get("/cases?cursor="+strings.ReplaceAll(cursor, "&amp;", "&"), http.StatusOK)
	b.wants(second, "7 shown, and that is all", "Subject 000", "Newest")
	if strings.Contains(second, fmt.Sprintf("Subject %03d", 7)) || !strings.Contains(first, fmt.Sprintf("Subject %03d", 7)) {
		t.Error("the pages of a list should neither overlap nor leave a gap")
	}
}

func TestCasePageTellsTheWholeCase(t *testing.T) {
	w := newWorld(busy(), charged(true), denied(), replaced(), asking())
	b := signIn(t, w)
	page := func(i int) string { return b.get("/cases/"+w.stories[i].id, http.StatusOK) }
	b.wants(page(0), "Doing this now", "shop.get_shipment", "Take over or close")
	b.wants(page(1), "Waits for an approver", "What changed since it was first asked", "Approve 186.00", "customer, claim", "already_settled", "2b9d71c4f0a86e15c3d2", w.stories[1].entries[5].Hash.String())
	b.wants(page(2), "A rule forbids what would come next", "Nothing was sent", "Retry", "call-do/refundable/0/e0")
	b.wants(page(3), "Closed because the check held", "facts.after.replacement_id", "We sent you a new Blender.", "1 effect")
	b.wants(page(4), "Waits for the customer", "Which order is it?")
	b.wants(b.get("/cases/nope", http.StatusNotFound), "There is no such case")
	b.wants(b.get("/nope", http.StatusNotFound), "There is no such page")
}

func TestDialogOpensWithoutJavaScript(t *testing.T) {
	w := newWorld(charged(false))
	b := signIn(t, w)
	path := "/cases/" + w.stories[0].id
	b.wants(b.get(path, http.StatusOK), `href="`+path+`?ask=reject#ask-reject"`, `<dialog id="ask-reject" aria-labelledby="ask-reject-h">`)
	b.wants(b.get(path+"?ask=reject", http.StatusOK), `<dialog id="ask-reject" aria-labelledby="ask-reject-h" open>`)
}

func TestDecisionGoesToTheEngine(t *testing.T) {
	w := newWorld(charged(false))
	b := signIn(t, w)
	id := w.stories[0].id
	html := b.post("/cases/"+id+"/decisions", "decision=approve&hash=9d4e71a2beef0042&note=fine", http.StatusOK)
	b.wants(html, "The customer is charged once for the invoice")
	if len(w.decided) != 1 || w.decided[0].Decision != "approve" || w.decided[0].Hash != "9d4e71a2beef0042" || w.decided[0].Note != "fine" {
		t.Errorf("the engine should be told the decision with the hash that was shown, not %+v", w.decided)
	}
}

func TestAfterADecisionTheNextApprovalFollows(t *testing.T) {
	second := charged(true)
	other := begin(0xbeef, time.Hour)
	for _, e := range second.entries {
		other.then(0, e.Actor, e.Data)
	}
	w := newWorld(charged(false), other)
	b := signIn(t, w)
	html := b.get("/approvals", http.StatusOK)
	b.wants(html, "2 approvals wait", other.id, `<input type="hidden" name="next" value="/approvals">`)
	html = b.post("/cases/"+other.id+"/decisions", "decision=reject&hash=h&next=/approvals&note=no", http.StatusOK)
	b.wants(html, "1 approval waits", "Rejected; nothing is sent.", `tabindex="-1" autofocus`)
	b.wants(signIn(t, newWorld()).get("/approvals", http.StatusOK), "Nothing waits for a person.")
}

// An address that names an approval shows that one, or says that it waits no more: what was meant for it is
// never asked about another.
func TestApprovalThatWasAskedFor(t *testing.T) {
	first, other := charged(false), begin(0xbeef, 10*time.Minute)
	for _, e := range charged(true).entries {
		other.then(0, e.Actor, e.Data)
	}
	w := newWorld(denied(), first, other)
	b := signIn(t, w)
	denied := w.stories[0]
	html := b.get("/approvals?ask=reject&case="+other.id, http.StatusOK)
	b.wants(html, `action="/cases/`+other.id+`/decisions"`, `<dialog id="ask-reject" aria-labelledby="ask-reject-h" open>`)
	for _, gone := range []string{denied.id, "01890a5d-ac96-774b-bcce-b302099a8057", "x"} {
		html := b.get("/approvals?ask=reject&case="+gone, http.StatusOK)
		b.wants(html, "waits no more", "What stands here is another one", `href="/cases/`+gone+`"`)
		if strings.Contains(html, "open>") {
			t.Errorf("the dialog to reject %s is open about another", gone)
		}
	}
	for i := range onDesk {
		more := begin(0x1000+i, time.Hour+time.Duration(i)*time.Minute)
		for _, e := range charged(true).entries {
			more.then(0, e.Actor, e.Data)
		}
		w.stories = append(w.stories, more)
	}
	b.wants(b.get("/approvals?case="+other.id, http.StatusOK), "The 50 oldest approvals", `action="/cases/`+other.id+`/decisions"`)
	b.wants(signIn(t, newWorld()).get("/approvals?case=x", http.StatusOK), "Nothing waits for a person.", "waits no more")
}

func TestASecondClickSaysWhatChanged(t *testing.T) {
	s := charged(false).then(time.Second, "user:kim", &casefile.OperatorDecided{Decision: casefile.DecideApprove})
	w := newWorld(s)
	w.refuse = fmt.Errorf("%w: approve changes nothing: it was approved already, by user:kim", agent.ErrDecisionConflict)
	b := signIn(t, w)
	html := b.post("/cases/"+s.id+"/decisions", "decision=approve&hash=9d4e71a2beef0042", http.StatusConflict)
	b.wants(html, "The case has moved on", "approved already, by user:kim", "approve by kim", "Look at the case")
}

func TestRefusedDecisions(t *testing.T) {
	w := newWorld(charged(false))
	b := signIn(t, w)
	path := "/cases/" + w.stories[0].id + "/decisions"
	w.refuse = fmt.Errorf("%w: rule x wants the role admin", agent.ErrDecisionForbidden)
	b.wants(b.post(path, "decision=approve", http.StatusForbidden), "Not for you to decide", "rule x wants the role admin")
	w.refuse = fmt.Errorf("%w: decision \"x\" is unknown", agent.ErrDecisionInvalid)
	b.wants(b.post(path, "decision=x", http.StatusBadRequest), "decision &#34;x&#34; is unknown")
	w.refuse = errors.New("secret words of the disk")
	if html := b.post(path, "decision=approve", http.StatusInternalServerError); strings.Contains(html, "secret words") {
		t.Error("an inner error stands in the log, not on a page")
	}
	b.post(path, "decision="+strings.Repeat("x", maxForm), http.StatusBadRequest)
}

func TestAnotherSiteCannotDecide(t *testing.T) {
	w := newWorld(charged(false))
	b := signIn(t, w)
	html := b.post("/cases/"+w.stories[0].id+"/decisions", "decision=approve", http.StatusForbidden, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	b.wants(html, "That came from another site")
	if len(w.decided) > 0 {
		t.Error("a form on another site decided")
	}
}

func TestOtherPages(t *testing.T) {
	w := newWorld(charged(false), denied(), busy())
	b := signIn(t, w)
	b.wants(b.get("/", http.StatusOK), "1 case handed over, 1 approval to decide", "shop.get_shipment", "186.00")
	b.wants(b.get("/outbox", http.StatusOK), "Nothing was sent yet.")
	b.get("/outbox?cursor=x", http.StatusBadRequest)
	b.wants(b.get("/knowledge?q=duplicate", http.StatusOK), "1 passages, best first", "by words 1", "by meaning 2", "refund-policy.md")
	b.wants(b.get("/knowledge?q=nothing", http.StatusOK), "Nothing found")
	b.wants(b.get("/knowledge?at="+url.QueryEscape(refundPassage), http.StatusOK), "An extra charge is returned in full.")
	b.wants(b.get("/knowledge?at=kb%3A%2F%2Fgone%231", http.StatusOK), "The cited passage is not here any more")
	w.broken = errors.New("the disk is gone")
	b.wants(b.get("/cases", http.StatusInternalServerError), "This page failed")
}

func TestAssetsAreImmutable(t *testing.T) {
	b := open(t, newWorld())
	html := b.get("/signin", http.StatusOK)
	_, rest, _ := strings.Cut(html, `href="/assets/`)
	path, _, _ := strings.Cut(rest, `"`)
	for name, kind := range map[string]string{"console.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg"} {
		resp, err := b.c.Get(b.base + "/assets/" + strings.Replace(path, "console.css", name, 1))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(resp.Header.Get("Content-Type"), kind) {
			t.Errorf("%s should be %s for good, not %d %v", name, kind, resp.StatusCode, resp.Header)
		}
	}
	b.get("/assets/0000000000000000/console.css", http.StatusNotFound)
}

// fragments reads a page's stream.
func (b *browser) fragments(path string) func() string {
	b.t.Helper()
	r, _ := http.NewRequestWithContext(b.t.Context(), "GET", b.base+path, nil)
	resp, err := b.c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%s should be a stream, not %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(resp.Body)
	return func() string {
		b.t.Helper()
		var data []string
		for lines.Scan() {
			if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				data = append(data, d)
			} else if lines.Text() == "" && len(data) > 0 {
				return strings.Join(data, "\n")
			}
		}
		b.t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

func TestCaseStreamSendsWhatThePageShows(t *testing.T) {
	s := busy()
	w := newWorld(s)
	b := signIn(t, w)
	next := b.fragments(fmt.Sprintf("/pages/stream?of=case&case=%s&after=%d", s.id, s.c.Seq))
	s.agent(time.Second, &casefile.CallAnswered{ID: "gather/shipment/r1", Try: 1, Outcome: casefile.OutcomeDone, Result: casefile.Value{V: plain("id", "shp-7", "status", "stalled")}})
	w.add(s)
	page := func() string { return b.get("/cases/"+s.id, http.StatusOK) }
	for _, region := range regions {
		html := next()
		if !strings.HasPrefix(html, "<") || !strings.Contains(html, `id="`+region+`"`) {
			t.Fatalf("the stream should send the region %s, not %.80q", region, html)
		}
		if !strings.Contains(page(), html) {
			t.Errorf("page and stream should render the same block %s", region)
		}
	}
	s.agent(time.Second, &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopLoopLimit, Detail: "50 steps"}})
	w.add(s)
	if html := next(); !strings.Contains(html, "escalated") {
		t.Errorf("the next commit should change the head, not send %.80q", html)
	}
}

func TestListStreamCountsAndMovesNothing(t *testing.T) {
	shownCase := asking()
	w := newWorld(shownCase)
	b := signIn(t, w)
	html := b.get("/cases", http.StatusOK)
	_, rest, _ := strings.Cut(html, `data-stream="`)
	path, _, _ := strings.Cut(rest, `"`)
	next := b.fragments(strings.ReplaceAll(path, "&amp;", "&"))
	if html := next(); strings.Contains(html, "since") {
		t.Fatalf("nothing happened yet, but the bar says %q", html)
	}
	w.add(busy())
	b.wants(next(), "1 newer case since you started reading")
	shownCase.agent(time.Second, &casefile.QuestionEnded{})
	w.add(shownCase)
	b.wants(next(), "1 newer case, 1 changed since you started reading")
}

func TestApprovalsStreamSaysWhatIsNewAndDecided(t *testing.T) {
	first := charged(false)
	w := newWorld(first)
	b := signIn(t, w)
	next := b.fragments(fmt.Sprintf("/pages/stream?of=approvals&after=%d", len(w.feed)))
	next()
	other := begin(0xbeef, time.Hour)
	for _, e := range charged(true).entries {
		other.then(0, e.Actor, e.Data)
	}
	w.add(other)
	b.wants(next(), "1 newer approval since")
	first.then(time.Second, "user:kim", &casefile.OperatorDecided{Decision: casefile.DecideReject})
	w.add(first)
	b.wants(next(), "1 newer approval, 1 changed since")
	b.get("/pages/stream?of=approvals&after=x", http.StatusBadRequest)
	b.get("/pages/stream?of=secrets&after=1", http.StatusBadRequest)
}

// Whoever waits longest for a decision stands first, however young the case is.
func TestApprovalsOldestAskedFirst(t *testing.T) {
	old, young := charged(false), begin(0xffffff, time.Minute)
	for _, e := range old.entries {
		if asked, ok := e.Data.(*casefile.ApprovalAsked); ok {
			earlier := *asked
			earlier.Approval.AskedAt = asked.Approval.AskedAt.Add(-time.Hour)
			e.Data = &earlier
		}
		young.then(0, e.Actor, e.Data)
	}
	html := signIn(t, newWorld(young, old)).get("/approvals", http.StatusOK)
	first, second := strings.Index(html, "/approvals?case="+young.id), strings.Index(html, "/approvals?case="+old.id)
	if first < 0 || second < first {
		t.Errorf("the younger case, which asked an hour before the other, stands at %d and the other at %d; want it first", first, second)
	}
}

func TestOutboxNamesWhatItCites(t *testing.T) {
	w := newWorld(replaced())
	w.messages = []journal.Message{{Offset: 1, CaseID: replaced().id, Kind: "reply", Text: "Done.", Citations: []string{refundPassage}}}
	b := signIn(t, w)
	b.wants(b.get("/outbox", http.StatusOK), `title="`+refundPassage+`">Refund policy › Duplicate charges</a>`)
}
