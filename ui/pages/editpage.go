package pages

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
)

type editPage struct {
	Shell    Shell
	Version  VersionView
	Path     string
	Text     string
	May      bool
	Locked   string // why it can't be edited here
	Problems []ProblemView
	Fine     bool // it was checked, and there is nothing to say
	Spans    []Option
	Impact   *ImpactView
	Progress ProgressView // of its rehearsal
}

// ProblemView is something wrong at a line.
type ProblemView struct {
	File, Message string
	Line, Col     int
	Text          string // of the line, where it is one of this file
	Warning       bool
}

// maxEdited is how large a file may be that a page edits, in bytes.
const maxEdited = 256 << 10

// locked says why somebody may not edit a file here, "" if they may.
func locked(who people.Principal, path string, text []byte) string {
	switch {
	case !who.Role.AtLeast(people.Operator):
		return "You are signed in as " + string(who.Role) + ": an operator drafts."
	case strings.HasPrefix(path, "tools/") && !who.Role.AtLeast(people.Admin):
		return "It says where secrets are sent, so an admin changes it."
	case len(text) > maxEdited || !utf8.Valid(text):
		return "It is too large to be edited here, or no text."
	}
	return ""
}

func (s *site) editFile(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, _, err := s.editPage(r, who, r.URL.Query().Get("path"))
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "edit", p)
}

func (s *site) editPage(r *http.Request, who people.Principal, path string) (p editPage, was []byte, err error) {
	b, err := s.Versions.Resolve(r.Context(), r.PathValue("version"))
	if err != nil {
		return p, nil, err
	}
	files, err := s.Versions.Files(r.Context(), b.Version)
	if err != nil {
		return p, nil, err
	}
	was, there := files[path]
	if !there {
		return p, nil, fmt.Errorf("%w: the version has no file %.100q", errNoPage, path)
	}
	p = editPage{Path: path, Spans: spans(r), Version: VersionView{Version: b.Version, Short: digest(b.Version)}, Locked: locked(who, path, was)}
	if p.May = p.Locked == ""; utf8.Valid(was) && len(was) <= maxEdited {
		p.Text = string(was)
	}
	if active, err := s.Bundles.Active(); err == nil {
		p.Version.Active = active.Version == b.Version
	}
	p.Shell = s.shell(r, who, path, "/bundles")
	return p, was, nil
}

// saveFile checks a version with a file changed, and keeps it as a draft where that is wanted. Nothing of
// it becomes active.
func (s *site) saveFile(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, 4*maxEdited); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	path, text := r.PostForm.Get("path"), strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")
	p, _, err := s.editPage(r, who, path)
	if err != nil {
		return err
	}
	if !p.May {
		return fmt.Errorf("%w: %s", errRole, p.Locked)
	}
	p.Text = text
	files, err := s.Versions.Edit(r.Context(), p.Version.Version, path, []byte(text))
	if err != nil {
		return err
	}
	b, err := s.Versions.Drafted(r.Context(), files)
	if err == nil {
		switch r.PostForm.Get("do") {
		case "draft":
			if b, err = s.Versions.Store(r.Context(), files, who.Actor()); err == nil {
				http.Redirect(w, r, "/bundles/"+url.PathEscape(b.Version), http.StatusSeeOther)
				return nil
			}
		case "impact":
			p.Impact, err = s.impactOf(r, b)
		case "rehearse":
			var run runs.Run
			if run, err = s.Rehearsals.Start(r.Context(), runs.Order{Bundle: b, By: who.Actor(), Options: runs.Options{Seed: 1}}); err == nil {
				p.Progress = s.progressView([]runs.Run{run}, []string{run.ID}, true)
				p.Shell.Stream = "/rehearsals/stream?" + url.Values{"run": {run.ID}}.Encode()
			}
		}
	}
	var refused *bundle.RefusedError
	switch {
	case errors.As(err, &refused):
		p.Problems = problemViews(refused, path, text)
		return s.render(w, http.StatusUnprocessableEntity, "edit", p)
	case err != nil:
		return err
	}
	p.Fine = true
	return s.render(w, http.StatusOK, "edit", p)
}

func problemViews(refused *bundle.RefusedError, path, text string) []ProblemView {
	lines := strings.Split(text, "\n")
	var list []ProblemView
	for _, x := range refused.Problems {
		v := ProblemView{File: x.File, Message: x.Message, Line: max(x.Line, 1), Col: max(x.Col, 1), Warning: x.Warning}
		if x.File == path && v.Line <= len(lines) {
			v.Text = shorten(lines[v.Line-1], 160)
		}
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b ProblemView) int { return cmp.Compare(boolInt(a.Warning), boolInt(b.Warning)) })
	return list
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
