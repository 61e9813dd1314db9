package api

import (
	"context"
	"net/http"

	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/suggest"
)

// Suggestions are changes of the bundle that follow from what people decided.
type Suggestions interface {
	List(ctx context.Context, state suggest.State) ([]suggest.Shown, error)
	Get(ctx context.Context, id string) (suggest.Shown, error)
	Rehearse(ctx context.Context, id string, who people.Principal) (suggest.Shown, runs.Run, error)
	Accept(ctx context.Context, id, candidate string, who people.Principal) (suggest.Shown, error)
	Dismiss(ctx context.Context, id, note string, who people.Principal) (suggest.Shown, error)
}

func (s *server) getSuggestions(r *request) error {
	state := suggest.State(r.Query("state"))
	if state == "" {
		state = suggest.Open
	}
	list, err := s.Suggestions.List(r.Request.Context(), state)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(list, ""))
}

func (s *server) getSuggestion(r *request) error {
	shown, err := s.Suggestions.Get(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, shown)
}

// rehearseSuggestion asks for a rehearsal of the candidate, and may wait for its end.
func (s *server) rehearseSuggestion(r *request) error {
	_, run, err := s.Suggestions.Rehearse(r.Request.Context(), r.Param("id"), r.who)
	if err != nil {
		return err
	}
	told, err := s.wait(r, run.ID)
	if err != nil {
		return err
	}
	return answer(r, http.StatusAccepted, told)
}

// accepted is a suggestion that became the active version.
type accepted struct {
	Version string `json:"version"`
	Active  bool   `json:"active"`
	Archive string `json:"archive"` // where the version's files are
	Note    string `json:"note"`
}

func (s *server) acceptSuggestion(r *request) error {
	var in struct {
		Candidate string `json:"candidate"`
	}
	if r.Request.ContentLength != 0 {
		if err := r.decode(&in); err != nil {
			return err
		}
	}
	shown, err := s.Suggestions.Accept(r.Request.Context(), r.Param("id"), in.Candidate, r.who)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, accepted{Version: shown.Candidate, Active: true, Archive: base + "/bundles/" + shown.Candidate + "/archive",
		Note: "The folder that the bundle was applied from doesn't have this change: take it over from the archive, or the next apply of that folder undoes it."})
}

func (s *server) dismissSuggestion(r *request) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if err := casefile.CheckNote(in.Note); err != nil {
		return invalid(err.Error(), problemPart{Pointer: "/note", Detail: err.Error()})
	}
	shown, err := s.Suggestions.Dismiss(r.Request.Context(), r.Param("id"), in.Note, r.who)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, shown)
}

// getArchive gives a stored version's files.
func (s *server) getArchive(r *request) error {
	version, archive, err := s.Bundles.Archive(r.Request.Context(), r.Param("version"))
	if err != nil {
		return err
	}
	r.Writer.Header().Set("Content-Disposition", `attachment; filename="bundle-`+version[:12]+`.tar.gz"`)
	r.Data(http.StatusOK, mediaArchive, archive)
	return nil
}
