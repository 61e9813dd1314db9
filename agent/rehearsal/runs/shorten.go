package runs

import (
	"encoding/json"
	"fmt"
	"slices"

	"resolute/agent/rehearsal"
)

// Bounds of what is stored of a report: with the newest runs alone, that bounds all of them.
const (
	mostBytes    = 1 << 20 // in JSON
	mostFailures = 20      // of one rehearsal
	mostText     = 2_000   // bytes of one failure
)

// shorten encodes a report within bounds: stories of what passed are left out, then all stories, then
// rehearsals that passed, then others.
func shorten(items []rehearsal.Item) ([]byte, error) {
	k := kept{Items: slices.Clone(items)}
	for i := range k.Items {
		it := &k.Items[i]
		if it.Passed {
			it.Story = nil
		}
		it.Failures = slices.Clone(it.Failures)
		if n := len(it.Failures); n > mostFailures {
			it.Failures = append(it.Failures[:mostFailures], fmt.Sprintf("and %d more", n-mostFailures))
		}
		for j, what := range it.Failures {
			if len(what) > mostText {
				it.Failures[j] = what[:mostText] + "…"
			}
		}
	}
	raw, err := json.Marshal(k)
	if err != nil || len(raw) <= mostBytes {
		return raw, err
	}
	k.Shortened = "what happened in each rehearsal"
	for i := range k.Items {
		k.Items[i].Story = nil
	}
	if raw, err = json.Marshal(k); err != nil || len(raw) <= mostBytes {
		return raw, err
	}
	all := len(k.Items)
	slices.SortStableFunc(k.Items, func(a, b rehearsal.Item) int {
		switch {
		case a.Passed == b.Passed:
			return 0
		case a.Passed:
			return 1
		}
		return -1
	})
	size := 0
	for i := range k.Items {
		one, err := json.Marshal(k.Items[i])
		if err != nil {
			return nil, err
		}
		if size += len(one) + 1; size > mostBytes-1000 {
			k.Items = k.Items[:i]
			break
		}
	}
	k.Shortened = fmt.Sprintf("what happened in each rehearsal, and %d of %d rehearsals", all-len(k.Items), all)
	return json.Marshal(k)
}
