package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
	"resolute/tools"
	"resolute/tools/protocol"
)

// world answers calls as a scenario says; it is the tools of its run.
type world struct {
	*run
	*scenario.Scenario
	requests []request
	writes   int // that were done
	ops      map[string]*operation
	gaps     []string // calls that the scenario doesn't answer
	lenient  bool     // such calls are the agent's to err in
	effects  []effect
	faulty   int       // faults that befell a call
	met      time.Time // when all that is expected had come about; zero while it hasn't
	witness  *witness
}

// request is one that went out.
type request struct {
	tool   string
	nth    int // of those to the tool, from 1
	effect string
	async  bool
}

// operation is what became of a write.
type operation struct {
	done   bool
	times  int // that it was done
	result casefile.Value
	what   string // tool and arguments
	undoes bool   // it takes another back
}

// Tool describes a tool.
func (w *world) Tool(name string) (casefile.Tool, bool) { return w.stage.tools.Tool(name) }

// ValidateArgs holds arguments against a tool's schema.
func (w *world) ValidateArgs(tool string, args casefile.Object) error {
	return w.stage.tools.ValidateArgs(tool, args)
}

// DecodeResult reads the result of a callback.
func (w *world) DecodeResult(tool string, raw json.RawMessage) (casefile.Value, error) {
	return w.stage.tools.DecodeResult(tool, raw)
}

// take lets an answer take its time.
func (w *world) take() { w.now = w.now.Add(time.Duration(20+w.random.IntN(380)) * time.Millisecond) }

// Send answers a call.
func (w *world) Send(ctx context.Context, q casefile.Request) casefile.Answer {
	tool, ok := w.Tool(q.Tool)
	if !ok {
		return casefile.Answer{Outcome: casefile.OutcomeError, Code: tools.CodeNoTool, Detail: "no plugin offers " + q.Tool}
	}
	out := request{tool: q.Tool, nth: 1, effect: tool.Effect, async: tool.Async && q.Callback != ""}
	for _, before := range w.requests {
		if before.tool == q.Tool {
			out.nth++
		}
	}
	w.requests = append(w.requests, out)
	if len(w.requests) > mostRequests && w.broken == nil {
		w.broken = fmt.Errorf("%d requests were made, and the case isn't at rest", mostRequests)
	}
	said := w.witness.sees(q, tool)
	a := w.respond(ctx, q, tool, out)
	said.answered(a)
	for w.happen() { // what arrives while the call is under way
		continue
	}
	return a
}

// mostRequests is how many a rehearsal makes before it counts as one without an end.
const mostRequests = 2000

// respond answers a call that was seen.
func (w *world) respond(ctx context.Context, q casefile.Request, tool casefile.Tool, out request) casefile.Answer {
	fault := w.fault(out)
	switch fault {
	case scenario.CrashBefore:
		panic(killed{})
	case scenario.Timeout:
		w.now = w.now.Add(tool.Timeout)
		return silence(tool)
	case scenario.Error:
		w.take()
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Status: 500, Detail: q.Tool + " answered 500: a fault of the rehearsal"}
	case scenario.Reject:
		w.take()
		return casefile.Answer{Outcome: casefile.OutcomeRefused, Status: 422, Code: "rejected", Detail: "a fault of the rehearsal"}
	}
	a := w.serve(ctx, q, out, fault)
	switch fault {
	case scenario.CrashAfter:
		panic(killed{})
	case scenario.TimeoutAfterEffect:
		w.now = w.now.Add(tool.Timeout)
		return silence(tool)
	case scenario.Garbage:
		w.take()
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Status: 200, Code: tools.CodeGarbage, Detail: "garbage from " + q.Tool + ": a fault of the rehearsal"}
	case scenario.Slow:
		w.now = w.now.Add(tool.Timeout * 9 / 10)
	default:
		w.take()
	}
	return a
}

func silence(tool casefile.Tool) casefile.Answer {
	return casefile.Answer{Outcome: casefile.OutcomeUnknown, Code: tools.CodeNoAnswer, Detail: fmt.Sprintf("%s: no answer within %v: a fault of the rehearsal", tool.Name, tool.Timeout)}
}

// fault is what befalls a request, "" for nothing.
func (w *world) fault(q request) scenario.Kind {
	for _, f := range w.Faults {
		if f.Tool == q.tool && f.On == q.nth && f.Kind.Fits(q.effect, q.async) {
			w.faulty++
			return f.Kind
		}
	}
	return ""
}

// serve does what a call asks for.
func (w *world) serve(ctx context.Context, q casefile.Request, out request, fault scenario.Kind) casefile.Answer {
	if op := w.ops[q.Key]; q.Key != "" && op != nil {
		if tool, _ := w.Tool(q.Tool); !tool.Idempotent && op.done {
			op.times++
		}
		if !op.done {
			return casefile.Answer{Outcome: casefile.OutcomeUnknown, Status: 409, Detail: q.Tool + " answered 409"}
		}
		return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: op.result}
	}
	v, err := w.answer(q, out)
	if err != nil {
		if w.Live && !w.scripted(q.Tool) {
			return w.stage.tools.Send(ctx, q)
		}
		if w.lenient {
			return w.unanswered(q, out.effect, err)
		}
		w.gaps = append(w.gaps, err.Error())
		return casefile.Answer{Outcome: casefile.OutcomeError, Code: "rehearsal", Detail: err.Error()}
	}
	if out.effect == string(protocol.Read) {
		return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: v}
	}
	op := &operation{result: v, what: q.Tool + " " + shown(q.Args), undoes: w.witness.undoes(q)}
	w.ops[q.Key] = op
	w.effects = append(w.effects, effect{q.Key, q.Tool, op.what, true})
	if !out.async {
		w.done(op)
		return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: v}
	}
	w.accept(q, op, fault)
	return casefile.Answer{Outcome: casefile.OutcomeAccepted, Status: 202}
}

