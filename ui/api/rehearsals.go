package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// Rehearsals runs versions against their scenarios, and keeps what they came to.
type Rehearsals interface {
	Start(ctx context.Context, o runs.Order) (runs.Run, error)
	Stop(ctx context.Context, id, by string) (runs.Told, error)
	Wait(ctx context.Context, id string) (runs.Told, error)
	Get(ctx context.Context, id string) (runs.Told, error)
	Runs(ctx context.Context, cursor string, limit int) (list []runs.Run, next string, err error)
	Evidence(ctx context.Context, b *bundle.Bundle) (e runs.Evidence, found bool, err error)
	Watch() (news <-chan struct{}, take func() []runs.Run, cancel func())
}

// longestWait is how long a request may wait for rehearsals to be over.
const longestWait = time.Minute

// waiting is a parameter that says how long to wait for an end.
func waiting() parameter {
	return parameter{name: "wait", schema: text(fmt.Sprintf("how long to wait for its end, like 30s; more than %v counts as that", longestWait)), wrong: func(value string) string {
		if d, err := time.ParseDuration(value); err != nil || d < 0 {
			return fmt.Sprintf("%.60q is no time to wait like 30s", value)
		}
		return ""
	}}
}

// seeded is a parameter that is a seed.
func seeded() parameter {
	s := integer("that ids, times and mixed faults are drawn from; 1, if absent")
	s["minimum"] = 0
	return parameter{name: "seed", schema: s, wrong: func(value string) string {
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return fmt.Sprintf("%.60q is no whole number from 0 on", value)
		}
		return ""
	}}
}

// replaying is a parameter that says which recorded cases are replayed.
func replaying() parameter {
	return parameter{name: "cases", schema: text("recorded cases to replay in place of the scenarios: all, or ids with a comma between two"), wrong: wrongCases}
}

// mostCases is how many cases one request may name.
const mostCases = 1000

func wrongCases(value string) string {
	ids := strings.Split(value, ",")
	if len(ids) > mostCases {
		return fmt.Sprintf("at most %d cases can be named; all stands for all", mostCases)
	}
	for _, id := range ids {
		if _, err := uuid.Parse(id); err != nil && value != rehearsal.All {
			return fmt.Sprintf("%.60q is no case id; name ids with a comma between two, or all", id)
		}
	}
	return ""
}

// wait gives a run once it is over, or when the request waited long enough.
func (s *server) wait(r *request, id string) (runs.Told, error) {
	within, _ := time.ParseDuration(r.Query("wait")) // what isn't one was refused, or is absent
	ctx, cancel := context.WithTimeout(r.Request.Context(), min(within, longestWait))
	defer cancel()
	return s.Rehearsals.Wait(ctx, id)
}

// postRehearsal asks for a run of a stored version, or of a bundle that is sent along.
func (s *server) postRehearsal(r *request) error {
	o := runs.Order{By: r.who.Actor(), Options: runs.Options{Seed: 1, Faults: r.Query("faults") == "true", Live: r.Query("live") == "true"}}
	if seed := r.Query("seed"); seed != "" {
		o.Seed, _ = strconv.ParseUint(seed, 10, 64) // what isn't one was refused
	}
	o.Cases = r.Query("cases")
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Request.Header.Get("Content-Type")); kind == mediaArchive {
		o.Bundle, err = s.sent(r)
	} else {
		o.Bundle, err = s.named(r, &o.Options)
	}
	if err != nil {
		return err
	}
	if o.Replays() && (o.Faults || o.Live) {
		return &problem{Status: http.StatusBadRequest, Detail: "cases are replayed with the answers that they got: leave out faults and live, or cases"}
	}
	if o.Live && !r.who.Role.AtLeast(people.Admin) {
		return &problem{Status: http.StatusForbidden, Detail: "scenarios that call live plugins do to them whatever they say: with live: true this needs the role admin; without it they are left out"}
	}
	run, err := s.Rehearsals.Start(r.Request.Context(), o)
	if err != nil {
		return err
	}
	told, err := s.wait(r, run.ID)
	if err != nil {
		return err
	}
	return answer(r, http.StatusAccepted, told)
}

// sent compiles the bundle in a request. Plugins are asked what they offer, with the house's secrets, for
// those alone who may activate it.
func (s *server) sent(r *request) (*bundle.Bundle, error) {
	files, err := archived(r)
	if err != nil {
		return nil, err
	}
	if r.who.Role.AtLeast(people.Admin) {
		return s.Bundles.Fresh(r.Request.Context(), files)
	}
	return s.Bundles.Drafted(r.Request.Context(), files)
}

// named gives the version that a request names, the active one if it names none, and how it is to be
// rehearsed.
func (s *server) named(r *request, o *runs.Options) (*bundle.Bundle, error) {
	var in struct {
		Version string   `json:"version"`
		Faults  *bool    `json:"faults"`
		Seed    *uint64  `json:"seed"`
		Live    *bool    `json:"live"`
		Cases   []string `json:"cases"`
	}
	if r.Request.ContentLength != 0 {
		if err := r.decode(&in); err != nil {
			return nil, err
		}
	}
	if in.Faults != nil {
		o.Faults = *in.Faults
	}
	if in.Seed != nil {
		o.Seed = *in.Seed
	}
	if len(in.Cases) > 0 {
		o.Cases = strings.Join(in.Cases, ",")
		if wrong := wrongCases(o.Cases); wrong != "" {
			return nil, &problem{Status: http.StatusBadRequest, Detail: wrong, Errors: []problemPart{{Pointer: "/cases", Detail: wrong}}}
		}
	}
	if in.Live != nil {
		o.Live = *in.Live
	}
	return s.Bundles.Resolve(r.Request.Context(), in.Version)
}

func (s *server) getRehearsals(r *request) error {
	limit, cursor := r.page()
	list, next, err := s.Rehearsals.Runs(r.Request.Context(), cursor, limit)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(list, next))
}

func (s *server) getRehearsal(r *request) error {
	told, err := s.wait(r, r.Param("id"))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, told)
}

func (s *server) deleteRehearsal(r *request) error {
	told, err := s.Rehearsals.Stop(r.Request.Context(), r.Param("id"), r.who.Actor())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, told)
}
