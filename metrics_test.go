package main

import (
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// figures reads /metrics, by series.
func (r *rig) figures() map[string]float64 {
	r.t.Helper()
	q := httptest.NewRequest("GET", "/metrics", nil)
	q.RemoteAddr = "127.0.0.1:5000"
	w := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(w, q)
	all := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		if m := regexp.MustCompile(`^(resolute_\S+(?:{.*})?) (\S+)\n$`).FindStringSubmatch(line); m != nil {
			v, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				r.t.Fatalf("the metric %s is %s", m[1], m[2])
			}
			all[m[1]] = v
		}
	}
	return all
}

// What an operator watches is counted where it happens.
func TestMetricsCountWhatHappened(t *testing.T) {
	r := newRig(t)
	replaced, charged, denied := r.send(story(t, "smashed-blender")[0]), r.send(story(t, "duplicate-charge")[0]), r.send(story(t, "not-the-owner")[0])
	r.settled(replaced, casefile.Resolved)
	r.settled(charged, casefile.Approving)
	handed := r.settled(denied, casefile.Escalated)
	r.decide(charged, map[string]any{"decision": "close"}, 200)
	r.settled(charged, casefile.Closed)
	f := r.figures()
	for deadline := time.Now().Add(30 * time.Second); f[`resolute_cases_open{status="approval"}`] > 0 && time.Now().Before(deadline); { // the engine puts it away right after
		time.Sleep(5 * time.Millisecond)
		f = r.figures()
	}
	for series, least := range map[string]float64{
		"resolute_cases_opened_total":                                                              3,
		`resolute_cases_stopped_total{status="resolved",stop=""}`:                                  1,
		`resolute_cases_stopped_total{status="approval",stop="policy.approval"}`:                   1,
		`resolute_cases_stopped_total{status="escalated",stop="` + string(handed.Stop.Code) + `"}`: 1,
		`resolute_cases_stopped_total{status="closed",stop="human.closed"}`:                        1,
		`resolute_tool_calls_total{outcome="done",tool="shop.create_replacement"}`:                 1,
		`resolute_tool_call_duration_seconds_count{tool="shop.create_replacement"}`:                1,
		"resolute_journal_commit_requests_count":                                                   3,
		"resolute_journal_commit_duration_seconds_sum":                                             0.000001,
		`resolute_cases_open{status="escalated"}`:                                                  1,
	} {
		if got := f[series]; got < least {
			t.Errorf("%s is %v, want %v or more", series, got, least)
		}
	}
	if n := f[`resolute_tool_calls_total{outcome="done",tool="shop.create_replacement"}`]; int(n) != r.called("shop.create_replacement") {
		t.Errorf("%v calls were counted of %d", n, r.called("shop.create_replacement"))
	}
	for _, series := range []string{`resolute_cases_open{status="approval"}`, "resolute_outbox_queued", "resolute_cases_runnable", "resolute_cases_held"} {
		if _, ok := f[series]; !ok {
			t.Errorf("%s is missing", series)
		}
	}
}
