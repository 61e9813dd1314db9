package sim

import (
	"context"
	"strings"
	"time"
)

// runAny lets some task go on.
func (s *Sim) runAny() bool {
	var ready []*task
	for _, t := range s.tasks {
		if t.ready(s.clock.Now()) {
			ready = append(ready, t)
		}
	}
	if len(ready) == 0 {
		return false
	}
	s.resume(ready[s.Draw(len(ready))])
	return true
}

// end kills the process where it stands.
func (s *Sim) end() bool {
	how := "killed"
	for _, t := range s.tasks {
		switch {
		case strings.HasSuffix(t.at, "/before write"):
			how = "killed before a write"
		case strings.HasSuffix(t.at, "/after write"):
			how = "killed after a write"
		case strings.HasPrefix(t.at, "wire/"):
			how = "killed on the wire"
		case strings.HasSuffix(t.at, "/reading"):
			how = "killed while reading"
		}
		if how != "killed" && s.Draw(2) == 0 {
			break
		}
	}
	if s.Draw(3) > 0 || !s.has(how) {
		return false
	}
	s.die(how)
	return true
}

// interrupt tells the process to stop: it takes on nothing new, and has some time to end what is
// under way.
func (s *Sim) interrupt() bool {
	if !s.stopping.IsZero() || s.Draw(3) > 0 || !s.has("stopped") {
		return false
	}
	s.log("the process is told to stop")
	s.process.stop()
	s.stopping = s.clock.Now().Add(8 * time.Second)
	return true
}

// reorder delivers some letter before its time.
func (s *Sim) reorder() bool {
	list := s.senders.waiting()
	if len(list) == 0 || !s.stopping.IsZero() || !s.has("signal out of order") {
		return false
	}
	l := list[s.Draw(len(list))]
	if l != list[0] {
		s.cover("signal out of order")
	}
	s.deliver(l)
	return true
}

// repeat delivers a letter that was acknowledged again.
func (s *Sim) repeat() bool {
	list := s.senders.known()
	if len(list) == 0 || !s.stopping.IsZero() || !s.has("signal again") {
		return false
	}
	s.cover("signal again")
	again := *list[s.Draw(len(list))]
	s.deliver(&again)
	return true
}

// batch delivers letters of one sender together, one of them twice.
func (s *Sim) batch() bool {
	list := s.senders.waiting()
	if len(list) < 2 || !s.stopping.IsZero() || !s.has("batch") {
		return false
	}
	var same []*letter
	for _, l := range list {
		if l.from == list[0].from {
			same = append(same, l)
		}
	}
	same = append(same[:len(same):len(same)], same[0])
	s.cover("batch")
	s.deliver(same...)
	return true
}

// pass lets time pass, whatever is due.
func (s *Sim) pass(d time.Duration) {
	s.log("%v pass", d)
	s.clock.Sleep(d)
	_, _ = s.process.store.Memory.Due(context.Background(), s.clock.Now()) // a store that has failed ends the process soon
}
