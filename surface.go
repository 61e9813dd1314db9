package main

import (
	"net/http"
	"strings"

	"resolute/agent/authority"
	"resolute/agent/checkpoint"
	"resolute/agent/listing"
	"resolute/agent/people"
	"resolute/agent/suggest"
	"resolute/embed"
	"resolute/ui/api"
)

// surface is what the API stands on.
func (a *appliance) surface(h household, key *people.Key, earned *authority.Ledger, audit *people.Audit, builtin *embed.Static) (api.Deps, error) {
	seed, err := key.Derive(checkpoint.Purpose)
	if err != nil {
		return api.Deps{}, err
	}
	checkpoints, err := checkpoint.NewKey(seed)
	if err != nil {
		return api.Deps{}, err
	}
	return api.Deps{
		Intake:      a.intake,
		Engine:      a.engine,
		Store:       a.store,
		Listing:     listing.New(a.views),
		Knowledge:   teacher{a.knowledge, a.trier},
		Bundles:     a.library,
		Tokens:      a.tokens,
		Accounts:    h.accounts,
		PublicURL:   a.PublicURL,
		Sessions:    h.sessions,
		Status:      h.links,
		Secrets:     a.secrets,
		Audit:       audit,
		Authority:   earned,
		Pauses:      a.pauses,
		Insights:    a.insights(audit),
		Rehearsals:  a.runs,
		Shadows:     a.shadows,
		Suggestions: suggest.NewKeeper(a.suggesting(audit, builtin)),
		Precedents:  a.past,
		Learner:     a.learner,
		Model:       a.model,
		Checkpoints: checkpoints,
		Manifests:   manifests{a.registry, a.library},
		Impact:      a.judgeAgain,
		Backup:      a.backup,
		Metrics:     a.figures,
		Log:         a.Log,
		Version:     version(),
	}, nil
}

// beside gives the API its paths and the console the rest.
func beside(api, console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"/api/", "/callbacks/", "/healthz", "/readyz", "/metrics"} {
			if strings.HasPrefix(r.URL.Path, prefix) {
				api.ServeHTTP(w, r)
				return
			}
		}
		console.ServeHTTP(w, r)
	})
}
