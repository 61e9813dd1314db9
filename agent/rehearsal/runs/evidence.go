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
	Ran    int       `json:"ran"`   // rehearsals
	Unmet  []string  `json:"unmet"` // that didn't pass, the first few by name
	Passed bool      `json:"passed"`
}

// mostNamed is how many rehearsals are named that didn't pass.
const mostNamed = 20

func evidenceOf(r *Run, items []rehearsal.Item) Evidence {
	e := Evidence{Run: r.ID, At: *r.EndedAt, Seed: r.Seed, Faults: r.Faults, Ran: len(items), Unmet: []string{}, Passed: r.Passed}
	for i := range items {
		if !items[i].Passed && len(e.Unmet) < mostNamed {
			e.Unmet = append(e.Unmet, items[i].Rehearsal)
		}
	}
	return e
}

func evidenceKey(version, manifests string) string { return version + "/" + manifests }

// Evidence gives what a version came to last, false if it was never rehearsed with these tools.
func (k *Keeper) Evidence(ctx context.Context, b *bundle.Bundle) (e Evidence, found bool, err error) {
	manifests, err := b.Manifested()
	if err != nil {
		return e, false, err
	}
	raw, err := k.Records.Get(ctx, kindEvidence, evidenceKey(b.Version, manifests))
	if errors.Is(err, journal.ErrNotFound) {
		return e, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return e, false, fmt.Errorf("what bundle %.12s came to in rehearsals: %w", b.Version, err)
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
	case e.Ran == 0:
		refused.why = "all of this one call live plugins and were left out; an admin runs them with live: true, or write some with a scripted world"
	default:
		refused.why = fmt.Sprintf("run %s found unmet: %s; GET /api/v1/rehearsals/%s says why", e.Run, strings.Join(e.Unmet, "; "), e.Run)
	}
	return refused
}
