package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/bundle"
	"resolute/agent/journal"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
	"resolute/agent/rehearsal/scenario"
	"resolute/tools/protocol"
)

// office is a keeper on a real journal, which can be closed and opened again.
type office struct {
	*runs.Keeper
	t     *testing.T
	path  string
	store *journal.Bolt
	play  func(ctx context.Context, b *bundle.Bundle, o rehearsal.Options) (rehearsal.Report, error)

	mu    sync.Mutex
	audit []string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, path: filepath.Join(t.TempDir(), "journal.db")}
	o.play = func(_ context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		return reports(b, true), nil
	}
	o.open()
	t.Cleanup(func() { o.Close(); _ = o.store.Close() }) // the test is over
	return o
}

func (o *office) open() {
	o.t.Helper()
	var err error
	if o.store, err = journal.Open(o.path, journal.Options{}); err != nil {
		o.t.Fatal(err)
	}
	o.Keeper, err = runs.Open(o.t.Context(), runs.Deps{Records: o.store, Yield: func(context.Context) {}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Rehearse: func(ctx context.Context, b *bundle.Bundle, r rehearsal.Options) (rehearsal.Report, error) {
			return o.play(ctx, b, r)
		},
		Audit: func(by, action, version string, _ map[string]any) (journal.Record, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.audit = append(o.audit, by+" "+action+" "+version)
			return journal.Record{Kind: journal.KindAudit, Key: fmt.Sprint(len(o.audit)), Value: []byte("{}")}, nil
		}})
	if err != nil {
		o.t.Fatal(err)
	}
}

// die ends the process without a word: what isn't stored by now is lost.
func (o *office) die() {
	o.t.Helper()
	if err := o.store.Close(); err != nil {
		o.t.Fatal(err)
	}
	o.Close()
	o.open()
}

func (o *office) run(b *bundle.Bundle) runs.Told {
	o.t.Helper()
	told, err := o.Run(o.t.Context(), runs.Order{Bundle: b, By: "user:ada", Options: runs.Options{Seed: 1}})
	if err != nil {
		o.t.Fatal(err)
	}
	return told
}

// reports is what a version comes to whose one scenario passes or doesn't.
func reports(b *bundle.Bundle, passed bool) rehearsal.Report {
	it := rehearsal.Item{Rehearsal: "a smashed blender", Passed: passed, Failures: []string{}}
	if !passed {
		it.Failures = []string{"blender.yaml:9:1: status resolved is expected"}
	}
	return rehearsal.Report{Version: b.Version, Passed: passed, Items: []rehearsal.Item{it}}
}

func version(name string, tools ...protocol.Tool) *bundle.Bundle {
	return &bundle.Bundle{Version: name, Rehearsals: []*scenario.Scenario{{Name: "a smashed blender"}}, Manifests: map[string]protocol.Manifest{"shop": {Name: "shop", Tools: tools}}}
}

