package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"resolute/agent"
	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/checkpoint"
	"resolute/agent/impact"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/model/ollama"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/agent/precedent"
	"resolute/agent/projection"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/suggest"
	"resolute/kb"
	"resolute/tools/protocol"
)

// problem is an RFC 9457 problem document, and an error.
type problem struct {
	Type     string        `json:"type"`
	Title    string        `json:"title"`
	Status   int           `json:"status"`
	Detail   string        `json:"detail,omitempty"`
	Instance string        `json:"instance,omitempty"`
	Errors   []problemPart `json:"errors,omitempty"`

	retryAfter time.Duration
}

// followsIn is when to ask again for what is being made from the journal.
const followsIn = time.Second

// problemUnrehearsed is the type of the problem that a version may not become active, since it didn't pass
// its rehearsals.
const problemUnrehearsed = "urn:resolute:problem:unrehearsed"

// problemPart is one thing that is wrong: at a JSON pointer or file:line:col, in a rehearsal, or in a
// parameter of the query.
type problemPart struct{ Pointer, Parameter, Detail string }

// MarshalJSON leaves out the one of pointer and parameter that doesn't apply: a pointer may be
// empty, it is the whole body then.
func (p problemPart) MarshalJSON() ([]byte, error) {
	if p.Parameter != "" {
		return json.Marshal(map[string]string{"parameter": p.Parameter, "detail": p.Detail})
	}
	return json.Marshal(map[string]string{"pointer": p.Pointer, "detail": p.Detail})
}

// Error says the detail.
func (p *problem) Error() string { return p.Detail }

var errInternal = &problem{Status: http.StatusInternalServerError, Detail: "something went wrong here; the server's log has more"}

func notFound(detail string) error { return &problem{Status: http.StatusNotFound, Detail: detail} }
func malformed(detail string) error {
	return &problem{Status: http.StatusBadRequest, Detail: detail}
}
func invalid(detail string, parts ...problemPart) error {
	return &problem{Status: http.StatusUnprocessableEntity, Detail: detail, Errors: parts}
}

// statuses maps errors of what the API serves; the first that fits counts.
var statuses = []struct {
	err    error
	status int
}{
	{journal.ErrNotFound, http.StatusNotFound},
	{people.ErrNotFound, http.StatusNotFound},
	{kb.ErrNotFound, http.StatusNotFound},
	{bundle.ErrVersion, http.StatusNotFound},
	{shadow.ErrNone, http.StatusNotFound},
	{shadow.ErrActive, http.StatusConflict},
	{shadow.ErrMany, http.StatusConflict},
	{runs.ErrRun, http.StatusNotFound},
	{precedent.ErrBusy, http.StatusServiceUnavailable},
	{suggest.ErrNone, http.StatusNotFound},
	{suggest.ErrDismissed, http.StatusConflict},
	{suggest.ErrRemade, http.StatusConflict},
	{suggest.ErrUnrehearsed, http.StatusConflict},
	{suggest.ErrAlone, http.StatusForbidden},
	{bundle.ErrSuperseded, http.StatusConflict},
	{ollama.ErrName, http.StatusUnprocessableEntity},
	{ollama.ErrPulling, http.StatusConflict},
	{runs.ErrBusy, http.StatusTooManyRequests},
	{impact.ErrBusy, http.StatusTooManyRequests},
	{learner.ErrVersion, http.StatusNotFound},
	{learner.ErrBundle, http.StatusConflict},
	{bundle.ErrPlugin, http.StatusNotFound},
	{bundle.ErrMoved, http.StatusConflict},
	{agent.ErrCallback, http.StatusNotFound},
	{agent.ErrDecisionConflict, http.StatusConflict},
	{authority.ErrNoPromotion, http.StatusConflict},
	{authority.ErrLevel, http.StatusConflict},
	{authority.ErrNoAction, http.StatusNotFound},
	{authority.ErrNote, http.StatusUnprocessableEntity},
	{agent.ErrDecisionForbidden, http.StatusForbidden},
	{agent.ErrDecisionInvalid, http.StatusUnprocessableEntity},
	{insights.ErrQuery, http.StatusUnprocessableEntity},
	{insights.ErrSettings, http.StatusUnprocessableEntity},
	{pauses.ErrNotPaused, http.StatusConflict},
	{pauses.ErrInvalid, http.StatusUnprocessableEntity},
	{people.ErrInvalid, http.StatusUnprocessableEntity},
	{people.ErrTaken, http.StatusConflict},
	{people.ErrLastAdmin, http.StatusConflict},
	{bundle.ErrArchive, http.StatusUnprocessableEntity},
	{checkpoint.ErrNote, http.StatusUnprocessableEntity},
	{kb.ErrQuery, http.StatusUnprocessableEntity},
	{kb.ErrForm, http.StatusUnprocessableEntity},
	{kb.ErrCorrection, http.StatusUnprocessableEntity},
	{kb.ErrMeaning, http.StatusServiceUnavailable},
	{kb.ErrDamaged, http.StatusServiceUnavailable},
	{bundle.ErrNone, http.StatusConflict},
	{journal.ErrConflict, http.StatusConflict},
	{journal.ErrStopped, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable}, // the server ends, or nobody waits for the answer
}

