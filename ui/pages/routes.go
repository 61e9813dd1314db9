package pages

import (
	"net/http"

	"resolute/agent/people"
)

// page answers a request of somebody who is signed in, or of anybody where its route is for everybody.
type page = func(http.ResponseWriter, *http.Request, people.Principal) error

// route is a line of the console.
type route struct {
	pattern string
	least   people.Role // who may; "" is everybody, signed in or not
	stays   bool        // it stays open, which is no use of a session
	do      page
}

// routes are all that the console answers; what else is asked for isn't there.
func (s *site) routes() []route {
	const viewer, operator, admin = people.Viewer, people.Operator, people.Admin
	open := func(h func(http.ResponseWriter, *http.Request) error) page {
		return func(w http.ResponseWriter, r *http.Request, _ people.Principal) error { return h(w, r) }
	}
	return []route{
		{pattern: "GET /{$}", least: viewer, do: s.overview},
		{pattern: "GET /cases", least: viewer, do: s.cases},
		{pattern: "POST /cases/batch", least: operator, do: s.decideCases},
		{pattern: "POST /cases/views", least: viewer, do: s.saveView},
		{pattern: "GET /cases/{id}", least: viewer, do: s.oneCase},
		{pattern: "GET /cases/{id}/journal/{seq}", least: viewer, do: s.entry},
		{pattern: "POST /cases/{id}/decisions", least: operator, do: s.decide},
		{pattern: "POST /cases/{id}/links/revoke", least: operator, do: s.revokeLinks},
		{pattern: "GET /approvals", least: viewer, do: s.approvals},
		{pattern: "POST /approvals/batch", least: operator, do: s.decideBatch},
		{pattern: "GET /pages/stream", least: viewer, stays: true, do: s.stream},

		{pattern: "GET /insights", least: viewer, do: s.insights},
		{pattern: "GET /insights.csv", least: viewer, do: s.insightsCSV},
		{pattern: "GET /insights/cases", least: viewer, do: s.insightCases},
		{pattern: "POST /insights/settings", least: admin, do: s.saveAssumption},
		{pattern: "GET /rehearsals", least: viewer, do: s.rehearsals},
		{pattern: "POST /rehearsals", least: operator, do: s.rehearse},
		{pattern: "GET /rehearsals/compare", least: viewer, do: s.compareRehearsals},
		{pattern: "GET /rehearsals/stream", least: viewer, stays: true, do: s.rehearsalStream},
		{pattern: "GET /rehearsals/{id}", least: viewer, do: s.oneRehearsal},
		{pattern: "POST /rehearsals/{id}/stop", least: operator, do: s.stopRehearsal},
		{pattern: "POST /shadows", least: operator, do: s.shadow},
		{pattern: "GET /suggestions", least: viewer, do: s.suggestions},
		{pattern: "GET /suggestions/{id}", least: viewer, do: s.oneSuggestion},
		{pattern: "POST /suggestions/{id}/rehearse", least: operator, do: s.rehearseSuggestion},
		{pattern: "POST /suggestions/{id}/dismiss", least: operator, do: s.dismissSuggestion},
		{pattern: "POST /suggestions/{id}/accept", least: admin, do: s.acceptSuggestion},
		{pattern: "GET /triage", least: viewer, do: s.triage},
		{pattern: "GET /triage/{version}", least: viewer, do: s.oneTriage},
		{pattern: "POST /triage/{version}/activate", least: admin, do: s.activateTriage},
		{pattern: "GET /queues", least: viewer, do: s.queues},
		{pattern: "GET /outbox", least: viewer, do: s.outbox},
		{pattern: "GET /corrections", least: viewer, do: s.corrections},
		{pattern: "POST /corrections", least: operator, do: s.teach},
		{pattern: "POST /corrections/{id}/revoke", least: operator, do: s.revokeCorrection},
		{pattern: "POST /corrections/{id}/accept", least: admin, do: s.acceptCorrection},
		{pattern: "GET /knowledge", least: viewer, do: s.knowledge},
		{pattern: "GET /knowledge/stream", least: viewer, stays: true, do: s.knowledgeStream},
		{pattern: "POST /knowledge/import", least: admin, do: s.importKnowledge},
		{pattern: "POST /knowledge/write", least: admin, do: s.writeKnowledge},
		{pattern: "POST /knowledge/delete", least: admin, do: s.deleteKnowledge},

		{pattern: "POST /pause", least: operator, do: s.pause},
		{pattern: "POST /resume", least: operator, do: s.resume},
		{pattern: "GET /tools", least: viewer, do: s.toolPages},
		{pattern: "GET /tools/{name}", least: viewer, do: s.oneTool},
		{pattern: "POST /tools/{name}/try", least: operator, do: s.tryTool},
		{pattern: "GET /model", least: viewer, do: s.modelPage},
		{pattern: "GET /model/stream", least: viewer, stays: true, do: s.modelStream},
		{pattern: "POST /model/pull", least: admin, do: s.pullModel},
		{pattern: "POST /manifests/{plugin}/accept", least: admin, do: s.acceptManifest},
		{pattern: "GET /policies", least: viewer, do: s.policies},
		{pattern: "GET /authority", least: viewer, do: s.authority},
		{pattern: "POST /authority", least: admin, do: s.changeAuthority},
		{pattern: "GET /bundles", least: viewer, do: s.bundles},
		{pattern: "GET /bundles/{version}", least: viewer, do: s.oneBundle},
		{pattern: "GET /bundles/{version}/archive", least: viewer, do: s.bundleArchive},
		{pattern: "GET /bundles/{version}/edit", least: viewer, do: s.editFile},
		{pattern: "POST /bundles/{version}/edit", least: operator, do: s.saveFile},
		{pattern: "POST /bundles/{version}/rehearse", least: operator, do: s.rehearseBundle},
		{pattern: "POST /bundles/{version}/impact", least: operator, do: s.bundleImpact},
		{pattern: "POST /bundles/{version}/activate", least: admin, do: s.activateBundle},
		{pattern: "GET /audit", least: admin, do: s.audit},
		{pattern: "POST /audit/verify", least: admin, do: s.verify},

		{pattern: "GET /welcome", least: viewer, do: s.welcome},
		{pattern: "POST /welcome", least: viewer, do: s.takeWelcome},
		{pattern: "GET /account", least: viewer, do: s.account},
		{pattern: "POST /account/password", least: viewer, do: s.takePassword},
		{pattern: "POST /account/sessions", least: viewer, do: s.endSession},
		{pattern: "GET /people", least: admin, do: s.folk},
		{pattern: "POST /people", least: admin, do: s.invite},
		{pattern: "POST /people/{id}", least: admin, do: s.changePerson},
		{pattern: "GET /tokens", least: admin, do: s.tokens},
		{pattern: "POST /tokens", least: admin, do: s.createToken},
		{pattern: "POST /tokens/{id}/revoke", least: admin, do: s.revokeToken},

		{pattern: "GET /signin", do: open(s.signIn)},
		{pattern: "POST /signin", do: open(s.takeSignIn)},
		{pattern: "GET /signin/provider", do: open(s.beginProvider)},
		{pattern: "GET " + ProviderBack, do: open(s.endProvider)},
		{pattern: "GET /join", do: open(s.join)},
		{pattern: "POST /join", do: open(s.takeJoin)},
		{pattern: "POST /signout", do: open(s.signOut)},
		{pattern: "GET /status/{token}", do: open(s.status)},
		{pattern: "POST /status/{token}", do: open(s.takeReply)},
		{pattern: "GET /assets/", do: open(s.asset)},
	}
}

// admits lets in who may.
func (s *site) admits(rt route) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if rt.least == "" {
			return rt.do(w, r, people.Principal{})
		}
		identify := s.principal
		if rt.stays {
			identify = s.watcher
		}
		who, in := identify(r)
		if !in {
			return errSignedOut
		}
		if err := atLeast(who, rt.least); err != nil {
			return err
		}
		return rt.do(w, r, who)
	}
}
