package pages

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"resolute/agent/people"
)

// Each page takes what the role may do, and no more; without a session it takes nothing. What isn't in
// the table has no test of its roles, so it has to be.
func TestPagesOfEachRole(t *testing.T) {
	tn := newTown(t, "")
	id := tn.world.stories[0].id
	everybody := people.Role("")
	table := map[string]people.Role{
		"GET /{$}": people.Viewer, "GET /cases": people.Viewer, "GET /cases/{id}": people.Viewer, "GET /cases/{id}/journal/{seq}": people.Viewer, "GET /approvals": people.Viewer, "GET /outbox": people.Viewer,
		"GET /knowledge": people.Viewer, "GET /knowledge/stream": people.Viewer, "GET /pages/stream": people.Viewer, "POST /cases/views": people.Viewer,
		"GET /welcome": people.Viewer, "POST /welcome": people.Viewer, "GET /account": people.Viewer, "POST /account/password": people.Viewer, "POST /account/sessions": people.Viewer,
		"POST /cases/batch": people.Operator, "POST /cases/{id}/decisions": people.Operator, "POST /cases/{id}/links/revoke": people.Operator, "POST /approvals/batch": people.Operator, "POST /corrections": people.Operator,
		"POST /knowledge/import": people.Admin, "POST /knowledge/write": people.Admin, "POST /knowledge/delete": people.Admin,
		"GET /people": people.Admin, "POST /people": people.Admin, "POST /people/{id}": people.Admin, "GET /tokens": people.Admin, "POST /tokens": people.Admin, "POST /tokens/{id}/revoke": people.Admin,
		"GET /queues": people.Viewer, "GET /corrections": people.Viewer, "GET /policies": people.Viewer, "GET /authority": people.Viewer, "GET /model": people.Viewer, "GET /model/stream": people.Viewer, "POST /model/pull": people.Admin, "GET /tools": people.Viewer, "GET /tools/{name}": people.Viewer, "GET /bundles": people.Viewer, "GET /bundles/{version}": people.Viewer, "GET /bundles/{version}/edit": people.Viewer,
		"POST /corrections/{id}/revoke": people.Operator, "POST /pause": people.Operator, "POST /resume": people.Operator, "POST /tools/{name}/try": people.Operator, "POST /bundles/{version}/edit": people.Operator, "POST /bundles/{version}/rehearse": people.Operator,
		"POST /corrections/{id}/accept": people.Admin, "GET /audit": people.Admin, "POST /audit/verify": people.Admin, "POST /authority": people.Admin, "POST /manifests/{plugin}/accept": people.Admin, "POST /bundles/{version}/impact": people.Operator, "POST /bundles/{version}/activate": people.Admin,
		"GET /insights": people.Viewer, "GET /insights.csv": people.Viewer, "GET /insights/cases": people.Viewer, "POST /insights/settings": people.Admin,
		"GET /bundles/{version}/archive": people.Viewer, "GET /suggestions": people.Viewer, "GET /suggestions/{id}": people.Viewer, "GET /triage": people.Viewer, "GET /triage/{version}": people.Viewer,
		"POST /suggestions/{id}/rehearse": people.Operator, "POST /suggestions/{id}/dismiss": people.Operator, "POST /suggestions/{id}/accept": people.Admin, "POST /triage/{version}/activate": people.Admin,
		"GET /rehearsals": people.Viewer, "GET /rehearsals/compare": people.Viewer, "GET /rehearsals/stream": people.Viewer, "GET /rehearsals/{id}": people.Viewer, "POST /rehearsals": people.Operator, "POST /rehearsals/{id}/stop": people.Operator, "POST /shadows": people.Operator,
		"GET /signin": everybody, "POST /signin": everybody, "GET /signin/provider": everybody, "GET " + ProviderBack: everybody, "GET /join": everybody, "POST /join": everybody, "GET /status/{token}": everybody, "POST /status/{token}": everybody, "POST /signout": everybody, "GET /assets/": everybody,
	}
	for _, rt := range (&site{}).routes() {
		if least, ok := table[rt.pattern]; !ok || least != rt.least {
			t.Errorf("%s is for the role %q; this table has to have it, with its role", rt.pattern, rt.least)
		}
	}
	status := func(b *browser, route string) int {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{$}", "", "/cases/{id}", "/cases/"+id, "{id}", "x", "{seq}", "1", "{token}", "x", "{name}", "x", "{version}", "x", "{plugin}", "x").Replace(path)
		r, _ := http.NewRequest(method, tn.base+path, strings.NewReader(""))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := b.c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	stranger := tn.browser()
	for route, role := range table {
		if code := status(stranger, route); (code == http.StatusUnauthorized) != (role != everybody) {
			t.Errorf("%s without a session: %d", route, code)
		}
	}
	for _, who := range personRoles {
		b := tn.person(string(who), who)
		home := b.get("/", http.StatusOK)
		for route, role := range table {
			method, path, _ := strings.Cut(route, " ")
			if method == "GET" && role == people.Admin && strings.Contains(home, `href="`+path+`"`) != (who == people.Admin) {
				t.Errorf("as %s the navigation leads to %s, or doesn't", who, path)
			}
			// what is let in is what its own tests do; here only what shows something
			let := role == everybody || who.AtLeast(role)
			if let && (method == "POST" || strings.HasSuffix(route, "stream")) {
				continue
			}
			if code := status(b, route); let == (code == http.StatusForbidden || code == http.StatusUnauthorized) && route != "GET /join" {
				t.Errorf("%s as %s: %d", route, who, code)
			}
		}
	}
}

// What a role may not do is absent from its pages: no form of any page sends what it would be refused.
func TestPagesOfferNothingThatARoleMayNot(t *testing.T) {
	tn := newTown(t, "")
	active, err := tn.world.company.library.Active()
	if err != nil {
		t.Fatal(err)
	}
	least, answers := map[string]people.Role{}, http.NewServeMux()
	for _, rt := range (&site{}).routes() {
		least[rt.pattern] = rt.least
		answers.HandleFunc(rt.pattern, func(http.ResponseWriter, *http.Request) {})
	}
	action := regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]+)"|formaction="([^"]+)"`)
	for _, who := range personRoles {
		b, offered := tn.person(string(who), who), 0
		pages := []string{"/cases/" + tn.world.stories[0].id, "/tools/billing.list_payments", "/tools/billing.refund_payment", "/bundles/active", "/bundles/" + active.Version + "/edit?path=policies%2Fpayments.yaml", "/bundles/" + active.Version + "/edit?path=tools%2Fbilling.yaml"}
		for _, rt := range (&site{}).routes() {
			if at, get := strings.CutPrefix(rt.pattern, "GET "); get && !rt.stays && rt.least != "" && who.AtLeast(rt.least) && !strings.ContainsAny(strings.TrimSuffix(at, "{$}"), "{.") && at != "/rehearsals/compare" {
				pages = append(pages, strings.TrimSuffix(at, "{$}"))
			}
		}
		for _, at := range pages {
			for _, m := range action.FindAllStringSubmatch(b.get(at, http.StatusOK), -1) {
				r, err := http.NewRequest("POST", html.UnescapeString(m[1]+m[2]), nil)
				if err != nil {
					t.Fatal(err)
				}
				_, pattern := answers.Handler(r)
				role, known := least[pattern]
				if !known || role != "" && !who.AtLeast(role) {
					t.Errorf("%s as %s has a form that sends to %s, which is for the role %q", at, who, r.URL, role)
				}
				offered++
			}
		}
		if offered < len(pages) { // signing out, at least
			t.Errorf("as %s %d pages have %d forms", who, len(pages), offered)
		}
	}
}
