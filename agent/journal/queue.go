package journal

import "sync"

// queue holds the requests that wait for the committer.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	wake    chan struct{} // holds a value when the committer may have something to do
}

func newQueue() queue { return queue{wake: make(chan struct{}, 1)} }

// put adds a request, or reports false after close.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, r)
	first := len(q.waiting) == 1
	q.mu.Unlock()
	if first {
		q.tell()
	}
	return true
}

func (q *queue) tell() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take moves what waits behind group, as long as it has fewer than most requests and so many bytes.
// It reports whether the queue was closed.
func (q *queue) take(group []*request, size *int, most, bytes int) (_ []*request, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := 0
	for taken < len(q.waiting) && len(group) < most && *size < bytes {
		r := q.waiting[taken]
		group = append(group, r)
		*size += r.op.size()
		taken++
	}
	rest := copy(q.waiting, q.waiting[taken:])
	clear(q.waiting[rest:])
	if q.waiting = q.waiting[:rest]; rest > 0 {
		q.tell()
	}
	return group, q.closed
}

// close lets no request in any more.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.tell()
}
