package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"resolute/agent/identity"
	"resolute/agent/people"
)

// vouching is an identity provider that says what a test wants it to; it holds the state as the real one.
type vouching struct {
	who people.Identity
	err error
}

func (v *vouching) Label() string { return "Example <SSO>" }

func (v *vouching) Begin(_ context.Context, next string) (address, state string, err error) {
	return "https://id.example/authorize?next=" + url.QueryEscape(next), "state", v.err
}

func (v *vouching) Finish(_ context.Context, answer url.Values, kept string) (people.Identity, string, error) {
	if v.err == nil && (answer.Get("state") != "state" || kept != "state") {
		return people.Identity{}, "", fmt.Errorf("%w: this sign-in was begun in another browser", identity.ErrNotVouched)
	}
	return v.who, "/outbox", v.err
}

var _ Provider = (*identity.Provider)(nil)

func (tn *town) provider(v *vouching) {
	srv := httptest.NewServer(New(tn.deps, Options{Now: func() time.Time { return tn.now }, House: house, Provider: v}))
	tn.t.Cleanup(srv.Close)
	tn.base = srv.URL
}

func TestSignInByProvider(t *testing.T) {
	tn := newTown(t, "")
	v := &vouching{who: people.Identity{Issuer: "https://id.example", Subject: "1", Name: "ann@example.com", Role: people.Operator}}
	tn.provider(v)
	b := tn.browser()
	b.wants(b.get("/cases", http.StatusUnauthorized), "Sign in with Example &lt;SSO&gt;", "/signin/provider?next=")
	b.wants(b.get(ProviderBack+"?code=x&state=state", http.StatusForbidden), "begun in another browser")
	begin := func(b *browser) {
		t.Helper()
		b.c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		r, _ := http.NewRequest("GET", tn.base+"/signin/provider?next=//evil.example", nil)
		res, err := b.c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "https://id.example/authorize?next=" {
			t.Fatalf("the browser is sent to %q (%d), want the provider and nowhere else afterwards", to, res.StatusCode)
		}
		b.c.CheckRedirect = nil
	}
	begin(b)
	b.wants(b.get(ProviderBack+"?code=x&state=state", http.StatusOK), "Outbox", "ann@example.com")
	b.wants(b.get(ProviderBack+"?code=x&state=state", http.StatusForbidden), "another browser") // it was for once
	if page := b.get("/account", http.StatusOK); !strings.Contains(page, "It alone says whether you may") || strings.Contains(page, `action="/account/password"`) {
		t.Error("whom a provider signs in should be offered no password of their own")
	}
	b.wants(b.post("/account/password", url.Values{"password": {words}}.Encode(), http.StatusUnprocessableEntity), "signs in by the identity provider")
	b.post("/welcome", url.Values{"name": {"boss@example.com"}, "password": {words}}.Encode(), http.StatusUnprocessableEntity)
	b.wants(b.get("/welcome", http.StatusOK), "Your account") // they are nobody's first admin
	v.who.Role = people.Viewer                                // what the provider says counts each time
	second := tn.browser()
	begin(second)
	second.wants(second.get(ProviderBack+"?code=x&state=state", http.StatusOK), "viewer")
	if list := tn.accounts.List(); len(list) != 1 || list[0].Role != people.Viewer || list[0].Identity != "https://id.example 1" {
		t.Errorf("who came twice is %+v, want one account, a viewer", list)
	}
	v.who.Subject = "2" // somebody else of the same name isn't them
	third := tn.browser()
	begin(third)
	third.wants(third.get(ProviderBack+"?code=x&state=state", http.StatusConflict), "An account of that name is there already")
	v.who.Subject = "1"
	if err := tn.accounts.Disable(t.Context(), tn.accounts.List()[0].ID, "user:test"); err != nil {
		t.Fatal(err)
	}
	b.get("/outbox", http.StatusUnauthorized)
	begin(third)
	third.wants(third.get(ProviderBack+"?code=x&state=state", http.StatusForbidden), "kept out")
	for _, err := range []error{identity.ErrUnreachable, identity.ErrConfig} {
		v.err = fmt.Errorf("%w: hush", err)
		if page := third.get("/signin/provider", http.StatusBadGateway); strings.Contains(page, "hush") {
			t.Error("the page says what is for the log")
		}
	}
	v.err = errors.New("unforeseen")
	third.get("/signin/provider", http.StatusInternalServerError)
}

// Without a provider there is no way to one.
func TestNoProvider(t *testing.T) {
	b := newTown(t, "").browser()
	if strings.Contains(b.get("/signin", http.StatusOK), "/signin/provider") {
		t.Error("the sign-in page leads to a provider that isn't there")
	}
	b.get("/signin/provider", http.StatusNotFound)
	b.get(ProviderBack, http.StatusNotFound)
}
