package api

import (
	"context"
	"net/http"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/precedent"
)

// Precedents are cases that are over, found by what the customer wrote.
type Precedents interface {
	Search(ctx context.Context, q precedent.Query) ([]precedent.Precedent, error)
}

// Sizes of an answer.
const (
	someSimilar = 5
	mostSimilar = 50
)

// howMany is the parameter of how many cases are wanted.
func howMany() parameter { return count("k", "how many at most", someSimilar, mostSimilar) }

// getSimilar gives closed cases like one.
func (s *server) getSimilar(r *request) error {
	c, err := s.Engine.Load(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return s.similar(r, precedent.Of(c, r.count("k", someSimilar, mostSimilar)))
}

// getSimilarTo gives closed cases like a text.
func (s *server) getSimilarTo(r *request) error {
	if strings.TrimSpace(r.Query("text")) == "" {
		return invalid("say what the cases should be like: text=my blender arrived smashed", problemPart{Parameter: "text", Detail: "it is missing"})
	}
	return s.similar(r, precedent.Query{Text: r.Query("text"), K: r.count("k", someSimilar, mostSimilar)})
}

func (s *server) similar(r *request, q precedent.Query) error {
	found, err := s.Precedents.Search(r.Request.Context(), q)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(found, ""))
}

func precedentShape() schema {
	return object("A case that is over, and how it ended", schema{"case_id": text(""), "score": number("how like it what the customer wrote is, from 0 to 1, less where nothing was proven to work"), "procedure": text("empty for none"),
		"hypothesis": text("that held, else the last one tried; empty for none"), "worked": boolean("a check proved it"), "outcome": oneOf("resolved, or the code that it was closed with", string(casefile.Resolved), string(casefile.StopDeclined), string(casefile.StopHumanClosed), string(casefile.Closed)),
		"done":      arrayOf(object("", schema{"tool": text("PLUGIN.TOOL"), "by_person": boolean("a person's edit or override")})),
		"ruled_out": arrayOf(object("", schema{"hypothesis": text(""), "why": text("")})), "note": text("of the person who closed it"), "subject": text("the first words of what the customer wrote"),
		"opened_at": moment(""), "closed_at": moment(""), "same_customer": boolean("of whom the case is")})
}
