package tools_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/casefile"
	"resolute/tools"
	"resolute/tools/protocol"
)

// TestAnswers: what each answer of a plugin means for the call, as the protocol says.
func TestAnswers(t *testing.T) {
	const good = `{"refunded_cents":500}`
	refused := `{"title":"No","status":422,"detail":"too late","code":"too_late"}`
	for name, c := range map[string]struct {
		tool   string // shop.refund if empty
		status int
		header map[string]string
		body   string
		want   casefile.Answer // Detail apart
		detail string          // that the answer's detail has to hold
	}{
		"result":                   {status: 200, body: good, want: casefile.Answer{Outcome: casefile.OutcomeDone, Result: object("refunded_cents", int64(500))}},
		"result of an async tool":  {tool: "shop.invoice", status: 200, body: good, want: casefile.Answer{Outcome: casefile.OutcomeDone, Result: object("refunded_cents", int64(500))}},
		"integer written as float": {status: 200, body: `{"refunded_cents":5.0,"rate":2}`, want: casefile.Answer{Outcome: casefile.OutcomeDone, Result: object("refunded_cents", int64(5), "rate", 2.0)}},
		"no JSON":                  {status: 200, body: `<html>`, want: garbage(200)},
		"two values":               {status: 200, body: good + good, want: garbage(200)},
		"empty":                    {status: 200, want: garbage(200)},
		"field missing":            {status: 200, body: `{}`, want: garbage(200), detail: "field refunded_cents is missing"},
		"read that is garbage":     {tool: "shop.quote", status: 200, body: `{}`, want: garbage(200)},
		"too long":                 {status: 200, body: `{"refunded_cents":500,"x":"` + strings.Repeat("x", protocol.MaxAnswer) + `"}`, want: garbage(200), detail: "more than 1048576 bytes"},
		"as long as it may be":     {status: 200, body: good + strings.Repeat(" ", protocol.MaxAnswer-len(good)), want: casefile.Answer{Outcome: casefile.OutcomeDone, Result: object("refunded_cents", int64(500))}},
		"compressed":               {status: 200, header: map[string]string{"Content-Encoding": "gzip"}, body: "\x1f\x8b\x08\x00", want: garbage(200)},
		"created":                  {status: 201, body: good, want: garbage(201)},
		"no content":               {status: 204, want: garbage(204)},

		"accepted":                   {tool: "shop.invoice", status: 202, body: `{"operation":"key-1"}`, want: casefile.Answer{Outcome: casefile.OutcomeAccepted}},
		"accepted without operation": {tool: "shop.invoice", status: 202, body: `{}`, want: garbage(202)},
		"accepted, not asynchronous": {status: 202, body: `{"operation":"key-1"}`, want: garbage(202), detail: "not asynchronous"},

		"refused":             {status: 422, body: refused, want: casefile.Answer{Outcome: casefile.OutcomeRefused, Code: "too_late"}, detail: "too late"},
		"refused, no reason":  {status: 422, body: "no", want: casefile.Answer{Outcome: casefile.OutcomeRefused}},
		"other arguments":     {status: 422, body: `{"code":"idempotency_mismatch"}`, want: casefile.Answer{Outcome: casefile.OutcomeRefused, Code: protocol.CodeIdempotencyMismatch}},
		"too many":            {status: 429, want: casefile.Answer{Outcome: casefile.OutcomeNotDone}},
		"too many for 7 s":    {status: 429, header: map[string]string{"Retry-After": "7"}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone, RetryAfter: 7 * time.Second}},
		"busy for 2 s":        {status: 503, header: map[string]string{"Retry-After": "2"}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone, RetryAfter: 2 * time.Second}},
		"busy, again at once": {status: 503, header: map[string]string{"Retry-After": "0"}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone}},
		"busy until a date":   {status: 503, header: map[string]string{"Retry-After": noon.Add(90 * time.Second).Format(http.TimeFormat)}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone, RetryAfter: 90 * time.Second}},
		"busy until a past":   {status: 503, header: map[string]string{"Retry-After": noon.Add(-time.Hour).Format(http.TimeFormat)}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone}},
		"busy for a year":     {status: 503, header: map[string]string{"Retry-After": "31536000"}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone, RetryAfter: time.Hour}},
		"busy for ages":       {status: 503, header: map[string]string{"Retry-After": "99999999999999999999"}, want: casefile.Answer{Outcome: casefile.OutcomeNotDone, RetryAfter: time.Hour}},
		"busy, who knows":     {status: 503, header: map[string]string{"Retry-After": "soon"}, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}},
		"unavailable":         {status: 503, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}},

		"in flight":     {status: 409, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}},
		"failure":       {status: 500, body: `{"detail":"disk full"}`, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}, detail: "disk full"},
		"bad gateway":   {status: 502, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}},
		"status 599":    {status: 599, want: casefile.Answer{Outcome: casefile.OutcomeUnknown}},
		"bad request":   {status: 400, body: `{"detail":"what?"}`, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}, detail: "what?"},
		"unauthorized":  {status: 401, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}},
		"no such tool":  {status: 404, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}},
		"found":         {status: 302, header: map[string]string{"Location": "/elsewhere"}, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}, detail: "/elsewhere"},
		"moved with it": {status: 308, header: map[string]string{"Location": "/elsewhere"}, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}},
		"unchanged":     {status: 304, want: casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeProtocol}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := serve(t, func(w http.ResponseWriter, q *http.Request) {
				if q.URL.Path == "/elsewhere" {
					t.Error("the redirect was followed")
				}
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			call := refund()
			if c.tool != "" {
				call.Tool = c.tool
			}
			got := r.Send(t.Context(), call)
			c.want.Status = c.status
			compare(t, got, c.want, c.detail)
		})
	}
}

