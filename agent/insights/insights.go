package insights

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/model/sureness"
	"resolute/agent/projection"
)

// Views are what figures are read from; a projection.Views is one that has Projection.
type Views interface {
	Read(ctx context.Context, name string, fn func(view *projection.Bucket, to uint64) error) error
	Followed(ctx context.Context) ([]projection.Followed, error)
	Current(ctx context.Context, name string) error
}

// House is what the company says of itself.
type House interface {
	// Zone is where its days begin.
	Zone() *time.Location
	// Currency is a version's, which counts where a tool names none; "" where it isn't known any more.
	Currency(ctx context.Context, version string) string
	// Versions are when each version was first applied.
	Versions(ctx context.Context) (map[string]time.Time, error)
}

// Records keep the settings; a journal.Store does.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
}

// Deed is something that somebody did.
type Deed struct {
	At      time.Time
	Action  string // as in bundle.applied
	Subject string
	Detail  map[string]any
}

// Deeds gives up to limit of what was done at or after from and before to, ascending, behind the cursor
// ("" for the beginning). The next cursor is "" at the end.
type Deeds func(ctx context.Context, from, to time.Time, cursor string, limit int) (list []Deed, next string, err error)

// Deps are what figures are made of.
type Deps struct {
	Views   Views
	House   House
	Deeds   Deeds
	Records Records
	Models  func(ctx context.Context) ([]sureness.Model, error) // what models' proposals came to; nil: there is none
	Now     func() time.Time
}

// Insights gives figures. It is safe for concurrent use.
type Insights struct{ Deps }

// New makes an Insights.
func New(d Deps) *Insights { return &Insights{d} }

// A view that is no further behind than near entries is waited for, no longer than nearFor: whoever did
// something sees it.
const (
	near    = 2_000
	nearFor = time.Second
)

// catchUp waits for a view that is nearly there.
func (i *Insights) catchUp(ctx context.Context) error {
	f, err := i.followed(ctx)
	if err != nil || f.Behind == 0 || f.Behind > near {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, nearFor)
	defer cancel()
	if i.Views.Current(soon, View) != nil {
		return ctx.Err() // what is there is answered, with how far it goes
	}
	return nil
}

// followed tells how far the view goes.
func (i *Insights) followed(ctx context.Context) (projection.Followed, error) {
	list, err := i.Views.Followed(ctx)
	if err != nil {
		return projection.Followed{}, fmt.Errorf("how far the figures go: %w", err)
	}
	at := slices.IndexFunc(list, func(f projection.Followed) bool { return f.Name == View })
	if at < 0 {
		return projection.Followed{}, fmt.Errorf("%w: %q", projection.ErrUnknown, View)
	}
	return list[at], nil
}

// Lesson is something that the agent, or the company, learned.
type Lesson struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`    // as in correction.taught
	Subject string    `json:"subject"` // the correction, the version, or procedure and tool
}

// taught begins the actions that teach the agent something.
var taught = [...]string{"correction.", "bundle.", "triage.", "suggestion.", "authority.", "manifest.accepted"}

const deedsAtOnce = 1_000

// deeds gives what was done in a period that changes what the agent does.
func (i *Insights) deeds(ctx context.Context, from, to time.Time) (list []Deed, err error) {
	for cursor := ""; ; {
		page, next, err := i.Deeds(ctx, from, to, cursor, deedsAtOnce)
		if err != nil {
			return nil, fmt.Errorf("read what was done: %w", err)
		}
		for _, d := range page {
			if slices.ContainsFunc(taught[:], func(prefix string) bool { return strings.HasPrefix(d.Action, prefix) }) {
				list = append(list, d)
			}
		}
		if cursor = next; cursor == "" {
			return list, nil
		}
	}
}

// lessons puts together what was done and what followed from evidence, in the order of time.
func lessons(deeds []Deed, authority []Authority) []Lesson {
	list := []Lesson{}
	for _, d := range deeds {
		list = append(list, Lesson{At: d.At, What: d.Action, Subject: d.Subject})
	}
	for _, a := range authority {
		list = append(list, Lesson{At: a.At, What: "authority." + a.What, Subject: a.Procedure + " " + a.Tool})
	}
	slices.SortStableFunc(list, func(a, b Lesson) int { return a.At.Compare(b.At) })
	return list
}

// Authority is a change of how far the agent may go.
type Authority struct {
	At        time.Time      `json:"at"`
	Procedure string         `json:"procedure"`
	Tool      string         `json:"tool"`
	Band      string         `json:"band"`
	From      casefile.Level `json:"from"`
	To        casefile.Level `json:"to"`
	What      string         `json:"what"`              // proposed, withdrawn, raised, lowered; accept, refuse, demote or restore by an admin
	Case      string         `json:"case_id,omitempty"` // whose decision tipped the scales
}

// changes puts together what evidence said and what admins answered, in the order of time.
func changes(deeds []Deed, said []Authority, procedure string) []Authority {
	list := []Authority{}
	for _, d := range deeds {
		answer, ok := strings.CutPrefix(d.Action, "authority.")
		i := strings.LastIndexByte(d.Subject, ' ')
		if !ok || i < 0 {
			continue
		}
		text := func(name string) string { s, _ := d.Detail[name].(string); return s }
		list = append(list, Authority{At: d.At, Procedure: d.Subject[:i], Tool: d.Subject[i+1:], Band: text("band"), From: casefile.Level(text("from")), To: casefile.Level(text("to")), What: answer})
	}
	list = append(list, said...)
	if procedure != "" {
		list = slices.DeleteFunc(list, func(a Authority) bool { return a.Procedure != procedure })
	}
	slices.SortStableFunc(list, func(a, b Authority) int { return a.At.Compare(b.At) })
	return list
}

// sortByArrival orders versions by when they were first there; those that nobody knows any more come
// first.
func sortByArrival(list []OfBundle) {
	at := func(b OfBundle) time.Time {
		if b.AppliedAt == nil {
			return time.Time{}
		}
		return *b.AppliedAt
	}
	slices.SortFunc(list, func(a, b OfBundle) int { return cmp.Or(at(a).Compare(at(b)), cmp.Compare(a.Version, b.Version)) })
}
