// Package identity lets people sign in whom an identity provider vouches for: OpenID Connect's
// authorization code flow with PKCE, state and nonce.
//
// Begin gives where the browser goes and what it has to show when it comes back; Finish checks what the
// provider says, and gives who it is. What is under way is in memory, counts once and for ten minutes.
// The provider's keys and addresses are fetched when the first one signs in, so that a provider that is
// down keeps nothing else from starting.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"resolute/agent/people"
)

// ErrNotVouched is wrapped with why nobody is let in by what a provider said, or somebody who came back
// in its name.
var ErrNotVouched = errors.New("the identity provider's word lets nobody in")

// ErrUnreachable is wrapped with why the provider couldn't be asked.
var ErrUnreachable = errors.New("the identity provider can't be asked")

// Deps are what a provider works with.
type Deps struct {
	Secret   func(name string) (string, bool)
	Redirect string // where the browser comes back to
	Client   *http.Client
	Now      func() time.Time
}

// Provider is one identity provider.
type Provider struct {
	Config
	Deps
	mu      sync.Mutex
	known   *oidc.Provider
	pending map[string]pending // by state
}

// pending is a sign-in that is under way.
type pending struct {
	nonce, verifier, next string
	until                 time.Time
}

const (
	pendingLasts = 10 * time.Minute
	maxPending   = 1000
)

// New makes a provider, and asks it nothing yet.
func New(c Config, d Deps) (*Provider, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Claim == "" {
		c.Claim = "groups"
	}
	return &Provider{Config: c, Deps: d, pending: map[string]pending{}}, nil
}

// Label is how the sign-in page calls it.
func (p *Provider) Label() string { return p.label() }

// provider gives what the provider says of itself. Several may ask it at once: one that answers nobody holds
// up nobody else.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// The provider keeps the context for fetching keys, so it is none that ends with a request.
	known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.Client), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = known
	return known, nil
}

func (p *Provider) flow(known *oidc.Provider) (*oauth2.Config, error) {
	c := &oauth2.Config{ClientID: p.ClientID, Endpoint: known.Endpoint(), RedirectURL: p.Redirect, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
	if m := secretRef.FindStringSubmatch(p.ClientSecret); m != nil {
		var ok bool
		if c.ClientSecret, ok = p.Secret(m[1]); !ok {
			return nil, fmt.Errorf("%w: the secret %s isn't set: resolute secret set %s", ErrConfig, m[1], m[1])
		}
	}
	return c, nil
}

// Begin starts a sign-in that leads to next in the end. The browser goes to the address, and shows the
// state when it comes back: in the address, and on its own.
func (p *Provider) Begin(ctx context.Context, next string) (address, state string, err error) {
	known, err := p.provider(ctx)
	if err != nil {
		return "", "", err
	}
	flow, err := p.flow(known)
	if err != nil {
		return "", "", err
	}
	state = random()
	w := pending{nonce: random(), verifier: oauth2.GenerateVerifier(), next: next, until: p.Now().Add(pendingLasts)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room()
	p.pending[state] = w
	return flow.AuthCodeURL(state, oidc.Nonce(w.nonce), oauth2.S256ChallengeOption(w.verifier)), state, nil
}

// room forgets what is over, and the oldest of too many.
func (p *Provider) room() {
	now := p.Now()
	for len(p.pending) > 0 {
		oldest, at := "", time.Time{}
		for s, w := range p.pending {
			if !now.Before(w.until) {
				delete(p.pending, s)
			} else if oldest == "" || w.until.Before(at) {
				oldest, at = s, w.until
			}
		}
		if len(p.pending) < maxPending {
			return
		}
		delete(p.pending, oldest)
	}
}

func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Finish checks what a browser came back with, and gives who the provider says it is and where they
// wanted to go. kept is the state that this browser was given. Whatever isn't as it should be is
// ErrNotVouched.
func (p *Provider) Finish(ctx context.Context, answer url.Values, kept string) (who people.Identity, next string, err error) {
	state := answer.Get("state")
	p.mu.Lock()
	w, ok := p.pending[state]
	delete(p.pending, state)
	p.mu.Unlock()
	switch {
	case !ok || !p.Now().Before(w.until):
		return who, "", notVouched("this sign-in was begun too long ago, or it was used already")
	case subtle.ConstantTimeCompare([]byte(state), []byte(kept)) != 1:
		return who, "", notVouched("this sign-in was begun in another browser")
	case answer.Has("iss") && answer.Get("iss") != p.Issuer:
		return who, "", notVouched("the answer is another provider's") // RFC 9207
	case answer.Has("error"):
		return who, "", notVouched("it refused")
	}
	known, err := p.provider(ctx)
	if err != nil {
		return who, "", err
	}
	flow, err := p.flow(known)
	if err != nil {
		return who, "", err
	}
	token, err := flow.Exchange(oidc.ClientContext(ctx, p.Client), answer.Get("code"), oauth2.VerifierOption(w.verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return who, "", notVouched("it doesn't take its own code: " + refused.ErrorCode)
	}
	if err != nil {
		return who, "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	raw, _ := token.Extra("id_token").(string)
	signed, err := known.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.Now}).Verify(oidc.ClientContext(ctx, p.Client), raw)
	if err != nil {
		return who, "", fmt.Errorf("%w: %w", ErrNotVouched, err)
	}
	if subtle.ConstantTimeCompare([]byte(signed.Nonce), []byte(w.nonce)) != 1 {
		return who, "", notVouched("its word was given for another sign-in")
	}
	who, err = p.person(signed)
	return who, w.next, err
}

func notVouched(why string) error { return fmt.Errorf("%w: %s", ErrNotVouched, why) }

// person reads who a token that holds is about.
func (p *Provider) person(signed *oidc.IDToken) (who people.Identity, err error) {
	claims := map[string]any{}
	if err := signed.Claims(&claims); err != nil {
		return who, fmt.Errorf("%w: %w", ErrNotVouched, err)
	}
	email, _ := claims["email"].(string)
	if email = strings.TrimSpace(email); email == "" || !verified(claims["email_verified"]) {
		return who, notVouched("it names no email that it has verified")
	}
	if !p.allows(email) {
		return who, notVouched("the email " + email + " is of no domain that may sign in here")
	}
	role := p.role(texts(claims[p.Claim]))
	if role == "" {
		return who, notVouched("nothing gives " + email + " a role here; an admin changes that in server.yaml")
	}
	return people.Identity{Issuer: signed.Issuer, Subject: signed.Subject, Name: email, Role: role}, nil
}

// verified reads a claim that some providers write as a text.
func verified(v any) bool { return v == true || v == "true" }

// texts reads a claim that is a text or a list of texts.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				list = append(list, s)
			}
		}
	}
	return list
}
