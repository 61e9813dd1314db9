// Package api is the HTTP API, as its OpenAPI document at /api/v1/openapi.json describes it.
//
// All routes stand in one table, from which the router, the roles and the document are made. A
// handler returns an error; one place turns errors into RFC 9457 problem documents. Whoever asks
// is known by a bearer token; through the admin socket it is whoever may read the data folder.
package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/checkpoint"
	"resolute/agent/impact"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/statuslink"
	"resolute/kb"
	"resolute/tools/protocol"
)

// Intake takes signals in.
type Intake interface {
	Accept(ctx context.Context, signals []casefile.Signal, from people.Principal) ([]journal.Receipt, error)
}

// Engine gives cases as they stand, and takes decisions and results.
type Engine interface {
	Load(ctx context.Context, caseID string) (*casefile.Case, error)
	Decide(ctx context.Context, caseID string, d agent.Decide, who people.Principal) (*casefile.Case, error)
	Hasty(who people.Principal) string
	Complete(ctx context.Context, token string, body protocol.CallbackBody) error
}

// Store is what the API reads of a journal.Store.
type Store interface {
	Cases(ctx context.Context, cursor string, limit int, match func(*journal.Summary) bool) ([]journal.Summary, string, error)
	Summaries(ctx context.Context, ids []string) ([]journal.Summary, error)
	Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error)
	Entries(ctx context.Context, caseID string, after uint64, limit int) ([]casefile.Entry, error)
	Outbox(ctx context.Context, cursor uint64, limit int) (list []journal.Message, next uint64, err error)
	Feed(ctx context.Context, after uint64, limit int) (entries []casefile.Entry, last uint64, err error)
	Committed() (ch <-chan struct{}, cancel func())
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
	Verify(ctx context.Context, report func(journal.Damage)) (journal.Totals, error)
	Checkpoint(ctx context.Context) (journal.Checkpoint, error)
	Compare(ctx context.Context, c journal.Checkpoint, report func(journal.Damage)) error
	Err() error
}

// Knowledge is the knowledge base.
type Knowledge interface {
	Search(ctx context.Context, q kb.Query) ([]kb.Hit, error)
	Import(ctx context.Context, sources []kb.Source) (kb.Report, error)
	Documents(ctx context.Context, limit int, cursor string) (documents []kb.Document, next string, err error)
	Document(ctx context.Context, id string) (kb.Document, error)
	Contents(ctx context.Context, id string) ([]kb.Chunk, error)
	Passage(ctx context.Context, address string) (kb.Passage, error)
	Delete(ctx context.Context, id string) error
	Erase(ctx context.Context, id string) error
	State(ctx context.Context) (kb.State, error)
	Trouble() string
	Uses(ctx context.Context, document string, limit int) (uses []kb.Use, total int, err error)
	Missing(ctx context.Context, floor float64, limit int) ([]kb.Missing, error)
	Watch() (news <-chan struct{}, take func() []kb.Progress, cancel func())
	Corrections
}

// Corrections is what operators taught.
type Corrections interface {
	Teach(ctx context.Context, c kb.Correction, by string) (kb.Correction, error)
	Correction(ctx context.Context, id string) (kb.Correction, error)
	Corrections(ctx context.Context, limit int, cursor string) (list []kb.Correction, next string, err error)
	Revoke(ctx context.Context, id, by string) (kb.Correction, error)
	Accept(ctx context.Context, id, by string) (kb.Correction, error)
}

// Manifests are what plugins say of themselves.
type Manifests interface {
	// Drifted gives the plugins that say another thing than the active bundle has of them.
	Drifted(ctx context.Context) []bundle.Drift
	// Accept takes over what a plugin says, if it is the manifest of this hash.
	Accept(ctx context.Context, plugin, hash, by string) error
}

// Deps are what the API serves; all of it is required.
type Deps struct {
	Intake    Intake
	Engine    Engine
	Store     Store
	Listing   Listing
	Knowledge Knowledge
	Bundles   *bundle.Library
	Tokens    *people.Tokens
	Accounts  *people.Accounts
	Sessions  *people.Sessions
	Status    *statuslink.Links
	Secrets   *people.Secrets
	Audit     *people.Audit
	Authority Authority
	Manifests Manifests
	// Impact judges by a version again what was decided in a period.
	Impact func(ctx context.Context, b *bundle.Bundle, p impact.Period) (impact.Report, error)
	// Checkpoints signs checkpoints, and knows them again.
	Checkpoints *checkpoint.Key
	Pauses      Pauses
	Insights    Insights
	Rehearsals  Rehearsals
	Learner     Learner
	Suggestions Suggestions
	Precedents  Precedents
	Shadows     Shadows
	Model       Model
	// Backup writes a copy of all data, as it is when it is called.
	Backup  func(ctx context.Context, w io.Writer) error
	Metrics *prometheus.Registry
	Log     *slog.Logger
	Version string
	// PublicURL is where the pages are reached, "" while nobody knows.
	PublicURL string
}