func TestAVersionIsPermittedByItsLastRun(t *testing.T) {
	o := newOffice(t)
	v := version("v1", protocol.Tool{Name: "refund"})
	refused := func(b *bundle.Bundle, want string) {
		t.Helper()
		err := o.Permit(t.Context(), b)
		var unrehearsed *runs.UnrehearsedError
		if !errors.As(err, &unrehearsed) || !strings.Contains(err.Error(), want) {
			t.Errorf("activating %s: %v, want it refused since %q", b.Version, err, want)
		}
	}
	refused(v, "none has been run of this one")
	if r := o.run(v); r.State != runs.Done || !r.Passed || len(r.Items) != 1 {
		t.Fatalf("the run is %+v, want it done and passed", r)
	}
	if err := o.Permit(t.Context(), v); err != nil {
		t.Errorf("after a run that passed: %v", err)
	}
	refused(version("v2", protocol.Tool{Name: "refund"}), "none has been run")
	refused(version("v1", protocol.Tool{Name: "refund", Idempotent: true}), "none has been run of this one with what its plugins offer now")
	if err := o.Permit(t.Context(), version("v1", protocol.Tool{Name: "refund"})); err != nil {
		t.Errorf("the same version with the same tools, loaded again: %v", err)
	}
	o.play = func(_ context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		return reports(b, false), nil
	}
	r := o.run(v)
	refused(v, "run "+r.ID+" found unmet: a smashed blender")
	o.die()
	refused(v, "a smashed blender")
	o.play = func(_ context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		return rehearsal.Report{Version: b.Version, Passed: true, LeftOut: []string{"live"}}, nil
	}
	if r := o.run(v); r.Passed {
		t.Error("a run of no rehearsals passed")
	}
	refused(v, "a smashed blender")
	whole := version("v4")
	play := func(passed bool, leftOut ...string) func(context.Context, *bundle.Bundle, rehearsal.Options) (rehearsal.Report, error) {
		return func(_ context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
			r := reports(b, passed)
			r.LeftOut = leftOut
			return r, nil
		}
	}
	o.play = play(true, "live")
	o.run(whole)
	refused(whole, "left out what calls live plugins: live")
	o.play = play(true)
	o.run(whole)
	o.play = play(true, "live")
	o.run(whole)
	if err := o.Permit(t.Context(), whole); err != nil {
		t.Errorf("once all of it passed, and a run without what is live passed after it: %v", err)
	}
	o.play = play(false)
	o.run(whole)
	o.play = play(true, "live")
	o.run(whole)
	refused(whole, "found unmet: a smashed blender")
	none := version("v3")
	none.Rehearsals = nil
	refused(none, "this one has none")
	o.play = func(context.Context, *bundle.Bundle, rehearsal.Options) (rehearsal.Report, error) {
		return rehearsal.Report{}, errors.New("the stage burns")
	}
	if r := o.run(v); r.State != runs.Failed || r.Error != "the stage burns" {
		t.Errorf("a run that can't be run is %+v, want it failed with why", r.Run)
	}
}

func TestARunThatDiesIsInterrupted(t *testing.T) {
	o := newOffice(t)
	begun := make(chan struct{})
	o.play = func(ctx context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		close(begun)
		<-ctx.Done()
		return rehearsal.Report{}, ctx.Err()
	}
	v := version("v1")
	under, err := o.Start(t.Context(), runs.Order{Bundle: v, By: "user:ada"})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	again, err := o.Start(t.Context(), runs.Order{Bundle: v, By: "user:bob"})
	if err != nil || again.ID != under.ID {
		t.Errorf("a second click gave run %s (%v), want %s", again.ID, err, under.ID)
	}
	behind, err := o.Start(t.Context(), runs.Order{Bundle: v, By: "user:bob", Options: runs.Options{Faults: true}})
	if err != nil || behind.State != runs.Waiting {
		t.Fatalf("another run is %+v (%v), want it to wait", behind, err)
	}
	for i := range 8 { // two are there
		_, err = o.Start(t.Context(), runs.Order{Bundle: v, By: "user:bob", Options: runs.Options{Seed: uint64(i + 1)}})
	}
	if !errors.Is(err, runs.ErrBusy) {
		t.Errorf("more than may wait: %v, want %v", err, runs.ErrBusy)
	}
	if _, err := o.Start(t.Context(), runs.Order{Bundle: v, By: "user:cy", Options: runs.Options{Seed: 99}}); err != nil {
		t.Errorf("one account keeps others from their turn: %v", err)
	}
	o.die()
	for _, id := range []string{under.ID, behind.ID} {
		r, err := o.Get(t.Context(), id)
		if err != nil || r.State != runs.Interrupted || r.EndedAt == nil {
			t.Errorf("after the process died the run is %+v (%v), want it interrupted", r.Run, err)
		}
	}
	if err := o.Permit(t.Context(), v); err == nil {
		t.Error("a version whose run was interrupted may become active")
	}
	if want := "user:ada rehearsal.asked v1"; len(o.audit) == 0 || o.audit[0] != want {
		t.Errorf("the audit says %v, want %q first", o.audit, want)
	}
}

