package pages

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent/people"
	"resolute/embed"
	"resolute/kb"
)

// stocked is a world whose knowledge is a real one.
type stocked struct {
	*world
	base *kb.Base
}

func (s *stocked) open(t *testing.T, role people.Role) *browser {
	t.Helper()
	s.world.role = role
	d := s.world.deps(t)
	d.Knowledge, d.Library = s.base, s.base
	b := openWith(t, d)
	b.get("/signin?code=once", http.StatusOK)
	return b
}

func newStocked(t *testing.T) *stocked {
	t.Helper()
	base, err := kb.Open(t.TempDir(), kb.Options{Embedder: embed.Builtin(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = base.Close() }) // the test is over
	return &stocked{newWorld(charged(false)), base}
}

// upload posts files as a browser does.
func (b *browser) upload(path string, status int, fields map[string]string, files ...[2]string) string {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, f := range files {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition("file", f[0])}})
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write([]byte(f[1])) // to memory
	}
	_ = w.Close() // to memory
	r, err := http.NewRequest(http.MethodPost, b.base+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r, status)
}

func TestKnowledgePage(t *testing.T) {
	s := newStocked(t)
	b := s.open(t, people.Admin)
	b.wants(b.get("/knowledge", http.StatusOK), "No document was imported yet", "Import")
	html := b.upload("/knowledge/import", http.StatusOK, map[string]string{"audience": "internal", "product": "mug", "locale": ""},
		[2]string{"mugs.md", "# Mugs\n\n## Cracks\n\nA cracked mug is replaced."}, [2]string{"broken.pdf", "no"})
	b.wants(html, "1 document imported: 1 new", "broken.pdf", "Mugs", "mug, internal", "1 document, 1 chunk")
	b.wants(b.get("/knowledge?q=cracked+mug", http.StatusOK), "by words 1: crack, mug", "by meaning 1", "relevance", "internal")
	b.wants(b.get("/knowledge?q=zebra+xylophone+mug+quokka+chromodynamics", http.StatusOK), "Cases find nothing with these words")

	hits, err := s.base.Search(t.Context(), kb.Query{Text: "cracked mug"})
	if err != nil {
		t.Fatal(err)
	}
	cited := hits[0].Citation
	if err := s.base.Note(t.Context(), 5, kb.Noted{Uses: []kb.Use{{Case: "019-case", At: noon, Kind: kb.Replied, Address: cited}}, Gaps: []kb.Gap{{Case: "019-case", At: noon, Query: "opening hours"}}}); err != nil {
		t.Fatal(err)
	}
	b.wants(b.get("/knowledge?document=mugs", http.StatusOK), "Used 1 time", "cited in a reply", "/cases/019-case", "A cracked mug is replaced.")
	b.wants(b.get("/knowledge", http.StatusOK), "opening hours", "/knowledge?write=opening&#43;hours", "Write this")
	b.wants(b.get("/knowledge?write=opening+hours", http.StatusOK), "Write what is missing")
	written := b.post("/knowledge/write", url.Values{"title": {"Opening"}, "text": {"The opening hours are from nine to five."}}.Encode(), http.StatusOK)
	b.wants(written, "1 document imported: 1 new", "written/opening.md")
	if strings.Contains(written, "Write this") {
		t.Error("the gap is still there, though it was written")
	}

	b.upload("/knowledge/import", http.StatusOK, nil, [2]string{"mugs.md", "# Mugs\n\n## Cracks\n\nA cracked mug is paid back."})
	b.wants(b.get("/knowledge?at="+url.QueryEscape(cited), http.StatusOK), "A cracked mug is replaced.", "The document changed since", "As it is now")
	b.post("/knowledge/delete", "document=mugs", http.StatusOK)
	b.wants(b.get("/knowledge?at="+url.QueryEscape(cited), http.StatusOK), "A cracked mug is replaced.", "was deleted since")
	b.get("/knowledge?document=mugs", http.StatusNotFound)
	b.upload("/knowledge/import", http.StatusBadRequest, map[string]string{"audience": "vip"}, [2]string{"a.md", "x"})
	b.post("/knowledge/write", "title=x&text=", http.StatusBadRequest)
	if got := strings.Join(s.world.audited, "|"); strings.Count(got, "knowledge.imported") != 3 || !strings.Contains(got, "knowledge.deleted mugs") {
		t.Errorf("the audit has %s, want three imports and the deletion", got)
	}
}

