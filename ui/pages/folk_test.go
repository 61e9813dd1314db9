package pages

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent/journal"
	"resolute/agent/people"
)

// peoplePages are the pages about people, full.
func peoplePages() map[string]any {
	at := moment(noon, noon)
	given := &GivenView{Title: "A link for Kim", Secret: "https://x.example/join?code=abc", Until: "2026-03-01", What: "By it Kim chooses a password."}
	return map[string]any{
		"signin":              signInPage{Failed: "It was used already.", Link: true, Next: "/cases", Name: "kim", Provider: "Example", ProviderLink: "/signin/provider?next=x"},
		"signin asked":        signInPage{Asked: true, Failed: "Too many tries.", Name: "kim"},
		"status":              statusPage{Ref: "099A80", Heading: "We need an answer from you", Says: "With it we go on.", Icon: "approval", Opened: at, Question: []string{"Which order is it?"}, Until: at, Told: []string{"We are on it."}, Open: true, Failed: "Too long.", Text: "my text", Once: "0", Token: "abc", MaxLength: 4000},
		"status sent":         statusPage{Heading: "We are working on it", Sent: true, Open: true, Token: "abc"},
		"status gone":         statusPage{Heading: "This link does not open anything", Says: "It may be cut off.", Gone: true},
		"join":                joinPage{Name: "Kim", Code: "abc", Failed: "Too short.", Role: "operator"},
		"join first":          joinPage{First: true, Name: "owner", Role: "admin"},
		"account":             accountPage{Name: "Kim", Role: "operator", May: may(people.Operator), HasPassword: true, Identity: "https://id.example 1", Failed: "No.", Done: "Done.", Sessions: []SessionView{{ID: "1", Browser: "Firefox on Linux", Address: "192.0.2.1", How: "by password", Here: true, Began: at, Seen: at, Until: at}, {ID: "2", Browser: "x", Address: "y"}}},
		"account by link":     accountPage{Name: "Kim", NoCurrent: true},
		"account by provider": accountPage{Name: "kim@example.com", Identity: "https://id.example 1", Provided: true, NoCurrent: true},
		"people": peoplePage{Roles: roleViews(people.Operator, personRoles[:]...), Failed: "No.", Done: "Done.", Left: "2 tokens that Kim made still count", Of: "1 to 20 of 30", Before: "/people?from=0", Next: "/people?from=20", Given: given, Name: "Kim", People: []PersonView{
			{ID: "1", Name: "Kim", Role: "admin", State: "by password", Icon: "ok", Tone: "muted", Self: true, By: "Robin", Since: at, Seen: at, Sessions: 2, Roles: roleViews(people.Admin, personRoles[:]...)},
			{ID: "2", Name: "Ann", Role: "viewer", State: "kept out", Icon: "closed", Tone: "closed", Disabled: true, Since: at}, {ID: "3", Name: "Ben", State: "invited", Icon: "waiting", Tone: "waiting", Invited: true}}},
		"tokens": tokensPage{Of: "1 to 40 of 50", Before: "/tokens?from=0", Next: "/tokens?from=40", Roles: roleViews(people.Ingest, people.Roles()...), Lasts: tokenLasts(), Failed: "No.", Done: "Done.", Given: given, Name: "shop", Tokens: []TokenView{
			{ID: "1", Name: "shop", Role: "ingest", May: may(people.Ingest), Untrusted: true, By: "Kim", Created: at, Used: at, Until: at, Over: true}, {ID: "2", Name: "reader", Role: "viewer"}}},
	}
}

// town is the console over real people.
type town struct {
	t        *testing.T
	now      time.Time
	world    *world
	accounts *people.Accounts
	sessions *people.Sessions
	tokens   *people.Tokens
	audit    *people.Audit
	base     string
	deps     Deps
}

const words = "correct horse battery"

