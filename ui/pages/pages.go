package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/impact"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/listing"
	"resolute/agent/model/ollama"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/projection"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/statuslink"
	"resolute/agent/suggest"
	"resolute/kb"
)

// site answers the requests.
type site struct {
	Deps
	Options
	assets    *assets
	templates *templates
	limits    *people.Limiter // of customers
}

// New gives the console as one handler, to be mounted at / beside the API.
func New(d Deps, o Options) http.Handler {
	a := loadAssets()
	s := &site{Deps: d, Options: o.filled(), assets: a, templates: loadTemplates(), limits: people.NewLimiter(o.filled().Now)}
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.Handle(rt.pattern, s.handle(s.admits(rt)))
	}
	mux.Handle("/", s.handle(func(_ http.ResponseWriter, r *http.Request) error {
		return fmt.Errorf("%w: %s", errNoPage, r.URL.Path)
	}))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(s.handle(func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }))
	return headers(punctual(s.FormWithin, guard.Handler(mux)))
}

// headers are the same on every answer.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Errors of requests.
var (
	errSignedOut   = errors.New("nobody is signed in")
	errNoPage      = errors.New("there is no such page")
	errCrossOrigin = errors.New("the request came from another site")
	errRole        = errors.New("your role may not do that")
	errRequest     = errors.New("the request can't be understood")
)

// atLeast reports that somebody's role isn't enough.
func atLeast(who people.Principal, role people.Role) error {
	if who.Role.AtLeast(role) {
		return nil
	}
	return fmt.Errorf("%w: it needs the role %s, and yours is %s", errRole, role, who.Role)
}

// handle is the one place where an error becomes a page.
func (s *site) handle(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		if strings.HasPrefix(r.URL.Path, statuslink.Path) {
			s.tellCustomer(w, r, err)
			return
		}
		if errors.Is(err, errSignedOut) {
			s.askToSignIn(w, r)
			return
		}
		m := explain(err)
		if m.Status >= http.StatusInternalServerError {
			s.Logger.Error("a page failed", "path", shorten(r.URL.Path, 200), "error", err)
		}
		if m.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		who, _ := s.principal(r)
		m.Shell = s.shell(r, who, m.Heading, "")
		if err := s.render(w, m.Status, "message", m); err != nil {
			s.Logger.Error("the page of an error failed", "path", r.URL.Path, "error", err)
		}
	})
}

// explain says what an error means to a person.
func explain(err error) messagePage {
	say := err.Error()
	toSuggestions := []Link{{Name: "Suggestions", Link: "/suggestions", Primary: true}}
	m := messagePage{Detail: strings.ToUpper(say[:1]) + say[1:] + ".", Links: []Link{{Name: "Cases", Link: "/cases"}}}
	switch {
	case errors.Is(err, journal.ErrNotFound):
		m.Status, m.Heading, m.Detail = http.StatusNotFound, "There is no such case", "The address is wrong, or the case is in another data folder."
	case errors.Is(err, errNoPage), errors.Is(err, authority.ErrNoAction), errors.Is(err, kb.ErrNotFound), errors.Is(err, bundle.ErrVersion), errors.Is(err, bundle.ErrPlugin), errors.Is(err, people.ErrNotFound), errors.Is(err, learner.ErrVersion), errors.Is(err, runs.ErrRun), errors.Is(err, shadow.ErrNone):
		m.Status, m.Heading = http.StatusNotFound, "There is no such page"
	case errors.Is(err, bundle.ErrNone):
		m.Status, m.Heading, m.Links = http.StatusConflict, "No bundle is active yet", []Link{{Name: "Bundles", Link: "/bundles", Primary: true}}
	case errors.Is(err, suggest.ErrNone):
		m.Status, m.Heading, m.Links = http.StatusNotFound, "It is not suggested any more", toSuggestions
	case errors.Is(err, suggest.ErrRemade), errors.Is(err, suggest.ErrDismissed), errors.Is(err, suggest.ErrUnrehearsed):
		m.Status, m.Heading, m.Links = http.StatusConflict, "It is not as it was shown", toSuggestions
	case errors.Is(err, suggest.ErrAlone):
		m.Status, m.Heading, m.Links = http.StatusForbidden, "Not for you to decide", toSuggestions
	case errors.Is(err, runs.ErrBusy), errors.Is(err, impact.ErrBusy):
		m.Status, m.Heading = http.StatusServiceUnavailable, "Too much waits"
	case errors.Is(err, errCrossOrigin):
		m.Status, m.Heading, m.Detail = http.StatusForbidden, "That came from another site", "A decision counts only when it is made on resolute's own pages. Nothing was changed."
	case errors.Is(err, errRole):
		m.Status, m.Heading = http.StatusForbidden, "Not for your role"
	case errors.Is(err, agent.ErrDecisionForbidden):
		m.Status, m.Heading = http.StatusForbidden, "Not for you to decide"
	case errors.Is(err, agent.ErrDecisionConflict):
		m.Status, m.Heading = http.StatusConflict, "The case has moved on"
	case errors.Is(err, pauses.ErrNotPaused), errors.Is(err, authority.ErrNoPromotion), errors.Is(err, authority.ErrLevel), errors.Is(err, bundle.ErrMoved), errors.Is(err, learner.ErrBundle), errors.Is(err, shadow.ErrActive), errors.Is(err, shadow.ErrMany), errors.Is(err, ollama.ErrPulling), errors.As(err, new(*runs.UnrehearsedError)):
		m.Status, m.Heading = http.StatusConflict, "It is not as it was shown"
	case errors.Is(err, agent.ErrDecisionInvalid), errors.Is(err, errRequest), errors.Is(err, authority.ErrNote), errors.Is(err, kb.ErrQuery), errors.Is(err, kb.ErrForm), errors.Is(err, kb.ErrCorrection), errors.Is(err, listing.ErrCursor), errors.Is(err, pauses.ErrInvalid), errors.Is(err, insights.ErrQuery), errors.Is(err, insights.ErrSettings), errors.Is(err, ollama.ErrName), errors.As(err, new(*bundle.RefusedError)):
		m.Status, m.Heading = http.StatusBadRequest, "That can't be done"
	case errors.Is(err, journal.ErrStopped):
		m.Status, m.Heading, m.Detail = http.StatusServiceUnavailable, "The journal has stopped", "Nothing is accepted any more, so that nothing is lost; the log says why. Start resolute again."
	case errors.Is(err, projection.ErrDamaged), errors.Is(err, projection.ErrBehind):
		m.Status, m.Heading, m.Detail = http.StatusServiceUnavailable, "This is being put together", "It is made from the journal, which has everything; look again in a moment."
	case errors.Is(err, context.DeadlineExceeded):
		m.Status, m.Heading = http.StatusGatewayTimeout, "That took too long"
	default:
		m.Status, m.Heading, m.Detail = http.StatusInternalServerError, "This page failed", "It is not your doing; the log says what happened. Nothing was changed."
	}
	return m
}

// local reports whether a path stays on this site, as browsers read it: they take a backslash for a slash,
// and tabs and line ends for nothing, so that /TAB/example.com is another site.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) })
}