// TestOperations: what each answer to the question about a call means.
func TestOperations(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   casefile.Answer
		detail string
	}{
		"done":                {200, `{"status":"done","result":{"refunded_cents":500.0}}`, casefile.Answer{Outcome: casefile.OutcomeDone, Result: object("refunded_cents", int64(500))}, ""},
		"done, and garbage":   {200, `{"status":"done","result":{}}`, garbage(200), "refunded_cents is missing"},
		"done, and no result": {200, `{"status":"done"}`, garbage(200), ""},
		"pending":             {200, `{"status":"pending"}`, casefile.Answer{Outcome: casefile.OutcomeAccepted}, ""},
		"failed":              {200, `{"status":"failed","error":{"code":"frozen","detail":"account is frozen"}}`, casefile.Answer{Outcome: casefile.OutcomeRefused, Code: "frozen"}, "account is frozen"},
		"failed, no reason":   {200, `{"status":"failed"}`, casefile.Answer{Outcome: casefile.OutcomeRefused}, "doesn't say why"},
		"lost":                {200, `{"status":"lost"}`, garbage(200), "lost"},
		"no JSON":             {200, `<html>`, garbage(200), ""},
		"too long":            {200, `{"status":"done","x":"` + strings.Repeat("x", protocol.MaxAnswer) + `"}`, garbage(200), ""},
		"never seen":          {404, ``, casefile.Answer{Outcome: casefile.OutcomeUnknown, Unseen: true}, "never saw"},
		"gone":                {410, ``, casefile.Answer{Outcome: casefile.OutcomeUnknown}, "410"},
		"refused":             {422, `{"code":"x"}`, casefile.Answer{Outcome: casefile.OutcomeUnknown}, "422"},
		"failure":             {500, ``, casefile.Answer{Outcome: casefile.OutcomeUnknown}, "500"},
		"redirect":            {302, ``, casefile.Answer{Outcome: casefile.OutcomeUnknown}, "302"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := serve(t, func(w http.ResponseWriter, q *http.Request) {
				if q.Method != "GET" || q.URL.Path != "/operations/key-1" || q.Header.Get("Authorization") != "Bearer s3cret" {
					t.Errorf("the plugin got %s %s with authorization %q; it should be asked GET /operations/key-1 with its token", q.Method, q.URL.Path, q.Header.Get("Authorization"))
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			got := r.Ask(t.Context(), "shop.refund", "key-1")
			c.want.Status = c.status
			compare(t, got, c.want, c.detail)
		})
	}
}

func compare(t *testing.T, got, want casefile.Answer, detail string) {
	t.Helper()
	if !strings.Contains(got.Detail, detail) || got.Outcome != casefile.OutcomeDone && got.Outcome != casefile.OutcomeAccepted && got.Detail == "" {
		t.Errorf("the detail is %q; it should tell a person what happened, with %q in it", got.Detail, detail)
	}
	got.Detail = ""
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the answer means something else (-want +got):\n%s", d)
	}
}

func garbage(status int) casefile.Answer {
	return casefile.Answer{Outcome: casefile.OutcomeUnknown, Code: tools.CodeGarbage, Status: status}
}

func object(pairs ...any) casefile.Value {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return casefile.Value{V: m}
}
