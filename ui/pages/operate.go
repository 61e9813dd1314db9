package pages

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/impact"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/kb"
)

// Pauses keeps what is paused; a pauses.Keeper does.
type Pauses interface {
	Pause(ctx context.Context, p casefile.Pause) (casefile.Pause, error)
	Resume(ctx context.Context, p casefile.Pause) error
}

// Deeds is what anybody did; a people.Audit has it.
type Deeds interface {
	List(ctx context.Context, from, to time.Time, cursor string, limit int) (list []people.Event, next string, err error)
	Event(actor, action, subject string, detail map[string]any) (journal.Record, error)
}

// Journal can be walked from end to end; a journal.Store can.
type Journal interface {
	Verify(ctx context.Context, report func(journal.Damage)) (journal.Totals, error)
}

// Corrections is what operators taught; a kb.Base has it.
type Corrections interface {
	Corrections(ctx context.Context, limit int, cursor string) (list []kb.Correction, next string, err error)
	Revoke(ctx context.Context, id, by string) (kb.Correction, error)
	Accept(ctx context.Context, id, by string) (kb.Correction, error)
	Uses(ctx context.Context, document string, limit int) (uses []kb.Use, total int, err error)
}

// Authority is what the agent has earned; an authority.Ledger has it.
type Authority interface {
	Levels() ([]authority.Level, error)
	Level(key authority.Key) (authority.Level, error)
	Lower(ctx context.Context, w authority.Lowering, audit func(detail map[string]any) (journal.Record, error), now time.Time) error
	Answer(ctx context.Context, a authority.Answer, audit func(detail map[string]any) (journal.Record, error), now time.Time) (*authority.Held, error)
}

// Manifests are what plugins say of themselves.
type Manifests interface {
	Drifted(ctx context.Context) []bundle.Drift
	Accept(ctx context.Context, plugin, hash, by string) error
}

// Editions are the versions of the bundle; a bundle.Library keeps them.
type Editions interface {
	List(ctx context.Context) ([]bundle.Stored, error)
	Resolve(ctx context.Context, version string) (*bundle.Bundle, error)
	Files(ctx context.Context, version string) (map[string][]byte, error)
	Edit(ctx context.Context, version, path string, text []byte) (fs.FS, error)
	Diff(ctx context.Context, a, b string) (bundle.Diff, error)
	Drafted(ctx context.Context, files fs.FS) (*bundle.Bundle, error)
	Store(ctx context.Context, files fs.FS, by string) (*bundle.Bundle, error)
	Activate(ctx context.Context, version, by string) (*bundle.Bundle, error)
	Archive(ctx context.Context, version string) (whole string, archive []byte, err error)
}

// Operations is what the pages of whoever runs the agent stand on.
type Operations struct {
	Pauses      Pauses
	Deeds       Deeds
	Journal     Journal
	Corrections Corrections
	Authority   Authority
	Manifests   Manifests
	Versions    Editions
	Rehearsals  Rehearsals
	Insights    Insights
	Shadows     Shadows
	// Calls makes one call of a tool; pages call what only reads.
	Calls func(ctx context.Context, r casefile.Request) casefile.Answer
	// Impact judges again, by a version, what was decided in a period.
	Impact func(ctx context.Context, b *bundle.Bundle, p impact.Period) (impact.Report, error)
}

// page answers a request of somebody who is signed in.
type page = func(http.ResponseWriter, *http.Request, people.Principal) error

// operate adds the pages of whoever runs the agent.
func (s *site) operate(least func(people.Role) func(pattern string, h page)) {
	viewer, operator, admin := least(people.Viewer), least(people.Operator), least(people.Admin)
	viewer("GET /queues", s.queues)
	viewer("GET /corrections", s.corrections)
	operator("POST /corrections/{id}/revoke", s.revokeCorrection)
	admin("POST /corrections/{id}/accept", s.acceptCorrection)
	operator("POST /pause", s.pause)
	operator("POST /resume", s.resume)
	admin("GET /audit", s.audit)
	admin("POST /audit/verify", s.verify)
	viewer("GET /policies", s.policies)
	viewer("GET /authority", s.authority)
	admin("POST /authority", s.changeAuthority)
	viewer("GET /tools", s.toolPages)
	viewer("GET /tools/{name}", s.oneTool)
	operator("POST /tools/{name}/try", s.tryTool)
	admin("POST /manifests/{plugin}/accept", s.acceptManifest)
	viewer("GET /bundles", s.bundles)
	viewer("GET /bundles/{version}", s.oneBundle)
	viewer("GET /bundles/{version}/edit", s.editFile)
	operator("POST /bundles/{version}/edit", s.saveFile)
	operator("POST /bundles/{version}/rehearse", s.rehearseBundle)
	admin("POST /bundles/{version}/impact", s.bundleImpact)
	admin("POST /bundles/{version}/activate", s.activateBundle)
	viewer("GET /insights", s.insights)
	viewer("GET /insights.csv", s.insightsCSV)
	viewer("GET /insights/cases", s.insightCases)
	admin("POST /insights/settings", s.saveAssumption)
	viewer("GET /bundles/{version}/archive", s.bundleArchive)
	viewer("GET /suggestions", s.suggestions)
	viewer("GET /suggestions/{id}", s.oneSuggestion)
	operator("POST /suggestions/{id}/rehearse", s.rehearseSuggestion)
	operator("POST /suggestions/{id}/dismiss", s.dismissSuggestion)
	admin("POST /suggestions/{id}/accept", s.acceptSuggestion)
	viewer("GET /triage", s.triage)
	viewer("GET /triage/{version}", s.oneTriage)
	admin("POST /triage/{version}/activate", s.activateTriage)
	viewer("GET /rehearsals", s.rehearsals)
	operator("POST /rehearsals", s.rehearse)
	viewer("GET /rehearsals/compare", s.compareRehearsals)
	viewer("GET /rehearsals/{id}", s.oneRehearsal)
	operator("POST /rehearsals/{id}/stop", s.stopRehearsal)
	operator("POST /shadows", s.shadow)
}

// readForm reads a request's form.
func readForm(w http.ResponseWriter, r *http.Request, most int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	return r.ParseForm()
}
