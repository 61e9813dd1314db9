package learner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/triage"
)

// When all is learned anew.
const (
	many   = 50             // changes of what cases teach, or
	part   = 20             // as many as this part of what they teach, or more
	soon   = time.Hour      // since evidence was last looked at; or
	late   = 24 * time.Hour // however little is new
	spares = 20             // times as long as training took, nothing is trained
)

// How many versions are kept, and of how many what they rest on, without which nobody goes back to one. Those
// that are active stay.
const (
	mostVersions = 1000
	mostRefs     = 50
)

// Learn follows the journal as far as it goes, and learns anew if there is reason to. What was learned is
// rehearsed before it may decide; who activates a version doesn't wait for that.
func (l *Learner) Learn(ctx context.Context) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	next, err := l.study(ctx)
	if err != nil || next == nil {
		return err
	}
	if next.Worse == "" {
		if next.Lowers, err = l.rehearse(ctx, next); err != nil {
			l.again()
			return fmt.Errorf("rehearse version %s of triage, which waits for it: %w", next.Version.Version, err)
		}
	}
	return l.decide(ctx, next)
}

// candidate is what was learned and isn't kept yet.
type candidate struct {
	Version
	book   triage.Book
	before *triage.Classifier // that it would take the place of
	made   *triage.Classifier
	refs   []reference
}

// study follows the journal and trains if there is reason to, else gives nil.
func (l *Learner) study(ctx context.Context) (*candidate, error) {
	l.learning.Lock()
	defer l.learning.Unlock()
	if err := l.follow(ctx); err != nil {
		return nil, err
	}
	book, err := l.Book(ctx, "")
	if err != nil {
		return nil, nil // without a bundle there is nothing to tell apart
	}
	now := l.Now()
	if book.Version == l.bundle && !l.due(now) {
		return nil, nil
	}
	if err := l.carry(ctx, book); err != nil {
		return nil, err
	}
	if _, err := l.classifier(ctx, book); err != nil { // after a start it is made before a case needs it
		return nil, err
	}
	l.bundle, l.changes, l.looked = book.Version, 0, now
	return l.train(ctx, book, now)
}

// again has the same be learned once more, as soon as training may cost time again.
func (l *Learner) again() {
	l.learning.Lock()
	defer l.learning.Unlock()
	l.looked = time.Time{}
}

// due reports whether there is reason to learn anew for the bundle that evidence was last looked at for.
func (l *Learner) due(now time.Time) bool {
	l.mu.Lock()
	known := len(l.pool.cases)
	l.mu.Unlock()
	ago := now.Sub(l.looked)
	return !now.Before(l.resumes) && (l.changes >= max(many, known/part) || ago >= soon && l.changes > known/part || ago >= late)
}

// knows reports whether anything was learned for a version of the bundle.
func (l *Learner) knows(bundle string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.versions, func(v Version) bool { return v.Bundle == bundle })
}

// train learns what may be learned by now, and judges it; nil where nothing is new.
func (l *Learner) train(ctx context.Context, book triage.Book, now time.Time) (*candidate, error) {
	authored := book.Classifier.Examples()
	l.mu.Lock()
	chosen := l.pool.choose(now, names(book), authored)
	l.mu.Unlock()
	refs := references(chosen.learn)
	v := Version{Bundle: book.Version, TrainedAt: now.UTC(), Examples: len(authored), Evidence: len(refs), Digest: digestOf(refs), Activated: []Activation{}}
	if len(refs) == 0 || l.tried(&v) {
		return nil, nil
	}
	texts, gone, err := l.texts(ctx, refs)
	if err != nil {
		return nil, err
	}
	if gone > 0 {
		l.Log.Warn("texts of cases that triage learned from aren't as they were; it learns without them", "texts", gone)
	}
	var held []heldText
	for _, e := range chosen.held {
		list, _, err := l.texts(ctx, references([]*Evidence{e}))
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			held = append(held, heldText{x, e.By})
		}
	}
	began := time.Now()
	made, err := l.trainer().Train(ctx, append(authored, texts...), nil)
	if err != nil {
		return nil, fmt.Errorf("train triage on %d texts: %w", len(authored)+len(texts), err)
	}
	took := time.Since(began)
	l.resumes = l.Now().Add(spares * took)
	v.Version, v.Seconds = made.Version(), took.Seconds()
	v.count(append(authored, texts...))
	return l.judge(ctx, &candidate{Version: v, book: book, made: made, refs: refs}, held)
}

