// Package bundle loads, checks, versions, stores and activates bundles: the folders that say how a
// company's problems are resolved.
//
// A bundle's version is the SHA-256 of its content. Loading finds all problems of all files in one
// go, each with its place. What plugins offer is pinned when a bundle is applied: the manifests are
// stored beside the version and are not part of its hash.
//
// Caveats. ${env.X} and ${secret.X} are filled in when a bundle is activated, never stored. A
// version that is stored stays: cases keep the one that they opened under.
package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/expr"
	"resolute/agent/model"
	"resolute/agent/policy"
	"resolute/agent/procedure"
	"resolute/agent/rehearsal/scenario"
	"resolute/agent/source"
	"resolute/tools/protocol"
)

// Limits of a bundle.
const (
	maxFiles = 10_000
	maxBytes = 64 << 20
)

// Bundle is a version, loaded and compiled. It is immutable.
type Bundle struct {
	Version    string
	Config     Config
	Procedures []*procedure.Procedure // by name
	Guard      *policy.Guard
	Prompts    string                // hash of the prompts, "" for none
	PromptText map[string]string     // of the bundle's own prompts, by name
	ModelTools map[string]model.Tool // what a model is told of the tools, by PLUGIN.TOOL
	Authority  *policy.Authority
	Tables     expr.Tables
	Recalls    bool                   // procedures or policies read the customer's earlier cases
	GuardTools map[string]policy.Tool // by PLUGIN.TOOL
	Monitors   []*Monitor
	Plugins    []*Plugin
	Manifests  map[string]protocol.Manifest // by plugin
	Knowledge  map[string][]byte            // by path below knowledge/
	Rehearsals []*scenario.Scenario         // in the order of their files
}

// Options are what loading works with; the zero value asks no plugin.
type Options struct {
	// Fetch asks a plugin for its manifest; nil: manifests come from snapshots and Pinned alone.
	Fetch func(ctx context.Context, p Plugin) (protocol.Manifest, error)
	// MustFetch makes a plugin that doesn't answer an error, not a warning.
	MustFetch bool
	// Pinned are manifests by plugin, in place of asking.
	Pinned map[string]protocol.Manifest
	// Accepted are manifests by plugin that stand above all, a snapshot included.
	Accepted map[string]protocol.Manifest
	// Lookup gives variables (kind env) and secrets (kind secret).
	Lookup func(kind, name string) (string, bool)
}

type loader struct {
	*Bundle
	ctx       context.Context
	files     fs.FS
	content   map[string][]byte // all files, by path
	name      string            // the folder, as the user gave it
	opt       Options
	compiler  *expr.Compiler
	problems  source.Problems
	policies  []*policy.Policy
	authority *policy.Authority
	authFile  string
	guarded   []string         // files that the guard is made of
	prompts   []string         // files of prompts
	unsound   []*policy.Policy // those that were parsed with errors
}

// Load reads a bundle; name is the folder as the user gave it, put before paths in problems. The
// bundle is usable only if the problems have not Failed.
func Load(ctx context.Context, files fs.FS, name string, o Options) (*Bundle, source.Problems) {
	l := &loader{Bundle: &Bundle{Knowledge: map[string][]byte{}, Manifests: map[string]protocol.Manifest{}}, ctx: ctx, files: files, name: name, opt: o,
		authority: &policy.Authority{Default: casefile.LevelPropose}}
	at := source.Pos{File: l.shown(configFile)}
	var err error
	if l.compiler, err = expr.NewCompiler(); err == nil {
		l.content, err = read(files)
	}
	if err != nil {
		l.problems.Add(at, "%v", err)
		return nil, l.problems
	}
	l.readTables() // what the other files are compiled with
	if _, ok := l.content[configFile]; !ok {
		l.problems.Add(at, "the bundle has no resolute.yaml; resolute init DIR writes one to begin with")
	}
	for _, file := range slices.Sorted(maps.Keys(l.content)) {
		l.read(file, l.content[file])
	}
	l.Version = Version(l.content)
	l.check()
	l.problems.Sort()
	return l.Bundle, l.problems
}

