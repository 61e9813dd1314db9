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
	Level(key authority.Key) (authority.Level, error)
	Answer(ctx context.Context, a authority.Answer, audit func(detail map[string]any) (journal.Record, error), now time.Time) (*authority.Held, error)
	Lower(ctx context.Context, w authority.Lowering, audit func(detail map[string]any) (journal.Record, error), now time.Time) error
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
	ctx, by, now := r.Request.Context(), r.who.Actor(), time.Now()
	said := func(detail map[string]any) (journal.Record, error) {
		detail["band"] = in.Band
		return s.Audit.Event(by, "authority."+in.Decision, in.Procedure+" "+in.Tool, detail)
	}
	var err error
	switch in.Decision {
	case "demote":
		if in.To == "" {
			return invalid("to is needed: the level that it falls to, shadow or propose")
		}
		err = s.Authority.Lower(ctx, authority.Lowering{Key: in.Key, To: in.To, By: by, Note: in.Note}, said, now)
	case "restore":
		err = s.Authority.Lower(ctx, authority.Lowering{Key: in.Key, By: by, Note: in.Note}, said, now)
	default:
		_, err = s.Authority.Answer(ctx, authority.Answer{Key: in.Key, Accept: in.Decision == "accept", To: in.To, By: by, Note: in.Note}, said, now)
	}
	if err != nil {
		return err
	}
	level, err := s.Authority.Level(in.Key)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, level)
}
