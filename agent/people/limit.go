package people

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// TooManyError says that somebody tried too often; nothing was looked at.
type TooManyError struct{ After time.Duration }

// Error says it to whoever tried.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many tries; wait %s and try again", e.After.Round(time.Second))
}

// RetryAfter is when another try is looked at.
func (e *TooManyError) RetryAfter() time.Duration { return e.After }

// slotsAfter is when it is worthwhile to try again because others were before.
const slotsAfter = 2 * time.Second

// Rate is how many tries in a row there may be, and after how long one more.
type Rate struct {
	Burst int
	Every time.Duration
}

// How often somebody may fail to sign in. An account's tries are shared by all browsers that never
// signed in to it; one that did has tries of its own, so that nobody keeps others out for good by
// guessing at their account.
var (
	accountRate = Rate{10, 2 * time.Minute}
	addressRate = Rate{20, 30 * time.Second}
	browserRate = Rate{10, time.Minute}
)

// Limiter counts tries by key, in memory: a restart forgets them.
type Limiter struct {
	now func() time.Time
	mu  sync.Mutex
	// full is when each key has all its tries again.
	full map[digest]time.Time
}

// maxKeys bounds the memory of a Limiter: of more, those go that have nearly all their tries.
const maxKeys = 50_000

// NewLimiter makes one that forbids nothing yet.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, full: map[digest]time.Time{}}
}

// Take counts one try, and reports a *TooManyError if none is left.
func (l *Limiter) Take(key string, r Rate) error {
	now, d := l.now(), digestOf(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full[d]
	if full.Before(now) {
		full = now
	}
	next := full.Add(r.Every)
	if over := next.Sub(now) - time.Duration(r.Burst)*r.Every; over > 0 {
		return &TooManyError{After: over}
	}
	if _, known := l.full[d]; !known && len(l.full) >= maxKeys {
		l.forget(now)
	}
	l.full[d] = next
	return nil
}

// Give takes a try back: it was no failure.
func (l *Limiter) Give(key string, r Rate) {
	d := digestOf(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	if full, ok := l.full[d]; ok {
		l.full[d] = full.Add(-r.Every)
	}
}

// forget makes room: what has all its tries, and then what will have them soonest.
func (l *Limiter) forget(now time.Time) {
	for ahead := time.Duration(0); len(l.full) >= maxKeys; ahead = 2*ahead + time.Minute {
		for d, full := range l.full {
			if !full.After(now.Add(ahead)) {
				delete(l.full, d)
			}
		}
	}
}

// Network is where an address counts as the same: an IPv6 address is one of the many that its holder
// has.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is6() {
		p, err := ip.WithZone("").Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return ip.String()
}