func newTown(t *testing.T, publicURL string) *town {
	t.Helper()
	tn := &town{t: t, now: noon, world: newWorld(charged(false))}
	dir, ctx := t.TempDir(), t.Context()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	store, err := journal.Open(filepath.Join(dir, "journal.db"), journal.Options{})
	must(err)
	t.Cleanup(func() { _ = store.Close() }) // the test is over
	o := people.Options{Now: func() time.Time { return tn.now }}
	key, err := people.OpenKey(dir, o)
	must(err)
	tn.audit = people.NewAudit(store, o)
	tn.accounts, err = people.OpenAccounts(ctx, store, tn.audit, o)
	must(err)
	tn.sessions, err = people.OpenSessions(ctx, store, tn.accounts, o)
	must(err)
	tn.tokens, err = people.OpenTokens(ctx, store, tn.audit, o)
	must(err)
	door, err := people.NewDoor(tn.accounts, tn.sessions, tn.audit, key, o)
	must(err)
	tn.deps = tn.world.deps(t)
	tn.deps.People, tn.deps.Door, tn.deps.Accounts, tn.deps.Tokens, tn.deps.Audit = tn.sessions, door, tn.accounts, tn.tokens, tn.audit
	srv := httptest.NewServer(New(tn.deps, Options{Now: o.Now, House: house, Pace: time.Millisecond, PublicURL: publicURL}))
	t.Cleanup(srv.Close)
	tn.base = srv.URL
	return tn
}

// person is somebody with an account and a browser, signed in.
func (tn *town) person(name string, role people.Role) *browser {
	tn.t.Helper()
	_, code, err := tn.accounts.Invite(tn.t.Context(), name, role, "user:test")
	if err != nil {
		tn.t.Fatal(err)
	}
	b := tn.browser()
	b.post("/join", url.Values{"code": {code}, "password": {words}}.Encode(), http.StatusOK)
	return b
}

func (tn *town) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t: tn.t, base: tn.base, c: &http.Client{Jar: jar}}
}

// first is a browser that opened the terminal's first link.
func (tn *town) first() (*browser, string) {
	tn.t.Helper()
	a, err := tn.accounts.First(tn.t.Context(), "user:local")
	if err != nil {
		tn.t.Fatal(err)
	}
	code, err := tn.sessions.Link(a.ID)
	if err != nil {
		tn.t.Fatal(err)
	}
	looked, err := tn.browser().c.Head(tn.base + "/signin?code=" + code) // as what shows a preview of a link does
	if err != nil {
		tn.t.Fatal(err)
	}
	_ = looked.Body.Close()
	if len(looked.Cookies()) > 0 {
		tn.t.Errorf("who only looks at the link is given %v", looked.Cookies())
	}
	b := tn.browser()
	return b, b.get("/signin?code="+code, http.StatusOK)
}

func TestFirstRun(t *testing.T) {
	tn := newTown(t, "")
	b, html := tn.first()
	b.wants(html, "make this house yours", `value="owner"`, "Later")
	b.wants(b.post("/welcome", "name=Robin&password=short", http.StatusUnprocessableEntity), "at least 12 characters", `value="Robin"`)
	b.wants(b.post("/welcome", url.Values{"name": {"Robin"}, "password": {words}}.Encode(), http.StatusOK), "Robin", "Overview")
	b.wants(b.post("/welcome", url.Values{"name": {"Kim"}, "password": {words}}.Encode(), http.StatusOK), "Robin") // a second click
	other := tn.browser()
	other.wants(other.post("/signin", url.Values{"name": {"robin"}, "password": {words}, "next": {"/people"}}.Encode(), http.StatusOK), "Accounts", "Robin")
	other.wants(other.get("/signin", http.StatusOK), "Overview") // who is signed in needn't again
}

func TestSignInByPassword(t *testing.T) {
	tn := newTown(t, "")
	tn.person("Ann", people.Operator)
	b := tn.browser()
	asked := b.get("/cases?status=waiting", http.StatusUnauthorized)
	b.wants(asked, `name="next" value="/cases?status=waiting"`)
	wrong := b.post("/signin", "name=ann&password=a+wrong+one", http.StatusForbidden)
	b.wants(wrong, "let nobody in", `value="ann"`)
	unknown := b.post("/signin", "name=nobody&password=a+wrong+one", http.StatusForbidden)
	if strings.ReplaceAll(wrong, "ann", "nobody") != unknown {
		t.Error("the page tells a name that is nobody's from a wrong password")
	}
	b.wants(b.post("/signin", url.Values{"name": {"ann"}, "password": {words}, "next": {"//evil.example"}}.Encode(), http.StatusOK), "Overview")
	for range 20 {
		r, _ := http.NewRequest("POST", tn.base+"/signin", strings.NewReader("name=ben&password=a+wrong+one"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := tn.browser().c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") == "" {
				t.Error("too many tries, and no Retry-After")
			}
			return
		}
	}
	t.Error("20 wrong passwords from one address, and none was too many")
}