// judge compares what was learned with what decides.
func (l *Learner) judge(ctx context.Context, c *candidate, held []heldText) (*candidate, error) {
	var err error
	if c.before, err = l.classifier(ctx, c.book); err != nil {
		return nil, err
	}
	h, err := hear(ctx, c.book, c.before, c.made, held)
	if err != nil {
		return nil, err
	}
	_, rate := c.made.Threshold()
	c.Replaces, c.Chance, c.Worse = c.before.Version(), chance(h.after, h.before), h.worse(rate)
	if c.Worse == "" {
		c.Worse = l.wentBack(c.Digest)
	}
	c.Before, c.Held = h.scores("")
	return c, nil
}

// rehearse has the rehearsals played with what decides and with what was learned, both with what
// corrections say on top.
func (l *Learner) rehearse(ctx context.Context, c *candidate) (lowers string, err error) {
	before, after := c.book, c.book
	if before.Classifier, err = l.with(ctx, c.book, c.before); err != nil {
		return "", err
	}
	if after.Classifier, err = l.with(ctx, c.book, c.made); err != nil {
		return "", err
	}
	return l.Rehearse(ctx, before, after)
}

// decide keeps what was learned, and lets it decide if nothing speaks against it. Where meanwhile another
// version was activated, the same is learned once more, and compared with that.
func (l *Learner) decide(ctx context.Context, c *candidate) error {
	l.learning.Lock()
	defer l.learning.Unlock()
	now, err := l.classifier(ctx, c.book)
	if err != nil {
		return err
	}
	if now.Version() != c.before.Version() {
		l.looked = time.Time{}
		return nil
	}
	records, err := l.firstOf(c.book, c.TrainedAt)
	if err != nil {
		return err
	}
	packed, err := pack(c.refs)
	if err != nil {
		return err
	}
	records = append(records, journal.Record{Kind: recordRefs, Key: c.Version.Version, Value: packed})
	l.mu.Lock()
	pinned := l.active[c.Bundle].Pinned
	l.mu.Unlock()
	if c.Worse == "" && c.Lowers == "" && !pinned {
		l.Log.Info("triage has learned", "version", c.Version.Version, "texts", c.Examples+c.Evidence, "right", c.Held.Right, "of", c.Held.Texts)
		return l.activate(ctx, c.Version, c.made, state{Version: c.Version.Version, By: casefile.ActorSystem, At: c.TrainedAt}, records)
	}
	l.Log.Info("triage has learned, and decides as before", "version", c.Version.Version, "worse", c.Worse, "lowers", c.Lowers, "pinned", pinned)
	return l.keep(ctx, c.Version, records)
}

// firstOf gives the record of a bundle version's first version, that of its authors' examples, if it has
// none yet.
func (l *Learner) firstOf(book triage.Book, now time.Time) ([]journal.Record, error) {
	if l.knows(book.Version) {
		return nil, nil
	}
	v := Version{Version: book.Classifier.Version(), Bundle: book.Version, TrainedAt: now, Activated: []Activation{{now, casefile.ActorSystem}}}
	v.count(book.Classifier.Examples())
	v.Examples = len(book.Classifier.Examples())
	r, err := versionRecord(&v)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.versions = append(l.versions, v)
	return []journal.Record{r}, nil
}

func (v *Version) count(texts []triage.Example) {
	procedures := map[string]bool{}
	for _, x := range texts {
		if x.Procedure == "" {
			v.Strangers++
		} else {
			procedures[x.Procedure] = true
		}
	}
	v.Procedures = len(procedures)
}

// tried reports whether the same was learned for the same bundle before.
func (l *Learner) tried(v *Version) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.versions, func(o Version) bool { return o.Bundle == v.Bundle && o.Digest == v.Digest })
}

func (l *Learner) trainer() triage.Trainer {
	return triage.Trainer{Embedder: l.Embedder, Workers: 1, Rest: l.rest}
}

func names(book triage.Book) map[string]bool {
	list := map[string]bool{}
	for _, p := range book.Procedures {
		list[p.Name] = true
	}
	return list
}

func versionRecord(v *Version) (journal.Record, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return journal.Record{}, fmt.Errorf("version %s of triage: %w", v.Version, err)
	}
	return journal.Record{Kind: recordVersion, Key: v.key(), Value: value}, nil
}

// key ascends with time.
func (v *Version) key() string {
	return fmt.Sprintf("%016x %s %s", v.TrainedAt.UnixNano(), v.Version, v.Bundle)
}
