package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"resolute/agent/casefile"
)

// event is a CloudEvents 1.0 event in its JSON format.
type event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"`
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	DataBase64      json.RawMessage `json:"data_base64"`
}

type receipt struct {
	SignalID  string `json:"signal_id"`
	CaseID    string `json:"case_id"`
	Duplicate bool   `json:"duplicate"`
}

// postSignals takes one event or a batch.
func (s *server) postSignals(r *request) error {
	events, batch, err := readEvents(r.Request)
	if err != nil {
		return err
	}
	signals := make([]casefile.Signal, len(events))
	for i := range events {
		if signals[i], err = events[i].signal(); err != nil {
			if p := problemOf(err); p != nil && batch {
				p.Detail = fmt.Sprintf("event %d: %s; nothing of the batch was taken", i, p.Detail)
				for j := range p.Errors {
					p.Errors[j].Pointer = "/" + strconv.Itoa(i) + p.Errors[j].Pointer
				}
				err = p
			}
			return err
		}
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

// readEvents reads the structured, the binary and the batched mode.
func readEvents(r *http.Request) (events []event, batch bool, err error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	binary := r.Header.Get("ce-specversion") != "" || r.Header.Get("ce-id") != ""
	switch media {
	case "application/cloudevents-batch+json", "application/cloudevents+json", "application/json":
	default:
		return nil, false, &problem{Status: http.StatusUnsupportedMediaType, Detail: "send application/cloudevents+json, application/json, or application/cloudevents-batch+json; this is " + strconv.Quote(media)}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false, err
	}
	if media == "application/cloudevents-batch+json" {
		if err := json.Unmarshal(body, &events); err != nil {
			return nil, true, malformed("the batch is not a JSON array of events: " + err.Error())
		}
		return events, true, nil
	}
	var e event
	if binary && media == "application/json" {
		h := r.Header
		e = event{SpecVersion: h.Get("ce-specversion"), ID: h.Get("ce-id"), Source: h.Get("ce-source"), Type: h.Get("ce-type"),
			Subject: h.Get("ce-subject"), Time: h.Get("ce-time"), Data: body}
		return []event{e}, false, nil
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, false, malformed("the event is not a JSON object: " + err.Error())
	}
	return []event{e}, false, nil
}

// signal checks the event.
func (e *event) signal() (casefile.Signal, error) {
	s := casefile.Signal{Source: e.Source, EventID: e.ID, Type: e.Type, Subject: e.Subject}
	var wrong []problemPart
	need := func(value, attribute string) {
		switch {
		case value == "":
			wrong = append(wrong, problemPart{"/" + attribute, "CloudEvents requires it"})
		case len(value) > 1024:
			wrong = append(wrong, problemPart{"/" + attribute, "it is longer than 1,024 bytes"})
		}
	}
	need(e.ID, "id")
	need(e.Source, "source")
	need(e.Type, "type")
	if e.SpecVersion != "1.0" {
		wrong = append(wrong, problemPart{"/specversion", `it has to be "1.0"`})
	}
	if e.DataBase64 != nil {
		wrong = append(wrong, problemPart{"/data_base64", "send data as a JSON object"})
	}
	if e.Time != "" {
		t, err := time.Parse(time.RFC3339, e.Time)
		if err != nil {
			wrong = append(wrong, problemPart{"/time", "it is not RFC 3339, like 2026-03-01T10:00:00Z"})
		}
		s.Time = t.UTC()
	}
	if data := bytes.TrimSpace(e.Data); len(data) > 0 {
		if err := json.Unmarshal(data, &s.Data); err != nil {
			wrong = append(wrong, problemPart{"/data", "it is not a JSON object"})
		}
	}
	if len(wrong) > 0 {
		return s, &problem{Status: http.StatusBadRequest, Detail: "this is no CloudEvents 1.0 event that can be taken", Errors: wrong}
	}
	if casefile.Reserved(e.Type) {
		return s, &problem{Status: http.StatusForbidden, Detail: "signals of type " + e.Type + " come from resolute alone", Errors: []problemPart{{"/type", "reserved"}}}
	}
	return s, nil
}

func (s *server) postCallback(r *request) error {
	var body callbackBody
	if err := json.NewDecoder(r.Request.Body).Decode(&body); err != nil {
		return malformed("a callback is {idempotency_key, result | error}: " + err.Error())
	}
	if err := s.Engine.Complete(r.Request.Context(), r.Param("token"), body); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}
