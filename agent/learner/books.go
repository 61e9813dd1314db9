package learner

import (
	"context"
	"fmt"
	"slices"

	"resolute/agent/triage"
)

// Triage gives a version of the bundle with what was learned for it, and what corrections say on top; ""
// is the active one.
func (l *Learner) Triage(ctx context.Context, version string) (triage.Book, error) {
	book, err := l.Book(ctx, version)
	if err != nil {
		return book, err
	}
	c, err := l.classifier(ctx, book)
	if err != nil {
		return book, err
	}
	if book.Classifier, err = l.with(ctx, book, c); err != nil {
		l.Log.Warn("triage decides without what corrections say", "error", err)
		book.Classifier = c
	}
	return book, ctx.Err()
}

// classifier gives the version that decides for a version of the bundle. The first who asks for it after a
// start waits until it is made again, or triage would have forgotten what it learned.
func (l *Learner) classifier(ctx context.Context, book triage.Book) (*triage.Classifier, error) {
	if s, from, ok := l.pin(book.Version); ok {
		made, err := l.inherit(context.WithoutCancel(ctx), book, s, from)
		if err != nil {
			l.Log.Error("the version of triage that was gone back to can't be made for this version of the bundle; its authors' examples decide", "version", s.Version, "bundle", book.Version, "error", err)
			return book.Classifier, nil
		}
		return made, nil
	}
	l.mu.Lock()
	s, ok := l.active[book.Version]
	made := l.made[s.Version]
	l.mu.Unlock()
	if !ok || s.Version == book.Classifier.Version() {
		return book.Classifier, nil
	}
	if made != nil {
		return made, nil
	}
	v, err := l.find(s.Version, book.Version)
	if err != nil {
		return book.Classifier, nil
	}
	made, err = l.make(context.WithoutCancel(ctx), book, v) // others wait for it too
	if err != nil {
		l.Log.Error("a version of triage can't be made again; its authors' examples decide until it has learned anew", "error", err)
		l.forget(v)
		return book.Classifier, nil
	}
	return made, nil
}

// forget drops a version that can't be made again, so that the same may be learned once more.
func (l *Learner) forget(v Version) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.versions = slices.DeleteFunc(l.versions, func(o Version) bool { return o.Version == v.Version && o.Bundle == v.Bundle })
	if l.active[v.Bundle].Version == v.Version {
		delete(l.active, v.Bundle)
	}
}

// make trains a version again, on what it was trained on. Texts that can't be read any more are left out,
// and that is said.
func (l *Learner) make(ctx context.Context, book triage.Book, v Version) (*triage.Classifier, error) {
	if v.Version == book.Classifier.Version() {
		return book.Classifier, nil
	}
	l.making.Lock()
	defer l.making.Unlock()
	l.mu.Lock()
	made := l.made[v.Version]
	l.mu.Unlock()
	if made != nil {
		return made, nil
	}
	refs, err := l.restsOn(ctx, v)
	if err != nil {
		return nil, err
	}
	texts, gone, err := l.texts(ctx, refs)
	if err != nil {
		return nil, err
	}
	made, err = triage.Trainer{Embedder: l.Embedder}.Train(ctx, append(book.Classifier.Examples(), texts...), nil) // somebody waits
	if err != nil {
		return nil, fmt.Errorf("make version %s of triage again: %w", v.Version, err)
	}
	if made.Version() != v.Version {
		l.Log.Warn("a version of triage can't be made as it was; it decides by what is left", "version", v.Version, "made", made.Version(), "texts", len(refs), "gone", gone)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made[v.Version] = made
	return made, nil
}

// restsOn reads what a version was learned from.
func (l *Learner) restsOn(ctx context.Context, v Version) ([]reference, error) {
	packed, err := l.Store.Get(ctx, recordRefs, v.Version)
	if err != nil {
		return nil, fmt.Errorf("what version %s of triage was learned from: %w", v.Version, err)
	}
	refs, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("version %s of triage: %w", v.Version, err)
	}
	return refs, nil
}

// taught is a classifier with what corrections say on top.
type taught struct {
	lessons    *lessons
	bundle     string
	classifier *triage.Classifier
}

// mostTaught is how many of them are kept: those of versions that cases are still open under.
const mostTaught = 8

// with puts what corrections say on top of a classifier; without any it is the same one.
func (l *Learner) with(ctx context.Context, book triage.Book, c *triage.Classifier) (*triage.Classifier, error) {
	now, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	key := c.Version() + " " + book.Version
	l.mu.Lock()
	t := l.taught[key]
	l.mu.Unlock()
	if t.lessons == now {
		return t.classifier, nil
	}
	t = taught{lessons: now, bundle: book.Version, classifier: c}
	if list := now.of(names(book)); len(list) > 0 {
		if t.classifier, err = c.With(ctx, list...); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.taught) >= mostTaught {
		clear(l.taught)
	}
	l.taught[key] = t
	return t.classifier, nil
}
