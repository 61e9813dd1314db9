package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"resolute/agent/journal"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Records keeps versions; a journal.Store has it.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
	List(ctx context.Context, kind, after string, limit int) ([]journal.Record, error)
}

// Kinds of records.
const (
	kindBundle  = "bundle"
	kindVersion = "bundle.version" // what lists show of a version
	kindActive  = "bundle.active"
	keyActive   = "active"
)

// Stored is a version in a list.
type Stored struct {
	Version   string    `json:"version"`
	Active    bool      `json:"active"`
	Company   string    `json:"company"`
	AppliedAt time.Time `json:"applied_at"`
	AppliedBy string    `json:"applied_by"`
	// Draft is a version that was stored to be tried, and was never active.
	Draft bool `json:"draft,omitempty"`
}

// content is a version as it is stored.
type content struct {
	Archive   []byte                       `json:"archive"`
	Manifests map[string]protocol.Manifest `json:"manifests"`
	// Accepted are manifests that somebody accepted since, in place of a snapshot too.
	Accepted map[string]protocol.Manifest `json:"accepted,omitempty"`
}

// Errors of a Library.
var (
	ErrNone    = errors.New("no bundle is active; apply one with: resolute apply DIR")
	ErrVersion = errors.New("no such version of the bundle is stored")
)

// RefusedError is reported of a bundle that has errors.
type RefusedError struct{ Problems source.Problems }

// Error says all of them, a line each.
func (e *RefusedError) Error() string { return e.Problems.Error().Error() }

// LibraryOptions are what a library works with.
type LibraryOptions struct {
	Records Records
	Fetch   func(ctx context.Context, p Plugin) (protocol.Manifest, error)
	Lookup  func(kind, name string) (string, bool)
	// Activated is called with each bundle that is to become active, before it does; an error
	// keeps the old one.
	Activated func(ctx context.Context, b *Bundle) error
	// Permit reports why a version may not become active that wasn't before, with the tools that it has
	// now. What was active before may be so again: whoever rolls back is in a hurry. Nil permits all.
	Permit func(ctx context.Context, b *Bundle) error
	// Audit makes the record of who applied (bundle.applied) or activated (bundle.activated) a version,
	// or accepted a manifest for it (manifest.accepted); it is stored with that.
	Audit func(by, action, version string, detail map[string]any) (journal.Record, error)
	Now   func() time.Time
}

// Library keeps versions, and knows the active one. It is safe for concurrent use.
type Library struct {
	LibraryOptions
	active atomic.Pointer[Bundle]
	change sync.Mutex // one activation at a time
	down   error      // under change
	mu     sync.Mutex
	loaded map[string]*Bundle
}

// OpenLibrary reads which version is active. Where none is, Active reports ErrNone; where
// its plugins lack a variable or a secret, Down says which.
func OpenLibrary(ctx context.Context, o LibraryOptions) (*Library, error) {
	l := &Library{LibraryOptions: o, loaded: map[string]*Bundle{}}
	version, err := o.Records.Get(ctx, kindActive, keyActive)
	if errors.Is(err, journal.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the active bundle: %w", err)
	}
	b, err := l.Get(ctx, string(version))
	if err != nil {
		return nil, fmt.Errorf("the active bundle %.12s: %w", version, err)
	}
	l.active.Store(b)
	if err := o.Activated(ctx, b); err != nil {
		l.down = fmt.Errorf("the active bundle %.12s: %w", version, err)
	}
	return l, nil
}

// Down is why the active version isn't live, nil if it is or none is active. What needs no tools
// works all the same: setting the secret that is missing, or applying another version.
func (l *Library) Down() error {
	l.change.Lock()
	defer l.change.Unlock()
	return l.down
}

// Active gives the active version, or ErrNone.
func (l *Library) Active() (*Bundle, error) {
	if b := l.active.Load(); b != nil {
		return b, nil
	}
	return nil, ErrNone
}

// Get gives a stored version, compiled; "" is the active one.
func (l *Library) Get(ctx context.Context, version string) (*Bundle, error) {
	if version == "" {
		return l.Active()
	}
	l.mu.Lock()
	b := l.loaded[version]
	l.mu.Unlock()
	if b != nil {
		return b, nil
	}
	c, err := l.stored(ctx, version)
	if err != nil {
		return nil, err
	}
	files, err := Unpack(c.Archive)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", version, err)
	}
	b, problems := Load(ctx, files, "", Options{Pinned: c.Manifests, Accepted: c.Accepted, Lookup: l.Lookup})
	if problems.Failed() {
		return nil, fmt.Errorf("bundle %s, which was accepted before: %w", version, problems.Error())
	}
	l.mu.Lock()
	l.loaded[version] = b
	l.mu.Unlock()
	return b, nil
}

