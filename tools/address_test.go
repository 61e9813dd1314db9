package tools_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"resolute/agent/casefile"
	"resolute/tools"
)

// TestUnlistedAddressesAreNotDialled: with a listener on loopback that counts.
func TestUnlistedAddressesAreNotDialled(t *testing.T) {
	var dialled atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"refunded_cents":1}`) }))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dialled.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	t.Setenv("HTTP_PROXY", srv.URL) // a proxy would be a way around

	for _, c := range []struct {
		host  string
		allow []string
		want  bool
	}{
		{"127.0.0.1", nil, false},
		{"127.0.0.1", []string{"127.0.0.2"}, false},
		{"127.0.0.1", []string{"localhost"}, false},
		{"127.0.0.1", []string{"127.0.0.1"}, true},
		{"127.0.0.1", []string{"::ffff:127.0.0.1"}, true},
		{"localhost", nil, false},
		{"localhost", []string{"shop.example"}, false},
		{"localhost", []string{"LocalHost."}, true},
		{"[::ffff:127.0.0.1]", nil, false},
		{"[::ffff:127.0.0.1]", []string{"127.0.0.1"}, true},
		{"shop.example", nil, false},
		{"shop.example", []string{"shop.example"}, true},
		{"shop.example", []string{"127.0.0.1"}, true},
		{"shop.example", []string{"other.example"}, false},
	} {
		dialled.Store(0)
		p := shopAt("http://" + c.host + ":" + port)
		p.AllowHosts = c.allow
		r := registry(t, tools.Options{Resolver: resolver(t, "127.0.0.1")}, p)
		a := r.Send(t.Context(), refund())
		if c.want && a.Outcome != casefile.OutcomeDone {
			t.Errorf("%s with allow_hosts %v: %+v, want it called", c.host, c.allow, a)
		}
		if !c.want && (a.Outcome != casefile.OutcomeError || a.Code != tools.CodeForbidden || !strings.Contains(a.Detail, "allow_hosts") || dialled.Load() != 0) {
			t.Errorf("%s with allow_hosts %v: %+v and %d connections, want an error that tells of allow_hosts and none", c.host, c.allow, a, dialled.Load())
		}
	}
}

// TestGuardLooksAtTheAddressNotTheName: what a public name resolves to is what counts, each time.
func TestGuardLooksAtTheAddressNotTheName(t *testing.T) {
	for _, ip := range []string{
		"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.53", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1",
		"64:ff9b::a00:1", "2002:7f00:1::", "fec0::1", "fd00:ec2::254",
	} {
		p := shopAt("http://shop.example:9")
		p.AllowHosts = []string{"other.example", "localhost"}
		r := registry(t, tools.Options{Resolver: resolver(t, ip)}, p)
		if a := r.Send(t.Context(), refund()); a.Code != tools.CodeForbidden {
			t.Errorf("a name that resolves to %s: %+v, want address.forbidden", ip, a)
		}
		literal := "http://" + netip.AddrPortFrom(netip.MustParseAddr(ip), 9).String()
		p.URL = literal
		r = registry(t, tools.Options{}, p)
		if a := r.Send(t.Context(), refund()); a.Code != tools.CodeForbidden {
			t.Errorf("%s: %+v, want address.forbidden", literal, a)
		}
	}

	// localhost allows what is on this machine, whatever the name server says.
	p := shopAt("http://localhost.:9")
	p.AllowHosts = []string{"localhost"}
	r := registry(t, tools.Options{Resolver: resolver(t, "10.0.0.1")}, p)
	if a := r.Send(t.Context(), refund()); a.Code != tools.CodeForbidden {
		t.Errorf("a localhost that isn't this machine: %+v, want address.forbidden", a)
	}

	// A public address is dialled; here nothing answers before the caller gives up.
	ctx, cancel := context.WithCancel(t.Context())
	public := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, n, a string) (net.Conn, error) {
		defer cancel()
		return resolver(t, "192.0.2.1").Dial(ctx, n, a)
	}}
	r = registry(t, tools.Options{Resolver: public}, shopAt("http://shop.example:9"))
	if a := r.Send(ctx, refund()); a.Outcome != casefile.OutcomeNotDone {
		t.Errorf("a public address: %+v, want not-done", a)
	}
}

func TestAllowHostsAndURLsThatMeanNothing(t *testing.T) {
	for _, c := range []struct{ url, host, want string }{
		{"http://h", "10.0.0.0/8", "allow_hosts"},
		{"http://h", "http://h", "allow_hosts"},
		{"http://h", "h:80", "allow_hosts"},
		{"http://h", "*.h", "allow_hosts"},
		{"http://h", "", "allow_hosts"},
		{"ftp://h", "h", "url"},
		{"h:80", "h", "url"},
		{"http://", "h", "url"},
		{"http://user:secret@h", "h", "auth"},
		{"http://h?token=secret", "h", "query"},
	} {
		p := shopAt(c.url)
		p.AllowHosts = []string{c.host}
		err := tools.NewRegistry(tools.Options{}).Set([]tools.Plugin{p})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("url %s with allow_hosts %q: error %v, want one about %s without a secret", c.url, c.host, err, c.want)
		}
	}
}

// resolver answers every question for a name with ip.
func resolver(t *testing.T, ip string) *net.Resolver {
	t.Helper()
	addr := netip.MustParseAddr(ip)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // a stream, so that the messages have a length before them
		go answerDNS(server, addr)
		return client, nil
	}}
}

func answerDNS(c net.Conn, addr netip.Addr) {
	defer c.Close()
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	question := make([]byte, int(length[0])<<8|int(length[1]))
	if _, err := io.ReadFull(c, question); err != nil {
		return
	}
	var m dnsmessage.Message
	if m.Unpack(question) != nil {
		return
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
	if q.Type == dnsmessage.TypeA && addr.Is4() {
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}}}
	} else if q.Type == dnsmessage.TypeAAAA && addr.Is6() {
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}}}
	}
	b, err := m.Pack()
	if err != nil {
		return
	}
	_, _ = c.Write(append([]byte{byte(len(b) >> 8), byte(len(b))}, b...))
}
