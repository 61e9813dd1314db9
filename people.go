package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"resolute/agent/identity"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/statuslink"
	"resolute/ui/pages"
)

// household is who may sign in, and how.
type household struct {
	provider pages.Provider // nil for none
	links    *statuslink.Links
	accounts *people.Accounts
	sessions *people.Sessions
	door     *people.Door
}

func (a *appliance) openPeople(ctx context.Context, audit *people.Audit, key *people.Key) (h household, err error) {
	if a.tokens, err = people.OpenTokens(ctx, a.store, audit, people.Options{}); err != nil {
		return h, err
	}
	if a.secrets, err = people.OpenSecrets(ctx, a.store, key, audit, people.Options{}); err != nil {
		return h, err
	}
	if h.accounts, err = people.OpenAccounts(ctx, a.store, audit, people.Options{}); err != nil {
		return h, err
	}
	if h.sessions, err = people.OpenSessions(ctx, a.store, h.accounts, people.Options{}); err != nil {
		return h, err
	}
	signing, err := key.Derive(statuslink.Purpose)
	if err != nil {
		return h, err
	}
	if a.Identity != nil {
		client := &http.Client{Timeout: 10 * time.Second}
		if h.provider, err = identity.New(*a.Identity, identity.Deps{Secret: func(name string) (string, bool) { return a.secrets.Get(name) },
			Redirect: strings.TrimRight(a.PublicURL, "/") + pages.ProviderBack, Client: client, Now: time.Now}); err != nil {
			return h, err
		}
	}
	h.links = statuslink.New(signing, a.PublicURL, a.store, time.Now)
	h.door, err = people.NewDoor(h.accounts, h.sessions, audit, key, people.Options{})
	return h, err
}

// statusLink is what the customer of a message opens to see how their case stands: the same for each try, unless links are taken back in between.
func (a *appliance) statusLink(m journal.Message) string {
	return a.links.URL(context.Background(), m.CaseID, m.At)
}
