package learner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/learner"
	"resolute/agent/procedure"
	"resolute/agent/triage"
	"resolute/agent/triage/triagetest"
	"resolute/embed"
)

// rig is a learner over a journal, for a bundle whose authors wrote some examples of each intent.
type rig struct {
	*learner.Learner
	t           testing.TB
	path        string
	store       *journal.Bolt
	log         bytes.Buffer
	now         time.Time
	bundle      string // the active version
	books       map[string]triage.Book
	lessons     lessons
	audit       []string
	lowers      string // what rehearsals say about whatever is learned
	unrehearsed error  // of playing them
	meanwhile   func() // while they are played
	cases       int
}

// lessons are corrections in memory.
type lessons struct {
	list       []learner.Lesson
	generation uint64
}

func (l *lessons) Generation() uint64 { return l.generation }

func (l *lessons) At(_ context.Context, now time.Time) (list []learner.Lesson, err error) {
	for _, x := range l.list {
		if x.ExpiresAt.IsZero() || now.Before(x.ExpiresAt) {
			list = append(list, x)
		}
	}
	return list, nil
}

func (l *lessons) teach(x learner.Lesson) { l.list, l.generation = append(l.list, x), l.generation+1 }

func (l *lessons) revoke(id string) {
	l.list = slices.DeleteFunc(slices.Clone(l.list), func(x learner.Lesson) bool { return x.ID == id })
	l.generation++
}

const threshold = 0.7

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "journal.db"), now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), bundle: "v1", books: map[string]triage.Book{}}
	r.publish("v1", func(string) bool { return true })
	r.open()
	t.Cleanup(func() { r.must(r.store.Close()) })
	return r
}

// publish makes a version of the bundle with five examples of each of the intents that are wanted.
func (r *rig) publish(version string, wanted func(intent string) bool) {
	r.t.Helper()
	var list []*procedure.Procedure
	for i, x := range triagetest.Intents(r.t) {
		if !wanted(x.Procedure) {
			continue
		}
		if i%12 == 0 {
			list = append(list, &procedure.Procedure{Name: x.Procedure, Goal: "it is done"})
		}
		if p := list[len(list)-1]; i%12 < 5 {
			p.Start.Examples = append(p.Start.Examples, x.Text)
		}
	}
	r.offer(version, list)
}

// offer makes a version of the bundle with these procedures.
func (r *rig) offer(version string, list []*procedure.Procedure) {
	r.t.Helper()
	c, err := triage.Train(r.t.Context(), triage.Examples(list), embed.Builtin())
	r.must(err)
	r.books[version] = triage.Book{Version: version, Procedures: list, Classifier: c, Threshold: threshold,
		Starting: func(*casefile.Signal, time.Time) []*procedure.Procedure { return list }}
}

// open opens the journal and the learner, as a start does.
func (r *rig) open() {
	r.t.Helper()
	var err error
	r.store, err = journal.Open(r.path, journal.Options{})
	r.must(err)
	r.relearn()
}

// relearn opens a learner over the journal that is there.
func (r *rig) relearn() {
	r.t.Helper()
	var err error
	r.Learner, err = learner.Open(r.t.Context(), learner.Deps{Store: r.store, Embedder: embed.Builtin(), Lessons: &r.lessons,
		Book: func(_ context.Context, version string) (triage.Book, error) {
			if version == "" {
				version = r.bundle
			}
			return r.books[version], nil
		},
		Rehearse: func(context.Context, triage.Book, triage.Book) (string, error) {
			if r.meanwhile != nil {
				r.meanwhile()
			}
			return r.lowers, r.unrehearsed
		},
		Audit: func(actor, action, subject string, _ map[string]any) (journal.Record, error) {
			r.audit = append(r.audit, actor+" "+action+" "+subject)
			return journal.Record{Kind: journal.KindAudit, Key: fmt.Sprintf("%08d", len(r.audit)), Value: []byte("{}")}, nil
		},
		Busy: func() bool { return false }, Now: func() time.Time { return r.now }, Log: slog.New(slog.NewTextHandler(&r.log, nil))})
	r.must(err)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// arrive gives a new case with what a customer wrote, as triage decided about it; customer "" is one that
// nobody vouches for.
func (r *rig) arrive(text, customer string, said ...casefile.Data) string {
	r.t.Helper()
	r.cases++
	id := uuid.Must(uuid.NewV7()).String()
	s := casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "test", EventID: fmt.Sprint(r.cases), Type: "ticket", Time: r.now, Assurance: casefile.AssuranceVouched,
		Data: casefile.Object{"text": text, "customer": map[string]any{"id": customer}}}
	if customer == "" {
		s.Assurance = casefile.AssuranceNone
	}
	_, err := r.store.Accept(r.t.Context(), []journal.Arrival{{Signal: s, Actor: "system", At: r.now, CaseID: id, Bundle: r.bundle, Salts: make([]journal.Salt, journal.MaxArrivalEntries)}})
	r.must(err)
	r.happen(id, "agent", said...)
	return id
}

