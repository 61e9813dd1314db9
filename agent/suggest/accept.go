package suggest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"

	"resolute/agent/bundle"
	"resolute/agent/people"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/source/amend"
)

// candidate makes the version that a suggestion would become, false where it doesn't check clean. The
// examples of a policy that say what the rule said before change along, for whoever accepts to see.
func (k *Keeper) candidate(ctx context.Context, base string, s Suggestion) (Shown, bool, error) {
	shown := Shown{Suggestion: s, Base: base}
	changed := maps.Clone(s.files)
	r, problems, err := k.Library.Revise(ctx, base, changed)
	if err == nil && problems.Failed() && s.policy != "" && r.Bundle != nil && along(changed, r.Bundle, s.policy, s.rule) {
		r, problems, err = k.Library.Revise(ctx, base, changed)
	}
	if err != nil {
		return shown, false, err
	}
	if problems.Failed() || r.Version == base {
		k.Log.Debug("a suggestion doesn't check clean and is left out", "suggestion", s.Title, "problems", problems.Error())
		return shown, false, nil
	}
	shown.Candidate, shown.Files, shown.revision = r.Version, r.Diff.Files, r
	return shown, true, nil
}

// along brings the examples of a policy that a rule decided to what it says now.
func along(changed map[string][]byte, b *bundle.Bundle, policy, rule string) bool {
	for path, text := range changed {
		for i, e := range b.Guard.Examples(policy) {
			if e.Met() || e.Rule != rule {
				continue
			}
			next, err := amend.Set(text, amend.Path{"examples", i, "expect"}, string(e.Says.Outcome))
			if err == nil && e.Says.Rule != rule {
				next, err = amend.Set(next, amend.Path{"examples", i, "rule"}, e.Says.Rule)
			}
			if err != nil {
				return false
			}
			text = next
		}
		if !bytes.Equal(text, changed[path]) {
			changed[path] = text
			return true
		}
	}
	return false
}

// Rehearse asks for a rehearsal of a suggestion's candidate, which runs behind what waits already.
func (k *Keeper) Rehearse(ctx context.Context, id string, who people.Principal) (Shown, runs.Run, error) {
	s, err := k.find(ctx, id)
	if err != nil {
		return s, runs.Run{}, err
	}
	run, err := k.Rehearsals.Start(ctx, runs.Order{Bundle: s.revision.Bundle, By: who.Actor(), Options: runs.Options{Seed: 1}})
	return s, run, err
}

// Accept stores a suggestion's candidate and activates it, if exactly that passed its rehearsals.
// Candidate is the one that was shown, "" for whichever it is now.
func (k *Keeper) Accept(ctx context.Context, id, candidate string, who people.Principal) (Shown, error) {
	s, err := k.find(ctx, id)
	switch {
	case err != nil:
		return s, err
	case candidate != "" && candidate != s.Candidate:
		return s, fmt.Errorf("%w: it would become %.12s now", ErrRemade, s.Candidate)
	case s.State == Dismissed:
		return s, fmt.Errorf("%w, by %s", ErrDismissed, s.Dismissal.By)
	case s.OnePerson && s.principals[0] == who.ID:
		return s, ErrAlone
	case s.Rehearsal == nil:
		return s, ErrUnrehearsed
	case !s.Rehearsal.Passed:
		return s, fmt.Errorf("%w: run %s came to %d that are not met", ErrUnrehearsed, s.Rehearsal.Run, len(s.Rehearsal.Unmet))
	}
	said, err := k.Audit(who.Actor(), "suggestion.accepted", id, map[string]any{"title": s.Title, "why": s.Why, "from": s.Base, "version": s.Candidate, "rehearsal": s.Rehearsal.Run, "cases": caseIDs(s.Cases)})
	if err != nil {
		return s, err
	}
	err = k.Library.Supersede(context.WithoutCancel(ctx), s.revision, who.Actor(), map[string]any{"suggestion": id, "from": s.Base}, said)
	if errors.Is(err, bundle.ErrSuperseded) {
		return s, fmt.Errorf("%w: %w", ErrRemade, err)
	}
	return s, err
}

func caseIDs(list []Basis) []string {
	ids := []string{}
	for _, b := range list {
		ids = append(ids, b.Case)
	}
	return ids
}
