package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/ui/api"
)

const (
	structured = "application/cloudevents+json"
	batched    = "application/cloudevents-batch+json"
)

// acks answers signals as an intake would, and keeps them.
type acks struct{ got []casefile.Signal }

func (a *acks) take(signals []casefile.Signal, _ people.Principal) ([]journal.Receipt, error) {
	a.got = append(a.got, signals...)
	list := make([]journal.Receipt, len(signals))
	for i, s := range signals {
		list[i] = journal.Receipt{SignalID: "s-" + s.EventID, CaseID: "c-" + s.EventID}
	}
	return list, nil
}

func TestSignalsTaken(t *testing.T) {
	h := newHouse(t)
	var a acks
	h.deps.Intake, h.deps.Metrics = taker(a.take), prometheus.NewRegistry()
	h.serve()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	whole := casefile.Signal{Source: "shop", EventID: "1", Type: "ticket.created", Subject: "orders/7", Time: at, Data: casefile.Object{"text": "hi", "n": int64(3), "x": 3.0}}
	const data = `{"text":"hi","n":3,"x":3.0}`
	const event = `{"specversion":"1.0","id":"1","source":"shop","type":"ticket.created","subject":"orders/7","time":"2026-03-01T11:00:00+01:00","datacontenttype":"application/json","traceparent":"x","data":` + data + `}`
	const one, two = `{"signal_id":"s-1","case_id":"c-1","duplicate":false}`, `{"signal_id":"s-2","case_id":"c-2","duplicate":false}`
	bare := casefile.Signal{Source: "shop", EventID: "2", Type: "t"}
	const bareEvent = `{"specversion":"1.0","id":"2","source":"shop","type":"t"}`
	for _, c := range []struct {
		name, contentType, body string
		headers                 []string
		answer                  string
		want                    []casefile.Signal
	}{
		{"structured", structured, event, nil, one, []casefile.Signal{whole}},
		{"structured, with a charset", structured + "; charset=UTF-8", event, nil, one, []casefile.Signal{whole}},
		{"plain JSON", "application/json", event, nil, one, []casefile.Signal{whole}},
		{"binary", "application/json", data, []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "shop", "ce-type", "ticket.created", "ce-subject", "orders/7", "ce-time", "2026-03-01T10:00:00Z"}, one, []casefile.Signal{whole}},
		{"binary, percent-encoded", "application/json", ``, []string{"ce-specversion", "1.0", "ce-id", "2", "ce-source", "caf%C3%A9%20shop", "ce-type", "t"}, two,
			[]casefile.Signal{{Source: "café shop", EventID: "2", Type: "t"}}},
		{"without data", structured, bareEvent, nil, two, []casefile.Signal{bare}},
		{"nothing in optional attributes", structured, `{"specversion":"1.0","id":"2","source":"shop","type":"t","subject":null,"time":null,"data":null,"data_base64":null}`, nil, two, []casefile.Signal{bare}},
		{"a batch, in its order", batched, `[` + event + `,` + bareEvent + `]`, nil, `[` + one + `,` + two + `]`, []casefile.Signal{whole, bare}},
		{"an empty batch", batched, `[]`, nil, `[]`, nil},
		{"whole characters, escaped, and backslashes that escape none", structured, `{"specversion":"1.0","id":"2","source":"shop","type":"t","data":{"text":"\ud83d\ude00 \\ud83d \\\\ude00 \u00e9 \ufffd"}}`, nil, two,
			[]casefile.Signal{{Source: "shop", EventID: "2", Type: "t", Data: casefile.Object{"text": "😀 \\ud83d \\\\ude00 é \ufffd"}}}},
		{"names that differ in case are other attributes", structured, `{"specversion":"1.0","id":"2","ID":"1","source":"shop","type":"t","Data":{"a":1}}`, nil, two, []casefile.Signal{bare}},
	} {
		a.got = nil
		got := h.do(people.Ingest, "POST", "/api/v1/signals", c.contentType, c.body, c.headers...)
		if got.status != http.StatusAccepted || got.body != c.answer {
			t.Errorf("%s: %d %s, want 202 %s", c.name, got.status, got.body, c.answer)
		}
		if diff := cmp.Diff(c.want, a.got); diff != "" {
			t.Errorf("%s: what intake was given (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestSignalsRefused(t *testing.T) {
	h := newHouse(t)
	var a acks
	h.deps.Intake, h.deps.Metrics = taker(a.take), prometheus.NewRegistry()
	h.serve()
	const good = `{"specversion":"1.0","id":"1","source":"s","type":"t"}`
	with := func(more string) string { return strings.TrimSuffix(good, "}") + "," + more + "}" }
	for _, c := range []struct {
		name, contentType, body string
		headers                 []string
		status                  int
		pointers                string
	}{
		{"cut JSON", structured, `{"id":`, nil, 400, ""},
		{"no body", structured, ``, nil, 400, ""},
		{"two events in a row", structured, good + good, nil, 400, ""},
		{"a text", "application/json", `"hello"`, nil, 400, ""},
		{"nothing", structured, `null`, nil, 400, ""},
		{"a batch of one mode in another", structured, `[` + good + `]`, nil, 400, ""},
		{"one event as a batch", batched, good, nil, 400, ""},
		{"an empty event", structured, `{}`, nil, 400, "/id /source /type /specversion"},
		{"empty attributes", structured, `{"specversion":"1.0","id":"","source":"s","type":""}`, nil, 400, "/id /type"},
		{"numbers for attributes", structured, `{"specversion":1.0,"id":7,"source":"s","type":"t"}`, nil, 400, "/id /specversion"},
		{"a long id", structured, `{"specversion":"1.0","id":"` + strings.Repeat("a", 1025) + `","source":"s","type":"t"}`, nil, 400, "/id"},
		{"another version", structured, strings.Replace(good, "1.0", "0.3", 1), nil, 400, "/specversion"},
		{"a time that is none", structured, with(`"time":"yesterday"`), nil, 400, "/time"},
		{"data that is a text", structured, with(`"data":"hello"`), nil, 400, "/data"},
		{"data that is a list", structured, with(`"data":[1]`), nil, 400, "/data"},
		{"data in base64", structured, with(`"data_base64":"aGk="`), nil, 400, "/data_base64"},
		{"data that is no JSON", structured, with(`"datacontenttype":"text/xml","data":{}`), nil, 400, "/datacontenttype"},
		{"a customer that is a text", structured, with(`"data":{"customer":"ann@example.com"}`), nil, 400, "/data/customer"},
		{"a customer's id that is a number", structured, with(`"data":{"customer":{"id":7,"email":["a"]}}`), nil, 400, "/data/customer/email /data/customer/id"},
		{"a thread that is a number", structured, with(`"data":{"thread":7,"text":{},"attachments":{}}`), nil, 400, "/data/attachments /data/text /data/thread"},
		{"binary without its attributes", "application/json", `{}`, []string{"ce-specversion", "1.0", "ce-id", "1"}, 400, "/source /type"},
		{"binary with a broken escape", "application/json", `{}`, []string{"ce-specversion", "1.0", "ce-id", "%zz", "ce-source", "s", "ce-type", "t"}, 400, "/id"},
		{"binary data that is a list", "application/json", `[]`, []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "s", "ce-type", "t"}, 400, "/data"},
		{"a batch with one that is wrong", batched, `[` + good + `,{"specversion":"1.0","id":"2","source":"s"}]`, nil, 400, "/1/type"},
		{"a batch with one that is nothing", batched, `[` + good + `,null]`, nil, 400, "/1"},
		{"what is resolute's own", structured, strings.Replace(good, `"t"`, `"timer.fired"`, 1), nil, 403, "/type"},
		{"what is resolute's own, in a batch", batched, `[` + good + `,` + strings.Replace(good, `"t"`, `"operator.decided"`, 1) + `]`, nil, 403, "/1/type"},
		{"a byte that begins no character", structured, with("\"data\":{\"text\":\"caf\xe9\"}"), nil, 400, ""},
		{"a character cut off", structured, with("\"data\":{\"text\":\"caf\xc3\"}"), nil, 400, ""},
		{"half a character, escaped", structured, with(`"data":{"text":"\ud83d"}`), nil, 400, ""},
		{"the other half, escaped", structured, with(`"data":{"text":"\ude00"}`), nil, 400, ""},
		{"half a character and another", structured, with(`"data":{"text":"\ud83d\u0041"}`), nil, 400, ""},
		{"a batch in Latin-1", batched, "[" + with("\"subject\":\"caf\xe9\"") + "]", nil, 400, ""},
		{"binary data in Latin-1", "application/json", "{\"text\":\"caf\xe9\"}", []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "s", "ce-type", "t"}, 400, ""},
		{"binary with an attribute in Latin-1", "application/json", `{}`, []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "caf%E9", "ce-type", "t"}, 400, "/source"},
		{"an image", "image/png", good, nil, 415, ""},
		{"another event format", "application/cloudevents+xml", good, nil, 415, ""},
		{"no media type", "", good, nil, 415, ""},
	} {
		got := h.do(people.Ingest, "POST", "/api/v1/signals", c.contentType, c.body, c.headers...)
		if got.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, got.status, got.body, c.status)
		}
		var pointers []string
		for _, e := range h.problem(c.name, got).Errors {
			pointers = append(pointers, e.Pointer)
		}
		if said := strings.Join(pointers, " "); said != c.pointers {
			t.Errorf("%s: the problem points to %q, want %q: %s", c.name, said, c.pointers, got.body)
		}
	}
	if len(a.got) != 0 {
		t.Errorf("intake was given %+v, want nothing of what was refused", a.got)
	}
}

