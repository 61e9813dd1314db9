package bundle

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"resolute/agent/casefile"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Diff is what changes from one version to another.
type Diff struct {
	From  string       `json:"from"`
	To    string       `json:"to"`
	Files []FileChange `json:"files"` // by path
	Rules []RuleChange `json:"rules"` // by policy and rule
	Tools []ToolChange `json:"tools"` // by name
}

// What happened to something.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// FileChange is a file that is not what it was.
type FileChange struct {
	Path   string `json:"path"`
	Change string `json:"change"`
	// Diff is unified, without the lines that name the files; "" where a file is no text, or is
	// longer than the diff of a file may be.
	Diff string `json:"diff"`
}

// RuleChange is a rule of a policy that is not what it was.
type RuleChange struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	Change string `json:"change"`
	Was    string `json:"was"` // like: approve: action.args.amount_cents > 10000 (by approver)
	Now    string `json:"now"`
}

// ToolChange is a tool whose effect or schemas, as pinned with the version, are not what they were.
type ToolChange struct {
	Tool   string   `json:"tool"` // PLUGIN.TOOL
	Change string   `json:"change"`
	What   []string `json:"what"` // of input_schema, output_schema, effect, idempotent, async and timeout_ms
}

// maxDiffed bounds the files that are compared line by line, in bytes.
const maxDiffed = 256 << 10

// edition is a version with its files.
type edition struct {
	*Bundle
	files map[string][]byte
}

// Diff says what changes from version a to version b; "active" is the active one.
func (l *Library) Diff(ctx context.Context, a, b string) (Diff, error) {
	from, err := l.edition(ctx, a)
	if err != nil {
		return Diff{}, err
	}
	to, err := l.edition(ctx, b)
	if err != nil {
		return Diff{}, err
	}
	return compare(from, to), nil
}

// DiffWith says what changes from version a to a bundle that isn't stored. A bundle with errors is a
// *RefusedError.
func (l *Library) DiffWith(ctx context.Context, a string, files fs.FS) (Diff, error) {
	from, err := l.edition(ctx, a)
	if err != nil {
		return Diff{}, err
	}
	to, err := l.candidate(ctx, files)
	if err != nil {
		return Diff{}, err
	}
	return compare(from, to), nil
}

// Candidate compiles a bundle that is not to be stored. A bundle with errors is a *RefusedError.
func (l *Library) Candidate(ctx context.Context, files fs.FS) (*Bundle, error) {
	e, err := l.candidate(ctx, files)
	return e.Bundle, err
}

func (l *Library) candidate(ctx context.Context, files fs.FS) (edition, error) {
	all, err := read(files)
	if err != nil {
		var problems source.Problems
		problems.Add(source.Pos{File: configFile}, "%v", err)
		return edition{}, &RefusedError{Problems: problems}
	}
	if b, err := l.Get(ctx, Version(all)); err == nil {
		return edition{b, all}, nil
	}
	b, problems := Load(ctx, files, "", Options{Fetch: l.Fetch, Lookup: l.Lookup})
	if problems.Failed() {
		return edition{}, &RefusedError{Problems: problems}
	}
	return edition{b, all}, nil
}

// Resolve gives a stored version by what a person calls it: its hash, the beginning of it that no other
// has, or "active".
func (l *Library) Resolve(ctx context.Context, version string) (*Bundle, error) {
	if version == "" || version == "active" {
		return l.Active()
	}
	b, err := l.Get(ctx, version)
	if err == nil || len(version) < 6 {
		return b, err
	}
	list, listErr := l.List(ctx)
	if listErr != nil {
		return nil, listErr
	}
	list = slices.DeleteFunc(list, func(s Stored) bool { return !strings.HasPrefix(s.Version, version) })
	if len(list) != 1 {
		return nil, err
	}
	return l.Get(ctx, list[0].Version)
}

func (l *Library) edition(ctx context.Context, version string) (edition, error) {
	b, err := l.Resolve(ctx, version)
	if err != nil {
		return edition{}, err
	}
	c, err := l.stored(ctx, b.Version)
	if err != nil {
		return edition{}, err
	}
	files, err := Unpack(c.Archive)
	if err == nil {
		var all map[string][]byte
		if all, err = read(files); err == nil {
			return edition{b, all}, nil
		}
	}
	return edition{}, fmt.Errorf("bundle %s: %w", b.Version, err)
}

