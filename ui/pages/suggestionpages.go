package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/suggest"
)

// Suggestions are changes of the bundle that follow from what people decided; a suggest.Keeper makes them.
type Suggestions interface {
	List(ctx context.Context, state suggest.State) ([]suggest.Shown, error)
	Get(ctx context.Context, id string) (suggest.Shown, error)
	Rehearse(ctx context.Context, id string, who people.Principal) (suggest.Shown, runs.Run, error)
	Accept(ctx context.Context, id, candidate string, who people.Principal) (suggest.Shown, error)
	Dismiss(ctx context.Context, id, note string, who people.Principal) (suggest.Shown, error)
}

type suggestionsPage struct {
	Shell    Shell
	Heading  string
	Views    []Tab
	Waits    bool // those that wait for somebody, not those that were dismissed
	List     []SuggestionView
	Accepted *AcceptedView
}

// AcceptedView is the version that a suggestion became.
type AcceptedView struct{ Version, Short, Archive string }

type suggestionPage struct {
	Shell  Shell
	One    SuggestionView
	May    bool   // who looks may rehearse and dismiss
	Accept bool   // and accept
	Locked string // why it can't be accepted now, "" if it can

	Progress ProgressView // of its rehearsal
}

// versionLink is the page of a version of the bundle.
func versionLink(version string) string { return "/bundles/" + url.PathEscape(version) }

func suggestionLink(id string) string { return "/suggestions/" + url.PathEscape(id) }

func (s *site) suggestions(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	state := suggest.Open
	if r.URL.Query().Get("state") == string(suggest.Dismissed) {
		state = suggest.Dismissed
	}
	p := suggestionsPage{Shell: s.shell(r, who, "Suggestions", "/suggestions"), Waits: state == suggest.Open}
	for _, of := range []struct {
		state suggest.State
		name  string
		link  string
	}{{suggest.Open, "Open", "/suggestions"}, {suggest.Dismissed, "Dismissed", "/suggestions?state=dismissed"}} {
		list, err := s.Learning.Suggestions.List(r.Context(), of.state)
		if err != nil {
			return err
		}
		p.Views = append(p.Views, Tab{Name: of.name, Link: of.link, Count: thousands(len(list)), Current: of.state == state})
		if of.state == suggest.Open {
			p.Heading = suggested(len(list))
		}
		if of.state != state {
			continue
		}
		for i := range list {
			p.List = append(p.List, s.suggestionView(&list[i], nil))
		}
	}
	if b, err := s.Bundles.Active(); err == nil && r.URL.Query().Get("accepted") == b.Version {
		p.Accepted = &AcceptedView{Version: b.Version, Short: digest(b.Version), Archive: versionLink(b.Version) + "/archive"}
	}
	return s.render(w, http.StatusOK, "suggestions", p)
}

func suggested(n int) string {
	if n == 0 {
		return "Nothing to suggest"
	}
	return plural(n, "suggestion")
}

func (s *site) oneSuggestion(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	shown, err := s.Learning.Suggestions.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	ran, _, err := s.Rehearsals.Runs(r.Context(), "", perPage)
	if err != nil {
		return err
	}
	p := suggestionPage{Shell: s.shell(r, who, shown.Title, "/suggestions"), One: s.suggestionView(&shown, ran), May: who.Role.AtLeast(people.Operator), Accept: who.Role.AtLeast(people.Admin)}
	p.Progress, p.Shell.Stream = s.underWay(ran, shown.Candidate, who)
	switch {
	case shown.State == suggest.Dismissed:
		p.Locked = "It is dismissed; it comes back when far more speaks for it."
	case shown.OnePerson && slices.Contains(shown.People, who.Actor()):
		p.Locked = "You alone decided so: somebody else accepts what follows from it."
	case shown.Rehearsal == nil:
		p.Locked = "Rehearse it first: only what passed exactly as it is becomes active."
	case !shown.Rehearsal.Passed:
		p.Locked = "It did not pass its rehearsals, so it can't become active."
	}
	return s.render(w, http.StatusOK, "suggestion", p)
}

// rehearseSuggestion runs the rehearsals of the version that a suggestion would become, in the background.
func (s *site) rehearseSuggestion(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if _, _, err := s.Learning.Suggestions.Rehearse(r.Context(), r.PathValue("id"), who); err != nil {
		return err
	}
	http.Redirect(w, r, suggestionLink(r.PathValue("id"))+"#rehearsal", http.StatusSeeOther)
	return nil
}

// acceptSuggestion makes the version active that was shown, if it passed.
func (s *site) acceptSuggestion(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	candidate := r.PostForm.Get("candidate")
	if candidate == "" {
		return fmt.Errorf("%w: candidate says which version was shown", errRequest)
	}
	shown, err := s.Learning.Suggestions.Accept(r.Context(), r.PathValue("id"), candidate, who)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/suggestions?"+url.Values{"accepted": {shown.Candidate}}.Encode(), http.StatusSeeOther)
	return nil
}

// dismissSuggestion keeps a suggestion away until far more speaks for it.
func (s *site) dismissSuggestion(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	note := r.PostForm.Get("note")
	if err := casefile.CheckNote(note); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	if note == "" {
		return fmt.Errorf("%w: say why it is dismissed, for whoever looks at it later", errRequest)
	}
	if _, err := s.Learning.Suggestions.Dismiss(r.Context(), r.PathValue("id"), note, who); err != nil {
		return err
	}
	http.Redirect(w, r, "/suggestions", http.StatusSeeOther)
	return nil
}
