package main

import (
	"net/http"

	"resolute/agent/figures"
	"resolute/agent/listing"
	"resolute/ui/api"
	"resolute/ui/pages"
)

// console is what people work with, on the same parts as the API.
func (a *appliance) console(d api.Deps, h household) http.Handler {
	return pages.New(pages.Deps{
		Cases:      a.store,
		Feed:       a.store,
		Records:    a.store,
		Listing:    listing.New(a.views),
		Engine:     a.engine,
		People:     h.sessions,
		Door:       h.door,
		Accounts:   h.accounts,
		Tokens:     a.tokens,
		Links:      h.links,
		Replies:    a.intake,
		Knowledge:  a.knowledge,
		Library:    a.knowledge,
		Teacher:    teacher{a.knowledge, a.trier},
		Bundles:    a.library,
		Tools:      a.registry,
		Audit:      d.Audit,
		Figures:    figures.New(a.views),
		Precedents: a.past,
		Depths:     a.store,
		Model:      a.model,
		Learning:   pages.Learning{Suggestions: d.Suggestions, Triage: a.learner},
		Operations: a.operations(d),
	},
		pages.Options{House: a.house, Logger: a.Log, PublicURL: a.PublicURL, Proxies: a.Proxies, Provider: h.provider})
}

// operations is what the pages of whoever runs the agent stand on.
func (a *appliance) operations(d api.Deps) pages.Operations {
	return pages.Operations{Pauses: a.pauses, Deeds: d.Audit, Journal: a.store, Corrections: a.knowledge, Authority: d.Authority, Manifests: d.Manifests, Versions: a.library, Rehearsals: a.runs, Insights: d.Insights, Shadows: d.Shadows, Calls: a.registry.Send,
		Impact: a.judgeAgain}
}

func (a *appliance) house() pages.House {
	b, err := a.library.Active()
	if err != nil {
		return pages.House{Currency: "USD", Paused: a.pauses.Current().List}
	}
	return pages.House{Paused: a.pauses.Current().List, Company: b.Config.Company, Currency: b.Config.Currency, Relevance: b.Config.Relevance}
}