// Largest bodies, in bytes.
const (
	maxBody  = 10 << 20
	maxLarge = 64 << 20 // knowledge and bundles
)

type server struct {
	Deps
	signals  *prometheus.CounterVec
	requests *prometheus.CounterVec
	local    bool // the admin socket's
	gates    [classCount]*gate
	document schema
}

// New serves the network.
func New(d Deps) http.Handler { return newServer(d, false) }

// NewAdmin serves whoever may read the data folder: no token is asked for, and there is more.
func NewAdmin(d Deps) http.Handler { return newServer(d, true) }

func newServer(d Deps, local bool) http.Handler {
	s := &server{Deps: d, local: local, gates: newGates(),
		signals:  counter(d.Metrics, "resolute_signals_total", "Signals that were acknowledged.", "duplicate"),
		requests: counter(d.Metrics, "resolute_http_requests_total", "Requests to the API.", "route", "status")}
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed, r.RedirectTrailingSlash = true, false
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, what any) {
		s.Log.Error("a request panicked", "path", c.FullPath(), "panic", what)
		s.fail(c, errInternal)
	}))
	r.NoRoute(func(c *gin.Context) { s.fail(c, notFound("there is no "+c.Request.URL.Path)) })
	r.NoMethod(func(c *gin.Context) {
		s.fail(c, &problem{Status: http.StatusMethodNotAllowed, Detail: c.Request.Method + " isn't possible here"})
	})
	routes := slices.Concat(s.routes(), s.insightRoutes())
	s.document = document(routes, d.Version)
	takes, err := bodies(routes, s.document)
	if err != nil {
		panic(err) // the schemas are constants of this package: its tests would have met it
	}
	for _, rt := range routes {
		if rt.admin && !local {
			continue
		}
		r.Handle(rt.method, rt.path, s.handle(rt, takes[rt.method+" "+rt.path]))
	}
	return r
}

// counter registers a counter, or gives the one that is registered: the network's server and the
// socket's count together.
func counter(r *prometheus.Registry, name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	var there prometheus.AlreadyRegisteredError
	if err := r.Register(c); errors.As(err, &there) {
		if known, ok := there.ExistingCollector.(*prometheus.CounterVec); ok {
			return known
		}
	}
	return c
}

// request is a request whose sender is known and whose query makes sense.
type request struct {
	*gin.Context
	who  people.Principal
	body *jsonschema.Schema // what decode wants, nil for anything
}

// handle makes a gin handler: who asks, may they, and what became of it.
func (s *server) handle(rt route, body *jsonschema.Schema) gin.HandlerFunc {
	return func(c *gin.Context) {
		who, err := s.principal(c.Request, rt)
		if err == nil {
			err = checkQuery(c.Request.URL.Query(), rt.query)
		}
		if err == nil {
			limit := int64(maxBody)
			if rt.class == classLarge || rt.class == classRuns {
				limit = maxLarge
			}
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
			err = s.through(&request{Context: c, who: who, body: body}, rt, limit)
		}
		if err != nil {
			s.fail(c, err)
		}
		s.requests.WithLabelValues(rt.method+" "+rt.path, http.StatusText(c.Writer.Status())).Inc()
	}
}

// principal tells who asks, if the route's role lets them.
func (s *server) principal(r *http.Request, rt route) (people.Principal, error) {
	if s.local {
		return people.Local(), nil
	}
	if rt.role == anybody || rt.role == loopback && fromLoopback(r) {
		return people.Principal{}, nil
	}
	who, known := s.bearer(r)
	if !known {
		return who, &problem{Status: http.StatusUnauthorized, Detail: "send a token that is valid: Authorization: Bearer TOKEN (resolute token create makes one)"}
	}
	need := people.Role(rt.role)
	if rt.role == loopback {
		need = people.Viewer
	}
	if !who.Role.AtLeast(need) && (need != people.Ingest || !who.Role.AtLeast(people.Operator)) {
		return who, &problem{Status: http.StatusForbidden, Detail: "this needs the role " + string(need) + "; the token's is " + string(who.Role)}
	}
	return who, nil
}

// bearer tells whose token a request shows.
func (s *server) bearer(r *http.Request) (people.Principal, bool) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return people.Principal{}, false
	}
	return s.Tokens.Principal(strings.TrimSpace(secret))
}

// fromLoopback reports whether this machine asks. A proxy on it asks for somebody else, and says so.
func fromLoopback(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