// tooMuch is what a busy intake says.
type tooMuch struct{}

func (tooMuch) Error() string             { return "too many signals are waiting" }
func (tooMuch) RetryAfter() time.Duration { return 1500 * time.Millisecond }

func TestSignalsNotTaken(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		err    error
		status int
		after  string
	}{
		{fmt.Errorf("accept signals: %w", tooMuch{}), 429, "2"},
		{fmt.Errorf("accept signals: %w", journal.ErrStopped), 503, ""},
		{errors.New("the inside"), 500, ""},
	} {
		h.deps.Intake = taker(func([]casefile.Signal, people.Principal) ([]journal.Receipt, error) { return nil, c.err })
		h.deps.Metrics = prometheus.NewRegistry()
		h.serve()
		a := h.do(people.Ingest, "POST", "/api/v1/signals", structured, `{"specversion":"1.0","id":"1","source":"s","type":"t"}`)
		if got := a.header.Get("Retry-After"); a.status != c.status || got != c.after {
			t.Errorf("intake says %v: %d %s, Retry-After %q, want %d and %q", c.err, a.status, a.body, got, c.status, c.after)
		}
		h.problem(c.err.Error(), a)
	}
}

// Accepted means durable: what was answered with 202 is in the store, once.
func TestSignalsAreStoredOnce(t *testing.T) {
	h := newHouse(t)
	first := h.signal("1", `{"text":"hi"}`)
	a := h.do(people.Ingest, "POST", "/api/v1/signals", structured, `{"specversion":"1.0","id":"1","source":"s","type":"other"}`)
	if !strings.Contains(a.body, `"case_id":"`+first+`","duplicate":true`) {
		t.Errorf("the same source and id again: %d %s, want the case of the first time and duplicate", a.status, a.body)
	}
	entries, _, err := h.store.Feed(t.Context(), 0, 10)
	if err != nil || len(entries) != 2 {
		t.Errorf("the store holds %d entries, %v, want the signal and the opening of one case", len(entries), err)
	}
}

