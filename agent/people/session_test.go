package people_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/people"
)

const words = "correct horse battery"

// person makes an account that signs in with words.
func (h *house) person(t *testing.T, name string, role people.Role) people.Account {
	t.Helper()
	s, code, err := h.accounts.Invite(t.Context(), name, role, "user:test")
	must(t, err)
	_, err = h.door.Join(t.Context(), code, words, people.Visitor{})
	must(t, err)
	return s.Account
}

func (h *house) signIn(t *testing.T, name string, v people.Visitor) people.Entry {
	t.Helper()
	e, err := h.door.ByPassword(t.Context(), name, words, v)
	must(t, err)
	return e
}

// signedIn wants a session to count, or not.
func (h *house) signedIn(t *testing.T, what, token string, want bool) {
	t.Helper()
	if _, err := h.sessions.Session(t.Context(), token); (err == nil) != want || err != nil && !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("%s: the session says %v, want it to count: %v", what, err, want)
	}
}

// deeds are the actions that the audit has, oldest first.
func (h *house) deeds(t *testing.T) (list []string) {
	t.Helper()
	events, _, err := h.audit.List(context.Background(), time.Time{}, time.Time{}, "", 1000)
	must(t, err)
	slices.SortStableFunc(events, func(a, b people.Event) int { return a.At.Compare(b.At) })
	for _, e := range events {
		list = append(list, e.Actor+" "+e.Action)
	}
	return list
}

func TestSignInLinkIsForOneUse(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	first, err := h.accounts.First(ctx, "user:local")
	must(t, err)
	if again, err := h.accounts.First(ctx, "user:local"); err != nil || again.ID != first.ID || first.Role != people.Admin {
		t.Fatalf("the first admin is %+v and then %+v (%v), want one admin", first, again, err)
	}
	code, err := h.sessions.Link(first.ID)
	must(t, err)
	in, err := h.door.ByCode(ctx, code, people.Visitor{Agent: "Firefox\n", Address: "192.0.2.1"})
	must(t, err)
	if want := h.now.Add(12 * time.Hour); !in.Session.ExpiresAt.Equal(want) || !in.Fresh || in.Who != first.Principal() {
		t.Errorf("the link let in %+v, want the first admin until %v, fresh", in, want)
	}
	if _, err := h.door.ByCode(ctx, code, people.Visitor{}); !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("the same link again says %v, want ErrSignedOut", err)
	}
	h.reopen(t)
	if got, err := h.sessions.Session(ctx, in.Token); err != nil || got != in.Who || got.Actor() != "user:owner" {
		t.Errorf("after a restart the session is of %+v, %v, want %+v", got, err, in.Who)
	}
	if bytes.Contains(h.stored(t), []byte(in.Token)) {
		t.Error("the store holds the session's token itself, want its digest only")
	}
	must(t, h.door.SignOut(ctx, in.Token))
	must(t, h.door.SignOut(ctx, in.Token))
	h.signedIn(t, "after signing out", in.Token, false)
	late, err := h.sessions.Link(first.ID)
	must(t, err)
	h.now = h.now.Add(10 * time.Minute)
	if _, err := h.door.ByCode(ctx, late, people.Visitor{}); !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("a link after ten minutes says %v, want ErrSignedOut", err)
	}
}

func TestSessionEnds(t *testing.T) {
	h := newHouse(t)
	h.person(t, "ann", people.Operator)
	idle, used := h.signIn(t, "ann", people.Visitor{}), h.signIn(t, "Ann ", people.Visitor{})
	for range 7 { // each time before it would have been idle for long
		h.now = h.now.Add(100 * time.Minute)
		h.signedIn(t, "used all along", used.Token, true)
		if _, err := h.sessions.Still(used.Token); err != nil {
			t.Fatal(err)
		}
	}
	h.signedIn(t, "not used for two hours", idle.Token, false)
	h.reopen(t)
	h.signedIn(t, "used all along, after a restart", used.Token, true)
	h.now = h.now.Add(20 * time.Minute)
	h.signedIn(t, "after twelve hours", used.Token, false)
	h.reopen(t)
	left, err := h.store.List(t.Context(), "session", "", 10)
	must(t, err)
	if len(left) != 0 {
		t.Errorf("%d sessions that are over are still stored, want none after a restart", len(left))
	}
}