// happen journals what happens to a case.
func (r *rig) happen(id, actor string, said ...casefile.Data) {
	r.t.Helper()
	if len(said) == 0 {
		return
	}
	list, err := r.store.Entries(r.t.Context(), id, 0, 1000)
	r.must(err)
	a := journal.Append{CaseID: id, After: list[len(list)-1].Seq, Salts: make([]journal.Salt, len(said))}
	for i, d := range said {
		a.Entries = append(a.Entries, casefile.Entry{Seq: a.After + 1 + uint64(i), Case: id, At: r.now, Actor: actor, Data: d})
	}
	_, err = r.store.Append(r.t.Context(), a)
	r.must(err)
}

func chosen(name string) casefile.Data {
	return &casefile.ProcedureChosen{Procedure: name, Goal: "it is done", Candidates: []casefile.Candidate{{Procedure: name, Score: 0.9}}}
}

func unsure() casefile.Data {
	return &casefile.ProcedureChosen{Candidates: []casefile.Candidate{{Procedure: "other", Score: 0.3}}}
}

func resolved() casefile.Data { return &casefile.CaseResolved{Hypothesis: "h", Outcome: "done"} }

func sent(name string) casefile.Data {
	return &casefile.OperatorDecided{Decision: casefile.DecideOverride, Procedure: name, Goal: "it is done"}
}

func closedAs(name string) casefile.Data {
	return &casefile.OperatorDecided{Decision: casefile.DecideClose, Procedure: name}
}

// learn lets time pass until cases have settled, and learns.
func (r *rig) learn() {
	r.t.Helper()
	r.now = r.now.Add(25 * time.Hour)
	r.must(r.Learn(r.t.Context()))
}

// decide gives the candidates for a text under a version of the bundle, as their bytes, and the version of
// triage that chose.
func (r *rig) decide(bundle, text string) (candidates, version string) {
	r.t.Helper()
	book, err := r.Triage(r.t.Context(), bundle)
	r.must(err)
	d, err := book.Classifier.Decide(r.t.Context(), text)
	r.must(err)
	b, err := json.Marshal(d)
	r.must(err)
	return string(b), book.Classifier.Version()
}

// best is the surest procedure and how sure.
func (r *rig) best(text string) casefile.Candidate {
	r.t.Helper()
	book, err := r.Triage(r.t.Context(), "")
	r.must(err)
	d, err := book.Classifier.Decide(r.t.Context(), text)
	r.must(err)
	return d.Candidates[0]
}

// others are the texts of intents that their authors don't have.
func (r *rig) others() (list []triage.Example) {
	for i, x := range triagetest.Intents(r.t) {
		if i%12 >= 5 {
			list = append(list, x)
		}
	}
	return list
}

// teachAll has all of them resolved, each in three ways of saying it and by a customer of its own.
func (r *rig) teachAll() {
	for i, x := range r.others() {
		for j, around := range []string{"%s", "Hello, %s Thanks", "%s Please help."} {
			r.arrive(fmt.Sprintf(around, x.Text), fmt.Sprintf("c%d-%d", i, j), chosen(x.Procedure), resolved())
		}
	}
}

func (r *rig) newest() learner.Version {
	r.t.Helper()
	list := r.Versions()
	if len(list) == 0 {
		r.t.Fatalf("nothing was learned\n%s", r.log.String())
	}
	return list[0]
}

func (r *rig) standing() learner.Standing {
	r.t.Helper()
	s, err := r.Standing(r.t.Context())
	r.must(err)
	return s
}

func (r *rig) reasons() string {
	var list []string
	for _, x := range r.standing().LeftOut {
		list = append(list, fmt.Sprintf("%s %d: %s", x.Procedure, x.Texts, x.Why))
	}
	return strings.Join(list, "\n")
}

// trains skips a test that is mostly training, which takes twenty times as long under the race detector;
// what works beside it others try.
func trains(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("too slow under the race detector")
	}
}
