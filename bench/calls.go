package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"resolute/bench/kit"
	"resolute/bench/load"
)

// How much is under way at once.
const (
	callers    = 64  // of the calls alone
	casesOfAll = 512 // cases
	batch      = 32  // signals in a request
	feeders    = 4
)

// calls measures whole cases of five tool calls over loopback HTTP beside those calls alone. The
// plugin is served from here, resolute and the callers have processes of their own.
func (l *lab) calls(ctx context.Context) error {
	const unit = "cases/s"
	return l.sideBySide(ctx, "calls", []system{
		{"resolute", unit, "the program as built, from a signal in a batch to a closed case, 512 cases under way", l.wholeCases},
		{"bare", unit, "the same five calls and nothing else, by Go's HTTP client, 64 at once", l.callsAlone},
	})
}

func (l *lab) callsAlone(ctx context.Context, _ string) (float64, error) {
	plugin := &kit.Plugin{}
	server := httptest.NewServer(plugin)
	defer server.Close()
	c, err := l.start(ctx, job{Role: "calls-alone", Addr: server.URL})
	if err != nil {
		return 0, err
	}
	rate := load.Watch(ctx, l.window, &plugin.Checked)
	err = c.stop()
	return rate, err
}

// callAlone makes the calls of cases until it is told to end.
func callAlone(ctx context.Context, j job, _ func(said)) error {
	var posters []*load.Poster
	for _, tool := range kit.ToolNames() {
		posters = append(posters, load.NewPoster(j.Addr+"/tools/"+tool, "", callers))
	}
	failed := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			body := fmt.Appendf(nil, `{"item":"item-%d"}`, i)
			for ctx.Err() == nil && failed[i] == nil {
				for _, p := range posters {
					failed[i] = errors.Join(failed[i], p.Post(ctx, "application/json", body))
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (l *lab) wholeCases(ctx context.Context, folder string) (rate float64, err error) {
	underWay := make(chan struct{}, casesOfAll)
	plugin := &kit.Plugin{OnCheck: func() { <-underWay }}
	server := httptest.NewServer(plugin)
	defer server.Close()
	s, err := l.serve(ctx, folder, kit.Bundle(), "BENCH="+server.URL)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	token, err := s.token(ctx, "admin")
	if err != nil {
		return 0, err
	}
	feeding, stop := context.WithCancel(ctx)
	defer stop()
	var feeds sync.WaitGroup
	failed := make([]error, feeders)
	for i := range feeders {
		feeds.Go(func() { failed[i] = feed(feeding, s, token, i, underWay) })
	}
	rate = load.Watch(ctx, l.window, &plugin.Checked)
	stop()
	feeds.Wait()
	return rate, errors.Join(errors.Join(failed...), s.settled(ctx, token))
}

// feed sends signals in batches for as long as there is room for cases.
func feed(ctx context.Context, s *served, token string, feeder int, underWay chan struct{}) error {
	p := load.NewPoster("http://"+s.Addr+"/api/v1/signals", token, 1)
	defer p.Close()
	for n := 0; ; {
		var events []string
		for len(events) < batch {
			select {
			case underWay <- struct{}{}:
				item := fmt.Sprintf("item-%d-%d", feeder, n)
				n++
				events = append(events, fmt.Sprintf(`{"specversion":"1.0","source":"bench","id":%q,"type":%q,"data":{"item":%q}}`, item, kit.SignalType, item))
			case <-ctx.Done():
				return nil
			}
		}
		body := "[" + strings.Join(events, ",") + "]"
		if err := p.Post(context.WithoutCancel(ctx), "application/cloudevents-batch+json", []byte(body)); err != nil {
			return err
		}
	}
}

// settled waits until no case is at work, and reports cases that did not end well.
func (s *served) settled(ctx context.Context, token string) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		working, err := s.count(ctx, token, "working")
		if err != nil {
			return err
		}
		if working == 0 {
			break
		}
		if time.Now().After(deadline) {
			return errors.New("cases are still at work 30 s after the last signal")
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, status := range []string{"waiting", "approval", "escalated", "closed"} {
		if n, err := s.count(ctx, token, status); err != nil || n > 0 {
			return errors.Join(err, fmt.Errorf("cases ended as %s, and should be resolved", status))
		}
	}
	return nil
}

// count gives 1 if there are cases of a status, else 0.
func (s *served) count(ctx context.Context, token, status string) (int, error) {
	b, err := s.get(ctx, token, "/api/v1/cases?limit=1&status="+status)
	if err != nil {
		return 0, err
	}
	var page struct{ Items []json.RawMessage }
	err = json.Unmarshal(b, &page)
	return len(page.Items), err
}
