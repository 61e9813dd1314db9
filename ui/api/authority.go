package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"resolute/agent/authority"
	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Authority is what the agent has earned.
type Authority interface {
	Levels() ([]authority.Level, error)
	Answer(ctx context.Context, a authority.Answer, audit func(detail map[string]any) (journal.Record, error), now time.Time) (*authority.Held, error)
}

func (s *server) getAuthority(r *request) error {
	limit, cursor := r.page()
	levels, err := s.Authority.Levels()
	if err != nil {
		return err
	}
	first, _ := slices.BinarySearchFunc(levels, cursor, func(l authority.Level, cursor string) int {
		if cursor == "" || l.Key.String() > cursor {
			return 1
		}
		return -1
	})
	levels, next := levels[first:], ""
	if len(levels) > limit {
		levels, next = levels[:limit], levels[limit-1].Key.String()
	}
	return answer(r, http.StatusOK, listOf(levels, next))
}

func (s *server) postAuthority(r *request) error {
	var in struct {
		authority.Key
		Decision string         `json:"decision"`
		To       casefile.Level `json:"to"`
		Note     string         `json:"note"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if err := casefile.CheckNote(in.Note); err != nil {
		return invalid(err.Error())
	}
	a := authority.Answer{Key: in.Key, Accept: in.Decision == "accept", To: in.To, By: r.who.Actor(), Note: in.Note}
	_, err := s.Authority.Answer(r.Request.Context(), a, func(detail map[string]any) (journal.Record, error) {
		detail["band"] = in.Band
		return s.Audit.Event(r.who.Actor(), "authority."+in.Decision, in.Procedure+" "+in.Tool, detail)
	}, time.Now())
	if err != nil {
		return err
	}
	levels, err := s.Authority.Levels()
	if err != nil {
		return err
	}
	for _, l := range levels {
		if l.Key == in.Key {
			return answer(r, http.StatusOK, l)
		}
	}
	return notFound("nothing is known of " + in.Tool + " in " + in.Procedure)
}
