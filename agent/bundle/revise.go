package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"resolute/agent/journal"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// ErrSuperseded is of a revision of a version that isn't the active one any more.
var ErrSuperseded = errors.New("another version is active than the one that this changes")

// Revision is a version with some of its files changed: compiled, and not stored.
type Revision struct {
	*Bundle
	Base  string // version that it changes
	Diff  Diff
	files map[string][]byte
	// accepted are manifests that somebody accepted for the version that it changes; they go along.
	accepted map[string]protocol.Manifest
}

// Files gives the files of a stored version by path.
func (l *Library) Files(ctx context.Context, version string) (map[string][]byte, error) {
	e, err := l.edition(ctx, version)
	return e.files, err
}

// Archive gives a stored version as Pack made it.
func (l *Library) Archive(ctx context.Context, version string) (of string, archive []byte, err error) {
	b, err := l.Resolve(ctx, version)
	if err != nil {
		return "", nil, err
	}
	c, err := l.stored(ctx, b.Version)
	return b.Version, c.Archive, err
}

// Revise compiles a stored version with some files in place of its own, on the manifests that it is
// pinned to: no plugin is asked. The problems are those of the revision; one that has any that failed
// can't be activated.
func (l *Library) Revise(ctx context.Context, base string, changed map[string][]byte) (Revision, source.Problems, error) {
	from, err := l.edition(ctx, base)
	if err != nil {
		return Revision{}, nil, err
	}
	c, err := l.stored(ctx, from.Version)
	if err != nil {
		return Revision{}, nil, err
	}
	files := maps.Clone(from.files)
	maps.Copy(files, changed)
	inMemory, err := memory(files)
	if err != nil {
		return Revision{}, nil, err
	}
	b, problems := Load(ctx, inMemory, "", Options{Pinned: c.Manifests, Accepted: c.Accepted, Lookup: l.Lookup})
	r := Revision{Bundle: b, Base: from.Version, files: files, accepted: c.Accepted}
	if b != nil && !problems.Failed() {
		r.Diff = compare(from, edition{b, files})
	}
	return r, problems, nil
}

// Supersede stores a revision and activates it, with some records more, if the version that it changes is
// still the active one; else it is ErrSuperseded, and nothing changed.
func (l *Library) Supersede(ctx context.Context, r Revision, by string, detail map[string]any, along ...journal.Record) error {
	l.change.Lock()
	defer l.change.Unlock()
	if active, err := l.Active(); err != nil || active.Version != r.Base {
		return fmt.Errorf("%w: %.12s", ErrSuperseded, r.Base)
	}
	if err := l.permitted(ctx, r.Bundle); err != nil {
		return err
	}
	files, err := memory(r.files)
	if err != nil {
		return err
	}
	stored, err := l.records(r.Bundle, files, Stored{AppliedBy: by})
	if err != nil {
		return err
	}
	if len(r.accepted) > 0 {
		archive, err := Pack(files)
		if err != nil {
			return err
		}
		if stored[0].Value, err = json.Marshal(content{Archive: archive, Manifests: r.Manifests, Accepted: r.accepted}); err != nil {
			return err
		}
	}
	return l.activate(ctx, r.Bundle, by, "bundle.applied", detail, append(stored, along...)...)
}
