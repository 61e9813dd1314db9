package agent

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
)

// Queue is where handoffs wait for people.
type Queue struct {
	Notify []string      // URLs of webhooks and addresses of people, who are told
	Due    time.Duration // until somebody should have taken one
	Remind time.Duration // between two reminders; zero for none
}

// DefaultQueue takes what names no other, and hears of what is overdue in any.
const DefaultQueue = "default"

// Repeats of what is overdue come ever more seldom, down to one a day.
const maxRemind = 24 * time.Hour

// handOver puts a case that stops into its queue, and tells who is to be told.
func (s *step) handOver(stop casefile.Stop, evidence ...string) {
	if _, ok := s.book.Queues[stop.To]; !ok {
		stop.To = DefaultQueue
	}
	queue := s.book.Queues[stop.To]
	due := s.now.Add(queue.Due)
	stop.Until = &due
	s.stop(casefile.Escalated, stop, evidence...)
	s.say(&casefile.HandoffOpened{Queue: stop.To, DueAt: due, NextAt: due})
	s.notify(queue.Notify, casefile.NoticeOpened, queue.next(s.now, due))
}

// remind tells again of a handoff that nobody has taken, when it is time to.
func (s *step) remind() {
	h := s.c.Handoff
	if h == nil || h.NextAt.IsZero() || s.now.Before(h.NextAt) {
		return
	}
	queue := s.book.Queues[h.Queue]
	what, to := casefile.NoticeReminder, queue.Notify
	if !s.now.Before(h.DueAt) {
		what = casefile.NoticeOverdue
		for _, more := range s.book.Queues[DefaultQueue].Notify {
			if !slices.Contains(to, more) {
				to = append(slices.Clip(to), more)
			}
		}
	}
	s.notify(to, what, queue.next(s.now, h.DueAt))
}

// next is when somebody is told again: reminders until it is due, then what is overdue, after twice as
// long each time.
func (q Queue) next(now, due time.Time) time.Time {
	if now.Before(due) {
		if q.Remind > 0 && now.Add(q.Remind).Before(due) {
			return now.Add(q.Remind)
		}
		return due
	}
	return now.Add(min(max(now.Sub(due), q.Remind, time.Minute), maxRemind))
}

// notify notes one notice for each of those who are told. Where nobody is, that it is overdue is noted
// once, and nothing more.
func (s *step) notify(to []string, what casefile.Notice, next time.Time) {
	h := s.c.Handoff
	n := casefile.HandoffNoticed{Queue: h.Queue, What: what, Text: Brief(s.c, what), NextAt: next}
	if len(to) == 0 {
		if what != casefile.NoticeOpened {
			n.NextAt = time.Time{}
			s.note(casefile.ActorSystem, &n)
		}
		return
	}
	for _, n.To = range to {
		one := n
		s.note(casefile.ActorSystem, &one)
	}
}

// giveBack leaves a case that a person has with them, once what they chose is done or stopped.
func (s *step) giveBack() {
	s.stop(casefile.Escalated, casefile.Stop{Code: casefile.StopHumanTakeover, To: s.c.Holder, Detail: "it is with " + s.c.Holder + " until it is handed back"})
	s.park(time.Time{})
}

// Brief tells in a few lines what whoever takes a case over should know: why it stopped and what would
// let it go on, what is believed, what was tried and what is done.
func Brief(c *casefile.Case, what casefile.Notice) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("%s: %s", what, cmp.Or(c.Goal, Subject(c), "a case without a goal yet"))
	if s := c.Stop; s != nil {
		line("Stopped: %s, %s", s.Code, cmp.Or(s.Detail, s.Rule, "without a detail"))
		line("To unblock it: %s", Unblock(c))
	}
	if h := c.Handoff; h != nil {
		line("Queue %s, due %s", h.Queue, h.DueAt.UTC().Format(time.RFC3339))
	}
	for i := range c.Hypotheses {
		h := &c.Hypotheses[i]
		why := ""
		if h.Cause != nil {
			why = ": " + cmp.Or(h.Cause.Detail, string(h.Cause.Code))
		}
		line("Believed: %s, %s%s", cmp.Or(h.Statement, h.Name), h.Status, why)
	}
	for _, k := range Known(c) {
		line("Known: %s, from %s (%s)", k.Name, cmp.Or(k.Tool, "a person"), k.Evidence)
	}
	for _, a := range Tried(c) {
		line("Tried: %s, %s%s", a.Tool, cmp.Or(string(a.Outcome), "open"), strings.TrimRight(": "+cmp.Or(a.Code, a.Detail), ": "))
	}
	return b.String()
}

// KnownFact is a fact of a case, by name, with where it came from.
type KnownFact struct {
	Name     string `json:"name"`
	Tool     string `json:"tool"` // "" for what a person wrote
	Evidence string `json:"evidence"`
}

// Known gives the facts of a case, by name.
func Known(c *casefile.Case) []KnownFact {
	list := []KnownFact{}
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		f := c.Facts[name]
		list = append(list, KnownFact{name, f.Tool, casefile.EvidenceEntry(f.Seq)})
	}
	return list
}

// triedAtMost bounds the attempts of a brief: the newest say most.
const triedAtMost = 10

// Tried gives the newest attempts at anything but reading.
func Tried(c *casefile.Case) []casefile.Attempt {
	var list []casefile.Attempt
	for _, a := range c.Attempts {
		if a.Purpose == casefile.ForDo || a.Purpose == casefile.ForUndo {
			list = append(list, a)
		}
	}
	return list[max(0, len(list)-triedAtMost):]
}

// Unblock says what would let a case go on that stopped.
func Unblock(c *casefile.Case) string {
	switch c.Stop.Code {
	case casefile.StopPolicyDeny:
		return "decide it outside and close it, choose another action, or change the rule and retry"
	case casefile.StopBudgetExceeded:
		return "once the budget has room again, retry; or decide it outside and close it"
	case casefile.StopAuthorityShadow:
		return "do it yourself; say by approve or reject whether the agent was right"
	case casefile.StopModelUnavailable:
		return "see that the model answers, by resolute model status, then retry; or decide it outside and close it"
	case casefile.StopConfidenceLow:
		if c.Procedure != "" { // a model wasn't sure what to do
			return "choose an action, retry, or decide it outside and close it"
		}
		return "say which procedure it is for, or close it as for none of them: either teaches triage"
	case casefile.StopEvidenceMissing, casefile.StopInputMissing:
		return "find out what is missing, then hand it back or close it"
	case casefile.StopOutcomeUnknown:
		return "look in the system of record whether it was done; close it if so, else retry"
	case casefile.StopToolUnavailable, casefile.StopToolError, casefile.StopManifestChanged:
		return "see that the tool answers as its manifest says, then retry"
	case casefile.StopCheckFailed:
		return "look what was done and whether it holds; put it right, then hand it back or close it"
	case casefile.StopApprovalRejected, casefile.StopApprovalExpired:
		return "choose another action or hypothesis, or retry, which asks again"
	case casefile.StopLoopLimit:
		return "look why it needs so many steps; raise the limit and retry, or take it over"
	case casefile.StopHumanTakeover:
		return "whoever has it hands it back"
	}
	return "take it over, choose an action or a hypothesis, or close it"
}
