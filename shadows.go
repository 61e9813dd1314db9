package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/shadow"
	"resolute/agent/triage"
	"resolute/embed"
	"resolute/tools/protocol"
)

// shadowing is what versions are run beside the active one with.
func (a *appliance) shadowing(audit *people.Audit) shadow.Deps {
	return shadow.Deps{Store: a.store, Candidate: a.candidate, Active: a.activeVersion, Yield: a.liveFirst, Audit: audit.Event, Now: time.Now, Log: a.Log}
}

func (a *appliance) activeVersion() string {
	b, err := a.library.Active()
	if err != nil {
		return ""
	}
	return b.Version
}

// candidate is a version that runs beside the active one.
type candidate struct {
	appliance *appliance
	version   string
	stage     rehearsed
	knowledge func() error // ends it
}

// candidate makes a stored version ready to be put in live cases: with its own knowledge, and without any
// address or secret of its plugins.
func (a *appliance) candidate(ctx context.Context, version string) (shadow.Candidate, error) {
	b, err := a.library.Get(ctx, version)
	if err != nil {
		return nil, err
	}
	embedder := embed.Builtin()
	knowledge, end, err := knowledgeOf(ctx, b, embedder)
	if err != nil {
		return nil, fmt.Errorf("the bundle's knowledge: %w", err)
	}
	stage, err := stageOf(ctx, b, embedder, knowledge, func(string, string) (string, bool) { return "", false })
	if err != nil {
		return nil, errors.Join(err, end())
	}
	return &candidate{a, version, stage, end}, nil
}

// Close lets go of what the version was made ready with.
func (c *candidate) Close() error {
	c.stage.registry.Close()
	return c.knowledge()
}

// Compare puts the version in a case.
func (c *candidate) Compare(ctx context.Context, caseID string, entries []casefile.Entry) shadow.Compared {
	live := &reads{appliance: c.appliance}
	r := c.stage.ReplayCase(ctx, caseID, entries, rehearsal.ReplayOptions{Seed: 1, Else: live, Records: c.appliance.store, Books: c.appliance.shelf,
		Triage: &triage.Router{Books: c.triage, Now: time.Now}})
	did := shadow.Compared{Reads: live.made}
	switch {
	case live.refused != "":
		did.Unplayed = live.refused
	case r.Outcome == rehearsal.Erased || r.Outcome == rehearsal.Unplayed:
		did.Unplayed = r.Why
	case r.Divergence != nil:
		did.Diverged, did.Seq, did.Did = true, r.Divergence.Seq, r.Divergence.Did
	}
	return did
}

// triage is the version's own, with what corrections teach: they would be at work in it at once.
func (c *candidate) triage(ctx context.Context, _ string) (triage.Book, error) {
	return c.appliance.learner.Triage(ctx, c.version)
}

// mostReads bounds the calls that one comparison of a case makes to plugins.
const mostReads = 20

// reads are the calls of one comparison that the journal has no answer to. They go through the live tools:
// their breakers, their bounds, what people paused.
type reads struct {
	appliance *appliance
	made      int
	refused   string // why one wasn't made, "" while all were
}

// Read makes a call if the active version says that it only reads: what the version beside it says of a
// tool's effect is its own word.
func (r *reads) Read(ctx context.Context, q casefile.Request) casefile.Answer {
	tool, known := r.appliance.registry.Tool(q.Tool)
	switch {
	case r.refused != "":
	case !known:
		r.refused = "it reads " + q.Tool + ", which the active version has no plugin for"
	case tool.Effect != string(protocol.Read):
		r.refused = "it takes " + q.Tool + " for a read, and the active version says that it writes"
	case r.appliance.pauses.Current().Stops("", q.Tool) != nil:
		r.refused = "it reads " + q.Tool + ", which is paused"
	case r.made == mostReads:
		r.refused = fmt.Sprintf("it makes more than %d reads that the journal has no answer to", mostReads)
	}
	if r.refused != "" {
		return casefile.Answer{Outcome: casefile.OutcomeRefused, Code: "shadow", Detail: r.refused}
	}
	r.made++
	return r.appliance.registry.Send(ctx, casefile.Request{Case: q.Case, Step: q.Step, Tool: q.Tool, Args: q.Args, Customer: q.Customer})
}
