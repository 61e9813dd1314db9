package api_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// form makes a body of fields and files, in their order: a name with a dot is a file.
func form(t *testing.T, parts ...[2]string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		if !strings.Contains(p[0], ".") {
			if err := w.WriteField(p[0], p[1]); err != nil {
				t.Fatal(err)
			}
			continue
		}
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition("file", p[0])}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(p[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func TestKnowledgeByForm(t *testing.T) {
	h := newHouse(t)
	stream := h.listen(t, h.tokens[people.Viewer], "")
	kind, body := form(t, [2]string{"audience", "internal"}, [2]string{"product", "mug"},
		[2]string{"policies/mugs.html", "<h1>Mugs</h1><h2>Cracks</h2><p>A cracked mug is replaced.</p>"}, [2]string{"broken.pdf", "no"}, [2]string{"faq.csv", "question,answer\nWhere is it?,In the van."})
	a := h.do(people.Admin, "POST", "/api/v1/knowledge", kind, body)
	var report struct {
		Documents []struct{ ID, State, Audience, Product, Version string }
		Failed    []struct{ Pointer, Detail string }
	}
	if err := json.Unmarshal([]byte(a.body), &report); err != nil || a.status != 200 || len(report.Documents) != 2 || len(report.Failed) != 1 || report.Failed[0].Pointer != "broken.pdf" {
		t.Fatalf("importing a form: %d %s, want two documents and the broken file by its name", a.status, a.body)
	}
	if d := report.Documents[0]; d.ID != "policies.mugs" || d.Audience != "internal" || d.Product != "mug" {
		t.Errorf("imported %+v, want what the form says of it, under its whole path", d)
	}
	for {
		_, event, data, ok := stream.next()
		if !ok {
			t.Fatal("the stream ended before the import did")
		}
		if event == "knowledge.progress" && data["ended"] == true {
			if data["done"] != 3.0 || data["documents"] != 2.0 || data["failed"] != 1.0 {
				t.Errorf("the stream tells %v, want 3 sources, 2 documents, 1 failure", data)
			}
			break
		}
	}
	var hits struct {
		Hits []struct{ Citation, Audience string }
	}
	h.get("/api/v1/knowledge/search?q=cracked+mug", &hits)
	if len(hits.Hits) == 0 || hits.Hits[0].Audience != "internal" {
		t.Fatalf("searching: %+v, want the passage, internal", hits)
	}
	cited := hits.Hits[0].Citation
	if h.get("/api/v1/knowledge/search?q=cracked+mug&audience=customer", &hits); len(hits.Hits) != 0 {
		t.Errorf("searching for a customer: %+v, want nothing", hits)
	}
	kind, body = form(t, [2]string{"policies/mugs.html", "<h1>Mugs</h1><h2>Cracks</h2><p>A cracked mug is paid back.</p>"})
	h.do(people.Admin, "POST", "/api/v1/knowledge", kind, body)
	var passage struct {
		Text string
		Past bool
	}
	if h.get("/api/v1/knowledge/passage?address="+url.QueryEscape(cited), &passage); !strings.Contains(passage.Text, "is replaced") || !passage.Past {
		t.Errorf("what was cited, once the document changed: %+v, want it as it was", passage)
	}
	var document struct {
		Contents []struct{ Text string }
		Uses     []any
	}
	if h.get("/api/v1/knowledge/policies.mugs", &document); len(document.Contents) == 0 || document.Uses == nil {
		t.Errorf("the document: %+v, want its chunks, and a list of uses", document)
	}
	for name, parts := range map[string][][2]string{"no file": {{"product", "x"}}, "an audience that is none": {{"audience", "vip"}, {"a.md", "x"}}, "a field that means nothing": {{"colour", "red"}, {"a.md", "x"}}} {
		kind, body := form(t, parts...)
		if a := h.do(people.Admin, "POST", "/api/v1/knowledge", kind, body); a.status != 422 {
			t.Errorf("a form with %s: %d %s, want 422", name, a.status, a.body)
		}
	}
	if a := h.do(people.Admin, "DELETE", "/api/v1/knowledge/policies.mugs?erase=true", "", ""); a.status != 204 {
		t.Errorf("erasing: %d %s, want 204", a.status, a.body)
	}
	if a := h.do(people.Viewer, "GET", "/api/v1/knowledge/passage?address="+url.QueryEscape(cited), "", ""); a.status != 404 {
		t.Errorf("what was erased: %d %s, want 404", a.status, a.body)
	}
}

func TestCorrections(t *testing.T) {
	h := newHouse(t)
	h.engine.decide = func(id string, _ agent.Decide, _ people.Principal) (*casefile.Case, error) {
		return &casefile.Case{ID: id}, nil
	}
	type correction struct {
		ID, State, By string
		Says          string
		FromCase      string `json:"from_case"`
		Contradicts   []string
		Uses          []any
	}
	teach := func(role people.Role, body string, want int) (c correction) {
		t.Helper()
		a := h.do(role, "POST", "/api/v1/corrections", "application/json", body)
		if a.status != want {
			t.Fatalf("teaching %s: %d %s, want %d", body, a.status, a.body, want)
		}
		_ = json.Unmarshal([]byte(a.body), &c) // of another status it is a problem
		return c
	}
	first := teach(people.Operator, `{"scope":{"product":"mug"},"says":"Cracked mugs are replaced twice","instead_of":"once","from_case":"c-9"}`, 201)
	if first.State != "active" || first.By != "token:operator" || first.FromCase != "c-9" || first.Uses == nil {
		t.Errorf("taught %+v, want it active, with who and from where", first)
	}
	held := teach(people.Operator, `{"scope":{"product":"mug"},"says":"Cracked mugs are never replaced","instead_of":"Once"}`, 201)
	if held.State != "held" || len(held.Contradicts) != 1 {
		t.Errorf("one that contradicts: %+v, want it held", held)
	}
	teach(people.Operator, `{"says":""}`, 422)
	teach(people.Operator, `{"says":"x","expires_at":"2001-01-01T00:00:00Z"}`, 422)

	if a := h.do(people.Operator, "POST", "/api/v1/cases/c-1/decisions", "application/json", `{"decision":"retry","correction":{"says":"Ask for a photo first"}}`); a.status != 200 {
		t.Fatalf("deciding with a correction: %d %s, want 200", a.status, a.body)
	}
	var list struct{ Items []correction }
	if h.get("/api/v1/corrections", &list); len(list.Items) != 3 || list.Items[0].Says != "Ask for a photo first" || list.Items[0].FromCase != "c-1" {
		t.Errorf("corrections %+v, want three, the one of the decision first", list.Items)
	}
	var hits struct {
		Hits []struct {
			Text       string
			Correction *correction
		}
	}
	if h.get("/api/v1/knowledge/search?q=cracked+mugs+replaced&product=mug", &hits); len(hits.Hits) != 1 || hits.Hits[0].Correction == nil || hits.Hits[0].Correction.ID != first.ID {
		t.Errorf("searching: %+v, want the correction that counts", hits.Hits)
	}
	if a := h.do(people.Admin, "POST", "/api/v1/corrections/"+held.ID+"/accept", "", ""); a.status != 200 {
		t.Errorf("accepting: %d %s, want 200", a.status, a.body)
	}
	if h.get("/api/v1/knowledge/search?q=cracked+mugs+replaced&product=mug", &hits); len(hits.Hits) != 1 || hits.Hits[0].Text != "Cracked mugs are never replaced" {
		t.Errorf("searching once it was accepted: %+v, want it in place of the first", hits.Hits)
	}
	if a := h.do(people.Operator, "DELETE", "/api/v1/corrections/"+held.ID, "", ""); a.status != 204 {
		t.Errorf("revoking: %d %s, want 204", a.status, a.body)
	}
	if h.get("/api/v1/knowledge/search?q=cracked+mugs+replaced&product=mug", &hits); len(hits.Hits) != 0 {
		t.Errorf("searching once it was revoked: %+v, want nothing", hits.Hits)
	}
	var audit struct {
		Items []struct{ Action, Subject string }
	}
	if err := json.Unmarshal([]byte(h.do(people.Admin, "GET", "/api/v1/audit?limit=200", "", "").body), &audit); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range audit.Items {
		seen[e.Action+" "+e.Subject] = true
	}
	for _, want := range []string{"correction.taught " + first.ID, "correction.accepted " + held.ID, "correction.revoked " + held.ID} {
		if !seen[want] {
			t.Errorf("the audit lacks %q", want)
		}
	}
}
