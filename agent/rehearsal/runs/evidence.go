package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/journal"
	"resolute/agent/rehearsal"
)

// Evidence is what a version, with the tools that it was tried with, came to last.
type Evidence struct {
	Run    string    `json:"run"` // id
	At     time.Time `json:"at"`
	Seed   uint64    `json:"seed"`
	Faults bool      `json:"faults"`
	Ran    int       `json:"ran"`    // rehearsals
	Unmet  []string  `json:"unmet"`  // that didn't pass, the first few by name
	Passed bool      `json:"passed"` // all that it has: none is unmet, and none was left out
	// LeftOut are the scenarios that weren't run, since they call live plugins; the first few by name.
	LeftOut []string `json:"left_out"`
}

// mostNamed is how many rehearsals are named that didn't pass.
const mostNamed = 20

func evidenceOf(r *Run, items []rehearsal.Item) Evidence {
	e := Evidence{Run: r.ID, At: *r.EndedAt, Seed: r.Seed, Faults: r.Faults, Ran: len(items), Unmet: []string{}, Passed: r.Passed && len(r.LeftOut) == 0, LeftOut: r.LeftOut[:min(len(r.LeftOut), mostNamed)]}
	if e.LeftOut == nil {
		e.LeftOut = []string{}
	}
	for i := range items {
		if !items[i].Passed && len(e.Unmet) < mostNamed {
			e.Unmet = append(e.Unmet, items[i].Rehearsal)
		}
	}
	return e
}

// outdoes reports whether a run says no less than what was known before: one that passed and left
// scenarios out doesn't, where all were run.
func (e *Evidence) outdoes(before *Evidence) bool {
	return len(e.Unmet) > 0 || len(e.LeftOut) == 0 || len(before.LeftOut) > 0
}

func evidenceKey(version, manifests string) string { return version + "/" + manifests }

// Evidence gives what a version came to last, false if it was never rehearsed with these tools.
func (k *Keeper) Evidence(ctx context.Context, b *bundle.Bundle) (e Evidence, found bool, err error) {
	manifests, err := b.Manifested()
	if err != nil {
		return e, false, err
	}
	return k.evidence(ctx, b.Version, manifests)
}

func (k *Keeper) evidence(ctx context.Context, version, manifests string) (e Evidence, found bool, err error) {
	raw, err := k.Records.Get(ctx, kindEvidence, evidenceKey(version, manifests))
	if errors.Is(err, journal.ErrNotFound) {
		return e, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return e, false, fmt.Errorf("what bundle %.12s came to in rehearsals: %w", version, err)
	}
	return e, true, nil
}

// UnrehearsedError is reported of a version that may not become active, since it didn't pass its
// rehearsals.
type UnrehearsedError struct {
	Version string
	Run     string   // that it didn't pass, "" if there is none
	Unmet   []string // by name
	why     string
}

// Error says why, and what to do.
func (e *UnrehearsedError) Error() string {
	return fmt.Sprintf("bundle %.12s can't become active: here a version has to pass its rehearsals first (activation: rehearsed), and %s", e.Version, e.why)
}

// Permit reports why a version may not become active, as an *UnrehearsedError: it was never rehearsed
// with the tools that it has now, or not with success the last time.
func (k *Keeper) Permit(ctx context.Context, b *bundle.Bundle) error {
	e, found, err := k.Evidence(ctx, b)
	if err != nil {
		return err
	}
	refused := &UnrehearsedError{Version: b.Version, Run: e.Run, Unmet: e.Unmet}
	switch {
	case len(b.Rehearsals) == 0:
		refused.why = "this one has none; write some into its folder rehearsals"
	case !found:
		refused.why = "none has been run of this one with what its plugins offer now; run them with: resolute rehearse, POST /api/v1/rehearsals, or resolute apply, which does"
	case e.Passed:
		return nil
	case len(e.Unmet) == 0:
		refused.why = fmt.Sprintf("run %s left out what calls live plugins: %s; an admin runs those too with live: true, or write them with a scripted world", e.Run, strings.Join(e.LeftOut, "; "))
	default:
		refused.why = fmt.Sprintf("run %s found unmet: %s; GET /api/v1/rehearsals/%s says why", e.Run, strings.Join(e.Unmet, "; "), e.Run)
	}
	return refused
}
