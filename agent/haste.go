package agent

import (
	"fmt"
	"sync"
	"time"

	"resolute/agent/people"
)

// Approvals that one person gives within a while; from so many on they are told that nobody looks so fast.
const (
	hasteWithin = time.Minute
	hasteFrom   = 5
)

// haste counts who approved how often within the last while. It forgets everything in a restart, as does
// a minute.
type haste struct {
	mu  sync.Mutex
	who map[string][]time.Time // by principal, ascending
}

// approves counts an approval.
func (h *haste) approves(id string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.who == nil {
		h.who = map[string][]time.Time{}
	}
	for other, times := range h.who {
		if times = recent(times, now); len(times) == 0 {
			delete(h.who, other)
		} else {
			h.who[other] = times
		}
	}
	h.who[id] = append(h.who[id], now)
}

func (h *haste) count(id string, now time.Time) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(recent(h.who[id], now))
}

func recent(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(now.Add(-hasteWithin)) {
		times = times[1:]
	}
	return times
}

// Hasty warns somebody who approved so much within the last minute that it can't have been looked at, ""
// for nothing to say.
func (e *Engine) Hasty(who people.Principal) string { return warning(e.haste.count(who.ID, e.Now())) }

func warning(approvals int) string {
	if approvals < hasteFrom {
		return ""
	}
	return fmt.Sprintf("%d approvals within a minute: an approval that nobody looked at protects nobody. What waits goes on waiting; take the time to read it, or ask for a rule that lets it pass.", approvals)
}
