package api

import (
	"net/http"
	"strconv"
)

type receipt struct {
	SignalID  string `json:"signal_id"`
	CaseID    string `json:"case_id"`
	Duplicate bool   `json:"duplicate"`
}

// postSignals takes one event or a batch.
func (s *server) postSignals(r *request) error {
	done := hurry(r)
	signals, batch, err := readEvents(r.Request)
	done()
	if err != nil {
		return err
	}
	if len(signals) == 0 {
		return answer(r, http.StatusAccepted, []receipt{})
	}
	receipts, err := s.Intake.Accept(r.Request.Context(), signals, r.who)
	if err != nil {
		return err
	}
	out := make([]receipt, len(receipts))
	for i, x := range receipts {
		out[i] = receipt{SignalID: x.SignalID, CaseID: x.CaseID, Duplicate: x.Duplicate}
		s.signals.WithLabelValues(strconv.FormatBool(x.Duplicate)).Inc()
	}
	if batch {
		return answer(r, http.StatusAccepted, out)
	}
	return answer(r, http.StatusAccepted, out[0])
}

func (s *server) postCallback(r *request) error {
	var body callbackBody
	done := hurry(r)
	err := r.decode(&body)
	done()
	if err != nil {
		return err
	}
	if err := s.Engine.Complete(r.Request.Context(), r.Param("token"), body); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}
