package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"resolute/agent/journal"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Manifested is the hash of what the version's plugins offer, in hexadecimal. A version is what its files
// are; what was tried of it is the files with these tools.
func (b *Bundle) Manifested() (string, error) {
	sorted := map[string]protocol.Manifest{}
	for name, m := range b.Manifests {
		m.Tools = slices.Clone(m.Tools)
		slices.SortFunc(m.Tools, func(x, y protocol.Tool) int { return strings.Compare(x.Name, y.Name) })
		sorted[name] = m
	}
	raw, err := json.Marshal(sorted)
	if err != nil {
		return "", fmt.Errorf("the manifests of bundle %.12s: %w", b.Version, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var plain any // whose keys are sorted when it is written again
	if err = decoder.Decode(&plain); err == nil {
		raw, err = json.Marshal(plain)
	}
	if err != nil {
		return "", fmt.Errorf("the manifests of bundle %.12s: %w", b.Version, err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// Fresh compiles a bundle as Apply would store it, its plugins asked anew, and stores nothing. A bundle
// with errors is a *RefusedError.
func (l *Library) Fresh(ctx context.Context, files fs.FS) (*Bundle, error) {
	return l.compiled(ctx, files, Options{Fetch: l.Fetch, MustFetch: true, Lookup: l.Lookup})
}

// Drafted compiles a bundle of somebody who may not activate one: no plugin is asked and no secret is
// used for it, so what plugins offer is what its snapshots say, else what the active version has of them.
// A bundle with errors is a *RefusedError.
func (l *Library) Drafted(ctx context.Context, files fs.FS) (*Bundle, error) {
	o := Options{Lookup: func(string, string) (string, bool) { return "", false }}
	if active, err := l.Active(); err == nil {
		o.Pinned = active.Manifests
	} else if !errors.Is(err, ErrNone) {
		return nil, err
	}
	b, err := l.compiled(ctx, files, o)
	if err != nil {
		return nil, err
	}
	var problems source.Problems
	for _, p := range b.Plugins {
		if _, known := b.Manifests[p.Name]; !known {
			problems.Add(p.Pos, "what plugin %s offers isn't known: the active version has no such plugin, so an admin has to send this, or a snapshot has to be in the bundle (manifest: FILE)", p.Name)
		}
	}
	if problems.Failed() {
		return nil, &RefusedError{Problems: problems}
	}
	return b, nil
}

func (l *Library) compiled(ctx context.Context, files fs.FS, o Options) (*Bundle, error) {
	all, err := read(files)
	if err == nil {
		files, err = memory(all) // what is checked is what is tried, whatever happens to the folder
	}
	if err != nil {
		var problems source.Problems
		problems.Add(source.Pos{File: configFile}, "%v", err)
		return nil, &RefusedError{Problems: problems}
	}
	b, problems := Load(ctx, files, "", o)
	if problems.Failed() {
		return nil, &RefusedError{Problems: problems}
	}
	return b, nil
}

// Store keeps a bundle as a draft: a version that can be tried, and activated later. One that is stored
// already stays as it is. A bundle with errors is a *RefusedError.
func (l *Library) Store(ctx context.Context, files fs.FS, by string) (*Bundle, error) {
	l.change.Lock()
	defer l.change.Unlock()
	b, err := l.Fresh(ctx, files)
	if err != nil {
		return nil, err
	}
	if known, err := l.Get(ctx, b.Version); err == nil {
		return known, nil
	} else if !errors.Is(err, ErrVersion) {
		return nil, err
	}
	stored, err := l.records(b, files, Stored{AppliedBy: by, Draft: true})
	if err != nil {
		return nil, err
	}
	said, err := l.Audit(by, "bundle.stored", b.Version, nil)
	if err != nil {
		return nil, err
	}
	if err := l.Records.Put(ctx, append(stored, said)...); err != nil {
		return nil, fmt.Errorf("store bundle %.12s: %w", b.Version, err)
	}
	return b, nil
}

// permitted reports why a version may not become active with the tools that it has.
func (l *Library) permitted(ctx context.Context, b *Bundle) error {
	if l.Permit == nil {
		return nil
	}
	was, err := l.wasActive(ctx, b)
	if err != nil || was {
		return err
	}
	return l.Permit(ctx, b)
}

// wasActive reports whether a version was active before, with the tools that it has now.
func (l *Library) wasActive(ctx context.Context, b *Bundle) (bool, error) {
	known, err := l.Get(ctx, b.Version)
	if err != nil {
		return false, nil // not stored, or not readable any more: then it is as good as new
	}
	line, err := l.Line(ctx, b.Version)
	if err != nil || line.Draft {
		return false, err
	}
	before, err := known.Manifested()
	if err != nil {
		return false, err
	}
	now, err := b.Manifested()
	return before == now, err
}

// Line is what lists show of a stored version.
func (l *Library) Line(ctx context.Context, version string) (s Stored, err error) {
	raw, err := l.Records.Get(ctx, kindVersion, version)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return s, fmt.Errorf("bundle %s: %w", version, err)
	}
	active := l.active.Load()
	s.Active = active != nil && active.Version == version
	return s, nil
}

// noDraft is the record of a version that is a draft no more, none if it was none.
func (l *Library) noDraft(ctx context.Context, version string) ([]journal.Record, error) {
	s, err := l.Line(ctx, version)
	if err != nil || !s.Draft {
		return nil, err
	}
	s.Draft, s.Active = false, false
	raw, err := json.Marshal(s)
	return []journal.Record{{Kind: kindVersion, Key: version, Value: raw}}, err
}
