package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/tools"
)

// Else answers reads that a record has no answer to. Nothing that writes gets to it, as far as the
// candidate says what writes: whoever makes calls of it holds them against what the house knows of its
// tools.
type Else interface {
	Read(ctx context.Context, q casefile.Request) casefile.Answer
}

// arrive lets come about what came from outside before the next entry, and sets the clock to when that
// was decided. Where the record ends, so does the replay.
func (r *replay) arrive() {
	if r.happen(); r.broken != nil || r.divergence != nil {
		panic(over{})
	}
	e := r.rec.next()
	if e == nil {
		panic(over{})
	}
	r.now = e.At
}

// taken notes that the entry at an index is what a command of the step gave, and the last one. Where the
// step did nothing else then, neither does the engine.
func (r *replay) taken(index int) {
	if r.now = r.rec.entries[index].At; r.rec.cut(index) {
		r.stop()
	}
}

// Playbook is agent.Playbooks: the candidate handles every case. How far it may go with an action is as
// it was earned then, else as its own file says.
func (r *replay) Playbook(ctx context.Context, version string) (*agent.Playbook, error) {
	p, err := r.stage.book.Playbook(ctx, version)
	if err != nil {
		return nil, err
	}
	with := *p
	with.Authority = r
	return &with, nil
}

// Standing is agent.Authority.
func (r *replay) Standing(procedure string, a casefile.Action) casefile.Standing {
	if r.opt.Authority != nil {
		return r.opt.Authority.Standing(procedure, a)
	}
	if j, ok := r.rec.verdict(a.Tool); ok && j.standing != nil && !j.standing.FromFile() {
		return casefile.Standing{Level: j.standing.Level, Band: j.standing.Band, Why: j.standing.Why}
	}
	return r.stage.book.Authority.Standing(procedure, a)
}

// Unusual is agent.Usual: what was unusual about an action then.
func (r *replay) Unusual(_ *casefile.Case, a casefile.Action, _ time.Time) []casefile.RiskPart {
	j, _ := r.rec.verdict(a.Tool)
	return j.unusual
}

// Current is agent.Pauses: what was paused then.
func (r *replay) Current() casefile.Pauses {
	if len(r.batch) > 0 || r.rec.next() == nil {
		return casefile.Pauses{}
	}
	if p := r.rec.pause(); p != nil {
		return casefile.Pauses{List: []casefile.Pause{*p}}
	}
	return casefile.Pauses{}
}

// Changed is agent.Pauses.
func (r *replay) Changed() <-chan struct{} { return nil }

// Ground is agent.Knowledge: what was found then; what nobody asked for then is asked of the candidate's.
func (r *replay) Ground(ctx context.Context, c *casefile.Case, queries []string) ([]casefile.Passage, error) {
	r.arrive()
	for i := r.rec.at; i < len(r.rec.entries); i++ {
		d, ok := r.rec.entries[i].Data.(*casefile.KnowledgeFound)
		if !ok {
			continue
		}
		if r.taken(i); !slices.Equal(d.Queries, queries) {
			break
		}
		if d.Error != "" {
			return d.Passages, errors.New(d.Error)
		}
		return d.Passages, nil
	}
	return r.stage.knowledge.Ground(ctx, c, queries)
}

// Tool describes a tool of the candidate.
func (r *replay) Tool(name string) (casefile.Tool, bool) { return r.stage.tools.Tool(name) }

// ValidateArgs holds arguments against a tool's schema.
func (r *replay) ValidateArgs(tool string, args casefile.Object) error {
	return r.stage.tools.ValidateArgs(tool, args)
}

// DecodeResult reads the result of a callback.
func (r *replay) DecodeResult(tool string, raw json.RawMessage) (casefile.Value, error) {
	return r.stage.tools.DecodeResult(tool, raw)
}

// Send answers a call as it was answered then.
func (r *replay) Send(ctx context.Context, q casefile.Request) casefile.Answer {
	next := sending{q.Step, -1}
	if len(r.batch) > 0 {
		next, r.batch = r.batch[0], r.batch[1:]
	}
	if r.extra[next.id] {
		return r.opt.Else.Read(ctx, q)
	}
	r.arrive()
	if next.index < 0 { // nobody was there any more when its answer came
		panic(killed{})
	}
	a := r.recorded(next.index, q)
	r.leave()
	return a
}

// recorded is the answer at an index of the record.
func (r *replay) recorded(index int, q casefile.Request) casefile.Answer {
	e := &r.rec.entries[index]
	d := e.Data.(*casefile.CallAnswered)
	switch d.Source {
	case casefile.SourceRestart:
		panic(killed{})
	case casefile.SourceAnswer:
	default:
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "it was settled before its answer came"}
	}
	if len(r.batch) == 0 {
		r.taken(index)
	}
	a := r.answerOf(d, q.Tool, e)
	switch {
	case d.Outcome == casefile.OutcomeNotDone, d.Outcome == casefile.OutcomeUnknown:
		a.RetryAfter = d.NextAt.Sub(e.At)
	case d.Outcome == casefile.OutcomeAbandoned: // what the journal made of a no in doubt
		a.Outcome = casefile.OutcomeError
		_, a.Detail, _ = strings.Cut(d.Detail, "this one ended as: ")
		if a.Detail = strings.TrimPrefix(a.Detail, d.Code); d.Code != "" {
			a.Detail = strings.TrimPrefix(a.Detail, ": ")
		}
	}
	return a
}

func (r *replay) answerOf(d *casefile.CallAnswered, tool string, e *casefile.Entry) casefile.Answer {
	a := casefile.Answer{Outcome: d.Outcome, Result: d.Result, Code: d.Code, Detail: d.Detail, Status: d.Status}
	if d.Outcome != casefile.OutcomeDone || r.sameManifest(d.ID, tool) {
		return a
	}
	raw, err := casefile.EncodeValue(d.Result.V)
	if err == nil {
		a.Result, err = r.DecodeResult(tool, raw)
	}
	if err != nil {
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Code: tools.CodeGarbage, Status: d.Status,
			Detail: fmt.Sprintf("the answer of entry %d doesn't fit the candidate's manifest: %v", e.Seq, err)}
	}
	return a
}

// sameManifest reports whether a recorded call was made by the manifest that the candidate has.
func (r *replay) sameManifest(id, tool string) bool {
	t, _ := r.Tool(tool)
	for i := range r.rec.entries {
		if d, ok := r.rec.entries[i].Data.(*casefile.CallIntended); ok && d.Call.ID == id {
			return r.rec.entries[i].Versions.Manifest == t.Manifest
		}
	}
	return false
}

// Ask says what a plugin said then of a call.
func (r *replay) Ask(_ context.Context, tool, key string) casefile.Answer {
	r.arrive()
	id := r.calls[r.keys[key].ID]
	index := r.rec.answer(id, 0)
	if index < 0 {
		panic(killed{})
	}
	e := &r.rec.entries[index]
	d := e.Data.(*casefile.CallAnswered)
	if d.Source != casefile.SourceOperation { // nobody was there any more when the plugin said so
		panic(killed{})
	}
	r.taken(index)
	a := r.answerOf(d, tool, e)
	if a.Unseen = unseen(d); a.Unseen || d.Outcome == casefile.OutcomeNotDone {
		a.Outcome, a.Unseen = casefile.OutcomeUnknown, true
	}
	return a
}
