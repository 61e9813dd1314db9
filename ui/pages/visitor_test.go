package pages

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"resolute/agent/people"
)

// Limits count by who asks. Who that is, a proxy of the house says, in what it puts last; from anybody else the
// header says nothing.
func TestVisitorsAddress(t *testing.T) {
	house := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct {
		from    string
		says    []string
		proxies []netip.Prefix
		want    string
	}{
		{"198.51.100.1:1", nil, nil, "198.51.100.1"},
		{"198.51.100.1:1", []string{"192.0.2.1"}, house, "198.51.100.1"}, // anybody
		{"127.0.0.1:1", []string{"192.0.2.1"}, nil, "192.0.2.1"},
		{"[::1]:1", []string{"192.0.2.1"}, nil, "192.0.2.1"},
		{"127.0.0.1:1", []string{"203.0.113.9, 192.0.2.1"}, nil, "192.0.2.1"}, // the first is what the visitor wrote
		{"127.0.0.1:1", []string{"203.0.113.9", "192.0.2.1"}, nil, "192.0.2.1"},
		{"127.0.0.1:1", []string{"192.0.2.1, nonsense"}, nil, "127.0.0.1"},
		{"127.0.0.1:1", []string{""}, nil, "127.0.0.1"},
		{"10.0.0.7:1", []string{"192.0.2.1"}, nil, "10.0.0.7"}, // no proxy that the house names
		{"10.0.0.7:1", []string{"192.0.2.1"}, house, "192.0.2.1"},
		{"10.0.0.7:1", []string{"203.0.113.9, 192.0.2.1, 10.0.0.8"}, house, "192.0.2.1"}, // one behind the other
		{"[::ffff:10.0.0.7]:1", []string{"::ffff:192.0.2.1"}, house, "192.0.2.1"},
		{"[2001:db8:1::5]:1", []string{"2001:db8:2::9"}, house, "2001:db8:2::9"},
		{"10.0.0.7:1", nil, house, "10.0.0.7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		for _, said := range c.says {
			r.Header.Add("X-Forwarded-For", said)
		}
		s := &site{Options: Options{Proxies: c.proxies}}
		if got := s.visitor(r).Address; got != c.want {
			t.Errorf("from %s, which says %q: %s, want %s", c.from, c.says, got, c.want)
		}
	}
}

// Behind a proxy that the house names, one visitor's failures leave the others' tries alone.
func TestProxiedVisitorsFailAlone(t *testing.T) {
	tn := newTown(t, "")
	tn.person("Ann", people.Operator)
	h := New(tn.deps, Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}})
	try := func(who, name, password string) int {
		r := httptest.NewRequest("POST", "/signin", strings.NewReader(url.Values{"name": {name}, "password": {password}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", who)
		r.RemoteAddr = "10.0.0.7:4000"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for i := 0; ; i++ {
		if code := try("203.0.113.66", "nobody"+strings.Repeat("x", i), "a wrong password"); code == 429 {
			break
		} else if i > 30 {
			t.Fatalf("30 failures of one visitor, and the last is %d", code)
		}
	}
	if code := try("192.0.2.1", "ann", words); code != 303 {
		t.Errorf("somebody else behind the same proxy is answered %d, want to be let in", code)
	}
}
