package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/kb"
	"resolute/tools/protocol"
	"resolute/ui/api"
)

// described is the API's own document, at whose schemas answers are held.
type described struct {
	t        *testing.T
	compiler *jsonschema.Compiler
	paths    map[string]map[string]any
	answered map[string]bool // operations that answered as they say they do
}

// describe reads the document, and makes it strict: an answer may have no member that it doesn't name.
func (h *house) describe(t *testing.T) *described {
	t.Helper()
	a := h.do("", "GET", "/api/v1/openapi.json", "", "")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	h.must(err)
	strict(doc)
	d := &described{t: t, compiler: jsonschema.NewCompiler(), paths: map[string]map[string]any{}, answered: map[string]bool{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	h.must(d.compiler.AddResource("schema:///openapi.json", doc))
	for path, operations := range doc.(map[string]any)["paths"].(map[string]any) {
		d.paths[path] = operations.(map[string]any)
	}
	return d
}

func strict(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			strict(inner)
		}
	case []any:
		for _, inner := range v {
			strict(inner)
		}
	}
}

// operation finds the path and the method that a request is for.
func (d *described) operation(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	best := ""
	for template := range d.paths {
		fits := slices.EqualFunc(strings.Split(template, "/"), parts, func(name, part string) bool { return strings.HasPrefix(name, "{") || name == part })
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return strings.ToLower(method) + " " + best
}

// holds reports what of an answer isn't as the document says.
func (d *described) holds(method, path string, a answered) {
	d.t.Helper()
	op := d.operation(method, path)
	verb, template, _ := strings.Cut(op, " ")
	spec, ok := d.paths[template][verb].(map[string]any)
	if !ok {
		d.t.Errorf("%s %s is not in the document", method, path)
		return
	}
	status := strconv.Itoa(a.status)
	response, ok := spec["responses"].(map[string]any)[status].(map[string]any)
	if !ok {
		if status, response = "default", spec["responses"].(map[string]any)["default"].(map[string]any); a.status < 400 {
			d.t.Errorf("%s %s answered %d %s, which the document doesn't have", method, path, a.status, a.body)
			return
		}
	} else {
		d.answered[op] = true
	}
	contents, _ := response["content"].(map[string]any)
	if len(contents) == 0 {
		if a.body != "" {
			d.t.Errorf("%s %s answered %q, and the document says that there is nothing", method, path, a.body)
		}
		return
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if contents[media] == nil {
		d.t.Errorf("%s %s answered %s, and the document knows %v", method, path, media, slices.Sorted(maps.Keys(contents)))
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	at := "schema:///openapi.json#/paths/" + escape(template) + "/" + verb + "/responses/" + status + "/content/" + escape(media) + "/schema"
	s, err := d.compiler.Compile(at)
	if err != nil {
		d.t.Fatalf("the schema of %s: %v", at, err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		d.t.Errorf("%s %s answered %.2000s, which isn't what the document says: %v", method, path, a.body, err)
	}
}

func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(s)
}

// full is a case that has everything a case can have.
func full(id string) *casefile.Case {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	action := casefile.Action{Tool: "shop.refund_order", Args: casefile.Object{"order_id": "ORD-1", "amount_cents": int64(300)}, Effect: "write"}
	stop := &casefile.Stop{Code: casefile.StopPolicyApproval, Detail: "d", Rule: "r", Until: &at, To: "default"}
	return &casefile.Case{ID: id, Seq: 9, Status: casefile.Approving, Stop: stop, Goal: "g", Procedure: "p", Bundle: "b", OpenedAt: at, UpdatedAt: at, EndedAt: at,
		Customer:   casefile.Customer{ID: "c", Email: "e", Name: "n", Assurance: casefile.AssuranceVouched},
		Candidates: []casefile.Candidate{{Procedure: "p", Score: .9, Nearest: "x"}, {Procedure: "q", Score: .1}},
		Inputs:     map[string]casefile.Input{"order_id": {Value: casefile.Value{V: "ORD-1"}, How: "from"}},
		Facts:      map[string]casefile.Fact{"order": {Value: casefile.Value{V: map[string]any{"total": 3.0}}}, "answer": {}},
		Passages:   []casefile.Passage{{Address: "kb://a#b@c", Title: "t", Text: "x", Score: .5, Query: "q", Internal: true}},
		Hypotheses: []casefile.Hypothesis{{Name: "first", Epoch: 1, Status: casefile.GivenUp, Step: 1, Seq: 4, BegunAt: at, Cause: &casefile.Stop{}, Check: casefile.Check{BegunAt: at, Tries: 1, NextAt: at}, Undone: 1, Chosen: "user:a", Opening: 1}, {Name: "second", Status: casefile.Trying, BegunAt: at}},
		Pending:    []casefile.Call{{ID: "do/x", Purpose: casefile.ForDo, Fact: "f", Hypothesis: "second", Action: action, Key: "k", Try: 1, State: casefile.InOperation, Doubt: true, SentAt: at, BegunAt: at, NextAt: at, Deadline: at, Within: casefile.Duration(time.Minute)}},
		Attempts:   []casefile.Attempt{{Seq: 5, Step: "do/x", Hypothesis: "first", Purpose: casefile.ForDo, Tool: "shop.refund_order", Args: action.Args, Key: "k", Try: 1, At: at, DurationMS: 3, Outcome: casefile.OutcomeRefused, Code: "c", Detail: "d"}, {Purpose: casefile.ForGather, At: at}},
		Approval: &casefile.Approval{Seq: 8, Hash: "h", Step: "do/x", Hypothesis: "second", Action: &action, Code: casefile.StopPolicyApproval, Rule: "r", Reason: "why", By: "operator", Evidence: []string{"entry:1"}, AskedAt: at, ExpiresAt: at,
			Rules:   []casefile.RuleResult{{Policy: "p", Rule: "r", Says: casefile.Approve, Fired: true, Reason: "x", By: "operator", Cites: []string{"kb://a"}, Error: "e"}, {Rule: "s", Says: casefile.Deny}},
			Changed: []casefile.Change{{Path: "facts.order.total", Then: casefile.Value{V: 2.0}, Now: casefile.Value{V: nil}}}},
		Reply: &casefile.Reply{To: "e", Text: "t", Citations: []string{"kb://a"}}, Outcome: "o", MergedInto: "m", Links: []casefile.Link{{Case: "l", Why: "w"}}}
}

// without gives a case that differs from a full one.
func without(id string, change func(*casefile.Case)) *casefile.Case {
	c := full(id)
	change(c)
	return c
}

// What the handlers answer is what the document says, for every operation that it has.
func TestAnswersAreAsDocumented(t *testing.T) {
	h := newHouse(t)
	h.earns()
	d := h.describe(t)
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	cases := map[string]*casefile.Case{
		"full": full("full"),
		"bare": {ID: "bare", Status: casefile.Working, OpenedAt: at, UpdatedAt: at, Customer: casefile.Customer{Assurance: casefile.AssuranceNone}},
		"asks": without("asks", func(c *casefile.Case) {
			c.Approval, c.Question = nil, &casefile.Question{Seq: 3, Input: "i", As: "a", Text: "?", Pattern: "x", Until: at}
		}),
		"waits": without("waits", func(c *casefile.Case) {
			c.Approval, c.Wait = nil, &casefile.Wait{Seq: 3, For: "t", Match: "true", Until: at}
		}),
		"calls": without("calls", func(c *casefile.Case) { c.Approval = nil }),
		"watches": without("watches", func(c *casefile.Case) {
			c.Shadowed = &casefile.Shadowed{Hash: "h", Step: "do/x", Action: *c.Approval.Action, Verdict: casefile.Verdict{Outcome: casefile.Deny, Code: casefile.StopAuthorityShadow, Reason: "r", Reads: []string{"facts.order"}, Policy: "p", Rules: c.Approval.Rules,
				Authority: &casefile.Standing{Level: casefile.LevelShadow, Band: "0..", Why: "default", Would: casefile.Allow}}}
			c.Approval = nil
		}),
		"looks": without("looks", func(c *casefile.Case) { c.Approval.Action = nil }),
	}
	do := func(role people.Role, method, path, contentType, body string, headers ...string) answered {
		t.Helper()
		a := h.do(role, method, path, contentType, body, headers...)
		d.holds(method, path, a)
		return a
	}
	first := h.signal("0", `{"customer":{"id":"c","email":"e@example.com","name":"n"},"text":"hello"}`)
	h.asks(h.signal("00", `{}`), at)
	h.replies(first, at)
	const event = `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"text":"x"}}`
	do(people.Ingest, "POST", "/api/v1/signals", structured, event)
	do(people.Ingest, "POST", "/api/v1/signals", batched, "["+event+"]")
	do(people.Ingest, "POST", "/api/v1/signals", structured, `{}`)
	for _, path := range []string{"/api/v1/cases", "/api/v1/cases?limit=1", "/api/v1/cases?status=foo", "/api/v1/cases/" + first + "/journal", "/api/v1/cases/nope", "/api/v1/approvals", "/api/v1/outbox", "/api/v1/openapi.json", "/healthz", "/metrics"} {
		do(people.Viewer, "GET", path, "", "")
	}
	for _, body := range []string{`{"tool":"shop.refund","note":"n"}`, `{"note":"all"}`, `{"tool":"shop.typo"}`, `{"tool":"a.b","procedure":"p"}`, `{"tools":[]}`} {
		do(people.Operator, "POST", "/api/v1/pause", "application/json", body)
	}
	do(people.Viewer, "GET", "/api/v1/pauses", "", "")
	do(people.Operator, "POST", "/api/v1/resume", "application/json", `{"note":"go"}`)
	do(people.Operator, "POST", "/api/v1/resume", "application/json", `{"note":"go"}`)
	do(people.Operator, "POST", "/api/v1/cases/"+first+"/status-link", "", "")
	do(people.Operator, "POST", "/api/v1/cases/x/status-link", "", "")
	do(people.Operator, "DELETE", "/api/v1/cases/"+first+"/status-link", "", "")
	h.engine.load = func(id string) (*casefile.Case, error) { return cases[id], nil }
	h.engine.decide = func(id string, _ agent.Decide, _ people.Principal) (*casefile.Case, error) { return cases[id], nil }
	for id := range cases {
		do(people.Viewer, "GET", "/api/v1/cases/"+id, "", "")
	}
	do(people.Operator, "POST", "/api/v1/cases/full/decisions", "application/json", `{"decision":"retry"}`)
	do(people.Operator, "POST", "/api/v1/cases/full/decisions", "application/json", `{"decision":7}`)
	h.knows(do)
	h.manages(do)
	h.invites(do)
	h.counts(do)
	do(people.Viewer, "GET", "/api/v1/authority", "", "")
	do(people.Admin, "POST", "/api/v1/authority", "application/json", `{"procedure":"damaged","tool":"shop.refund","decision":"accept"}`)
	h.streams(d)
	for template, operations := range d.paths {
		for verb := range operations {
			if op := verb + " " + template; !d.answered[op] {
				t.Errorf("%s was never answered as the document says; this test has to ask for it", op)
			}
		}
	}
}

// replies writes a customer an answer.
func (h *house) replies(caseID string, at time.Time) {
	h.t.Helper()
	c, err := agent.Load(h.t.Context(), h.store, caseID)
	h.must(err)
	reply := casefile.Entry{Case: caseID, At: at, Actor: casefile.ActorAgent, Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "e@example.com", Text: "Done."}}, Evidence: []string{"entry:1"}, Versions: casefile.Versions{Bundle: "b"}}
	_, err = h.store.Append(h.t.Context(), journal.Append{CaseID: caseID, After: c.Seq, Entries: []casefile.Entry{reply}, Salts: make([]journal.Salt, 1), Messages: []journal.NewMessage{{Entry: 0}}})
	h.must(err)
}

type doing func(role people.Role, method, path, contentType, body string, headers ...string) answered

// knows asks everything of the knowledge.
func (h *house) knows(do doing) {
	do(people.Admin, "POST", "/api/v1/knowledge", "application/json", `{"documents":[{"source":"refunds.md","title":"Refunds","text":"# Refunds\n\nA broken mug is refunded."},{"source":"x.exe","text":"MZ"}]}`)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	f, err := w.CreateFormFile("file", "returns.md")
	h.must(err)
	_, err = f.Write([]byte("# Returns\n\nWithin thirty days."))
	h.must(err)
	h.must(w.Close())
	do(people.Admin, "POST", "/api/v1/knowledge", w.FormDataContentType(), form.String())
	do(people.Admin, "POST", "/api/v1/knowledge", "application/json", `{"documents":[{"source":"mugs.md","text":"# Mugs\n\nA mug is washed by hand.","product":"mug","locale":"en","audience":"internal","valid_from":"2001-01-01T00:00:00Z","valid_until":"2100-01-01T00:00:00Z","version":"7","origin":"wiki"}]}`)
	h.corrects(do)
	var found struct{ Hits []struct{ Citation string } }
	h.must(json.Unmarshal([]byte(do(people.Viewer, "GET", "/api/v1/knowledge/search?q=broken+mug&floor=0", "", "").body), &found))
	noted := kb.Noted{Gaps: []kb.Gap{{Case: "c", At: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Query: "how deep is the sea"}}}
	for _, hit := range found.Hits {
		noted.Uses = append(noted.Uses, kb.Use{Case: "c", At: noted.Gaps[0].At, Kind: kb.Grounded, Address: hit.Citation, Query: "q"})
		do(people.Viewer, "GET", "/api/v1/knowledge/passage?address="+url.QueryEscape(hit.Citation), "", "")
	}
	h.must(h.deps.Knowledge.(*kb.Base).Note(h.t.Context(), 1, noted))
	do(people.Viewer, "GET", "/api/v1/knowledge/gaps", "", "")
	do(people.Viewer, "GET", "/api/v1/knowledge/mugs", "", "")
	var list struct{ Items []struct{ ID string } }
	h.must(json.Unmarshal([]byte(do(people.Viewer, "GET", "/api/v1/knowledge", "", "").body), &list))
	do(people.Admin, "DELETE", "/api/v1/knowledge/"+list.Items[0].ID, "", "")
}

// corrects asks everything of corrections.
func (h *house) corrects(do doing) {
	teach := func(body string) string {
		var c struct{ ID string }
		h.must(json.Unmarshal([]byte(do(people.Operator, "POST", "/api/v1/corrections", "application/json", body).body), &c))
		return c.ID
	}
	teach(`{"scope":{"product":"mug"},"says":"Broken mugs are replaced twice","instead_of":"once","expires_at":"2100-01-01T00:00:00Z","from_case":"c"}`)
	held := teach(`{"scope":{"product":"mug"},"says":"Broken mugs are never replaced","instead_of":"Once"}`)
	do(people.Operator, "POST", "/api/v1/corrections", "application/json", `{"says":" "}`)
	do(people.Viewer, "GET", "/api/v1/corrections", "", "")
	do(people.Viewer, "GET", "/api/v1/knowledge/search?q=broken+mugs&product=mug", "", "")
	do(people.Admin, "POST", "/api/v1/corrections/"+held+"/accept", "", "")
	do(people.Operator, "DELETE", "/api/v1/corrections/"+held, "", "")
	do(people.Viewer, "GET", "/api/v1/corrections/"+held, "", "")
}

// manages asks everything of bundles, tokens and the audit.
func (h *house) manages(do doing) {
	files, err := bundle.Starter()
	h.must(err)
	archive, err := bundle.Pack(files)
	h.must(err)
	var b struct{ Version string }
	h.must(json.Unmarshal([]byte(do(people.Admin, "POST", "/api/v1/bundles", "application/gzip", string(archive)).body), &b))
	do(people.Admin, "POST", "/api/v1/bundles", "application/gzip", "x")
	do(people.Viewer, "GET", "/api/v1/bundles", "", "")
	do(people.Viewer, "GET", "/api/v1/bundles/"+b.Version, "", "")
	do(people.Admin, "POST", "/api/v1/bundles/"+b.Version+"/activate", "", "")
	do(people.Viewer, "GET", "/api/v1/bundles/"+b.Version+"/diff/active", "", "")
	other, err := bundle.Pack(fstest.MapFS{"resolute.yaml": {Data: []byte("company: B\n")}})
	h.must(err)
	do(people.Admin, "POST", "/api/v1/bundles/active/diff", "application/gzip", string(other))
	do(people.Admin, "POST", "/api/v1/bundles/candidate/impact?from=2026-01-01T00:00:00Z", "application/gzip", string(other))
	do(people.Operator, "POST", "/api/v1/bundles/candidate/impact", "application/gzip", string(other))
	do(people.Operator, "POST", "/api/v1/bundles/active/impact", "application/json", `{"from":"2026-01-01T00:00:00Z"}`)
	h.rehearses(do, string(other))
	h.learns(do, b.Version, "full")
	var draft struct{ Version string }
	h.must(json.Unmarshal([]byte(do(people.Admin, "POST", "/api/v1/bundles?activate=false", "application/gzip", string(other)).body), &draft))
	for _, method := range []string{"GET", "POST", "POST", "GET", "DELETE", "DELETE"} {
		do(people.Operator, method, "/api/v1/bundles/"+draft.Version+"/shadow", "", "")
	}
	do(people.Operator, "POST", "/api/v1/bundles/active/shadow", "", "")
	do(people.Viewer, "GET", "/api/v1/bundles/"+draft.Version, "", "")
	do(people.Viewer, "GET", "/api/v1/bundles/"+b.Version, "", "")
	do(people.Viewer, "GET", "/api/v1/bundles", "", "")
	do(people.Viewer, "GET", "/api/v1/manifests", "", "")
	do(people.Viewer, "GET", "/api/v1/triage", "", "")
	do(people.Admin, "POST", "/api/v1/triage/abc/activate", "", "")
	do(people.Admin, "POST", "/api/v1/manifests/shop/accept", "application/json", `{"manifest":"abc"}`)
	do(people.Viewer, "GET", "/api/v1/model", "", "")
	do(people.Admin, "POST", "/api/v1/model/pull", "application/json", `{"model":"qwen3:8b"}`)
	do(people.Viewer, "GET", "/api/v1/model", "", "")
	do(people.Viewer, "GET", "/readyz", "", "")
	var token struct{ ID string }
	h.must(json.Unmarshal([]byte(do(people.Admin, "POST", "/api/v1/tokens", "application/json", `{"role":"viewer","name":"desk","expires_at":"2100-01-01T00:00:00Z"}`).body), &token))
	do(people.Admin, "GET", "/api/v1/tokens", "", "")
	do(people.Admin, "DELETE", "/api/v1/tokens/"+token.ID, "", "")
	do(people.Admin, "GET", "/api/v1/audit", "", "")
	h.engine.complete = func(string, protocol.CallbackBody) error { return nil }
	do("", "POST", "/callbacks/secret", "application/json", `{"idempotency_key":"k","result":{}}`)
}

// streams looks at how a stream begins; what it tells has tests of its own.
func (h *house) streams(d *described) {
	req, err := http.NewRequest("GET", h.server.URL+"/api/v1/stream", nil)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+h.tokens[people.Viewer])
	res, err := h.server.Client().Do(req)
	h.must(err)
	h.must(res.Body.Close())
	d.holds("GET", "/api/v1/stream", answered{status: res.StatusCode, header: res.Header})
}

// BenchmarkNew says what the document and its schemas add to every start.
func BenchmarkNew(b *testing.B) {
	h := newHouse(b)
	for b.Loop() {
		api.New(h.deps)
	}
}
