package api

import (
	"cmp"
	"context"
	"net/http"

	"resolute/agent/model/ollama"
	"resolute/agent/people"
)

// Model is the way to the model; an ollama.Client is.
type Model interface {
	Status(ctx context.Context) ollama.Status
	Glance(ctx context.Context) ollama.Status
	Pull(name string) (ollama.Pull, error)
}

func (s *server) getModel(r *request) error {
	return answer(r, http.StatusOK, s.Model.Status(r.Request.Context()))
}

// postPull has the model's server fetch a model; how far that is, GET /model says.
func (s *server) postPull(r *request) error {
	var in struct {
		Model string `json:"model"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	name := cmp.Or(in.Model, s.Model.Status(r.Request.Context()).Model)
	if name == "" {
		return invalid("no model is configured, so name the one to pull", problemPart{Pointer: "/model", Detail: "write it like qwen3:8b"})
	}
	pull, err := s.Model.Pull(name)
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "model.pulled", name, nil); err != nil {
		return err
	}
	return answer(r, http.StatusAccepted, pull)
}

func modelRoutes(s *server) []route {
	return []route{
		{method: "GET", path: base + "/model", role: string(people.Viewer), about: "How the model and its server stand", gives: inJSON(ref("Model")), do: s.getModel},
		{method: "POST", path: base + "/model/pull", role: string(people.Admin), about: "Have the server fetch a model, the configured one if none is named, in the background; where it does already, the answer is how far that is", status: http.StatusAccepted,
			takes: inJSON(closed(object("", schema{"model": text("its name, like qwen3:8b")}, "model"))), gives: inJSON(ref("Pull")), do: s.postPull},
	}
}

func modelShapes() schema {
	return schema{
		"Model": object("", schema{"state": oneOf("", ollama.StateNone, ollama.StateReady, ollama.StateIdle, ollama.StatePulling, ollama.StateMissing, ollama.StateUnreachable, ollama.StateFailing),
			"detail": text("what to do about it, or what is so"), "model": text("that is configured"), "address": text("where its server is looked for"), "version": text("of the server"),
			"context": integer("tokens of its context that are used"), "most_context": integer("tokens that it has"), "bytes": integer("its size"), "models": arrayOf(text("that the server has")),
			"last": object("how the last request for it ended", schema{"at": moment(""), "code": text("why there was no answer"), "detail": text("")}, "code", "detail"),
			"pull": ref("Pull")}, "model", "version", "context", "most_context", "bytes", "last", "pull"),
		"Pull": object("A model that the server fetches, or fetched the last time", schema{"model": text(""), "status": text("in the server's words"), "completed_bytes": integer(""), "total_bytes": integer("of what is known to come"),
			"started_at": moment(""), "ended_at": moment(""), "error": text("why it ended without the model")}, "ended_at", "error"),
	}
}
