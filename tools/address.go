package tools

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// forbiddenError is an address that is not dialled because the bundle doesn't list it.
type forbiddenError struct {
	host string
	ip   netip.Addr
	list string // what would have to be listed
}

func (e *forbiddenError) Error() string {
	where := e.host
	if ip := e.ip.String(); ip != e.host {
		where += " is at " + ip + ", which"
	}
	return fmt.Sprintf("%s is not a public address; nothing was dialled. List %s in allow_hosts if it is meant", where, e.list)
}

// guard decides which addresses a plugin's connections may go to.
type guard struct {
	host    string // of the plugin's URL, canonical
	ips     map[netip.Addr]bool
	names   map[string]bool
	special []netip.Prefix
}

func newGuard(host string, allow []string) (*guard, error) {
	g := &guard{host: canonicalHost(host), ips: map[netip.Addr]bool{}, names: map[string]bool{}, special: specialPrefixes()}
	for _, entry := range allow {
		h := canonicalHost(entry)
		if ip, err := netip.ParseAddr(h); err == nil {
			g.ips[canonicalIP(ip)] = true
		} else if h == "" || strings.ContainsAny(h, "/:*@ ") {
			return nil, fmt.Errorf("allow_hosts: %q is neither a host name nor an IP address", entry)
		} else {
			g.names[h] = true
		}
	}
	return g, nil
}

// check is what the dialer asks right before it connects to address, an IP with a port.
func (g *guard) check(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address %q can't be checked: %w", address, err)
	}
	ip := canonicalIP(ap.Addr())
	switch {
	case g.public(ip), g.ips[ip]:
		return nil
	case g.host == "localhost" && !ip.IsLoopback():
		return &forbiddenError{host: g.host, ip: ip, list: ip.String()}
	case g.names[g.host]:
		return nil
	}
	return &forbiddenError{host: g.host, ip: ip, list: g.host}
}

// public reports whether ip is one that anybody on the Internet may have.
func (g *guard) public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false // loopback, link-local, multicast, unspecified, broadcast, RFC 1918, ULA
	}
	for _, p := range g.special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// specialPrefixes are global unicast by their form and still lead to this network or carry an IPv4
// address inside, which would be a way around the guard (IANA special-purpose address registries).
func specialPrefixes() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8",      // this network
		"100.64.0.0/10",  // carrier-grade NAT
		"192.0.0.0/24",   // protocol assignments
		"198.18.0.0/15",  // benchmarks
		"240.0.0.0/4",    // reserved
		"::/96",          // IPv4-compatible
		"64:ff9b::/96",   // NAT64
		"64:ff9b:1::/48", // NAT64, local
		"2001::/32",      // Teredo
		"2002::/16",      // 6to4
		"fec0::/10",      // site-local
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

func canonicalIP(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

func canonicalHost(h string) string {
	h = strings.ToLower(strings.TrimSpace(h))
	h = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(h, "["), "]"), ".")
	if ip, err := netip.ParseAddr(h); err == nil {
		return canonicalIP(ip).String()
	}
	return h
}

// dialer opens connections to what the guard lets through.
func (g *guard) dialer(resolver *net.Resolver) *net.Dialer {
	return &net.Dialer{Resolver: resolver, ControlContext: g.check}
}
