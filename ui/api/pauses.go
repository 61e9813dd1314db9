package api

import (
	"context"
	"net/http"

	"resolute/agent/casefile"
)

// Pauses keeps what is paused.
type Pauses interface {
	Current() casefile.Pauses
	Pause(ctx context.Context, p casefile.Pause) (casefile.Pause, error)
	Resume(ctx context.Context, p casefile.Pause) error
}

// pauseBody reads what a request is about.
func pauseBody(r *request) (p casefile.Pause, err error) {
	var in struct {
		Tool      string `json:"tool"`
		Procedure string `json:"procedure"`
		Note      string `json:"note"`
	}
	err = r.decode(&in)
	return casefile.Pause{Tool: in.Tool, Procedure: in.Procedure, Note: in.Note, By: r.who.Actor()}, err
}

func (s *server) postPause(r *request) error {
	p, err := pauseBody(r)
	if err == nil {
		p, err = s.Pauses.Pause(r.Request.Context(), p)
	}
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, p)
}

func (s *server) postResume(r *request) error {
	p, err := pauseBody(r)
	if err == nil {
		err = s.Pauses.Resume(r.Request.Context(), p)
	}
	if err != nil {
		return err
	}
	return s.getPauses(r)
}

func (s *server) getPauses(r *request) error {
	list := s.Pauses.Current().List
	if list == nil {
		list = []casefile.Pause{}
	}
	return answer(r, http.StatusOK, listOf(list, ""))
}

func pauseShapes() schema {
	return schema{
		"Pause":      object("What the agent does nothing in: a tool, a procedure, or everything where neither is named", schema{"tool": text("PLUGIN.TOOL"), "procedure": text(""), "note": text("why"), "by": text("actor"), "at": moment("")}, "tool", "procedure"),
		"PauseScope": closed(object("A tool, a procedure, or everything where neither is named", schema{"tool": text("PLUGIN.TOOL"), "procedure": text(""), "note": text("why")}, "tool", "procedure", "note")),
	}
}
