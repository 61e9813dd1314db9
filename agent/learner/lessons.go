package learner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"resolute/agent"
	"resolute/agent/journal"
	"resolute/agent/triage"
)

// lessons are what corrections say about texts at an instant. They are immutable.
type lessons struct {
	generation uint64
	until      time.Time          // when one of them expires, zero for never
	texts      map[string]*lesson // by correction and case, nil where it teaches nothing about triage
	list       []*lesson          // those that count, by correction
	left       []LeftOut
}

// lesson is a correction with the text that it is about.
type lesson struct {
	Lesson
	text string
}

// key names a lesson: a correction may be from several cases.
func (x Lesson) key() string { return x.ID + " " + x.Case }

// current gives what corrections say now.
func (l *Learner) current(ctx context.Context) (*lessons, error) {
	now, generation := l.Now(), l.Lessons.Generation()
	l.mu.Lock()
	old := l.lessons
	l.mu.Unlock()
	if old != nil && old.generation == generation && (old.until.IsZero() || now.Before(old.until)) {
		return old, nil
	}
	list, err := l.Lessons.At(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("what corrections say about triage: %w", err)
	}
	next := &lessons{generation: generation, texts: map[string]*lesson{}}
	var teaching []*lesson
	for _, x := range list {
		if !x.ExpiresAt.IsZero() && (next.until.IsZero() || x.ExpiresAt.Before(next.until)) {
			next.until = x.ExpiresAt
		}
		var t *lesson
		known := false
		if old != nil {
			t, known = old.texts[x.key()]
		}
		if !known {
			if t, err = l.learn(ctx, x); err != nil {
				return nil, err
			}
		}
		next.texts[x.key()] = t
		if t != nil {
			teaching = append(teaching, t)
		}
	}
	next.agree(teaching)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lessons = next
	return next, nil
}

// learn reads what a correction says about triage: that the text of the case that it is from is for its
// procedure, if triage thought otherwise. nil if it says nothing.
func (l *Learner) learn(ctx context.Context, x Lesson) (*lesson, error) {
	c, err := agent.Load(ctx, l.Store, x.Case)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what correction %s says about triage: %w", x.ID, err)
	}
	text := shorten(c.OpeningText())
	if text == "" || c.Triaged == nil || c.Triaged.Procedure == x.Procedure {
		return nil, nil
	}
	return &lesson{x, text}, nil
}

// agree takes each text once. Of two corrections that say otherwise of the same text, the newer counts.
func (n *lessons) agree(list []*lesson) {
	slices.SortFunc(list, func(a, b *lesson) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.key(), a.key())) })
	first, out := map[string]*lesson{}, leavings{}
	for _, x := range list {
		d := digest(x.text)
		switch f := first[d]; {
		case f == nil:
			first[d] = x
			n.list = append(n.list, x)
		case f.Procedure != x.Procedure:
			out.add(&Evidence{Case: x.Case, Procedure: x.Procedure}, fmt.Sprintf("correction %s says that the same text is for %s, and is newer than correction %s; revoke one", f.ID, f.Procedure, x.ID))
		}
	}
	slices.SortFunc(n.list, func(a, b *lesson) int { return cmp.Compare(a.key(), b.key()) })
	n.left = out.list()
}

// of gives those about some procedures, as examples.
func (n *lessons) of(procedures map[string]bool) []triage.Example {
	var list []triage.Example
	for _, x := range n.list {
		if procedures[x.Procedure] {
			list = append(list, triage.Example{Procedure: x.Procedure, Text: x.text, Source: "case " + x.Case + ", by correction " + x.ID, Private: true})
		}
	}
	return list
}