func compare(from, to edition) Diff {
	d := Diff{From: from.Version, To: to.Version, Files: []FileChange{}, Rules: []RuleChange{}, Tools: []ToolChange{}}
	for _, path := range keysOf(from.files, to.files) {
		was, before := from.files[path]
		now, after := to.files[path]
		if before != after || !bytes.Equal(was, now) {
			d.Files = append(d.Files, FileChange{Path: path, Change: change(before, after), Diff: unified(was, now)})
		}
	}
	rulesWere, rulesAre := from.Guard.Rules(), to.Guard.Rules()
	for _, id := range keysOf(rulesWere, rulesAre) {
		was, before := rulesWere[id]
		now, after := rulesAre[id]
		if was != now {
			d.Rules = append(d.Rules, RuleChange{Policy: id.Policy, Rule: id.Rule, Change: change(before, after), Was: was, Now: now})
		}
	}
	toolsWere, toolsAre := from.pinned(), to.pinned()
	for _, name := range keysOf(toolsWere, toolsAre) {
		was, before := toolsWere[name]
		now, after := toolsAre[name]
		what := []string{}
		if before && after {
			what = differences(was, now)
		}
		if before != after || len(what) > 0 {
			d.Tools = append(d.Tools, ToolChange{Tool: name, Change: change(before, after), What: what})
		}
	}
	return d
}

func change(before, after bool) string {
	switch {
	case !before:
		return Added
	case !after:
		return Removed
	}
	return Changed
}

// keysOf gives the keys of both maps, in order.
func keysOf[K comparable, V any](a, b map[K]V) []K {
	all := maps.Clone(a)
	if all == nil {
		all = map[K]V{}
	}
	maps.Copy(all, b)
	return slices.SortedFunc(maps.Keys(all), func(x, y K) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
}

// unified compares two texts line by line.
func unified(was, now []byte) string {
	if len(was) > maxDiffed || len(now) > maxDiffed || !text(was) || !text(now) {
		return ""
	}
	_, rest, _ := strings.Cut(string(diff.Diff("a", was, "b", now)), "\n+++ b\n")
	return rest
}

func text(b []byte) bool { return utf8.Valid(b) && !bytes.ContainsRune(b, 0) }

// pinned gives the tools of a version, with the effects that its files give them.
func (b *Bundle) pinned() map[string]protocol.Tool {
	all := map[string]protocol.Tool{}
	for _, p := range b.Plugins {
		for _, t := range b.Manifests[p.Name].Tools {
			if e, ok := p.Effects[t.Name]; ok {
				t.Effect = e
			}
			all[p.Name+"."+t.Name] = t
		}
	}
	return all
}

// Effect gives the effect that a tool has by the manifest and the file of its plugin.
func (b *Bundle) Effect(tool string) (effect string, ok bool) {
	name, inside, _ := strings.Cut(tool, ".")
	for _, p := range b.Plugins {
		if p.Name != name {
			continue
		}
		if e, over := p.Effects[inside]; over {
			return string(e), true
		}
		for _, t := range b.Manifests[name].Tools {
			if t.Name == inside {
				return string(t.Effect), true
			}
		}
	}
	return "", false
}

// differences names what two versions of a tool say differently, beside the words for people.
func differences(a, b protocol.Tool) []string {
	list := []string{}
	for _, d := range []struct {
		what string
		same bool
	}{
		{"effect", a.Effect == b.Effect},
		{"input_schema", sameJSON(a.InputSchema, b.InputSchema)}, {"output_schema", sameJSON(a.OutputSchema, b.OutputSchema)},
		{"idempotent", a.Idempotent == b.Idempotent}, {"async", a.Async == b.Async}, {"timeout_ms", a.TimeoutMS == b.TimeoutMS},
	} {
		if !d.same {
			list = append(list, d.what)
		}
	}
	return list
}

// Offered says how a tool isn't offered as it was, nil for one that isn't there; lines are a unified diff of
// the two as JSON, words for people included.
func Offered(name string, was, now *protocol.Tool) (c ToolChange, lines string) {
	c = ToolChange{Tool: name, Change: change(was != nil, now != nil), What: []string{}}
	if was != nil && now != nil {
		c.What = differences(*was, *now)
	}
	return c, unified(plainly(was), plainly(now))
}

// plainly writes a tool as JSON, its keys in order.
func plainly(t *protocol.Tool) []byte {
	if t == nil {
		return nil
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var plain any
	if decoder.Decode(&plain) != nil {
		return raw
	}
	if raw, err = json.MarshalIndent(plain, "", "  "); err != nil {
		return nil
	}
	return append(raw, '\n')
}

// sameJSON reports whether two texts say the same, whatever their layout.
func sameJSON(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, errX := casefile.DecodeValue(a)
	y, errY := casefile.DecodeValue(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}
