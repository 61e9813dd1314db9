package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/cenkalti/backoff/v5"

	"resolute/tools/protocol"
)

// write carries rec out, at most once for its key, and gives the record as it stands then: of an
// asynchronous tool pending, since the work goes on in the background.
func (s *Server) write(ctx context.Context, t *tool, rec Record) (Record, error) {
	known, err := s.begin(t, rec)
	if err != nil || known != nil {
		return value(known), err
	}
	if t.Async {
		if err := s.keep(ctx, rec); err != nil {
			s.end(rec.Key)
			s.work.Done()
			return rec, err
		}
		go func() {
			defer s.work.Done()
			defer s.end(rec.Key)
			s.background(t, rec)
		}()
		return rec, nil
	}
	defer s.end(rec.Key)
	return s.settle(ctx, t, rec)
}

func value(r *Record) Record {
	if r == nil {
		return Record{}
	}
	return *r
}

// begin claims rec's key, and of an asynchronous tool a place in the background work, or gives the record of the same call made earlier.
func (s *Server) begin(t *tool, rec Record) (*Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, Unavailable(0, "the plugin is stopping")
	}
	known, found, err := s.store.Find(rec.Key)
	if err != nil {
		return nil, err
	}
	running, busy := s.inFlight[rec.Key]
	if busy && !found {
		known = running
	}
	switch {
	case (busy || found) && (known.Tool != rec.Tool || !bytes.Equal(known.Args, rec.Args)):
		return nil, &protocol.Problem{
			Title: "The key belongs to another call", Status: http.StatusUnprocessableEntity,
			Detail: "this " + protocol.HeaderIdempotencyKey + " came before with other arguments",
			Code:   protocol.CodeIdempotencyMismatch,
		}
	case found && known.Status != protocol.OperationPending, found && t.Async:
		return &known, nil
	case busy:
		return nil, problem(http.StatusConflict, "the call with this key is running")
	case found && !t.again():
		return &known, nil
	}
	s.inFlight[rec.Key] = rec
	if t.Async {
		s.work.Add(1) // here, where Close can't have been called
	}
	return nil, nil
}

func (s *Server) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, key)
}

func (s *Server) keep(ctx context.Context, rec Record) error {
	return s.store.Update(ctx, func(context.Context) (Record, error) { return rec, nil })
}

// settle runs the function of t and keeps what became of it.
func (s *Server) settle(ctx context.Context, t *tool, rec Record) (Record, error) {
	var err error
	if t.atomic {
		rec, err = s.settleAtomic(ctx, t, rec)
	} else {
		rec, err = s.settleApart(ctx, t, rec)
	}
	var refusal *protocol.Problem
	if !errors.As(err, &refusal) {
		return rec, err
	}
	rec.Status, rec.Problem = protocol.OperationFailed, refusal
	return rec, s.keep(ctx, rec)
}

// settleAtomic runs t in the transaction that keeps its record. Whatever goes wrong, nothing was
// done and nothing is remembered.
func (s *Server) settleAtomic(ctx context.Context, t *tool, rec Record) (Record, error) {
	call := context.WithValue(ctx, callKey{}, Call{Tool: t.Name, Key: rec.Key, Case: rec.Case, Step: rec.Step})
	_, err := guarded(func() (struct{}, error) { return struct{}{}, t.prepare(call, rec.Args) })
	if err != nil {
		return rec, err
	}
	done := rec
	_, err = guarded(func() (struct{}, error) {
		return struct{}{}, s.store.Update(call, func(ctx context.Context) (Record, error) {
			result, err := t.run(ctx, rec.Args)
			done.Status, done.Result = protocol.OperationDone, result
			return done, err
		})
	})
	if err != nil {
		return rec, err
	}
	return done, nil
}

