package learner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"resolute/agent/journal"
	"resolute/agent/triage"
)

// Errors of Activate, each wrapped with what it is about.
var (
	ErrVersion = errors.New("no such version of triage is kept")
	ErrBundle  = errors.New("the version of triage belongs to another version of the bundle")
)

// Activate lets a version decide, by whom. Going back to one that was trained before the one that decides
// also keeps what is learned later from taking its place by itself, for this version of the bundle and for
// those that become active after it, until somebody activates that.
func (l *Learner) Activate(ctx context.Context, version, by string) (Version, error) {
	l.learning.Lock()
	defer l.learning.Unlock()
	book, err := l.Book(ctx, "")
	if err != nil {
		return Version{}, err
	}
	if err := l.carry(ctx, book); err != nil {
		return Version{}, err
	}
	v, err := l.find(version, book.Version)
	if err != nil {
		return v, err
	}
	l.mu.Lock()
	was, known := l.active[book.Version]
	l.mu.Unlock()
	if known && was.Version == v.Version {
		return v, nil
	}
	made, err := l.make(ctx, book, v)
	if err != nil {
		return v, err
	}
	now := l.Now().UTC()
	s := state{Version: v.Version, By: by, At: now}
	if old, err := l.find(was.Version, book.Version); err == nil {
		s.Pinned = v.TrainedAt.Before(old.TrainedAt) || v.Version == book.Classifier.Version()
	}
	if err := l.activate(ctx, v, made, s, nil); err != nil {
		return v, err
	}
	return l.find(version, book.Version)
}

// find gives the version of a name.
func (l *Learner) find(version, bundle string) (Version, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	other := ""
	for _, v := range l.versions {
		if v.Version != version {
			continue
		}
		if v.Bundle == bundle {
			return v, nil
		}
		other = v.Bundle
	}
	if other != "" {
		return Version{}, fmt.Errorf("%w: %s belongs to %.12s; activate that first", ErrBundle, version, other)
	}
	return Version{}, fmt.Errorf("%w: %q", ErrVersion, version)
}

// activate stores that a version decides from now on, along with records, and then lets it.
func (l *Learner) activate(ctx context.Context, v Version, made *triage.Classifier, s state, records []journal.Record) error {
	v.Activated = append(slices.Clone(v.Activated), Activation{s.At, s.By})
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("activate version %s of triage: %w", v.Version, err)
	}
	said, err := l.Audit(s.By, "triage.activated", v.Version, map[string]any{"bundle": v.Bundle, "evidence": v.Evidence, "pinned": s.Pinned})
	if err != nil {
		return err
	}
	if err := l.keep(ctx, v, append(records, said, journal.Record{Kind: recordActive, Key: v.Bundle, Value: value})); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active[v.Bundle], l.made[v.Version] = s, made
	deciding := map[string]bool{}
	for _, s := range l.active {
		deciding[s.Version] = true
	}
	for version := range l.made {
		if !deciding[version] {
			delete(l.made, version) // it can be made again
		}
	}
	return nil
}

// keep stores a version along with records. The oldest of too many make room.
func (l *Learner) keep(ctx context.Context, v Version, records []journal.Record) error {
	r, err := versionRecord(&v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	list := slices.Clone(l.versions)
	active := map[string]bool{v.Version: true}
	for _, s := range l.active {
		active[s.Version] = true
	}
	l.mu.Unlock()
	if i := slices.IndexFunc(list, func(o Version) bool { return o.key() == v.key() }); i >= 0 {
		list[i] = v
	} else {
		list = append(list, v)
		slices.SortStableFunc(list, func(a, b Version) int { return a.TrainedAt.Compare(b.TrainedAt) }) // a pin that was taken over is older
	}
	records = append(records, r)
	if i := len(list) - 1 - mostRefs; i >= 0 && !active[list[i].Version] {
		records = append(records, journal.Record{Kind: recordRefs, Key: list[i].Version})
	}
	for over := len(list) - mostVersions; over > 0; over-- {
		i := slices.IndexFunc(list, func(o Version) bool { return !active[o.Version] })
		if i < 0 {
			break
		}
		gone := list[i]
		list = slices.Delete(list, i, i+1)
		records = append(records, journal.Record{Kind: recordVersion, Key: gone.key()}, journal.Record{Kind: recordRefs, Key: gone.Version})
	}
	if err := l.Store.Put(context.WithoutCancel(ctx), records...); err != nil {
		return fmt.Errorf("store version %s of triage: %w", v.Version, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.versions = list
	return nil
}

// Versions gives what was learned, the newest first, with when each was activated.
func (l *Learner) Versions() []Version {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Clone(l.versions)
	slices.Reverse(list)
	return list
}

// Standing is how triage stands.
type Standing struct {
	Bundle   string    `json:"bundle"`    // version that is active
	Version  string    `json:"version"`   // of triage that decides for it, without what corrections say
	PinnedBy string    `json:"pinned_by"` // who went back to it; "" where what is learned takes its place by itself
	Learned  int       `json:"learned"`   // texts of cases that may be learned from by now
	Held     int       `json:"held"`      // that are held back to judge by
	Taught   int       `json:"taught"`    // texts that corrections say the procedure of
	LeftOut  []LeftOut `json:"left_out"`
	Doubts   []string  `json:"doubts"` // of what authors wrote
}

// Standing gives how triage stands for the active bundle.
func (l *Learner) Standing(ctx context.Context) (Standing, error) {
	book, err := l.Book(ctx, "")
	if err != nil {
		return Standing{}, err
	}
	taught, err := l.current(ctx)
	if err != nil {
		return Standing{}, err
	}
	deciding, err := l.classifier(ctx, book)
	if err != nil {
		return Standing{}, err
	}
	pin, _, carried := l.pin(book.Version)
	authored := book.Classifier.Examples()
	l.mu.Lock()
	defer l.mu.Unlock()
	chosen := l.pool.choose(l.Now(), names(book), authored)
	s := Standing{Bundle: book.Version, Version: book.Classifier.Version(), Learned: len(chosen.learn), Held: len(chosen.held), Doubts: []string{}, LeftOut: append(chosen.left, taught.left...)}
	if carried {
		s.Version, s.PinnedBy = deciding.Version(), pin.By
	} else if a, ok := l.active[book.Version]; ok {
		s.Version = a.Version
		if a.Pinned {
			s.PinnedBy = a.By
		}
	}
	s.Taught = len(taught.of(names(book)))
	for _, d := range triage.Doubts(authored) {
		s.Doubts = append(s.Doubts, d.Detail)
	}
	return s, nil
}
