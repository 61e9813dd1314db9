package api

import (
	"errors"
	"net/http"
	"time"

	"resolute/agent/journal"
)

// postVerify walks the journal, and holds it against a checkpoint, if one is given.
func (s *server) postVerify(r *request) error {
	var in struct {
		Checkpoint string `json:"checkpoint"`
	}
	if r.Request.ContentLength != 0 {
		if err := r.decode(&in); err != nil {
			return err
		}
	}
	type damage struct {
		Where string `json:"where"`
		What  string `json:"what"`
	}
	found := []damage{}
	report := func(d journal.Damage) {
		if len(found) < 1000 {
			found = append(found, damage(d))
		}
	}
	if in.Checkpoint != "" {
		c, _, err := s.Checkpoints.Open([]byte(in.Checkpoint))
		if err != nil {
			return err
		}
		if err := s.Store.Compare(r.Request.Context(), c, report); errors.Is(err, journal.ErrDamaged) {
			report(journal.Damage{Where: "the checkpoint", What: "it can't be compared: " + err.Error()})
		} else if err != nil {
			return err
		}
	}
	totals, err := s.Store.Verify(r.Request.Context(), report)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"damage": found, "totals": totals})
}

// postCheckpoint gives a signed checkpoint. That it was made is in it.
func (s *server) postCheckpoint(r *request) error {
	ctx := r.Request.Context()
	if err := s.Audit.Record(ctx, r.who.Actor(), "checkpoint.made", "", nil); err != nil {
		return err
	}
	c, err := s.Store.Checkpoint(ctx)
	if err != nil {
		return err
	}
	signed, err := s.Checkpoints.Sign(c, time.Now())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]string{"checkpoint": string(signed)})
}
