package pages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"resolute/agent/people"
)

// Whoever signs in, pauses or resumes is led on within this site alone. Browsers read a backslash as a slash
// and drop tabs and line ends, before they look where an address leads.
func TestLeadsToNoOtherSite(t *testing.T) {
	tn := newTown(t, "")
	tn.person("Ann", people.Operator)
	h := New(tn.deps, Options{})
	for _, next := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/\u0085/evil.example", "evil.example", "\t//evil.example"} {
		r := httptest.NewRequest("POST", "/signin", strings.NewReader(url.Values{"name": {"ann"}, "password": {words}, "next": {next}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/" {
			t.Errorf("next=%q: %d to %q, want to be led to /", next, w.Code, to)
		}
	}
}
