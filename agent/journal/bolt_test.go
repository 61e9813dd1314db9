package journal_test

import (
	"path/filepath"
	"slices"
	"testing"

	"resolute/agent/casefile"
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

func TestFeedOfGivesSomeKindsAndHowFarItLooked(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "journal.db"), journal.Options{})
	for _, id := range []string{"1", "2", "3"} {
		mustAccept(t, s, id) // a signal.received and a case.opened each
	}
	for _, tt := range []struct {
		after   uint64
		most    int
		offsets []uint64
		read    uint64
	}{{0, 100, []uint64{2, 4, 6}, 6}, {0, 3, []uint64{2}, 3}, {3, 3, []uint64{4, 6}, 6}, {6, 5, nil, 6}} {
		entries, read, err := s.FeedOf(t.Context(), tt.after, tt.most, casefile.KindCaseOpened)
		var offsets []uint64
		for _, e := range entries {
			offsets = append(offsets, e.Offset)
		}
		if err != nil || read != tt.read || !slices.Equal(offsets, tt.offsets) {
			t.Errorf("behind %d, %d at most: entries %v up to %d, %v; want %v up to %d", tt.after, tt.most, offsets, read, err, tt.offsets, tt.read)
		}
	}
}
