package api

import (
	"net/http"
	"sync"
	"time"
)

// class says which requests share a bound, so that too many of one kind leave the others room.
type class int

const (
	classCalls   class = iota // of people and programs
	classSignals              // signals that are taken in
	classPublic               // calls that need no token
	classLarge                // knowledge and bundles
	classRuns                 // rehearsals: bundles, and waits for their end
	classStreams              // they stay open
	classProbes               // health and metrics: never refused

	classCount
)

// gate bounds how many requests are answered at once, and how much of their bodies is in memory.
type gate struct {
	maxRequests, maxBytes int64

	mu              sync.Mutex
	requests, bytes int64
}

// newGates makes the bounds of one server. A batch of signals takes several times its size while it is
// read.
func newGates() [classCount]*gate {
	return [classCount]*gate{
		classCalls:   {maxRequests: 512, maxBytes: 64 << 20},
		classSignals: {maxRequests: 1024, maxBytes: 64 << 20},
		classPublic:  {maxRequests: 256, maxBytes: 64 << 20},
		classLarge:   {maxRequests: 8, maxBytes: 2 * maxLarge},
		classRuns:    {maxRequests: 32, maxBytes: 2 * maxLarge},
		classStreams: {maxRequests: 1024, maxBytes: 64 << 20},
	}
}

// enter lets a request in whose body has so many bytes. Who is let in leaves.
func (g *gate) enter(bytes int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.requests+1 > g.maxRequests || g.bytes+bytes > g.maxBytes {
		return false
	}
	g.requests++
	g.bytes += bytes
	return true
}

func (g *gate) leave(bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests--
	g.bytes -= bytes
}

// through answers a request if there is room for it.
func (s *server) through(r *request, rt route, limit int64) error {
	g := s.gates[rt.class]
	if g == nil {
		return rt.do(r)
	}
	bytes := r.Request.ContentLength
	if bytes < 0 || bytes > limit {
		bytes = limit // it may be as long as that, or it is refused when it is read
	}
	if !g.enter(bytes) {
		return &problem{Status: http.StatusTooManyRequests, Detail: "too many requests of this kind are being answered; nothing was done, send it again", retryAfter: time.Second}
	}
	defer g.leave(bytes)
	return rt.do(r)
}

// bodyWithin is how long the body of a small request may take to arrive: who doesn't get to the end holds
// room that others need.
const bodyWithin = 30 * time.Second

// hurry bounds how long reading the body takes; done ends that.
func hurry(r *request) (done func()) {
	c := http.NewResponseController(r.Writer)
	if c.SetReadDeadline(time.Now().Add(bodyWithin)) != nil {
		return func() {} // not a network connection
	}
	return func() { _ = c.SetReadDeadline(time.Time{}) } // it could be set, so it can be taken back
}
