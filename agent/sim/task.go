package sim

import (
	"fmt"
	"iter"
	"runtime/debug"
	"time"
)

// task is a coroutine: something that the process does beside other things. It gives way in pause.
type task struct {
	name  string
	at    string    // where it gave way, like "Append/after"
	until time.Time // no earlier it goes on
	parts []*task   // that it waits for

	next  func() (struct{}, bool)
	kill  func()
	yield func(struct{}) bool
	over  bool
	fault string // a panic that nobody asked for
}

// killed is thrown in a task whose process has ended.
type killed struct{}

// spawn makes a task of the process; it does not run yet.
func (s *Sim) spawn(name string, fn func()) *task {
	t := &task{name: name, at: "start"}
	t.next, t.kill = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		defer func() {
			switch r := recover().(type) {
			case nil, killed:
			default:
				t.fault = fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		fn()
	})
	s.tasks = append(s.tasks, t)
	return t
}

// pause lets others go on, and this task not before a time (zero for any).
func (s *Sim) pause(at string, until time.Time) {
	t := s.running
	t.at, t.until = at, until
	if !t.yield(struct{}{}) {
		panic(killed{})
	}
}

// together runs the commands of one step as tasks of their own, and waits for them.
func (s *Sim) together(work ...func()) {
	t := s.running
	for i, fn := range work {
		t.parts = append(t.parts, s.spawn(fmt.Sprintf("%s.%d", t.name, i+1), fn))
	}
	s.pause("together", time.Time{})
	t.parts = nil
}

// ready reports whether the task can go on.
func (t *task) ready(now time.Time) bool {
	for _, p := range t.parts {
		if !p.over {
			return false
		}
	}
	return !t.over && !now.Before(t.until)
}

// resume runs a task until it gives way.
func (s *Sim) resume(t *task) {
	s.running = t
	_, more := t.next()
	s.running = nil
	if t.over = !more; t.over {
		s.forget(t)
	}
	if t.fault != "" {
		s.fail("no panic", "%s: %s", t.name, t.fault)
	}
}

func (s *Sim) forget(t *task) {
	for i := range s.tasks {
		if s.tasks[i] == t {
			s.tasks = append(s.tasks[:i], s.tasks[i+1:]...)
			return
		}
	}
}

// killAll ends all tasks, as the end of their process does.
func (s *Sim) killAll() {
	for _, t := range s.tasks {
		t.kill()
		t.over = true
	}
	s.tasks = nil
}