// A page that stays open is no use of a session.
func TestWatchingIsNoUse(t *testing.T) {
	h := newHouse(t)
	h.person(t, "ann", people.Operator)
	in := h.signIn(t, "ann", people.Visitor{})
	for range 3 {
		h.now = h.now.Add(40 * time.Minute)
		_, err := h.sessions.Still(in.Token)
		if over := h.now.Sub(in.Session.CreatedAt) >= 2*time.Hour; (err != nil) != over {
			t.Errorf("after %v of watching the session says %v", h.now.Sub(in.Session.CreatedAt), err)
		}
	}
}

func TestSignInRotatesTheSession(t *testing.T) {
	h := newHouse(t)
	a := h.person(t, "ann", people.Operator)
	one := h.signIn(t, "ann", people.Visitor{Agent: "one"})
	two := h.signIn(t, "ann", people.Visitor{Agent: "two", Session: one.Token})
	h.signedIn(t, "the one that the browser had", one.Token, false)
	h.signedIn(t, "the one it has now", two.Token, true)
	three := h.signIn(t, "ann", people.Visitor{Agent: "three"})
	var agents []string
	for _, s := range h.sessions.Of(a.ID) {
		agents = append(agents, s.Agent)
	}
	if slices.Sort(agents); strings.Join(agents, " ") != " three two" {
		t.Errorf("ann's sessions are of %q, want those of the invitation, three and two", agents)
	}
	must(t, h.sessions.End(t.Context(), a.ID, three.Session.ID))
	h.signedIn(t, "ended by its id", three.Token, false)
	other := h.person(t, "ben", people.Operator)
	if err := h.sessions.End(t.Context(), other.ID, two.Session.ID); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("ending somebody else's session says %v, want ErrNotFound", err)
	}
	must(t, h.accounts.SignOutEverywhere(t.Context(), a.ID, "user:ann"))
	h.signedIn(t, "signed out everywhere", two.Token, false)
	if n := len(h.sessions.Of(a.ID)); n != 0 {
		t.Errorf("%d sessions are left after signing out everywhere", n)
	}
}

// A change of an account is at work in the sessions that it has.
func TestChangesOfAnAccountCountAtOnce(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.person(t, "boss", people.Admin)
	a := h.person(t, "ann", people.Approver)
	in := h.signIn(t, "ann", people.Visitor{})
	must(t, h.accounts.ChangeRole(ctx, a.ID, people.Viewer, "user:boss"))
	if p, err := h.sessions.Session(ctx, in.Token); err != nil || p.Role != people.Viewer {
		t.Errorf("with another role the session is of %+v, %v, want a viewer", p, err)
	}
	must(t, h.accounts.Disable(ctx, a.ID, "user:boss"))
	h.signedIn(t, "disabled", in.Token, false)
	if _, err := h.door.ByPassword(ctx, "ann", words, people.Visitor{}); !errors.Is(err, people.ErrRefused) {
		t.Errorf("a disabled account's password says %v, want ErrRefused as any wrong one", err)
	}
	must(t, h.accounts.Enable(ctx, a.ID, "user:boss"))
	h.signedIn(t, "enabled again", in.Token, false)
	in = h.signIn(t, "ann", people.Visitor{})
	must(t, h.accounts.Delete(ctx, a.ID, "user:boss"))
	h.signedIn(t, "deleted", in.Token, false)
	h.reopen(t)
	h.signedIn(t, "deleted, after a restart", in.Token, false)
	if _, err := h.accounts.Get(a.ID); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("a deleted account says %v, want ErrNotFound", err)
	}
	want := []string{"user:boss account.role", "user:boss account.disabled", "system signin.failed", "user:boss account.enabled", "user:boss account.deleted"}
	got := h.deeds(t)
	for _, deed := range want {
		if !slices.Contains(got, deed) {
			t.Errorf("the audit lacks %q: %q", deed, got)
		}
	}
}
