package agent

import (
	"cmp"
	"context"
	"slices"

	"resolute/agent/casefile"
)

// OpenCases lists the ids of open cases by status; a journal.Store does.
type OpenCases interface {
	Open(ctx context.Context, status casefile.Status, cursor string, limit int) (ids []string, next string, err error)
}

// CaseLoader gives cases as they stand; an Engine does.
type CaseLoader interface {
	Load(ctx context.Context, caseID string) (*casefile.Case, error)
}

const approvalsAtOnce = 500

// Approvals gives all cases that wait for a person's approval, the one that was asked for first
// first. An old case may have asked a minute ago, so the order isn't that of the cases, and all that
// wait are loaded; how many do is bounded by what people leave undecided, not by history.
func Approvals(ctx context.Context, open OpenCases, cases CaseLoader) ([]*casefile.Case, error) {
	var list []*casefile.Case
	for cursor, more := "", true; more; more = cursor != "" {
		ids, next, err := open.Open(ctx, casefile.Approving, cursor, approvalsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			c, err := cases.Load(ctx, id)
			if err != nil {
				return nil, err
			}
			if c.Status == casefile.Approving && c.Approval != nil && c.Approval.GrantedBy == "" {
				list = append(list, c)
			}
		}
		cursor = next
	}
	slices.SortFunc(list, func(a, b *casefile.Case) int {
		return cmp.Or(a.Approval.AskedAt.Compare(b.Approval.AskedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}
