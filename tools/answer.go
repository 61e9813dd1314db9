package tools

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// maxRetryAfter bounds how long a plugin can ask to be left alone.
const maxRetryAfter = time.Hour

// unanswered is what a call is that got no reply.
func (t *tool) unanswered(f *failure) casefile.Answer {
	a := casefile.Answer{Outcome: casefile.OutcomeNotDone, Code: f.code, Detail: clip(t.Name + ": " + f.err.Error())}
	switch {
	case f.sent:
		a.Outcome = casefile.OutcomeUnknown
	case f.code == CodeForbidden:
		a.Outcome = casefile.OutcomeError
	}
	return a
}

// answered is what the reply to a call means.
func (t *tool) answered(r reply, now time.Time) casefile.Answer {
	a := casefile.Answer{Status: r.status}
	switch {
	case r.status == http.StatusOK:
		t.done(&a, r)
	case r.status == http.StatusAccepted:
		var accepted protocol.Accepted
		switch err := json.Unmarshal(r.body, &accepted); {
		case !t.Async:
			t.garbage(&a, "202, and the tool is not asynchronous by its manifest")
		case err != nil || accepted.Operation == "":
			t.garbage(&a, "202 without an operation")
		default:
			a.Outcome = casefile.OutcomeAccepted
		}
	case r.status == http.StatusUnprocessableEntity:
		refuse(&a, problemOf(r.body), "the plugin refuses and doesn't say why")
	case r.status == http.StatusTooManyRequests:
		a.Outcome, a.Detail = casefile.OutcomeNotDone, t.says(r)
		a.RetryAfter, _ = retryAfter(r.header, now)
	case r.status == http.StatusServiceUnavailable:
		a.Outcome, a.Detail = casefile.OutcomeUnknown, t.says(r)
		if after, ok := retryAfter(r.header, now); ok {
			a.Outcome, a.RetryAfter = casefile.OutcomeNotDone, after
		}
	case r.status == http.StatusConflict, r.status >= 500:
		a.Outcome, a.Detail = casefile.OutcomeUnknown, t.says(r)
	case r.status >= 300 && r.status < 400:
		a.Outcome, a.Code = casefile.OutcomeError, CodeProtocol
		a.Detail = clip(t.says(r) + ", a redirect to " + strconv.Quote(r.header.Get("Location")) + ", which is not followed; correct the plugin's url")
	case r.status >= 400:
		a.Outcome, a.Code, a.Detail = casefile.OutcomeError, CodeProtocol, t.says(r)
	default:
		t.garbage(&a, fmt.Sprintf("status %d, which the protocol has no meaning for", r.status))
	}
	return a
}

// operation is what the reply to the question about a call means.
func (t *tool) operation(r reply, now time.Time) casefile.Answer {
	a := casefile.Answer{Outcome: casefile.OutcomeUnknown, Status: r.status}
	if r.status == http.StatusNotFound {
		a.Unseen, a.Detail = true, "the plugin says that it never saw the call"
		return a
	}
	if r.status != http.StatusOK {
		a.RetryAfter, _ = retryAfter(r.header, now)
		a.Detail = clip("asked what became of it, " + t.says(r))
		return a
	}
	var op protocol.Operation
	if err := json.Unmarshal(r.body, &op); r.long || err != nil {
		t.garbage(&a, "to the question what became of it, something that is no operation")
		return a
	}
	switch op.Status {
	case protocol.OperationDone:
		if len(op.Result) == 0 {
			op.Result = json.RawMessage("null") // a result left out
		}
		t.done(&a, reply{body: op.Result})
	case protocol.OperationPending:
		a.Outcome = casefile.OutcomeAccepted
	case protocol.OperationFailed:
		refuse(&a, op.Error, "the operation failed, and the plugin doesn't say why")
	default:
		t.garbage(&a, "an operation whose status is "+strconv.Quote(string(op.Status)))
	}
	return a
}

// done reads the result of a call that the plugin says is done.
func (t *tool) done(a *casefile.Answer, r reply) {
	if r.long {
		t.garbage(a, fmt.Sprintf("more than %d bytes", protocol.MaxAnswer))
		return
	}
	v, err := t.decode(r.body)
	if err != nil {
		a.Outcome, a.Code, a.Detail = casefile.OutcomeUnknown, CodeGarbage, clip("garbage from "+err.Error())
		return
	}
	a.Outcome, a.Result = casefile.OutcomeDone, v
}

// garbage marks an answer that proves nothing.
func (t *tool) garbage(a *casefile.Answer, what string) {
	a.Outcome, a.Code, a.Detail = casefile.OutcomeUnknown, CodeGarbage, clip("garbage from "+t.Name+": "+what)
}

// refuse marks a final no of the business.
func refuse(a *casefile.Answer, p *protocol.Problem, otherwise string) {
	a.Outcome, a.Detail = casefile.OutcomeRefused, otherwise
	if p == nil {
		return
	}
	a.Code, a.Detail = clip(p.Code), clip(cmp.Or(p.Detail, p.Title, otherwise))
}

// says tells a status and the problem that came with it.
func (t *tool) says(r reply) string {
	s := fmt.Sprintf("%s answered %d", t.Name, r.status)
	if p := problemOf(r.body); p != nil && (p.Detail != "" || p.Title != "") {
		s += ": " + p.Error()
	}
	return clip(s)
}

// problemOf reads a problem document, nil if it is none.
func problemOf(body []byte) *protocol.Problem {
	var p protocol.Problem
	if json.Unmarshal(body, &p) != nil {
		return nil
	}
	return &p
}

// retryAfter reads the header Retry-After, seconds or an HTTP date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if strings.Trim(v, "0123456789") == "" {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}

// maxDetail bounds what a plugin's words take in the journal, in bytes.
const maxDetail = 1000

func clip(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail] + "…"
	}
	return strings.ToValidUTF8(s, "")
}
