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

// Learn follows the journal as far as it goes, and learns anew if there is reason to.
func (l *Learner) Learn(ctx context.Context) error {
	l.learning.Lock()
	defer l.learning.Unlock()
	if err := l.follow(ctx); err != nil {
		return err
	}
	book, err := l.Book(ctx, "")
	if err != nil {
		return nil // without a bundle there is nothing to tell apart
	}
	now := l.Now()
	if book.Version == l.bundle && !l.due(now) {
		return nil
	}
	if _, err := l.classifier(ctx, book); err != nil { // after a start it is made before a case needs it
		return err
	}
	l.bundle, l.changes, l.looked = book.Version, 0, now
	return l.train(ctx, book, now)
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

// train learns what may be learned by now, and lets it decide if it is no worse than what does.
func (l *Learner) train(ctx context.Context, book triage.Book, now time.Time) error {
	authored := book.Classifier.Examples()
	l.mu.Lock()
	chosen := l.pool.choose(now, names(book), authored)
	l.mu.Unlock()
	refs := references(chosen.learn)
	v := Version{Bundle: book.Version, TrainedAt: now.UTC(), Examples: len(authored), Evidence: len(refs), Digest: digestOf(refs), Activated: []Activation{}}
	if len(refs) == 0 || l.tried(&v) {
		return nil
	}
	texts, gone, err := l.texts(ctx, refs)
	if err != nil {
		return err
	}
	if gone > 0 {
		l.Log.Warn("texts of cases that triage learned from aren't as they were; it learns without them", "texts", gone)
	}
	held, _, err := l.texts(ctx, references(chosen.held))
	if err != nil {
		return err
	}
	began := time.Now()
	made, err := l.trainer().Train(ctx, append(authored, texts...), nil)
	if err != nil {
		return fmt.Errorf("train triage on %d texts: %w", len(authored)+len(texts), err)
	}
	took := time.Since(began)
	l.resumes = l.Now().Add(spares * took)
	v.Version, v.Seconds = made.Version(), took.Seconds()
	v.count(append(authored, texts...))
	return l.judge(ctx, book, v, made, held, refs)
}

// judge compares what was learned with what decides, and keeps it.
func (l *Learner) judge(ctx context.Context, book triage.Book, v Version, made *triage.Classifier, held []triage.Example, refs []reference) error {
	before, err := l.classifier(ctx, book)
	if err != nil {
		return err
	}
	was, wasScore, err := try(ctx, book, before, held)
	if err != nil {
		return err
	}
	is, isScore, err := try(ctx, book, made, held)
	if err != nil {
		return err
	}
	_, rate := made.Threshold()
	v.Replaces, v.Held, v.Before, v.Chance, v.Worse = before.Version(), isScore, wasScore, chance(is, was), worse(isScore, wasScore, rate)
	records, err := l.firstOf(book, v.TrainedAt)
	if err != nil {
		return err
	}
	packed, err := pack(refs)
	if err != nil {
		return err
	}
	records = append(records, journal.Record{Kind: recordRefs, Key: v.Version, Value: packed})
	l.mu.Lock()
	s := l.active[book.Version]
	l.mu.Unlock()
	if v.Worse == "" && !s.Pinned {
		l.Log.Info("triage has learned", "version", v.Version, "texts", v.Examples+v.Evidence, "right", isScore.Right, "of", isScore.Texts)
		return l.activate(ctx, v, made, state{Version: v.Version, By: casefile.ActorSystem, At: v.TrainedAt}, records)
	}
	l.Log.Info("triage has learned, and decides as before", "version", v.Version, "worse", v.Worse, "pinned", s.Pinned)
	return l.keep(ctx, v, records)
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