// shown is a file's path as the user sees it.
func (l *loader) shown(file string) string { return path.Join(l.name, file) }

// inside is the path in the bundle of a file as the user sees it.
func (l *loader) inside(shown string) string {
	if l.name == "" {
		return shown
	}
	return strings.TrimPrefix(shown, path.Clean(l.name)+"/")
}

// errTooLarge is of a folder or an archive that holds more than a bundle may.
var errTooLarge = fmt.Errorf("a bundle has at most %d files and %d bytes", maxFiles, maxBytes)

// read gives the regular files of a bundle; those that begin with a dot aren't part of it.
func read(files fs.FS) (map[string][]byte, error) {
	all, left := map[string][]byte{}, int64(maxBytes)
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); file != "." && strings.HasPrefix(name, ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Size() > left || len(all) == maxFiles {
			return fmt.Errorf("%w, and %s is beyond that", errTooLarge, file)
		}
		b, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		if left -= int64(len(b)); left < 0 { // it grew meanwhile
			return fmt.Errorf("%w, and %s is beyond that", errTooLarge, file)
		}
		all[file] = b
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("the folder is empty")
	}
	return all, err
}

// Version is the SHA-256 of a bundle's content, in hexadecimal: of each file in the order of their
// paths, the length and bytes of path and content.
func Version(files map[string][]byte) string { return hash(files, slices.Sorted(maps.Keys(files))) }

