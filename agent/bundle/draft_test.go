package bundle_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"resolute/agent/bundle"
	"resolute/tools/protocol"
)

var third = map[string]string{"knowledge/credits.md": "# Credits, third edition\n"}

func TestWhatMayBecomeActiveIsAskedFirst(t *testing.T) {
	s := newShelf(t)
	refusal := errors.New("not rehearsed")
	permit := map[string]bool{}
	s.options.Permit = func(_ context.Context, b *bundle.Bundle) error {
		if permit[b.Version] {
			return nil
		}
		return refusal
	}
	idempotent := false // what the bank's plugin says of its tools
	asks := s.options.Fetch
	s.options.Fetch = func(ctx context.Context, p bundle.Plugin) (protocol.Manifest, error) {
		m, err := asks(ctx, p)
		for i := range m.Tools {
			m.Tools[i].Idempotent = m.Tools[i].Idempotent != idempotent
		}
		return m, err
	}
	s.reopen()
	ctx := t.Context()
	if _, err := s.Apply(ctx, files(nil), "", "user:ana"); !errors.Is(err, refusal) {
		t.Fatalf("applying what isn't permitted: %v, want %v", err, refusal)
	}
	s.expect("", "after that")
	if list, err := s.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("stored are %v (%v), want nothing of what was refused", list, err)
	}
	one, err := s.Store(ctx, files(nil), "user:ana")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := s.Line(ctx, one.Version); err != nil || !line.Draft {
		t.Errorf("a version that is stored to be tried is %+v (%v), want a draft", line, err)
	}
	s.reopen()
	if _, err := s.Activate(ctx, one.Version, "user:ana"); !errors.Is(err, refusal) {
		t.Errorf("activating a draft that isn't permitted: %v, want %v", err, refusal)
	}
	permit[one.Version] = true
	if _, err := s.Activate(ctx, one.Version, "user:ana"); err != nil {
		t.Fatal(err)
	}
	s.expect(one.Version, "once it is permitted")
	if line, err := s.Line(ctx, one.Version); err != nil || line.Draft || !line.Active {
		t.Errorf("a draft that became active is %+v (%v), want none", line, err)
	}
	two, err := s.Store(ctx, files(second), "user:ana")
	if err != nil {
		t.Fatal(err)
	}
	permit[two.Version] = true
	s.apply(files(second))
	permit = map[string]bool{} // at three in the morning
	if _, err := s.Activate(ctx, one.Version, "user:ben"); err != nil {
		t.Errorf("rolling back to what was active: %v", err)
	}
	s.reopen()
	s.expect(one.Version, "after a restart")
	if s.apply(files(second)) != two.Version {
		t.Error("a folder that was active before, with the same tools, can't be applied again")
	}
	idempotent = true
	if _, err := s.Apply(ctx, files(nil), "", "user:ben"); !errors.Is(err, refusal) {
		t.Errorf("applying what was active, with tools that are others by now: %v, want %v", err, refusal)
	}
	s.expect(two.Version, "after that")
}

// TestDraftsAskNoPlugin has somebody send a bundle who may not activate one.
func TestDraftsAskNoPlugin(t *testing.T) {
	s := newShelf(t)
	var problems *bundle.RefusedError
	if _, err := s.Drafted(t.Context(), files(nil)); !errors.As(err, &problems) || s.asked != 0 {
		t.Errorf("a draft whose plugins nobody knows: %v, asked %d times; want it refused, and nobody asked", err, s.asked)
	}
	s.apply(files(nil))
	asked := s.asked
	b, err := s.Drafted(t.Context(), files(third))
	if err != nil || len(b.Manifests["bank"].Tools) != 3 || s.asked != asked {
		t.Errorf("a draft is %+v (%v), want it with what the active version knows of the bank, and nobody asked", b, err)
	}
	fresh, err := s.Fresh(t.Context(), files(third))
	if err != nil || s.asked != asked+1 {
		t.Fatalf("compiled as it would be applied: %v, asked %d times, want once", err, s.asked-asked)
	}
	one, err := b.Manifested()
	if err != nil {
		t.Fatal(err)
	}
	if two, err := fresh.Manifested(); err != nil || one != two || len(one) != 64 {
		t.Errorf("the same tools have the hashes %s and %s (%v), want one", one, two, err)
	}
	if _, err := s.Drafted(t.Context(), fstest.MapFS{}); !errors.As(err, &problems) {
		t.Errorf("an empty draft: %v, want it refused", err)
	}
}