func TestTheNewestRunsAreKept(t *testing.T) {
	o := newOffice(t)
	var ids []string
	for i := range 60 {
		ids = append(ids, o.run(version(fmt.Sprint("v", i))).ID)
	}
	list, next, err := o.Runs(t.Context(), "", 30)
	if err != nil || len(list) != 30 || next == "" || list[0].ID != ids[59] {
		t.Fatalf("the first page has %d runs, beginning with %+v (%v), want 30 from the newest on", len(list), list[0], err)
	}
	rest, next, err := o.Runs(t.Context(), next, 30)
	if err != nil || next != "" || len(rest) != 20 || rest[19].ID != ids[10] {
		t.Errorf("the second page has %d runs (%v), want the 20 that are kept beside", len(rest), err)
	}
	if _, err := o.Get(t.Context(), ids[9]); !errors.Is(err, runs.ErrRun) {
		t.Errorf("a run that was dropped: %v, want %v", err, runs.ErrRun)
	}
	if err := o.Permit(t.Context(), version("v0")); err != nil {
		t.Errorf("a version that passed in a run that is no longer kept: %v", err)
	}
}

func TestWhatIsKeptOfAReportIsBounded(t *testing.T) {
	o := newOffice(t)
	o.play = func(_ context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		r := rehearsal.Report{Version: b.Version}
		for i := range 20_000 {
			it := rehearsal.Item{Rehearsal: fmt.Sprint("scenario ", i), Passed: i%100 != 0, Story: slices.Repeat([]string{"a line of what happened"}, 50)}
			if !it.Passed {
				it.Failures = slices.Repeat([]string{strings.Repeat("x", 100)}, 40)
			}
			r.Items = append(r.Items, it)
		}
		return r, nil
	}
	r := o.run(version("v1"))
	size, unmet := 0, 0
	for _, it := range r.Items {
		size += len(fmt.Sprint(it))
		if !it.Passed {
			unmet++
		}
	}
	if r.Unmet != 200 || unmet != 200 || r.Shortened == "" || size > 2<<20 {
		t.Errorf("of 20,000 rehearsals %d were unmet, and kept are %d of them in %d bytes, shortened %q; want all 200 in at most 1 MB", r.Unmet, unmet, size, r.Shortened)
	}
}

func TestProgressIsTold(t *testing.T) {
	o := newOffice(t)
	o.play = func(ctx context.Context, b *bundle.Bundle, r rehearsal.Options) (rehearsal.Report, error) {
		r.Before(ctx, 0, 1)
		return reports(b, true), nil
	}
	news, take, cancel := o.Watch()
	defer cancel()
	want := o.run(version("v1"))
	for {
		<-news
		for _, r := range take() {
			if r.ID != want.ID {
				t.Fatalf("told was run %s, want %s", r.ID, want.ID)
			}
			if r.State == runs.Done {
				if !r.Passed || r.Total != 1 {
					t.Errorf("told at its end was %+v, want it passed, 1 of 1", r)
				}
				return
			}
		}
	}
}

func TestRunsAreStopped(t *testing.T) {
	o := newOffice(t)
	begun := make(chan struct{}, 2)
	o.play = func(ctx context.Context, b *bundle.Bundle, _ rehearsal.Options) (rehearsal.Report, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return rehearsal.Report{}, ctx.Err()
	}
	v := version("v1")
	var ids []string
	for seed := range uint64(3) {
		r, err := o.Start(t.Context(), runs.Order{Bundle: v, By: "user:ada", Options: runs.Options{Seed: seed}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	<-begun
	if r, err := o.Stop(t.Context(), ids[2], "user:bob"); err != nil || r.State != runs.Interrupted || r.StartedAt != nil {
		t.Errorf("a run that is stopped before its turn is %+v (%v), want it interrupted at once", r.Run, err)
	}
	for _, id := range []string{ids[0], ids[0]} { // the second click changes nothing
		r, err := o.Stop(t.Context(), id, "user:bob")
		if err != nil || r.State != runs.Interrupted || r.Error != "stopped by user:bob" {
			t.Fatalf("a run that is stopped is %+v (%v), want it interrupted by whom", r.Run, err)
		}
	}
	<-begun // the next one has its turn
	if r, err := o.Get(t.Context(), ids[1]); err != nil || r.State != runs.Running {
		t.Errorf("the run behind it is %+v (%v), want it under way", r.Run, err)
	}
	if _, err := o.Stop(t.Context(), "nope", "user:bob"); !errors.Is(err, runs.ErrRun) {
		t.Errorf("stopping a run that isn't there: %v, want %v", err, runs.ErrRun)
	}
	if err := o.Permit(t.Context(), v); err == nil {
		t.Error("a version whose run was stopped may become active")
	}
}
