package kit

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/tools/protocol"
	"resolute/ui/api"
)

// API is the network's API over r, and a token for signals. It serves no knowledge.
func API(ctx context.Context, r *Resolute, folder string) (handler http.Handler, bearer string, err error) {
	key, err := people.OpenKey(folder, people.Options{})
	if err != nil {
		return nil, "", err
	}
	audit := people.NewAudit(r.Store, people.Options{})
	tokens, err := people.OpenTokens(ctx, r.Store, audit, people.Options{})
	if err != nil {
		return nil, "", err
	}
	accounts, err := people.OpenAccounts(ctx, r.Store, audit, people.Options{})
	if err != nil {
		return nil, "", err
	}
	sessions, err := people.OpenSessions(ctx, r.Store, accounts, people.Options{})
	if err != nil {
		return nil, "", err
	}
	secrets, err := people.OpenSecrets(ctx, r.Store, key, audit, people.Options{})
	if err != nil {
		return nil, "", err
	}
	library, err := bundle.OpenLibrary(ctx, bundle.LibraryOptions{Records: r.Store, Now: time.Now,
		Fetch:     func(context.Context, bundle.Plugin) (protocol.Manifest, error) { return Manifest(), nil },
		Lookup:    func(string, string) (string, bool) { return "", true },
		Activated: func(context.Context, *bundle.Bundle) error { return nil },
		Audit:     audit.Event})
	if err != nil {
		return nil, "", err
	}
	_, bearer, err = tokens.Create(ctx, people.NewToken{Role: people.Ingest}, "bench")
	if err != nil {
		return nil, "", err
	}
	return api.New(api.Deps{Intake: r.Intake, Engine: r.engine, Store: r.Store, Bundles: library, Tokens: tokens, Accounts: accounts, Sessions: sessions,
		Secrets: secrets, Audit: audit, Metrics: prometheus.NewRegistry(), Log: slog.Default(), Version: "bench"}), bearer, nil
}
