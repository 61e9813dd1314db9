package bundle_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/bundle"
	"resolute/agent/journal"
	"resolute/tools/protocol"
)

// shelf is a library on a real journal, which can be closed and opened again.
type shelf struct {
	*bundle.Library
	t       *testing.T
	path    string
	store   *journal.Bolt
	options bundle.LibraryOptions
	live    []string // versions in the order in which they became active
	audit   []string // "who action version"
	refuse  error    // what Activated says
	asked   int      // how often the plugin was asked
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, path: filepath.Join(t.TempDir(), "journal.db")}
	s.options = bundle.LibraryOptions{
		Fetch: func(ctx context.Context, p bundle.Plugin) (protocol.Manifest, error) {
			s.asked++
			return fetch(ctx, p)
		},
		Lookup: func(string, string) (string, bool) { return "", false },
		Activated: func(_ context.Context, b *bundle.Bundle) error {
			if s.refuse == nil {
				s.live = append(s.live, b.Version)
			}
			return s.refuse
		},
		Audit: func(by, action, version string, _ map[string]any) (journal.Record, error) {
			s.audit = append(s.audit, by+" "+action+" "+version)
			return journal.Record{Kind: journal.KindAudit, Key: fmt.Sprint(len(s.audit)), Value: []byte("{}")}, nil
		},
		Now: func() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) },
	}
	s.open()
	t.Cleanup(func() { _ = s.store.Close() }) // the test is over
	return s
}

func (s *shelf) open() {
	s.t.Helper()
	var err error
	if s.store, err = journal.Open(s.path, journal.Options{}); err != nil {
		s.t.Fatal(err)
	}
	s.options.Records = s.store
	if s.Library, err = bundle.OpenLibrary(s.t.Context(), s.options); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) reopen() {
	s.t.Helper()
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

func (s *shelf) apply(files fs.FS) string {
	s.t.Helper()
	b, err := s.Apply(s.t.Context(), files, "my/bundle", "user:ana")
	if err != nil {
		s.t.Fatal(err)
	}
	return b.Version
}

// expect says which version must be active.
func (s *shelf) expect(version, when string) {
	s.t.Helper()
	b, err := s.Active()
	switch {
	case version == "" && !errors.Is(err, bundle.ErrNone):
		s.t.Errorf("%s: %v, want that no bundle is active", when, err)
	case version != "" && (err != nil || b.Version != version):
		s.t.Errorf("%s %v is active (%v), want %s", when, b, err, version)
	}
}

var second = map[string]string{"knowledge/credits.md": "# Credits, second edition\n"}

func TestVersionsAreAppliedRolledBackAndKept(t *testing.T) {
	s := newShelf(t)
	s.expect("", "at first")
	one := s.apply(files(nil))
	s.expect(one, "after the first apply")
	two := s.apply(files(second))
	s.expect(two, "after the second apply")
	if _, err := s.Activate(t.Context(), one, "user:ben"); err != nil {
		t.Fatal(err)
	}
	s.expect(one, "after the rollback")

	asked := s.asked
	s.reopen()
	s.expect(one, "after a restart")
	if s.asked != asked {
		t.Error("a stored version asks its plugins again; what they offer was pinned when it was applied")
	}
	b, err := s.Get(t.Context(), two)
	if err != nil || b.Version != two || len(b.Procedures) != 1 || len(b.Manifests["bank"].Tools) != 3 {
		t.Errorf("the other version is %+v after a restart (%v), want all of it", b, err)
	}
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	want := []bundle.Stored{{Version: one, Active: true, Company: "Acceptance Bank", AppliedAt: at, AppliedBy: "user:ana"}, {Version: two, Company: "Acceptance Bank", AppliedAt: at, AppliedBy: "user:ana"}}
	slices.SortFunc(want, func(a, b bundle.Stored) int { return strings.Compare(a.Version, b.Version) })
	if got, err := s.List(t.Context()); err != nil || !cmp.Equal(got, want) {
		t.Errorf("the list is %+v (%v), want %+v", got, err, want)
	}
	if want := []string{one, two, one, one}; !slices.Equal(s.live, want) {
		t.Errorf("live became %q, want %q", s.live, want)
	}
	if want := []string{"user:ana bundle.applied " + one, "user:ana bundle.applied " + two, "user:ben bundle.activated " + one}; !slices.Equal(s.audit, want) {
		t.Errorf("the audit says %q, want %q", s.audit, want)
	}
}

func TestARestartUndoesNoRollback(t *testing.T) {
	s := newShelf(t)
	one := s.apply(files(nil))
	two := s.apply(files(second))
	if _, err := s.Activate(t.Context(), one, "user:ana"); err != nil {
		t.Fatal(err)
	}
	told := len(s.audit)
	if _, err := s.ApplyOnce(t.Context(), files(second), "my/bundle", "system"); err != nil {
		t.Fatal(err)
	}
	s.expect(one, "after a start with a folder that was applied before")
	if len(s.audit) != told {
		t.Errorf("the audit says %q of a start that changed nothing", s.audit[told:])
	}
	three, err := s.ApplyOnce(t.Context(), files(map[string]string{"knowledge/new.md": "# New\n"}), "my/bundle", "system")
	if err != nil {
		t.Fatal(err)
	}
	s.expect(three.Version, "after a start with a folder that is new")
	if three.Version == two {
		t.Error("another folder has the same version")
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := newShelf(t)
	one := s.apply(files(nil))
	audited := slices.Clone(s.audit)

	_, err := s.Apply(t.Context(), files(map[string]string{"policies/x.yaml": "policy: x\n"}), "my/bundle", "user:ana")
	var refused *bundle.RefusedError
	if !errors.As(err, &refused) || err.Error() != "my/bundle/policies/x.yaml:1:1: applies_to is missing; add for example applies_to: [shop.refund_order]" {
		t.Errorf("applying a bundle with an error: %v, want its place and what is wrong", err)
	}
	if _, err := s.Activate(t.Context(), "no-such-version", "user:ana"); !errors.Is(err, bundle.ErrVersion) {
		t.Errorf("activating a version that isn't there: %v", err)
	}
	s.refuse = errors.New("a plugin has no address")
	if _, err := s.Apply(t.Context(), files(second), "my/bundle", "user:ana"); !errors.Is(err, s.refuse) {
		t.Errorf("applying what can't be made live: %v, want why", err)
	}
	s.refuse = nil
	s.expect(one, "after all that was refused")
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d versions are stored (%v), want the one that was applied, so that a start tries the other again", len(list), err)
	}
	if !slices.Equal(s.audit, audited) {
		t.Errorf("the audit says %q, want nothing of what was refused", s.audit[len(audited):])
	}
	s.reopen()
	s.expect(one, "after a restart")
}

func TestAnAuditThatFailsIsSaid(t *testing.T) {
	s := newShelf(t)
	lost := errors.New("the disk is full")
	s.Library.Audit = func(string, string, string, map[string]any) (journal.Record, error) { return journal.Record{}, lost }
	if _, err := s.Apply(t.Context(), files(nil), "my/bundle", "user:ana"); !errors.Is(err, lost) {
		t.Errorf("applying with an audit that can't be written: %v, want that it is said", err)
	}
}
