package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"resolute/bench/bare"
	"resolute/bench/load"
	"resolute/bench/peer"
)

const intakeClients = 64

// intake measures signals that are durably taken in over HTTP.
func (l *lab) intake(ctx context.Context) error {
	const unit = "signals/s"
	return l.sideBySide(ctx, "intake", []system{
		{"resolute", unit, "the API and intake with tokens, correlation and dedupe, 64 clients; its engine rests, since nobody works on a peer's records either", l.intakeOf("intake-resolute", "/api/v1/signals")},
		{"bare", unit, "an HTTP handler that stores the body; " + bare.Note, l.intakeOf("intake-bare", "/")},
		{"pocketbase", unit, peer.PocketBaseNote + "; 64 clients", l.intakeOfPocketBase},
	})
}

func (l *lab) intakeOf(role, path string) func(context.Context, string) (float64, error) {
	return func(ctx context.Context, folder string) (float64, error) {
		c, err := l.start(ctx, job{Role: role, Folder: folder})
		if err != nil {
			return 0, err
		}
		s, err := c.next()
		if err != nil {
			return 0, errors.Join(err, c.stop())
		}
		rate, err := l.post(ctx, "http://"+s.Addr+path, s.Bearer, func(i int64) string {
			return fmt.Sprintf(`{"specversion":"1.0","source":"bench","id":"event-%d","type":"bench","data":%s}`, i, signalData(i))
		})
		return rate, errors.Join(err, c.stop())
	}
}

func (l *lab) intakeOfPocketBase(ctx context.Context, folder string) (float64, error) {
	program, err := l.tools.PocketBase(ctx)
	if err != nil {
		return 0, err
	}
	s, err := peer.StartPocketBaseIntake(ctx, program, folder)
	if err != nil {
		return 0, err
	}
	rate, err := l.post(ctx, "http://"+s.Addr+"/api/collections/signals/records", "", func(i int64) string {
		return fmt.Sprintf(`{"source":"bench","event_id":"event-%d","type":"bench","data":%s}`, i, signalData(i))
	})
	return rate, errors.Join(err, s.Stop())
}

// signalData is what a ticket may say.
func signalData(i int64) string {
	return fmt.Sprintf(`{"item":"item-%d","customer":{"id":"c-%d","email":"c-%d@example.com"},"text":"My order ORD-%06d came with a crack in the glass, can I have another one?"}`, i, i, i, i)
}

func (l *lab) post(ctx context.Context, url, bearer string, body func(i int64) string) (float64, error) {
	p := load.NewPoster(url, bearer, intakeClients)
	defer p.Close()
	var done atomic.Int64
	return load.Rate(ctx, intakeClients, l.window, &done, func(ctx context.Context, i int64) error {
		if err := p.Post(ctx, "application/json", []byte(body(i))); err != nil {
			return err
		}
		done.Add(1)
		return nil
	})
}
