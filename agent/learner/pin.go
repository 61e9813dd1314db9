package learner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/triage"
)

// pin gives the state that a version of the bundle has to take over from another one, and from which: what a
// person chose last was to go back, and that stands for every version of the bundle until somebody goes on.
func (l *Learner) pin(bundle string) (s state, from string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for b, x := range l.active {
		own := b == bundle
		if x.By == casefile.ActorSystem || x.From != "" && !own {
			continue
		}
		if from == "" || x.At.After(s.At) || own && x.At.Equal(s.At) {
			s, from = x, b
		}
	}
	return s, from, s.Pinned && from != bundle
}

// inherit gives what the pinned version of another version of the bundle was learned from, together with
// this one's examples. Without any of it the authors' examples decide.
func (l *Learner) inherit(ctx context.Context, book triage.Book, s state, from string) (*triage.Classifier, error) {
	l.making.Lock()
	defer l.making.Unlock()
	key := s.Version + " " + book.Version
	l.mu.Lock()
	made := l.made[key]
	l.mu.Unlock()
	if made != nil {
		return made, nil
	}
	refs, err := l.handed(ctx, book, s, from)
	if err != nil {
		return nil, err
	}
	texts, _, err := l.texts(ctx, refs)
	if err != nil {
		return nil, err
	}
	if made = book.Classifier; len(texts) > 0 {
		if made, err = (triage.Trainer{Embedder: l.Embedder}).Train(ctx, append(made.Examples(), texts...), nil); err != nil { // somebody waits
			return nil, fmt.Errorf("make version %s of triage for another version of the bundle: %w", s.Version, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made[key] = made
	return made, nil
}

// handed gives what a version of triage was learned from, as far as another version of the bundle has the
// procedures and doesn't say something of the same texts itself.
func (l *Learner) handed(ctx context.Context, book triage.Book, s state, from string) ([]reference, error) {
	v, err := l.find(s.Version, from)
	if err != nil {
		return nil, err
	}
	if v.Evidence == 0 {
		return nil, nil
	}
	refs, err := l.restsOn(ctx, v)
	if err != nil {
		return nil, err
	}
	procedures, written := names(book), map[string]bool{}
	for _, x := range book.Classifier.Examples() {
		written[digest(shorten(x.Text))] = true
	}
	return slices.DeleteFunc(refs, func(r reference) bool {
		return written[r.Digest] || r.Procedure != "" && !procedures[r.Procedure]
	}), nil
}

// carry keeps for a version of the bundle what it takes over from another one, so that a person can go on
// from it, and back to it. Callers hold learning.
func (l *Learner) carry(ctx context.Context, book triage.Book) error {
	s, from, ok := l.pin(book.Version)
	if !ok {
		return nil
	}
	chosen, err := l.find(s.Version, from)
	if err != nil {
		return err
	}
	made, err := l.classifier(ctx, book)
	if err != nil {
		return err
	}
	records, err := l.firstOf(book, chosen.TrainedAt)
	if err != nil {
		return err
	}
	v, err := l.find(made.Version(), book.Version)
	if err != nil { // it isn't one of this version of the bundle yet
		refs, err := l.handed(ctx, book, s, from)
		if err != nil {
			return err
		}
		packed, err := pack(refs)
		if err != nil {
			return err
		}
		records = append(records, journal.Record{Kind: recordRefs, Key: made.Version(), Value: packed})
		v = Version{Version: made.Version(), Bundle: book.Version, TrainedAt: chosen.TrainedAt, Seconds: chosen.Seconds, Examples: len(book.Classifier.Examples()), Evidence: len(refs), Digest: digestOf(refs)}
		v.count(made.Examples())
		if v.Version == chosen.Version {
			v.Held, v.Replaces, v.Before, v.Chance = chosen.Held, chosen.Replaces, chosen.Before, chosen.Chance
		}
	}
	v.Activated = append(slices.Clone(v.Activated), Activation{l.Now().UTC(), s.By})
	s.Version, s.From = v.Version, from
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("pin version %s of triage: %w", v.Version, err)
	}
	said, err := l.Audit(casefile.ActorSystem, "triage.carried", v.Version, map[string]any{"bundle": v.Bundle, "from": from, "pinned_by": s.By})
	if err != nil {
		return err
	}
	if err := l.keep(ctx, v, append(records, said, journal.Record{Kind: recordActive, Key: v.Bundle, Value: value})); err != nil {
		return err
	}
	l.Log.Info("what was gone back to decides for this version of the bundle too, until somebody goes on", "version", v.Version, "bundle", v.Bundle, "by", s.By)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active[v.Bundle], l.made[v.Version] = s, made
	return nil
}

// wentBack says who went back from what was learned from the same texts, for whichever version of the bundle,
// and that nobody took it up again since; "" for nobody.
func (l *Learner) wentBack(digest string) string {
	type step struct {
		Activation
		*Version
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var steps []step
	for i := range l.versions {
		for _, a := range l.versions[i].Activated {
			steps = append(steps, step{a, &l.versions[i]})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Evidence, b.Evidence)) })
	decided, refused := map[string]*Version{}, map[string]Activation{}
	for _, x := range steps {
		if was := decided[x.Bundle]; x.By != casefile.ActorSystem {
			if was != nil && was.Version != x.Version.Version && (x.Evidence == 0 || x.TrainedAt.Before(was.TrainedAt)) {
				refused[was.Digest] = x.Activation
			}
			delete(refused, x.Digest)
		}
		decided[x.Bundle] = x.Version
	}
	a, ok := refused[digest]
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s went back from what was learned from the same texts, at %s; whoever wants it activates it", a.By, a.At.Format(time.RFC3339))
}
