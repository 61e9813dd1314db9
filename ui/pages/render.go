package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed templates
var templateFiles embed.FS

// templates holds each page with the shell and the shared parts.
type templates struct{ pages map[string]*template.Template }

// pageNames are the templates that fill the shell.
var pageNames = [...]string{"overview", "cases", "case", "approvals", "outbox", "knowledge", "queues", "audit", "corrections", "policies", "authority", "tools", "model", "tool", "bundles", "bundle", "edit", "suggestions", "suggestion", "triage", "triage-version", "insights", "trace", "rehearsals", "rehearsal", "compare", "signin", "join", "account", "people", "tokens", "status", "message"}

func loadTemplates() *templates {
	shared := template.Must(template.ParseFS(templateFiles, "templates/shell.html", "templates/parts.html", "templates/stop.html", "templates/rehearsed.html"))
	t := &templates{pages: map[string]*template.Template{}}
	for _, name := range pageNames {
		page := template.Must(shared.Clone())
		t.pages[name] = template.Must(page.ParseFS(templateFiles, "templates/"+name+".html"))
	}
	return t
}

// block renders one block of a page; a page renders as its block "page".
func (t *templates) block(page, block string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.pages[page].ExecuteTemplate(&b, block, data); err != nil {
		return nil, fmt.Errorf("rendering %s of the page %s: %w", block, page, err)
	}
	return plainly(b.Bytes()), nil
}

// plainly makes the characters visible that turn the direction of what follows, whatever it is: with one, an
// address or an amount reads as another than it is, and so does what stands beside it. Nobody needs them to
// write.
func plainly(html []byte) []byte {
	for _, override := range [...]string{"\u202d", "\u202e"} {
		html = bytes.ReplaceAll(html, []byte(override), []byte("\ufffd"))
	}
	return html
}

// render answers a whole page, or nothing of it if it fails.
func (s *site) render(w http.ResponseWriter, status int, page string, data any) error {
	b, err := s.templates.block(page, "page", data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(b)
	return err
}

// knowledgeLink is where the console shows a passage.
func knowledgeLink(address string) string {
	return "/knowledge?" + url.Values{"at": {address}}.Encode()
}
