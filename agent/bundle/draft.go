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
