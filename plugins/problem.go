package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"resolute/tools/protocol"
)

// Refuse is the error of a function that the business's rules forbid to go on: the caller gets it as
// a 422 with this code, and it is final. Whatever the function changed through Tx is undone.
func Refuse(code, format string, args ...any) error {
	return &protocol.Problem{
		Title:  "The business says no",
		Status: http.StatusUnprocessableEntity,
		Detail: fmt.Sprintf(format, args...),
		Code:   code,
	}
}

// Unavailable is the error of a function that did nothing and may be called again after the given
// time: the caller gets a 503 with Retry-After.
func Unavailable(after time.Duration, format string, args ...any) error {
	return &unavailable{after: after, detail: fmt.Sprintf(format, args...)}
}

type unavailable struct {
	after  time.Duration
	detail string
}

func (u *unavailable) Error() string { return u.detail }

// fieldError is one thing that is wrong with the arguments.
type fieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// httpError is a problem document with what its answer needs beside the protocol's fields.
type httpError struct {
	protocol.Problem
	Errors     []fieldError  `json:"errors,omitempty"`
	retryAfter time.Duration // sent when positive
}

func (e *httpError) Error() string { return e.Problem.Error() }

func problem(status int, format string, args ...any) *httpError {
	return &httpError{Problem: protocol.Problem{
		Title:  http.StatusText(status),
		Status: status,
		Detail: fmt.Sprintf(format, args...),
	}}
}

// answerFor maps what a function or the server returned to the problem that the caller sees. What
// is neither refusal nor unavailability stays inside: its text may hold secrets.
func answerFor(err error) *httpError {
	var he *httpError
	var refusal *protocol.Problem
	var un *unavailable
	switch {
	case errors.As(err, &he):
		return he
	case errors.As(err, &refusal):
		return &httpError{Problem: *refusal}
	case errors.As(err, &un):
		he = problem(http.StatusServiceUnavailable, "%s", un.detail)
		he.retryAfter = max(un.after, time.Second)
		return he
	}
	return problem(http.StatusInternalServerError, "the tool failed; the plugin's log says why")
}

func writeProblem(w http.ResponseWriter, e *httpError) {
	w.Header().Set("Content-Type", protocol.ContentProblem)
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retryAfter+time.Second-1)/time.Second)))
	}
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(e) // a caller that left can't be told
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that left can't be told
}
