package suggest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/projection"
)

// counted is a journal that counts the pages that are read of cases.
type counted struct {
	*journal.Bolt
	read map[string]int
}

func (c counted) Entries(ctx context.Context, id string, after uint64, limit int) ([]casefile.Entry, error) {
	c.read[id]++
	return c.Bolt.Entries(ctx, id, after, limit)
}

// lives writes n cases as they may go, a few entries of each in turn, and calls between now and then.
func lives(t *testing.T, store *journal.Bolt, rng *rand.Rand, n int, between func()) (ids []string) {
	t.Helper()
	at, after, over := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), map[string]uint64{}, map[string]bool{}
	for range n {
		id := uuid.Must(uuid.NewV7()).String()
		if _, err := store.Accept(t.Context(), []journal.Arrival{{CaseID: id, Bundle: "v1", Actor: "token:t", At: at, Salts: make([]journal.Salt, journal.MaxArrivalEntries),
			Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "s", EventID: id, Type: "ticket.created", Time: at}}}); err != nil {
			t.Fatal(err)
		}
		ids, after[id] = append(ids, id), 2
	}
	for range 12 * n {
		id := ids[rng.IntN(n)]
		name := fmt.Sprint("h", rng.IntN(3))
		var d casefile.Data
		switch rng.IntN(14) {
		case 0, 1, 2:
			d = &casefile.ProcedureChosen{Procedure: fmt.Sprint("p", rng.IntN(3))}
		case 3, 4, 5, 6:
			d = &casefile.HypothesisChosen{Hypothesis: name}
		case 7:
			d = &casefile.HypothesisFailed{Hypothesis: name, Undo: rng.IntN(2) == 0}
		case 8:
			d = &casefile.HypothesisEnded{Reverted: rng.IntN(2) == 0}
		case 9, 10:
			d = &casefile.CaseResolved{Outcome: "done"}
		case 11:
			d = &casefile.CaseClosed{}
		case 12:
			d = &casefile.CaseReopened{}
		case 13:
			if rng.IntN(4) == 0 {
				d = &casefile.OperatorDecided{Decision: casefile.DecideOverride, Hypothesis: name, Principal: "olga"}
			} else {
				d = &casefile.CaseStopped{Status: casefile.Waiting}
			}
		}
		switch d.(type) {
		case *casefile.CaseResolved, *casefile.CaseClosed:
			if over[id] {
				continue
			}
			over[id] = true
		case *casefile.CaseReopened:
			over[id] = false
		case *casefile.OperatorDecided:
		default:
			if over[id] {
				continue // nothing goes on in a case that is over
			}
		}
		e := casefile.Entry{Case: id, Seq: after[id] + 1, At: at, Actor: casefile.ActorAgent, Data: d}
		if _, err := store.Append(t.Context(), journal.Append{CaseID: id, After: after[id], Entries: []casefile.Entry{e}, Salts: make([]journal.Salt, 1)}); err != nil {
			t.Fatal(err)
		}
		after[id]++
		if rng.IntN(40) == 0 {
			between()
		}
	}
	return ids
}

// What is mined is what reading every case whole would give, followed bit by bit or made at once; and cases
// that nobody decided about and that ended once aren't read.
func TestPlansAreEnough(t *testing.T) {
	nobodys := func(string) *bundle.Bundle { return nil }
	for seed := range uint64(4) {
		dir := t.TempDir()
		store, err := journal.Open(filepath.Join(dir, "journal.db"), journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		journalOf := counted{store, map[string]int{}}
		follow := func(file string) (*projection.Views, func()) {
			views, err := projection.Open(t.Context(), filepath.Join(dir, file), store, slog.New(slog.NewTextHandler(io.Discard, nil)), Projection(journalOf, nobodys))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); views.Run(ctx) }()
			return views, func() { cancel(); <-done; views.Close() }
		}
		type mined struct {
			Revision int64
			Deeds    []Deed
			Kept     Kept
		}
		look := func(views *projection.Views) (m mined) {
			if err := views.Current(t.Context(), ViewName); err != nil {
				t.Fatal(err)
			}
			if err := views.Read(t.Context(), ViewName, func(view *projection.Bucket, _ uint64) (err error) {
				m.Revision, m.Deeds, m.Kept, err = deedsOf(view, -1)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return m
		}
		views, end := follow("followed.db")
		ids := lives(t, store, rand.New(rand.NewPCG(seed, 3)), 25, func() { look(views) })
		followed := look(views)
		end()
		clear(journalOf.read)
		views, end = follow("anew.db")
		anew := look(views)
		end()
		want := mined{Revision: anew.Revision, Kept: Kept{}}
		for i := len(ids) - 1; i >= 0; i-- {
			all, err := store.Entries(t.Context(), ids[i], 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			turned, plain, ends := 0, true, 0
			for n := range all {
				switch all[n].Data.(type) {
				case *casefile.OperatorDecided, *casefile.CaseReopened:
					turned, plain = n+1, false
				case *casefile.CaseResolved, *casefile.CaseClosed:
					turned, ends = n+1, ends+1
				}
			}
			deeds, kept := Read(ids[i], all[:turned], nobodys)
			want.Deeds = append(want.Deeds, deeds...)
			if kept != nil {
				want.Kept[*kept]++
			}
			if plain && ends == 1 && kept != nil && journalOf.read[ids[i]] > 0 {
				t.Errorf("case %s was read, though nobody decided anything in it", ids[i])
			}
		}
		if diff := cmp.Diff(want, anew); diff != "" {
			t.Errorf("history %d: what every case says (-) isn't what is mined (+):\n%s", seed, diff)
		}
		if diff := cmp.Diff(followed, anew); diff != "" {
			t.Errorf("history %d: the view that was followed (-) isn't the one made at once (+):\n%s", seed, diff)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
