package journal_test

import (
	"path/filepath"
	"testing"

	"resolute/agent/journal"
	"resolute/agent/journal/journaltest"
)

func TestBolt(t *testing.T) {
	paths := map[journal.Store]string{}
	open := func(t *testing.T, path string) journal.Store {
		b := openAt(t, path, journal.Options{})
		paths[b] = path
		return b
	}
	journaltest.TestStore(t,
		func(t *testing.T) journal.Store { return open(t, filepath.Join(t.TempDir(), "journal.db")) },
		func(t *testing.T, s journal.Store) journal.Store {
			if err := s.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			return open(t, paths[s])
		})
}

func openAt(t testing.TB, path string, o journal.Options) *journal.Bolt {
	t.Helper()
	b, err := journal.Open(path, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}