// On https the cookies have the prefix that binds them to the host; on plain http, for one's own
// machine, browsers wouldn't keep it.
func TestCookies(t *testing.T) {
	for public, want := range map[string]string{"https://help.example": "__Host-resolute_session", "http://127.0.0.1:8080": "resolute_session"} {
		tn := newTown(t, public)
		_, code, err := tn.accounts.Invite(t.Context(), "Ann", people.Operator, "user:test")
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/join", strings.NewReader(url.Values{"code": {code}, "password": {words}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		New(tn.deps, Options{PublicURL: public}).ServeHTTP(w, r)
		found := false
		for _, c := range w.Result().Cookies() {
			found = found || c.Name == want
			if secure := strings.HasPrefix(public, "https"); c.Secure != secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s: the cookie is %+v", public, c)
			}
		}
		if !found {
			t.Errorf("%s: no cookie %s among %v", public, want, w.Result().Cookies())
		}
	}
}

// A browser of another site can't sign somebody in, or do anything else.
func TestOtherSitesPostNothing(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Ann", people.Admin)
	for _, path := range []string{"/signin", "/join", "/welcome", "/account/password", "/account/sessions", "/people", "/people/x", "/tokens", "/tokens/x/revoke", "/signout"} {
		b.post(path, "name=x&password=y", http.StatusForbidden, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	}
	b.get("/account", http.StatusOK)
}

func TestAccountPage(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Ann", people.Operator)
	other := tn.browser()
	other.post("/signin", url.Values{"name": {"ann"}, "password": {words}}.Encode(), http.StatusOK)
	html := b.get("/account", http.StatusOK)
	b.wants(html, "this one", "Current password")
	id := regexp.MustCompile(`name="session" value="([0-9a-f]+)"`).FindStringSubmatch(html)
	if id == nil {
		t.Fatal("the account page should offer to end the other session")
	}
	b.wants(b.post("/account/sessions", "session="+id[1], http.StatusOK), "That browser is signed out")
	if html := other.get("/cases", http.StatusUnauthorized); strings.Contains(html, "not taken") {
		t.Error("who asked for a page has sent nothing that could be lost")
	}
	other.wants(other.post("/cases/x/decisions", "decision=takeover", http.StatusUnauthorized), "What you sent was not taken")
	b.post("/account/sessions", "session="+id[1], http.StatusNotFound)
	b.wants(b.post("/account/password", url.Values{"current": {"wrong"}, "password": {"another password"}}.Encode(), http.StatusUnprocessableEntity), "current password is another")
	b.wants(b.post("/account/password", url.Values{"current": {words}, "password": {"another password"}}.Encode(), http.StatusOK), "is another now")
	b.wants(b.post("/account/sessions", "all=yes", http.StatusOK), "Sign in")
	b.get("/account", http.StatusUnauthorized)
}

func TestPeoplePage(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Robin", people.Admin)
	html := b.post("/people", "name=Kim&role=operator", http.StatusOK)
	link := regexp.MustCompile(`/join\?code=([A-Za-z0-9_-]+)`).FindStringSubmatch(html)
	if link == nil {
		t.Fatal("the invitation's link should be shown")
	}
	if strings.Contains(b.get("/people", http.StatusOK), link[1]) {
		t.Error("the link is shown a second time")
	}
	kim := tn.browser()
	kim.wants(kim.get("/join?code="+link[1], http.StatusOK), "Choose a password, Kim", "operator")
	kim.get("/join?code="+link[1], http.StatusOK) // looking uses nothing up
	kim.post("/join", url.Values{"code": {link[1]}, "password": {words}}.Encode(), http.StatusOK)
	kim.wants(kim.get("/join?code="+link[1], http.StatusForbidden), "does not sign you in")
	b.wants(b.post("/people", "name=kim&role=viewer", http.StatusUnprocessableEntity), "has that name")
	var id, self string
	for _, a := range tn.accounts.List() {
		if a.Name == "Kim" {
			id = a.ID
		} else {
			self = a.ID
		}
	}
	kim.get("/people", http.StatusForbidden)
	b.wants(b.post("/people/"+id, "do=role&role=admin", http.StatusOK), "another role now")
	kim.get("/people", http.StatusOK) // at once
	b.post("/people/"+id, "do=role&role=viewer", http.StatusOK)
	kim.get("/people", http.StatusForbidden)
	kim.post("/tokens", "name=theirs&role=admin&days=30", http.StatusForbidden)
	if _, _, err := tn.tokens.Create(t.Context(), people.NewToken{Name: "theirs", Role: people.Admin}, "user:Kim"); err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"do=role&role=viewer", "do=disable", "do=delete"} {
		b.wants(b.post("/people/"+self, do, http.StatusConflict), "No other admin can sign in")
	}
	b.wants(b.post("/people/"+id, "do=disable", http.StatusOK), "is kept out", "One token that Kim made still counts", `href="/tokens"`) // it goes on without them
	kim.get("/cases", http.StatusUnauthorized)
	b.post("/people/"+id, "do=link", http.StatusUnprocessableEntity)
	b.post("/people/"+id, "do=enable", http.StatusOK)
	b.wants(b.post("/people/"+id, "do=link", http.StatusOK), "/join?code=", "another password")
	b.wants(b.post("/people/"+id, "do=delete", http.StatusOK), "stays in the journal")
	b.post("/people/"+id, "do=delete", http.StatusNotFound)
	b.post("/people/"+self, "do=dance", http.StatusBadRequest)
}

