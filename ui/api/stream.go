package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"resolute/agent/casefile"
)

const (
	heartbeat   = 15 * time.Second
	streamBatch = 200
)

// getStream sends an event for each entry that is committed, from Last-Event-ID on, else from now,
// and between them how far imports of knowledge and rehearsals are, for as long as the token counts.
func (s *server) getStream(r *request) error {
	ctx := r.Request.Context()
	committed, cancel := s.Store.Committed()
	defer cancel()
	imports, progress, unwatch := s.Knowledge.Watch()
	defer unwatch()
	rehearsals, rehearsed, unlisten := s.Rehearsals.Watch()
	defer unlisten()
	after, err := s.streamFrom(r)
	if err != nil {
		return err
	}
	h := r.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	r.Writer.WriteHeader(http.StatusOK)
	r.Writer.Flush()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		for {
			entries, _, err := s.Store.Feed(ctx, after, streamBatch)
			if err != nil || len(entries) == 0 {
				break
			}
			if _, known := s.bearer(r.Request); !known && !s.local {
				return nil // the token was revoked meanwhile, or its time is over
			}
			for i := range entries {
				if !send(r, &entries[i]) {
					return nil
				}
				after = entries[i].Offset
			}
			r.Writer.Flush()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-committed:
		case <-imports:
			if _, known := s.bearer(r.Request); !known && !s.local {
				return nil
			}
			for _, p := range progress() {
				if !tell(r, "knowledge.progress", p) {
					return nil
				}
			}
			r.Writer.Flush()
		case <-rehearsals:
			if _, known := s.bearer(r.Request); !known && !s.local {
				return nil
			}
			for _, run := range rehearsed() {
				if !tell(r, "rehearsal.progress", run) {
					return nil
				}
			}
			r.Writer.Flush()
		case <-beat.C:
			if _, err := r.Writer.WriteString(": \n\n"); err != nil {
				return nil
			}
			r.Writer.Flush()
		}
	}
}

func (s *server) streamFrom(r *request) (after uint64, err error) {
	if id := r.GetHeader("Last-Event-ID"); id != "" {
		if after, err = strconv.ParseUint(id, 10, 64); err != nil {
			return 0, malformed("Last-Event-ID is none that this stream gave")
		}
		return after, nil
	}
	_, last, err := s.Store.Feed(r.Request.Context(), 0, 1)
	return last, err
}

// streamed is the data of an event.
type streamed struct {
	CaseID string          `json:"case_id"`
	Seq    uint64          `json:"seq"`
	Kind   casefile.Kind   `json:"kind"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Status casefile.Status `json:"status,omitempty"` // where the entry changes it
}

func send(r *request, e *casefile.Entry) bool {
	d := streamed{CaseID: e.Case, Seq: e.Seq, Kind: e.Data.Kind(), At: e.At, Actor: e.Actor}
	switch x := e.Data.(type) {
	case *casefile.CaseOpened, *casefile.CaseReopened:
		d.Status = casefile.Working
	case *casefile.CaseStopped:
		d.Status = x.Status
	case *casefile.CaseResolved:
		d.Status = casefile.Resolved
	case *casefile.CaseClosed:
		d.Status = casefile.Closed
	}
	b, err := json.Marshal(d)
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(r.Writer, "id: %d\nevent: %s\ndata: %s\n\n", e.Offset, d.Kind, b)
	return err == nil
}

// tell sends an event that isn't of any journal: it has no id, and isn't sent again.
func tell(r *request, event string, data any) bool {
	b, err := json.Marshal(data)
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(r.Writer, "event: %s\ndata: %s\n\n", event, b)
	return err == nil
}
