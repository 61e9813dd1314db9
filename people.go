package main

import (
	"context"

	"resolute/agent/people"
)

// household is who may sign in, and how.
type household struct {
	accounts *people.Accounts
	sessions *people.Sessions
	door     *people.Door
}

func (a *appliance) openPeople(ctx context.Context, audit *people.Audit, key *people.Key) (h household, err error) {
	if h.accounts, err = people.OpenAccounts(ctx, a.store, audit, people.Options{}); err != nil {
		return h, err
	}
	if h.sessions, err = people.OpenSessions(ctx, a.store, h.accounts, people.Options{}); err != nil {
		return h, err
	}
	h.door, err = people.NewDoor(h.accounts, h.sessions, audit, key, people.Options{})
	return h, err
}
