package pages

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/people"
)

// People knows who is signed in.
type People interface {
	// Current tells whose session it is; it counts as used.
	Current(ctx context.Context, token string) (people.Principal, people.Session, error)
	// Still tells it, and doesn't count as a use.
	Still(token string) (people.Principal, error)
	// Of lists the sessions of an account.
	Of(accountID string) []people.Session
	End(ctx context.Context, accountID, id string) error
}

// Door lets people in.
type Door interface {
	ByCode(ctx context.Context, code string, v people.Visitor) (people.Entry, error)
	ByPassword(ctx context.Context, name, password string, v people.Visitor) (people.Entry, error)
	Join(ctx context.Context, code, password string, v people.Visitor) (people.Entry, error)
	Choose(ctx context.Context, token, name, current, password string, v people.Visitor) (people.Entry, error)
	ByIdentity(ctx context.Context, id people.Identity, v people.Visitor) (people.Entry, error)
	SignOut(ctx context.Context, token string) error
}

// Names of cookies. On https they have the prefix __Host-, with which a browser takes them from this
// host alone, over TLS and for all paths. Browsers don't store that prefix over plain http, which is
// for one's own machine: there they go without it.
const (
	hostPrefix    = "__Host-"
	sessionCookie = "resolute_session"
	browserCookie = "resolute_browser"
)

// secure reports whether the console is reached over TLS.
func (s *site) secure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

func (s *site) cookieName(name string) string {
	if s.secure() {
		return hostPrefix + name
	}
	return name
}

func (s *site) shown(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps a value at the browser, for so long by its own clock; a link in a mail may open the
// console, another site's form may not post.
func (s *site) setCookie(w http.ResponseWriter, name, value string, lasts time.Duration) {
	age := int(lasts.Seconds())
	if age <= 0 {
		age = -1 // forget it
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

// principal tells who sent a request.
func (s *site) principal(r *http.Request) (people.Principal, bool) {
	token := s.shown(r, sessionCookie)
	if token == "" {
		return people.Principal{}, false
	}
	who, _, err := s.People.Current(r.Context(), token)
	return who, err == nil && who.Role.AtLeast(people.Viewer)
}

// watcher is principal for what stays open: that isn't a use of the session.
func (s *site) watcher(r *http.Request) (people.Principal, bool) {
	who, err := s.People.Still(s.shown(r, sessionCookie))
	return who, err == nil && who.Role.AtLeast(people.Viewer)
}

// still reports whether who opened a stream is still signed in, as who they were then.
func (s *site) still(r *http.Request, who people.Principal) bool {
	now, err := s.People.Still(s.shown(r, sessionCookie))
	return err == nil && now == who
}

// visitor is who sent a request, as far as the connection tells. A proxy on this machine, or one that the house
// names, says for whom it asks, in what it puts last; from anywhere else that header is anybody's.
func (s *site) visitor(r *http.Request) people.Visitor {
	v := people.Visitor{Agent: r.UserAgent(), Known: s.shown(r, browserCookie), Session: s.shown(r, sessionCookie)}
	v.Address, _, _ = net.SplitHostPort(r.RemoteAddr)
	at, err := netip.ParseAddr(v.Address)
	if err != nil || !at.Unmap().IsLoopback() && !s.proxies(at) {
		return v
	}
	asked := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, said := range slices.Backward(asked) {
		one, err := netip.ParseAddr(strings.TrimSpace(said))
		if err != nil {
			break
		}
		v.Address = one.Unmap().String()
		if !s.proxies(one) {
			break
		}
	}
	return v
}

// proxies reports whether an address is that of one of the house's proxies.
func (s *site) proxies(at netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(at.Unmap()) })
}

// enter gives a browser its session.
func (s *site) enter(w http.ResponseWriter, r *http.Request, e people.Entry, next string) {
	s.setCookie(w, sessionCookie, e.Token, e.Session.ExpiresAt.Sub(s.Now()))
	s.setCookie(w, browserCookie, e.Known, people.KnownLasts)
	if !local(next) {
		next = "/"
		if e.Fresh {
			next = "/welcome"
		}
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// absolute is a path of this site as others reach it.
func (s *site) absolute(r *http.Request, path string, query url.Values) string {
	base := strings.TrimRight(s.PublicURL, "/")
	if base == "" {
		base = "http://" + r.Host
	}
	return base + path + "?" + query.Encode()
}
