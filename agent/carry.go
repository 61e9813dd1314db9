package agent

import (
	"cmp"
	"context"
	"sync"

	"resolute/agent/casefile"
)

// carryOut carries out the commands of a step whose entries are durable. What became of them is
// reported in their order.
func (e *Engine) carryOut(ctx context.Context, c *casefile.Case, commands []Command, b *berth) Event {
	reports := make([]report, len(commands))
	if len(commands) == 1 {
		e.one(ctx, c, commands[0], b, &reports[0])
	} else {
		work := make([]func(), len(commands))
		for i, cmd := range commands {
			work[i] = func() { e.one(ctx, c, cmd, b, &reports[i]) }
		}
		e.opt.Together(work...)
	}
	ev := Event{Answers: make([]Answered, 0, len(reports))}
	for i := range reports {
		r := &reports[i]
		if r.answered {
			ev.Answers = append(ev.Answers, r.answer)
		}
		ev.Found, ev.Routed = cmp.Or(r.found, ev.Found), cmp.Or(r.routed, ev.Routed)
		ev.Recalled, ev.Thought = cmp.Or(r.recalled, ev.Recalled), cmp.Or(r.thought, ev.Thought)
	}
	ev.Now = e.Now()
	return ev
}

// report is what became of one command.
type report struct {
	answered bool
	answer   Answered
	found    *Found
	routed   *Routing
	recalled *Recalled
	thought  *casefile.ModelAnswered
}

// one carries out one command. c is not changed meanwhile.
func (e *Engine) one(ctx context.Context, c *casefile.Case, cmd Command, b *berth, r *report) {
	if !b.has(cmd) {
		e.unseated(cmd, r)
		return
	}
	switch cmd := cmd.(type) {
	case Send:
		r.answered, r.answer = true, Answered{Call: cmd.Call.ID, Try: cmd.Call.Try, SentAt: e.Now()}
		if no, is := e.stopped(c, cmd.Call.Tool); is {
			r.answer.Answer = no
			return
		}
		r.answer.Answer = e.Tools.Send(ctx, casefile.Request{Case: c.ID, Step: cmd.Call.ID, Tool: cmd.Call.Tool, Args: cmd.Call.Args,
			Key: cmd.Call.Key, Callback: e.callback(c.ID, cmd.Call), Customer: c.Customer.Who()})
	case Ask:
		r.answered, r.answer = true, Answered{Call: cmd.Call.ID, Try: cmd.Call.Try, Asked: true, SentAt: e.Now()}
		r.answer.Answer = e.Tools.Ask(ctx, cmd.Call.Tool, cmd.Call.Key)
	case Search:
		passages, err := e.Knowledge.Ground(ctx, c, cmd.Queries)
		r.found = &Found{Queries: cmd.Queries, Passages: passages}
		if err != nil {
			r.found.Error = err.Error()
		}
	case Recall:
		r.recalled = e.recall(ctx, c)
	case Route:
		routing, err := e.Triage.Route(ctx, c)
		if err != nil {
			routing = Routing{Reason: "triage failed: " + err.Error()}
		}
		r.routed = &routing
	case Think:
		r.thought = e.think(ctx, c, cmd)
	}
}

func (e *Engine) callback(caseID string, call casefile.Call) string {
	if tool, ok := e.Tools.Tool(call.Tool); !ok || !tool.Async {
		return ""
	}
	return e.Callbacks.URL(caseID, call.ID, call.Key)
}

func together(work ...func()) {
	var wg sync.WaitGroup
	for _, w := range work {
		wg.Go(w)
	}
	wg.Wait()
}