// A document of a thousand passages, and what a case looked for that is as long as a customer's text may be, are a
// page that opens at once: the rest is a click away.
func TestKnowledgeThatIsLong(t *testing.T) {
	s := newStocked(t)
	b := s.open(t, people.Admin)
	var long strings.Builder
	long.WriteString("# Manual\n")
	for i := range 300 {
		fmt.Fprintf(&long, "\n## Part %d\n\n%s\n", i, strings.Repeat(fmt.Sprintf("Step %d of <the> manual. ", i), 40))
	}
	b.upload("/knowledge/import", http.StatusOK, nil, [2]string{"manual.md", long.String()})
	if err := s.base.Note(t.Context(), 7, kb.Noted{Uses: []kb.Use{{Case: "019-case", At: noon, Kind: kb.Grounded, Address: "kb://manual@1", Query: strings.Repeat("<used> ", 50_000)}},
		Gaps: []kb.Gap{{Case: "019-case", At: noon, Query: "zebra " + strings.Repeat("<gap> ", 200_000)}}}); err != nil {
		t.Fatal(err)
	}
	more, read := "/knowledge?document=manual", 0
	for more != "" {
		html := b.get(more, http.StatusOK)
		if len(html) > 100<<10 {
			t.Fatalf("%s has %d bytes, want at most 100 KB", more, len(html))
		}
		read += strings.Count(html, "<blockquote class=\"text\">")
		link := regexp.MustCompile(`href="(/knowledge\?document=manual&amp;from=\d+)"`).FindStringSubmatch(html)
		if more = ""; link != nil {
			more = strings.ReplaceAll(link[1], "&amp;", "&")
		}
	}
	if read < 300 {
		t.Errorf("%d passages can be reached from the document's page, want all 300", read)
	}
	b.wants(b.get("/knowledge", http.StatusOK), "zebra")
	b.get("/knowledge?document=manual&from=99999999999999999999", http.StatusOK)
	b.get("/knowledge?document=manual&from=-5", http.StatusOK)
}

// Only an admin changes what the company knows.
func TestKnowledgeIsTheAdmins(t *testing.T) {
	s := newStocked(t)
	b := s.open(t, people.Operator)
	if html := b.get("/knowledge?write=x", http.StatusOK); strings.Contains(html, "/knowledge/import") || strings.Contains(html, "/knowledge/write") {
		t.Error("an operator is shown how to import")
	}
	b.wants(b.upload("/knowledge/import", http.StatusForbidden, nil, [2]string{"a.md", "x"}), "Not for your role")
	b.post("/knowledge/write", "title=x&text=y", http.StatusForbidden)
	b.post("/knowledge/delete", "document=x", http.StatusForbidden)
	if documents, _, err := s.base.Documents(t.Context(), 0, ""); err != nil || len(documents) > 0 {
		t.Errorf("an operator imported %v (error %v)", documents, err)
	}
}

func TestImportsAreToldLive(t *testing.T) {
	s := newStocked(t)
	b := s.open(t, people.Viewer)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/knowledge/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	go func() {
		_, _ = s.base.Import(ctx, []kb.Source{{Path: "a.md", Content: []byte("# A\n\na")}}) // the stream tells
	}()
	var seen strings.Builder
	for buffer := make([]byte, 4096); !strings.Contains(seen.String(), "1 of 1 file read, 1 document stored, 0 failed; done"); {
		n, err := resp.Body.Read(buffer)
		if seen.Write(buffer[:n]); err != nil {
			t.Fatalf("the stream ended with %v after %s", err, &seen)
		}
	}
	if !strings.Contains(seen.String(), `data: <div id="imports"`) || !strings.Contains(seen.String(), "<progress") {
		t.Errorf("the stream said %s, want the page's block", &seen)
	}
}