// stored reads what is stored of a version.
func (l *Library) stored(ctx context.Context, version string) (c content, err error) {
	raw, err := l.Records.Get(ctx, kindBundle, version)
	if errors.Is(err, journal.ErrNotFound) {
		return c, fmt.Errorf("%w: %s", ErrVersion, version)
	}
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("bundle %s: %w", version, err)
	}
	return c, nil
}

// Apply stores a bundle and activates it. A bundle with errors is a *RefusedError.
func (l *Library) Apply(ctx context.Context, files fs.FS, name, by string) (*Bundle, error) {
	l.change.Lock()
	defer l.change.Unlock()
	files, _, err := taken(files, name)
	if err != nil {
		return nil, err
	}
	return l.apply(ctx, files, name, by)
}

// ApplyOnce is Apply, but a version that was stored before is given as it is, and nothing changes.
func (l *Library) ApplyOnce(ctx context.Context, files fs.FS, name, by string) (*Bundle, error) {
	l.change.Lock()
	defer l.change.Unlock()
	files, version, err := taken(files, name)
	if err != nil {
		return nil, err
	}
	if b, err := l.Get(ctx, version); err == nil || !errors.Is(err, ErrVersion) {
		return b, err
	}
	return l.apply(ctx, files, name, by)
}

// taken reads a folder with its version: what is checked is what is stored, whatever happens to the folder.
func taken(files fs.FS, name string) (fs.FS, string, error) {
	all, err := read(files)
	if err == nil {
		files, err = memory(all)
	}
	if err != nil {
		var problems source.Problems
		problems.Add(source.Pos{File: path.Join(name, configFile)}, "%v", err)
		return nil, "", &RefusedError{Problems: problems}
	}
	return files, Version(all), nil
}

func (l *Library) apply(ctx context.Context, files fs.FS, name, by string) (*Bundle, error) {
	b, problems := Load(ctx, files, name, Options{Fetch: l.Fetch, MustFetch: true, Lookup: l.Lookup})
	if problems.Failed() {
		return nil, &RefusedError{Problems: problems}
	}
	if err := l.permitted(ctx, b); err != nil {
		return nil, err
	}
	stored, err := l.records(b, files, Stored{AppliedBy: by})
	if err != nil {
		return nil, err
	}
	return b, l.activate(ctx, b, by, "bundle.applied", nil, stored...)
}

// records are a version as it is stored, and as lists show it beside what shown says.
func (l *Library) records(b *Bundle, files fs.FS, shown Stored) ([]journal.Record, error) {
	archive, err := Pack(files)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(content{Archive: archive, Manifests: b.Manifests})
	if err != nil {
		return nil, err
	}
	shown.Version, shown.Company, shown.AppliedAt = b.Version, b.Config.Company, l.Now().UTC()
	line, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}
	return []journal.Record{{Kind: kindBundle, Key: b.Version, Value: raw}, {Kind: kindVersion, Key: b.Version, Value: line}}, nil
}

// Activate makes a stored version the active one.
func (l *Library) Activate(ctx context.Context, version, by string) (*Bundle, error) {
	l.change.Lock()
	defer l.change.Unlock()
	b, err := l.Resolve(ctx, version)
	if err != nil {
		return nil, err
	}
	if err := l.permitted(ctx, b); err != nil {
		return nil, err
	}
	active, err := l.noDraft(ctx, b.Version)
	if err != nil {
		return nil, err
	}
	return b, l.activate(ctx, b, by, "bundle.activated", nil, active...)
}

// activate makes a version live, and then the active one, along with the records that store it: a
// version that can't be made live isn't stored, so that the next start tries it again.
func (l *Library) activate(ctx context.Context, b *Bundle, by, action string, detail map[string]any, stored ...journal.Record) error {
	if err := l.Activated(ctx, b); err != nil {
		return fmt.Errorf("activate bundle %.12s: %w", b.Version, err)
	}
	said, err := l.Audit(by, action, b.Version, detail)
	if err != nil {
		return fmt.Errorf("activate bundle %.12s: %w", b.Version, err)
	}
	if err := l.Records.Put(ctx, append(stored, journal.Record{Kind: kindActive, Key: keyActive, Value: []byte(b.Version)}, said)...); err != nil {
		return fmt.Errorf("activate bundle %.12s: %w", b.Version, err)
	}
	l.mu.Lock()
	l.loaded[b.Version] = b
	l.mu.Unlock()
	l.active.Store(b)
	l.down = nil
	return nil
}

// List gives the stored versions, the active one marked.
func (l *Library) List(ctx context.Context) ([]Stored, error) {
	records, err := l.Records.List(ctx, kindVersion, "", 10_000)
	if err != nil {
		return nil, err
	}
	active := l.active.Load()
	list := make([]Stored, 0, len(records))
	for _, r := range records {
		var s Stored
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return nil, fmt.Errorf("bundle %s: %w", r.Key, err)
		}
		s.Active = active != nil && active.Version == s.Version
		list = append(list, s)
	}
	return list, nil
}
