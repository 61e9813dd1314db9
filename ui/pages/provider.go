package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"resolute/agent/identity"
	"resolute/agent/people"
)

// Provider signs people in by the word of somebody else.
type Provider interface {
	Label() string
	Begin(ctx context.Context, next string) (address, state string, err error)
	Finish(ctx context.Context, answer url.Values, kept string) (who people.Identity, next string, err error)
}

// ProviderBack is where a browser comes back to from the identity provider.
const ProviderBack = "/signin/callback"

// providerCookie shows that the browser that comes back is the one that left.
const providerCookie = "resolute_provider"

// providerTries bounds what an address may make the identity provider be asked.
var providerTries = people.Rate{Burst: 20, Every: 15 * time.Second}

// beginProvider sends a browser to the identity provider. It is a link and no form: a form's answer may
// lead nowhere but here.
func (s *site) beginProvider(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if !local(next) {
		next = ""
	}
	if s.Provider == nil {
		return errNoPage
	}
	if err := s.limits.Take("provider "+people.Network(s.visitor(r).Address), providerTries); err != nil {
		return s.notVouched(w, r, next, err)
	}
	address, state, err := s.Provider.Begin(r.Context(), next)
	if err != nil {
		return s.notVouched(w, r, next, err)
	}
	s.setCookie(w, providerCookie, state, 10*time.Minute)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// endProvider takes what a browser comes back with.
func (s *site) endProvider(w http.ResponseWriter, r *http.Request) error {
	if s.Provider == nil {
		return errNoPage
	}
	kept := s.shown(r, providerCookie)
	s.setCookie(w, providerCookie, "", 0)
	who, next, err := s.Provider.Finish(r.Context(), r.URL.Query(), kept)
	if err != nil {
		return s.notVouched(w, r, next, err)
	}
	e, err := s.Door.ByIdentity(r.Context(), who, s.visitor(r))
	if err != nil {
		return s.notVouched(w, r, next, err)
	}
	s.enter(w, r, e, next)
	return nil
}

// notVouched shows the way in again, with why this one was closed.
func (s *site) notVouched(w http.ResponseWriter, r *http.Request, next string, err error) error {
	status, why := refusal(w, err)
	switch {
	case errors.Is(err, identity.ErrNotVouched):
		status, why = http.StatusForbidden, sentence(err.Error())
	case errors.Is(err, people.ErrRefused):
		why = "That account is kept out. An admin can let it in again."
	case errors.Is(err, people.ErrTaken):
		status, why = http.StatusConflict, "An account of that name is there already, and signs in otherwise. An admin can delete it, so that the provider's takes its place."
	case errors.Is(err, identity.ErrUnreachable), errors.Is(err, identity.ErrConfig):
		status, why = http.StatusBadGateway, "The identity provider can't be asked just now. The log says why."
	}
	if status == 0 {
		return err
	}
	s.Logger.Warn("a sign-in by the identity provider came to nothing", "error", err)
	p := s.signInPage(r, next)
	p.Failed = why
	return s.render(w, status, "signin", p)
}
