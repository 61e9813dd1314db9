package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/outbox"
	"resolute/agent/procedure"
)

// spike pauses a tool that does far more than it ever did, until somebody resumes it. People see that on
// every page, in the audit and in the log.
func (a *appliance) spike(ctx context.Context, tool, why string) {
	p := casefile.Pause{Tool: tool, Note: why + "; look at its cases, then resume it", By: casefile.ActorSystem}
	if a.pauses.Current().Stops("", tool) != nil {
		return // somebody was faster
	}
	if _, err := a.pauses.Pause(ctx, p); err != nil {
		a.Log.Error("a tool spikes and can't be paused: pause it yourself", "tool", tool, "why", why, "error", err)
		return
	}
	a.Log.Error("a tool spikes and is paused until somebody resumes it", "tool", tool, "why", why)
	a.tell(ctx, tool+" is paused: "+p.Note)
}

// tell posts a notice to the webhooks of the default queue. It is tried once: what it says stands on
// every page until somebody acts on it.
func (a *appliance) tell(ctx context.Context, text string) {
	b, err := a.library.Active()
	if err != nil {
		return
	}
	for _, q := range b.Config.Queues {
		for _, to := range q.Notify {
			if q.Name != agent.DefaultQueue || !strings.HasPrefix(to, "http") {
				continue
			}
			now := time.Now().UTC()
			notice := journal.Message{Offset: uint64(now.UnixNano()), Kind: "notice", To: to, Text: text, Citations: []string{}, At: now}
			if err := (outbox.Told{Client: http.DefaultClient}).Deliver(ctx, notice); err != nil {
				a.Log.Warn("a webhook was not told", "to", to, "what", text, "error", err)
			}
		}
	}
}

// pausable reports that there is nothing of a name in the active bundle.
func (a *appliance) pausable(p casefile.Pause) error {
	if p.Tool == "" && p.Procedure == "" {
		return nil
	}
	b, err := a.library.Active()
	if err != nil {
		return err
	}
	if p.Tool != "" {
		if _, ok := a.registry.Tool(p.Tool); !ok {
			return fmt.Errorf("no plugin offers %s", p.Tool)
		}
	}
	if p.Procedure != "" && !slices.ContainsFunc(b.Procedures, func(o *procedure.Procedure) bool { return o.Name == p.Procedure }) {
		return fmt.Errorf("the active bundle has no procedure %s", p.Procedure)
	}
	return nil
}