// Whatever is posted, the answer is an acknowledgement or a problem, and what is taken is whole.
func FuzzSignals(f *testing.F) {
	for _, body := range []string{`{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"customer":{"id":"c"}}}`, `[{}]`, `{"specversion":"1.0","id":"1","source":"s","type":"t","data":[]}`, `null`, `[null]`, "\xff"} {
		f.Add(structured, body)
		f.Add(batched, body)
	}
	h := newHouse(f)
	h.deps.Metrics = prometheus.NewRegistry()
	var a acks
	h.deps.Intake = taker(a.take)
	handler := api.New(h.deps)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		a.got = nil
		r := httptest.NewRequest("POST", "/api/v1/signals", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+h.tokens[people.Ingest])
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || w.Code != http.StatusAccepted && len(a.got) > 0 {
			t.Fatalf("%q answered %d %s, %d signals taken", body, w.Code, w.Body, len(a.got))
		}
		for _, s := range a.got {
			if s.Source == "" || s.EventID == "" || s.Type == "" || casefile.Reserved(s.Type) {
				t.Fatalf("%q was taken as %+v", body, s)
			}
			if _, err := casefile.EncodeValue(s.Data); err != nil {
				t.Fatalf("%q was taken with data that can't be stored: %v", body, err)
			}
		}
	})
}

func BenchmarkSignals(b *testing.B) {
	h := newHouse(b)
	h.deps.Metrics = prometheus.NewRegistry()
	receipts := []journal.Receipt{{SignalID: "s", CaseID: "c"}}
	h.deps.Intake = taker(func([]casefile.Signal, people.Principal) ([]journal.Receipt, error) { return receipts, nil })
	handler := api.New(h.deps)
	const body = `{"specversion":"1.0","id":"evt-000001","source":"shop","type":"ticket.created","time":"2026-03-01T10:00:00Z","data":{"customer":{"id":"c-1","email":"ann@example.com"},"text":"my blender arrived smashed, the order is ORD-1001","order_id":"ORD-1001"}}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/v1/signals", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+h.tokens[people.Ingest])
		r.Header.Set("Content-Type", structured)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusAccepted {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
