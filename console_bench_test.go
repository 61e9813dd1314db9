package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// largestPage is how long the HTML of a page may be, in bytes.
const largestPage = 100_000

// signedIn is a browser's session with the console, without the browser.
func (s *stored) signedIn(t testing.TB) *http.Client {
	t.Helper()
	w := httptest.NewRecorder()
	s.Admin().ServeHTTP(w, httptest.NewRequest("POST", "/admin/signin", strings.NewReader("{}")))
	var link struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || link.Code == "" {
		t.Fatalf("sign in: %d %s %v", w.Code, w.Body, err)
	}
	jar, _ := cookiejar.New(nil) // never fails
	c := &http.Client{Jar: jar}
	open(t, c, s.url+"/signin?code="+link.Code)
	return c
}

// bearer sends a token with each request.
type bearer string

func (token bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(token))
	return http.DefaultTransport.RoundTrip(r)
}

// withToken is a client of the API.
func (s *stored) withToken(t testing.TB) *http.Client {
	t.Helper()
	_, plain, err := s.tokens.Create(t.Context(), people.NewToken{Name: t.Name(), Role: people.Viewer}, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: bearer(plain)}
}

// open reads a page, and tells how long that took to its last byte.
func open(t testing.TB, c *http.Client, at string) (body []byte, took time.Duration) {
	t.Helper()
	begun := time.Now()
	res, err := c.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	took = time.Since(begun)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %v: %.500s", at, res.Status, err, body)
	}
	return body, took
}

var navigated = regexp.MustCompile(`<a href="(/[a-z]*)"`)

// pagesOf are the console's pages: each place of the navigation, and what they lead to.
func (s *stored) pagesOf(t testing.TB, c *http.Client) []string {
	t.Helper()
	overview, _ := open(t, c, s.url+"/")
	_, nav, _ := strings.Cut(string(overview), `<nav id="nav"`)
	nav, _, _ = strings.Cut(nav, "</nav>")
	var pages []string
	for _, place := range navigated.FindAllStringSubmatch(nav, -1) {
		pages = append(pages, place[1])
	}
	if len(pages) < 14 {
		t.Fatalf("the navigation leads to %q", pages)
	}
	pages = append(pages, "/account", "/tools/billing.refund_payment", "/bundles/active", "/bundles/active/edit?path=policies%2Frefunds.yaml", "/knowledge?q=refund",
		"/cases?status=resolved", "/cases?status=escalated&status=approving", "/cases?q=customer77", "/cases?customer=CUS-S77", "/cases?stop=policy.deny", "/cases?q=no+such+words")
	for _, status := range []casefile.Status{casefile.Resolved, casefile.Waiting, casefile.Approving, casefile.Escalated} {
		pages = append(pages, "/cases/"+s.some[status])
	}
	slices.Sort(pages)
	return slices.Compact(pages)
}

// Each page stays small, whatever is stored.
func TestPagesAreSmall(t *testing.T) {
	s := storeCases(t, 2000)
	c := s.signedIn(t)
	for _, page := range s.pagesOf(t, c) {
		if html, _ := open(t, c, s.url+page); len(html) > largestPage {
			t.Errorf("%s has %d bytes of HTML, want at most %d", page, len(html), largestPage)
		}
	}
}

// Each page of the console, and the API's lists, with 100,000 cases stored: from the request over loopback
// to the answer's last byte.
func BenchmarkConsole100000(b *testing.B) {
	s := storeCases(b, 100_000)
	c, api := s.signedIn(b), s.withToken(b)
	pages := s.pagesOf(b, c)
	for _, list := range []string{"", "?status=escalated", "?customer=CUS-S77", "?procedure=nothing", "?stop=policy.deny", "?q=customer77", "?q=no+such+words"} {
		pages = append(pages, "/api/v1/cases"+list)
	}
	pages = append(pages, "/api/v1/approvals", "/api/v1/outbox", "/api/v1/insights")
	for _, page := range pages {
		name := strings.ReplaceAll(page, "/", "|")
		for status, id := range s.some {
			name = strings.ReplaceAll(name, id, string(status))
		}
		by := c
		if strings.HasPrefix(page, "/api/") {
			by = api
		}
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			var size int
			for b.Loop() {
				html, t := open(b, by, s.url+page)
				took, size = append(took, t), len(html)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "worst-ms")
			b.ReportMetric(float64(size)/1000, "kB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
