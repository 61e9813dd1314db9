package learner

import (
	"context"
	"errors"
	"fmt"

	"resolute/agent/journal"
)

// Basis is a case whose text a version was learned from.
type Basis struct {
	Case      string
	Procedure string // that its text is for, "" for none
}

// Basis gives the cases that a version rests on, the oldest first; kept is false where that isn't kept any more,
// as it is for the newest versions alone.
func (l *Learner) Basis(ctx context.Context, version string) (list []Basis, kept bool, err error) {
	packed, err := l.Store.Get(ctx, recordRefs, version)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("what version %s of triage was learned from: %w", version, err)
	}
	refs, err := unpack(packed)
	if err != nil {
		return nil, false, fmt.Errorf("version %s of triage: %w", version, err)
	}
	for _, r := range refs {
		list = append(list, Basis{r.Case, r.Procedure})
	}
	return list, true, nil
}
