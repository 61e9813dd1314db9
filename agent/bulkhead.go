package agent

import (
	"container/heap"
	"slices"
	"strings"
	"sync"
	"time"

	"resolute/agent/fair"
	"resolute/agent/journal"
)

// bulkhead keeps the calls of a plugin that is slow, or doesn't answer at all, from taking all
// workers.
//
// A case under way takes a seat of each plugin that it is about to call, before anything of that is
// journaled, and keeps it until it calls another or is parked. A plugin may have as many seats as there
// are workers without one: half of them where one plugin is slow, a third where two are, and some are
// left always. A case that gets no seat stands aside: it keeps nothing but its lease, and begins anew
// when its turn comes, customers one after the other.
//
// Who stood aside for as long as is bearable, or for as long as one of its own deadlines allows, goes
// on without a seat: its call counts as tried and not done, so that the case is parked with a durable
// timer and says why.
type bulkhead struct {
	workers int
	limits  map[string]int // seats of those that may have fewer, by plugin

	mu      sync.Mutex
	seats   map[string]int // taken, by plugin
	taken   int
	lines   map[string]*fair.Queue[string, *aside]
	byTime  asides
	changed chan struct{} // told when somebody's turn may have come
}

// aside is a case that stands aside.
type aside struct {
	lease    journal.Lease
	plugin   string // whose seats were taken
	customer string
	until    time.Time
	at       int  // in byTime
	gone     bool // from the line: its time is over
}

func newBulkhead(workers int, limits map[string]int) *bulkhead {
	return &bulkhead{workers: workers, limits: limits, seats: map[string]int{}, lines: map[string]*fair.Queue[string, *aside]{}, changed: make(chan struct{}, 1)}
}

// full reports whether a plugin can have no further seat.
func (b *bulkhead) full(plugin string) bool {
	most := b.workers - b.taken
	if limit, ok := b.limits[plugin]; ok {
		most = min(most, limit)
	}
	return b.seats[plugin] >= most
}

func (b *bulkhead) take(plugin string) {
	b.seats[plugin]++
	b.taken++
}

func (b *bulkhead) give(plugin string) {
	if b.seats[plugin]--; b.seats[plugin] == 0 {
		delete(b.seats, plugin)
	}
	b.taken--
}

// tell lets the loop look whose turn it is.
func (b *bulkhead) tell() {
	if len(b.lines) == 0 {
		return
	}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// stand puts a case aside until a seat is free, or its time is over.
func (b *bulkhead) stand(a *aside) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := b.lines[a.plugin]
	if line == nil {
		line = fair.New[string](func(a *aside) bool { return !a.gone })
		b.lines[a.plugin] = line
	}
	line.Push(a.customer, a)
	heap.Push(&b.byTime, a)
	b.tell() // a seat may have become free since
}

// next gives a case whose turn it is, nil for none.
func (b *bulkhead) next(now time.Time) *berth {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.byTime) > 0 && !now.Before(b.byTime[0].until) {
		a := heap.Pop(&b.byTime).(*aside)
		a.gone = true
		b.lines[a.plugin].Left()
		return &berth{lease: a.lease, of: b, seatless: true}
	}
	for plugin, line := range b.lines {
		if b.full(plugin) {
			continue
		}
		if _, a, ok := line.Pop(); ok {
			heap.Remove(&b.byTime, a.at)
			b.take(plugin)
			return &berth{lease: a.lease, of: b, plugins: []string{plugin}}
		}
		delete(b.lines, plugin)
	}
	return nil
}

// first gives when somebody's time aside is over next, zero if nobody stands aside.
func (b *bulkhead) first() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.byTime) == 0 {
		return time.Time{}
	}
	return b.byTime[0].until
}

// clear gives the leases of all that stand aside, who do so no longer.
func (b *bulkhead) clear() []journal.Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	var leases []journal.Lease
	for _, a := range b.byTime {
		leases = append(leases, a.lease)
	}
	b.byTime, b.lines = nil, map[string]*fair.Queue[string, *aside]{}
	return leases
}

// berth is one case under way: its lease, and what it holds of a bulkhead. Without one it has a seat
// everywhere.
type berth struct {
	lease    journal.Lease
	of       *bulkhead
	plugins  []string
	seatless bool // it goes on where it gets no seat
}

// take changes the seats for those that commands need. It reports the plugin that has none left; then
// it has given all back, unless it goes on without.
func (s *berth) take(commands []Command) (full string) {
	if s.of == nil || len(commands) == 1 && len(s.plugins) == 1 && pluginOf(commands[0]) == s.plugins[0] {
		return "" // most often it calls the plugin that it called before
	}
	var need []string
	for _, c := range commands {
		if p := pluginOf(c); p != "" && !slices.Contains(need, p) {
			need = append(need, p)
		}
	}
	b := s.of
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.tell()
	s.plugins = slices.DeleteFunc(s.plugins, func(p string) bool {
		if slices.Contains(need, p) {
			return false
		}
		b.give(p)
		return true
	})
	for _, p := range need {
		switch {
		case slices.Contains(s.plugins, p):
		case !b.full(p):
			b.take(p)
			s.plugins = append(s.plugins, p)
		case !s.seatless:
			s.giveAll()
			return p
		}
	}
	return ""
}

// leave gives all seats back.
func (s *berth) leave() {
	if s.of == nil {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.giveAll()
	s.of.tell()
}

func (s *berth) giveAll() {
	for _, p := range s.plugins {
		s.of.give(p)
	}
	s.plugins = nil
}

// has reports whether the case has a seat of the command's plugin, if it calls one.
func (s *berth) has(c Command) bool {
	plugin := pluginOf(c)
	return s.of == nil || plugin == "" || slices.Contains(s.plugins, plugin)
}

// pluginOf names the plugin that a command calls, "" for none.
func pluginOf(c Command) string {
	tool := ""
	switch c := c.(type) {
	case Send:
		tool = c.Call.Tool
	case Ask:
		tool = c.Call.Tool
	case Think:
		return theModel
	}
	plugin, _, _ := strings.Cut(tool, ".")
	return plugin
}

// asides is a heap by until.
type asides []*aside

func (h asides) Len() int           { return len(h) }
func (h asides) Less(i, j int) bool { return h[i].until.Before(h[j].until) }
func (h asides) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push is for package heap.
func (h *asides) Push(x any) {
	a := x.(*aside)
	a.at = len(*h)
	*h = append(*h, a)
}

// Pop is for package heap.
func (h *asides) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return a
}
