package pauses_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/pauses"
	"resolute/agent/people"
)

func open(t *testing.T, store journal.Store) *pauses.Keeper {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) }
	k, err := pauses.Open(context.Background(), pauses.Deps{Records: store, Audit: people.NewAudit(store, people.Options{Now: now}).Event, Now: now,
		Known: func(p casefile.Pause) error {
			if p.Tool == "shop.typo" {
				return fmt.Errorf("no plugin offers %s", p.Tool)
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPausesAreDurableAndAudited(t *testing.T) {
	store, bg := journal.NewMemory(journal.MemoryOptions{}), context.Background()
	k := open(t, store)
	for _, p := range []casefile.Pause{{Tool: "shop.refund", Note: "first", By: "user:ada"}, {Procedure: "damaged", Note: "n", By: "user:ada"}, {Tool: "shop.refund", Note: "again", By: "user:bo"}} {
		if _, err := k.Pause(bg, p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Pause(bg, casefile.Pause{Tool: "shop.typo"}); !errors.Is(err, pauses.ErrInvalid) {
		t.Errorf("a pause of a tool that isn't there gave %v, want ErrInvalid", err)
	}
	if _, err := k.Pause(bg, casefile.Pause{Tool: "shop.refund", Procedure: "damaged"}); !errors.Is(err, pauses.ErrInvalid) {
		t.Errorf("a pause of a tool and a procedure gave %v, want ErrInvalid", err)
	}
	if _, err := k.Pause(bg, casefile.Pause{Tool: "shop.refund", Note: strings.Repeat("a", casefile.MaxNote+1)}); !errors.Is(err, pauses.ErrInvalid) {
		t.Errorf("a note that is too long gave %v, want ErrInvalid", err)
	}
	k = open(t, store.Reopen(journal.MemoryOptions{}))
	now := k.Current()
	if p := now.Stops("other", "shop.get", "shop.refund"); len(now.List) != 2 || p == nil || p.Note != "again" || p.By != "user:bo" {
		t.Fatalf("after a restart %+v is paused, want the procedure, and the tool with the newest note", now.List)
	}
	if now.Stops("other", "shop.get") != nil || now.Stops("other") != nil || now.Stops("damaged") == nil {
		t.Errorf("%+v stops what nobody paused, or doesn't stop what somebody did", now.List)
	}
}

func TestResumeEndsAPause(t *testing.T) {
	store, bg := journal.NewMemory(journal.MemoryOptions{}), context.Background()
	k := open(t, store)
	if err := k.Resume(bg, casefile.Pause{}); !errors.Is(err, pauses.ErrNotPaused) {
		t.Errorf("a resume of what goes on gave %v, want ErrNotPaused", err)
	}
	if _, err := k.Pause(bg, casefile.Pause{Note: "stop", By: "user:ada"}); err != nil {
		t.Fatal(err)
	}
	before := k.Current()
	if before.Stops("any") == nil || before.Stops("", "shop.refund") == nil {
		t.Errorf("everything is paused, and %+v lets something go on", before)
	}
	if err := k.Resume(bg, casefile.Pause{Note: "go", By: "user:bo"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-k.Changed():
	default:
		t.Error("nobody is told that cases may go on")
	}
	if now := k.Current(); len(now.List) != 0 || now.Change == before.Change {
		t.Errorf("after a resume %+v is paused", now)
	}
	events, _, err := people.NewAudit(store, people.Options{}).List(bg, time.Time{}, time.Time{}, "", 10)
	said := map[string]string{} // they are of one instant, so in no order
	for _, e := range events {
		said[e.Action] = e.Actor + " " + e.Subject
	}
	if err != nil || said["paused"] != "user:ada everything" || said["resumed"] != "user:bo everything" {
		t.Errorf("the audit has %v, %v; want who paused and who resumed everything", said, err)
	}
}