func (w *world) done(op *operation) {
	op.done = true
	op.times++
	w.writes++
}

// lateBy is how long after it is there a late result is posted.
const lateBy = 30 * time.Minute

// accept does a call later, and posts its result.
func (w *world) accept(q casefile.Request, op *operation, fault scenario.Kind) {
	at := w.now.Add(time.Duration(1+w.random.IntN(20)) * time.Second)
	raw, err := casefile.EncodeValue(op.result.V)
	if err != nil {
		w.broken = err
		return
	}
	token := strings.TrimPrefix(q.Callback, callbackBase)
	body := protocol.CallbackBody{IdempotencyKey: q.Key, Result: raw}
	post := func() error { return w.post(token, body) }
	w.later(at, func() error { return w.forge(token, q) })
	w.later(at, func() error { w.done(op); return nil })
	switch fault {
	case scenario.LateCallback:
		w.later(at.Add(lateBy), post)
	case scenario.DuplicateCallback:
		w.later(at, post)
		w.later(at.Add(time.Second), post)
	default:
		w.later(at, post)
	}
}

// forge posts a result with a secret that isn't the call's, as somebody does who guesses addresses.
func (w *world) forge(token string, q casefile.Request) error {
	at := len(token) - 6 // within its end, which is the secret
	other := "a"
	if token[at:at+1] == other {
		other = "b"
	}
	err := w.engine.Complete(context.Background(), token[:at]+other+token[at+1:], protocol.CallbackBody{IdempotencyKey: q.Key, Result: json.RawMessage(`{}`)})
	if err == nil {
		w.witness.breaks("a forged result of %s was taken in", q.Tool)
	} else if !errors.Is(err, agent.ErrCallback) {
		return fmt.Errorf("a forged result is not turned away: %w", err)
	}
	return nil
}

// Ask says what became of a call.
func (w *world) Ask(ctx context.Context, name, key string) casefile.Answer {
	tool, _ := w.Tool(name)
	at := w.now
	a := w.tell(ctx, name, key, tool)
	w.witness.asked(key, at, a, tool)
	return a
}

func (w *world) tell(ctx context.Context, name, key string, tool casefile.Tool) casefile.Answer {
	op := w.ops[key]
	switch w.take(); {
	case op == nil && w.Live && !w.scripted(name):
		return w.stage.tools.Ask(ctx, name, key)
	case !tool.Operations:
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Detail: "the plugin of " + name + " can't tell what became of the call"}
	case op == nil:
		return casefile.Answer{Outcome: casefile.OutcomeUnknown, Status: 404, Unseen: true, Detail: "the plugin says that it never saw the call"}
	case !op.done:
		return casefile.Answer{Outcome: casefile.OutcomeAccepted, Status: 200}
	}
	return casefile.Answer{Outcome: casefile.OutcomeDone, Status: 200, Result: op.result}
}

func (w *world) scripted(tool string) bool {
	for i := range w.World {
		if w.World[i].Name == tool {
			return true
		}
	}
	return false
}

// answer is what the scenario says about a call: of the answers for its arguments that came last by the
// clock the next one after each write that was done, the last again and again. A write that it says nothing about is done,
// with the least result that fits.
func (w *world) answer(q casefile.Request, out request) (casefile.Value, error) {
	for i := range w.World {
		t := &w.World[i]
		if t.Name != q.Tool {
			continue
		}
		var fit []scenario.Answer
		for _, a := range t.Answers {
			switch {
			case !covers(q.Args, a.Args) || w.now.Before(w.Scenario.Now.Add(a.From)):
				continue
			case len(fit) > 0 && a.From > fit[0].From:
				fit = fit[:0] // the world went on by itself
			case len(fit) > 0 && a.From < fit[0].From:
				continue
			}
			fit = append(fit, a)
		}
		if len(fit) == 0 {
			return casefile.Value{}, fmt.Errorf("%s: the world has no answer to %s with %s", t.Pos, q.Tool, shown(q.Args))
		}
		a := fit[min(w.writes, len(fit)-1)]
		v, err := w.stage.decode(q.Tool, a.Result)
		if err != nil {
			return v, fmt.Errorf("%s: %w", a.ResultAt, err)
		}
		return v, nil
	}
	if out.effect == string(protocol.Read) || w.Live {
		return casefile.Value{}, fmt.Errorf("%s: the world has no answer to %s with %s", w.WorldAt, q.Tool, shown(q.Args))
	}
	v, err := w.least(q)
	if err != nil {
		return v, fmt.Errorf("%s: the world says nothing about %s, and what it would answer can't be guessed: %w", w.WorldAt, q.Tool, err)
	}
	return v, nil
}

// covers reports whether args have at least the values of want.
func covers(args, want casefile.Object) bool {
	for name, v := range want {
		a, errA := casefile.EncodeValue(number(args[name]))
		b, errB := casefile.EncodeValue(number(v))
		if _, there := args[name]; !there || errA != nil || errB != nil || string(a) != string(b) {
			return false
		}
	}
	return true
}

// number makes the kinds of numbers alike, since YAML can't say which one a tool takes.
func number(v any) any {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v
}

func shown(args casefile.Object) string {
	b, err := casefile.EncodeValue(map[string]any(args))
	if err != nil {
		return err.Error()
	}
	return string(b)
}