// problemOf turns any error into a problem. What isn't foreseen says nothing of the inside.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		copied := *p
		return &copied
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", large.Limit)}
	}
	var refused *bundle.RefusedError
	if errors.As(err, &refused) {
		p = &problem{Status: http.StatusUnprocessableEntity, Detail: "the bundle has errors; nothing was changed"}
		for _, x := range refused.Problems {
			if !x.Warning {
				p.Errors = append(p.Errors, problemPart{Pointer: x.Pos.String(), Detail: x.Message})
			}
		}
		return p
	}
	var unrehearsed *runs.UnrehearsedError
	if errors.As(err, &unrehearsed) {
		p = &problem{Type: problemUnrehearsed, Title: "Not rehearsed", Status: http.StatusConflict, Detail: err.Error()}
		for _, name := range unrehearsed.Unmet {
			p.Errors = append(p.Errors, problemPart{Pointer: name, Detail: "this rehearsal of run " + unrehearsed.Run + " wasn't met"})
		}
		return p
	}
	var busy interface{ RetryAfter() time.Duration }
	if errors.As(err, &busy) {
		return &problem{Status: http.StatusTooManyRequests, Detail: err.Error(), retryAfter: busy.RetryAfter()}
	}
	for _, derived := range []error{projection.ErrDamaged, projection.ErrBehind} {
		if errors.Is(err, derived) {
			return &problem{Status: http.StatusServiceUnavailable, Detail: derived.Error(), retryAfter: followsIn}
		}
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return &problem{Status: s.status, Detail: err.Error()}
		}
	}
	return nil
}

// fail answers with a problem document.
func (s *server) fail(c *gin.Context, err error) {
	p := problemOf(err)
	if p == nil {
		s.Log.Error("a request failed", "method", c.Request.Method, "path", c.Request.URL.Path, "error", err)
		copied := *errInternal
		p = &copied
	}
	p.Type, p.Title, p.Instance = cmp.Or(p.Type, "about:blank"), cmp.Or(p.Title, http.StatusText(p.Status)), c.Request.URL.Path
	if c.Writer.Written() {
		return // a stream that was begun can't be answered otherwise
	}
	h := c.Writer.Header()
	h.Set("Content-Type", protocol.ContentProblem)
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter.Seconds())+1))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	c.Writer.WriteHeader(p.Status)
	_ = json.NewEncoder(c.Writer).Encode(p) // whoever left can't be told
}

// answer writes JSON.
func answer(r *request, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r.Data(status, "application/json", b)
	return nil
}

// list is how all lists are answered.
type list struct {
	Items      any     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

func listOf[T any](items []T, next string) list {
	l := list{Items: items}
	if items == nil {
		l.Items = []T{}
	}
	if next != "" {
		l.NextCursor = &next
	}
	return l
}
