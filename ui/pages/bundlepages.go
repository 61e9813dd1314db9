package pages

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
)

type bundlesPage struct {
	Shell    Shell
	Versions []VersionView
}

// VersionView is a stored version of the bundle.
type VersionView struct {
	Version, Short string
	Active, Draft  bool
	By             string
	At             Moment
	Runs           []RunView // its rehearsals, the newest first
}

// RunView is a rehearsal of a version.
type RunView struct {
	Say, Icon, Tone string
	By, Link        string
	At              Moment
	Under           bool // way
}

type bundlePage struct {
	Shell   Shell
	Version VersionView
	Diff    *DiffView // to the active version, nil for that one
	Files   []FileView
	Drafts  bool // who looks may draft and rehearse
	Admin   bool
	Spans   []Option
	Impact  *ImpactView

	Progress ProgressView // of rehearsals that are under way
}

// DiffView is what changes from the active version to another.
type DiffView struct {
	Files []FileDiff
	Rules []bundle.RuleChange
	Tools []ToolDiff
	None  bool
}

// FileDiff is a file that changes.
type FileDiff struct {
	Path, Change string
	Lines        []DiffLine
	Edit         string
}

// DiffLine is a line of a diff; Class is add, gone, or "".
type DiffLine struct{ Class, Text string }

// ToolDiff is a tool that changes.
type ToolDiff struct{ Tool, Change, What string }

// FileView is a file of a version.
type FileView struct{ Path, Size, Link string }

func (s *site) versionView(st bundle.Stored) VersionView {
	return VersionView{Version: st.Version, Short: digest(st.Version), Active: st.Active, Draft: st.Draft, By: actor(st.AppliedBy), At: moment(st.AppliedAt, s.Now())}
}

// versions gives the stored versions, newest first, with their last rehearsals.
func (s *site) versions(r *http.Request) ([]VersionView, error) {
	stored, err := s.Versions.List(r.Context())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(stored, func(a, b bundle.Stored) int { return b.AppliedAt.Compare(a.AppliedAt) })
	list, _, err := s.Rehearsals.Runs(r.Context(), "", perPage)
	if err != nil {
		return nil, err
	}
	var views []VersionView
	for _, st := range stored {
		v := s.versionView(st)
		for i := range list {
			if list[i].Version == st.Version && len(v.Runs) < 3 {
				v.Runs = append(v.Runs, s.runView(&list[i]))
			}
		}
		views = append(views, v)
	}
	return views, nil
}

func (s *site) runView(r *runs.Run) RunView {
	v := RunView{By: actor(r.By), Link: "/rehearsals/" + url.PathEscape(r.ID), At: moment(r.AskedAt, s.Now())}
	switch {
	case !r.State.Over():
		v.Say, v.Icon, v.Tone, v.Under = fmt.Sprintf("%s, %d of %d begun", r.State, r.Begun, r.Total), "working", "working", true
	case r.Error != "":
		v.Say, v.Icon, v.Tone = string(r.State)+": "+r.Error, "escalated", "escalated"
	case r.Passed:
		v.Say, v.Icon, v.Tone = fmt.Sprintf("passed, all %d", r.Total), "resolved", "resolved"
	default:
		v.Say, v.Icon, v.Tone = fmt.Sprintf("%d of %d did not pass", r.Unmet, r.Total), "escalated", "escalated"
	}
	return v
}

func (s *site) bundles(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	views, err := s.versions(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "bundles", bundlesPage{Shell: s.shell(r, who, "Bundles", "/bundles"), Versions: views})
}

func (s *site) oneBundle(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := s.bundlePage(r, who)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "bundle", p)
}

func (s *site) bundlePage(r *http.Request, who people.Principal) (bundlePage, error) {
	p := bundlePage{Spans: spans(r), Drafts: who.Role.AtLeast(people.Operator), Admin: who.Role.AtLeast(people.Admin)}
	b, err := s.Versions.Resolve(r.Context(), r.PathValue("version"))
	if err != nil {
		return p, err
	}
	all, err := s.versions(r)
	if err != nil {
		return p, err
	}
	for _, v := range all {
		if v.Version == b.Version {
			p.Version = v
		}
	}
	files, err := s.Versions.Files(r.Context(), b.Version)
	if err != nil {
		return p, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p.Files = append(p.Files, FileView{Path: name, Size: size(len(files[name])), Link: editLink(b.Version, name)})
	}
	if !p.Version.Active {
		d, err := s.Versions.Diff(r.Context(), "active", b.Version)
		if err == nil {
			p.Diff = diffView(d)
		} else if !errors.Is(err, bundle.ErrNone) {
			return p, err
		}
	}
	p.Shell = s.shell(r, who, "Bundle "+p.Version.Short, "/bundles")
	p.Version.Runs = slices.DeleteFunc(p.Version.Runs, func(v RunView) bool { return v.Under })
	ran, _, err := s.Rehearsals.Runs(r.Context(), "", perPage)
	p.Progress, p.Shell.Stream = s.underWay(ran, b.Version, who)
	return p, err
}

func editLink(version, path string) string {
	return "/bundles/" + url.PathEscape(version) + "/edit?" + url.Values{"path": {path}}.Encode()
}

func diffView(d bundle.Diff) *DiffView {
	v := &DiffView{Rules: d.Rules, None: len(d.Files)+len(d.Rules)+len(d.Tools) == 0}
	for _, f := range d.Files {
		v.Files = append(v.Files, fileDiff(f, editLink(d.To, f.Path)))
	}
	for _, t := range d.Tools {
		v.Tools = append(v.Tools, ToolDiff{t.Tool, t.Change, strings.Join(t.What, ", ")})
	}
	return v
}

// fileDiff is a file that changes, line by line.
func fileDiff(f bundle.FileChange, edit string) FileDiff {
	file := FileDiff{Path: f.Path, Change: f.Change, Edit: edit}
	for line := range strings.Lines(f.Diff) {
		if line = strings.TrimRight(line, "\n"); len(file.Lines) < 400 {
			file.Lines = append(file.Lines, DiffLine{Class: map[bool]string{true: "add"}[strings.HasPrefix(line, "+")] + map[bool]string{true: "gone"}[strings.HasPrefix(line, "-")], Text: line})
		}
	}
	return file
}

// rehearseBundle runs the rehearsals of a version in the background; its page says what they come to.
func (s *site) rehearseBundle(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	b, err := s.Versions.Resolve(r.Context(), r.PathValue("version"))
	if err != nil {
		return err
	}
	if _, err := s.Rehearsals.Start(r.Context(), runs.Order{Bundle: b, By: who.Actor(), Options: runs.Options{Seed: 1}}); err != nil {
		return err
	}
	http.Redirect(w, r, "/bundles/"+url.PathEscape(b.Version), http.StatusSeeOther)
	return nil
}

// bundleArchive gives a version's files, packed.
func (s *site) bundleArchive(w http.ResponseWriter, r *http.Request, _ people.Principal) error {
	version, archive, err := s.Versions.Archive(r.Context(), r.PathValue("version"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Disposition", `attachment; filename="bundle-`+digest(version)+`.tar.gz"`)
	_, err = w.Write(archive)
	return err
}

// activateBundle makes a version the one that new cases open under.
func (s *site) activateBundle(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	b, err := s.Versions.Activate(r.Context(), r.PathValue("version"), who.Actor())
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/bundles/"+url.PathEscape(b.Version), http.StatusSeeOther)
	return nil
}
