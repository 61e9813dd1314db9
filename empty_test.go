package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"resolute/ui/cli"
)

// A house in which nothing has happened yet, and no bundle is there, has all its pages: they say what is missing,
// and nothing fails. Nor does what a form says that names nothing there is.
func TestConsoleOfANewFolder(t *testing.T) {
	a, err := assemble(t.Context(), cli.Config{Data: filepath.Join(t.TempDir(), "data"), PublicURL: "http://127.0.0.1:8080", Env: func(string) (string, bool) { return "", false }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := httptest.NewRecorder()
	a.Admin().ServeHTTP(w, httptest.NewRequest("POST", "/admin/signin", strings.NewReader("{}")))
	var link struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil {
		t.Fatal(err)
	}
	var session *http.Cookie
	ask := func(method, path, body string) (int, string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if session != nil {
			r.AddCookie(session)
		}
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if strings.HasSuffix(c.Name, "session") {
				session = c
			}
		}
		return w.Code, w.Body.String()
	}
	if code, page := ask("GET", "/signin?code="+link.Code, ""); code != http.StatusSeeOther {
		t.Fatalf("the terminal's link: %d %s", code, page)
	}
	source, err := os.ReadFile(filepath.Join("ui", "pages", "routes.go"))
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`pattern: "(GET|POST) (/[^"]*)"`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 50 {
		t.Fatalf("%d routes were found, want all of them", len(routes))
	}
	for _, m := range routes {
		method, path := m[1], strings.TrimSuffix(m[2], "{$}")
		if strings.Contains(path, "stream") || path == "/signout" || path == "/account/sessions" {
			continue // what stays open, or ends the session
		}
		for _, id := range []string{"x", "active", "%00", strings.Repeat("a", 3000)} {
			for _, body := range []string{"", "version=active&what=tool+x&note=y&do=start&decision=retry&pick=x"} {
				code, page := ask(method, regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, id), body)
				if code >= http.StatusInternalServerError {
					t.Errorf("%s %s of %.10q: %d", method, path, id, code)
				}
				if named := strings.Contains(path, "{"); method == "GET" && !named && code >= http.StatusBadRequest && path != "/join" && path != "/rehearsals/compare" && path != "/assets/" && !strings.HasPrefix(path, "/signin/") {
					t.Errorf("%s: %d, want the page: %.300s", path, code, page)
				}
			}
		}
	}
}
