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
	Latest(ctx context.Context, from, to time.Time, cursor string, limit int) (list []people.Event, next string, err error)
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

// readForm reads a request's form.
func readForm(w http.ResponseWriter, r *http.Request, most int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	return r.ParseForm()
}