// settleApart runs a t whose effect is elsewhere: the intent is kept first, so that a crash can't
// make the call look as if it had never come.
func (s *Server) settleApart(ctx context.Context, t *tool, rec Record) (Record, error) {
	if err := s.keep(ctx, rec); err != nil {
		return rec, err
	}
	result, err := s.perform(ctx, t, rec)
	var refusal *protocol.Problem
	var un *unavailable
	switch {
	case err == nil:
		rec.Status, rec.Result = protocol.OperationDone, result
		return rec, s.keep(ctx, rec)
	case errors.As(err, &refusal):
		return rec, err
	case t.Async:
		return rec, err // what was accepted isn't forgotten
	case errors.As(err, &un), t.repeatable:
		return rec, errors.Join(err, s.store.Forget(rec.Key))
	}
	return rec, err
}

// Resume goes on with what the last run of the plugin left undone: asynchronous calls that were
// accepted, and results that nobody has taken yet. Call it once, after the tools are registered.
func (s *Server) Resume() error {
	left, err := s.store.Unfinished()
	if err != nil {
		return fmt.Errorf("find what plugin %s left undone: %w", s.name, err)
	}
	for _, rec := range left {
		t, ok := s.tools[rec.Tool]
		if !ok || !t.Async || (rec.Status == protocol.OperationPending && !t.again()) {
			s.opts.Log.Warn("a call was cut off, and can't be resumed", "plugin", s.name, "tool", rec.Tool, "case", rec.Case)
			continue
		}
		s.mu.Lock()
		s.inFlight[rec.Key] = rec
		s.mu.Unlock()
		s.work.Go(func() {
			defer s.end(rec.Key)
			s.background(t, rec)
		})
	}
	return nil
}

// background finishes an accepted call: it runs the function, if that wasn't done yet, and posts the
// result to whoever waits for it.
func (s *Server) background(t *tool, rec Record) {
	if rec.Status == protocol.OperationPending {
		settled, err := s.settle(s.ctx, t, rec)
		if err != nil {
			if s.ctx.Err() != nil {
				return // the next start resumes it
			}
			s.opts.Log.Error("an asynchronous call failed", "plugin", s.name, "tool", t.Name, "case", rec.Case, "error", err)
			if !t.atomic {
				return // nobody knows what it did: it stays pending
			}
			p := answerFor(err).Problem
			settled.Status, settled.Problem = protocol.OperationFailed, &p
			if err := s.keep(s.ctx, settled); err != nil {
				s.opts.Log.Error("an outcome could not be kept", "plugin", s.name, "tool", t.Name, "case", rec.Case, "error", err)
				return
			}
		}
		rec = settled
	}
	if rec.Callback == "" {
		return
	}
	if err := s.post(rec); err != nil {
		// the address is left out: it holds the caller's secret
		s.opts.Log.Warn("a result could not be delivered; it can be asked for by its key", "plugin", s.name, "tool", t.Name, "case", rec.Case)
		if s.ctx.Err() != nil {
			return
		}
	}
	rec.Callback = ""
	if err := s.keep(s.ctx, rec); err != nil {
		s.opts.Log.Error("a delivery could not be kept", "plugin", s.name, "tool", t.Name, "case", rec.Case, "error", err)
	}
}

// post delivers the outcome of rec to its callback, again and again until it is taken, refused, or
// the time for it is over.
func (s *Server) post(rec Record) error {
	body, err := json.Marshal(protocol.CallbackBody{IdempotencyKey: rec.Key, Result: rec.Result, Error: rec.Problem})
	if err != nil {
		return fmt.Errorf("encode the callback: %w", err)
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = s.opts.CallbackPause
	_, err = backoff.Retry(s.ctx, func() (struct{}, error) {
		req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, rec.Callback, bytes.NewReader(body))
		if err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := s.opts.Client.Do(req)
		if err != nil {
			return struct{}{}, err
		}
		defer res.Body.Close()
		switch {
		case res.StatusCode < 300:
			return struct{}{}, nil
		case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
			return struct{}{}, fmt.Errorf("the callback answered %d", res.StatusCode)
		}
		return struct{}{}, backoff.Permanent(fmt.Errorf("the callback answered %d", res.StatusCode))
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(s.opts.CallbackFor))
	return err
}