// Hundreds of people and tokens are pages that open at once, and each of them is on one.
func TestManyPeopleAndTokens(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Robin", people.Admin)
	for i := range 119 {
		if _, _, err := tn.tokens.Create(t.Context(), people.NewToken{Name: fmt.Sprintf("program-%03d", i), Role: people.Viewer}, "user:Robin"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := tn.accounts.Invite(t.Context(), fmt.Sprintf("person-%03d of a house with long names", i), people.Viewer, "user:Robin"); err != nil {
			t.Fatal(err)
		}
	}
	for path, entry := range map[string]string{"/people": "<b>person-", "/tokens": "<b>program-"} {
		found, pages := 0, 0
		for next := path; next != ""; pages++ {
			html := b.get(next, http.StatusOK)
			if len(html) > 100<<10 {
				t.Fatalf("%s has %d bytes, want at most 100 KB", next, len(html))
			}
			found += strings.Count(html, entry)
			link := regexp.MustCompile(`href="(` + path + `\?from=\d+)" rel="next"`).FindStringSubmatch(html)
			if next = ""; link != nil {
				next = link[1]
			}
		}
		if found != 119 {
			t.Errorf("%d of 119 are on the %d pages of %s", found, pages, path)
		}
	}
	b.wants(b.get("/people?from=100", http.StatusOK), "101 to 120 of 120", `rel="prev"`)
	b.wants(b.get("/people?from=9999", http.StatusOK), "120 to 120 of 120")
	b.wants(b.get("/tokens?from=-1", http.StatusOK), "1 to 40 of 119")
}

func TestTokensPage(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Robin", people.Admin)
	html := b.post("/tokens", "name=shop&role=ingest&days=30&untrusted=yes", http.StatusOK)
	secret := regexp.MustCompile(`rsl_[A-Za-z0-9_-]+`).FindString(html)
	p, ok := tn.tokens.Principal(secret)
	if !ok || p.Role != people.Ingest || !p.Untrusted {
		t.Fatalf("the token that was shown is of %+v, %v, want untrusted ingest", p, ok)
	}
	html = b.get("/tokens", http.StatusOK)
	if strings.Contains(html, secret) {
		t.Error("the token is shown a second time")
	}
	b.wants(html, "shop", "for nobody", "in 30 days", "just now")
	b.wants(b.post("/tokens", "name=&role=root&days=30", http.StatusUnprocessableEntity), "is no role")
	b.post("/tokens", "name=x&role=viewer&days=-1", http.StatusBadRequest)
	b.wants(b.post("/tokens/"+tn.tokens.List()[0].ID+"/revoke", "", http.StatusOK), "is revoked", "There are none")
	if _, ok := tn.tokens.Principal(secret); ok {
		t.Error("the revoked token lets in")
	}
	b.post("/tokens/x/revoke", "", http.StatusNotFound)
}

// Whose session ends hears nothing more of a page that is open.
func TestStreamEndsWithTheSession(t *testing.T) {
	tn := newTown(t, "")
	b := tn.person("Ann", people.Operator)
	res, err := b.c.Get(tn.base + "/pages/stream?of=overview&after=0")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := tn.accounts.SignOutEverywhere(t.Context(), tn.accounts.List()[0].ID, "user:test"); err != nil {
		t.Fatal(err)
	}
	tn.world.add(busy())
	all := make([]byte, 1<<20)
	for n := 0; ; {
		more, err := res.Body.Read(all[n:])
		if n += more; err != nil {
			if strings.Contains(string(all[:n]), "stalled shipment") {
				t.Error("after its session ended, the stream told of a case")
			}
			return
		}
	}
}