func hash(files map[string][]byte, names []string) string {
	h := sha256.New()
	var n [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		_, _ = h.Write(n[:]) // a hash never fails
		_, _ = h.Write(b)
	}
	for _, name := range names {
		put([]byte(name))
		put(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// read takes one file in by its folder.
func (l *loader) read(file string, text []byte) {
	dir, _, _ := strings.Cut(file, "/")
	shown := l.shown(file)
	yaml := strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")
	switch {
	case file == configFile:
		l.Config = parseConfig(shown, text, &l.problems)
	case file == "authority.yaml":
		l.authority, l.authFile = policy.ParseAuthority(shown, text, &l.problems), shown
	case dir == "procedures" && yaml:
		if p := procedure.Parse(shown, text, l.compiler, &l.problems); p != nil {
			l.addProcedure(p)
		}
	case dir == "policies" && yaml:
		l.guarded = append(l.guarded, file)
		var problems source.Problems
		if p := policy.Parse(shown, text, l.compiler, &problems); p != nil {
			l.addPolicy(p)
			if problems.Failed() {
				l.unsound = append(l.unsound, p)
			}
		}
		l.problems = append(l.problems, problems...)
	case dir == "tools" && yaml:
		if p := parsePlugin(shown, text, &l.problems); p != nil {
			l.Plugins = append(l.Plugins, p)
		}
	case dir == "tools" && strings.HasSuffix(file, ".json"): // a manifest's snapshot, read with its plugin
	case dir == "monitors" && yaml:
		if m := parseMonitor(shown, text, l.compiler, &l.problems); m != nil {
			l.Monitors = append(l.Monitors, m)
		}
	case dir == "knowledge":
		l.Knowledge[strings.TrimPrefix(file, "knowledge/")] = text
	case dir == "prompts":
		l.prompt(strings.TrimPrefix(file, "prompts/"), shown, text)
		l.prompts = append(l.prompts, file)
	case dir == "rehearsals" && yaml:
		l.rehearsal(scenario.Parse(shown, text, &l.problems))
	case file == "README.md":
	case dir == "tables" && strings.HasSuffix(file, ".csv"): // read already
	case dir == "sources":
		l.problems.Warn(source.Pos{File: shown}, "this version doesn't use %s yet", dir)
	default:
		l.problems.Warn(source.Pos{File: shown}, "this file is no part of a bundle, and has no effect")
	}
}

func (l *loader) addProcedure(p *procedure.Procedure) {
	if i := slices.IndexFunc(l.Procedures, func(o *procedure.Procedure) bool { return o.Name == p.Name }); i >= 0 && p.Name != "" {
		l.problems.Add(p.Pos, "procedure %s is there twice; the other one is at %s", p.Name, l.Procedures[i].Pos)
		return
	}
	l.Procedures = append(l.Procedures, p)
}

func (l *loader) rehearsal(s *scenario.Scenario) {
	if s == nil {
		return
	}
	if i := slices.IndexFunc(l.Rehearsals, func(o *scenario.Scenario) bool { return o.Name == s.Name }); i >= 0 && s.Name != "" {
		l.problems.Add(s.Pos, "rehearsal %q is there twice; the other one is at %s", s.Name, l.Rehearsals[i].Pos)
		return
	}
	l.Rehearsals = append(l.Rehearsals, s)
}

// addPolicy reports a second policy of a name: what the two reserve would be counted as one budget.
func (l *loader) addPolicy(p *policy.Policy) {
	if i := slices.IndexFunc(l.policies, func(o *policy.Policy) bool { return o.Name == p.Name }); i >= 0 && p.Name != "" {
		l.problems.Add(p.Pos, "policy %s is there twice; the other one is at %s", p.Name, l.policies[i].Pos)
	}
	l.policies = append(l.policies, p)
}

// check holds the files against each other.
func (l *loader) check() {
	slices.SortFunc(l.Procedures, func(a, b *procedure.Procedure) int { return strings.Compare(a.Name, b.Name) })
	set := toolset{plugins: map[string]*Plugin{}, manifests: l.Manifests}
	for _, p := range l.Plugins {
		if _, twice := set.plugins[p.Name]; twice {
			l.problems.Add(p.Pos, "plugin %s is there twice", p.Name)
			continue
		}
		set.plugins[p.Name] = p
		if m, ok := l.manifest(l.ctx, p); ok {
			l.Manifests[p.Name] = m
		}
	}
	names := make([]string, len(l.Procedures))
	for i, p := range l.Procedures {
		names[i] = p.Name
		p.Check(set, l.Config.QueueNames(), &l.problems)
	}
	arguments := set.arguments()
	for _, p := range l.policies {
		p.CheckTools(arguments, &l.problems)
		if !slices.Contains(l.unsound, p) {
			p.RunExamples(&l.problems)
		}
	}
	l.GuardTools = l.guardTools()
	l.authority.Currency, l.authority.Tools, l.authority.Procedures, l.Authority = l.Config.Currency, l.GuardTools, names, l.authority
	l.authority.Check(l.authFile, names, set.Names(""), &l.problems)
	for i, m := range l.Monitors {
		if slices.ContainsFunc(l.Monitors[:i], func(o *Monitor) bool { return o.Name == m.Name }) {
			l.problems.Add(m.Pos, "monitor %s is there twice", m.Name)
		}
		m.check(set, &l.problems)
	}
	for _, s := range l.Rehearsals {
		s.Check(set, &l.problems)
		s.CheckCustomer(l.questions(), &l.problems)
		s.CheckProcedures(names, &l.problems)
	}
	l.Guard = policy.NewGuard(l.policies, l.authority, hash(l.content, l.guarded), policy.Terms{Currency: l.Config.Currency, RiskApprove: l.Config.RiskApprove, RiskDeny: l.Config.RiskDeny}).WithTables(l.Tables).WithTools(l.GuardTools)
	l.ModelTools = l.modelTools(set)
	l.checkModel(set)
	l.warn(set, names)
	l.Recalls = l.Guard.ReadsHistory() || slices.ContainsFunc(l.Procedures, (*procedure.Procedure).ReadsHistory)
	if len(l.prompts) > 0 {
		l.Prompts = hash(l.content, l.prompts)
	}
}
