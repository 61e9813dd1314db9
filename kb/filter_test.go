package kb_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/kb"
)

// Filters hold before ranking, in every mode: what is shut out takes nobody's place, and is never
// answered.
func TestFilters(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	day := 24 * time.Hour
	text := "# Warranty\n\nA warranty claim for a kettle needs the receipt."
	add(t, b,
		kb.Source{Path: "open.md", Content: []byte(text)},
		kb.Source{Path: "mug.md", Content: []byte(text), Metadata: kb.Metadata{Product: "mug"}},
		kb.Source{Path: "german.md", Content: []byte(text), Metadata: kb.Metadata{Locale: "de"}},
		kb.Source{Path: "inside.md", Content: []byte(text), Metadata: kb.Metadata{Audience: kb.Internal}},
		kb.Source{Path: "over.md", Content: []byte(text), Metadata: kb.Metadata{ValidUntil: imported}},
		kb.Source{Path: "ends.md", Content: []byte(text), Metadata: kb.Metadata{ValidUntil: imported.Add(day)}},
		kb.Source{Path: "later.md", Content: []byte(text), Metadata: kb.Metadata{ValidFrom: imported.Add(day)}},
	)
	for _, c := range []struct {
		name   string
		filter kb.Filter
		want   string
	}{
		{"nothing said: all that count now", kb.Filter{}, "ends german inside mug open"},
		{"a product", kb.Filter{Product: "Mug"}, "ends german inside mug open"},
		{"another product", kb.Filter{Product: "kettle"}, "ends german inside open"},
		{"a language", kb.Filter{Locale: "de-AT"}, "ends german inside mug open"},
		{"another language", kb.Filter{Locale: "en"}, "ends inside mug open"},
		{"what a customer may see", kb.Filter{Audience: kb.Customer}, "ends german mug open"},
		{"two days on", kb.Filter{At: imported.Add(2 * day)}, "german inside later mug open"},
		{"a day ago", kb.Filter{At: imported.Add(-day)}, "ends german inside mug open over"},
	} {
		for _, mode := range []kb.Mode{kb.Hybrid, kb.Keyword, kb.Vector} {
			for _, k := range []int{10, 1} {
				hits, err := b.Search(t.Context(), kb.Query{Text: "warranty claim for a kettle", Mode: mode, K: k, Filter: c.filter})
				must(t, err)
				got := documentsOf(hits)
				slices.Sort(got)
				if k == 1 && (len(got) != 1 || !strings.Contains(c.want, got[0])) || k == 10 && strings.Join(got, " ") != c.want {
					t.Errorf("%s, %s, k %d: %v, want %s", c.name, mode, k, got, c.want)
				}
			}
		}
	}
}

// Importing again with other metadata moves a document in every index, without embedding it again.
func TestMetadataChanges(t *testing.T) {
	dir := t.TempDir()
	e := newEmbedder()
	b := open(t, dir, e)
	source := file("a.md", "# A\n\nThe walrus sleeps.")
	add(t, b, source)
	before := e.texts.Load()
	source.Metadata.Audience = kb.Internal
	if got := add(t, b, source)[0]; got.State != kb.StateChanged || got.Renewed != 0 || e.texts.Load() != before {
		t.Errorf("%s, %d renewed, %d embedded; want changed without either", got.State, got.Renewed, e.texts.Load()-before)
	}
	check := func(b *kb.Base) {
		for _, mode := range []kb.Mode{kb.Keyword, kb.Vector} {
			hits, err := b.Search(t.Context(), kb.Query{Text: "walrus sleeps", Mode: mode, Filter: kb.Filter{Audience: kb.Customer}})
			must(t, err)
			if len(hits) != 0 {
				t.Errorf("%s search for a customer finds what is internal now", mode)
			}
		}
		if hits := search(t, b, kb.Hybrid, "walrus sleeps"); len(hits) != 1 || hits[0].Quotable() {
			t.Errorf("search without a filter: %+v, want the internal passage", hits)
		}
	}
	check(b)
	must(t, b.Close())
	check(open(t, dir, newEmbedder()))
}

func TestFloor(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refunds.md", refunds), file("shipping.md", shipping))
	for query, want := range map[string]bool{
		"refund to the person who placed the order": true, "E1043": true, "parcel lost by the carrier": true,
		"quantum chromodynamics lattice": false, "how do I train a penguin to play chess": false,
	} {
		hits, err := b.Search(t.Context(), kb.Query{Text: query, Floor: 0.3})
		must(t, err)
		if (len(hits) > 0) != want {
			t.Errorf("%q: %d hits above the floor, want any: %v", query, len(hits), want)
		}
		if len(hits) > 0 && (hits[0].Relevance < 0.3 || len(hits[0].Matched) == 0) {
			t.Errorf("%q: relevance %v by %q, want it above the floor with the words that matched", query, hits[0].Relevance, hits[0].Matched)
		}
	}
	if _, err := b.Search(t.Context(), kb.Query{Text: "x", Floor: 2}); err == nil {
		t.Error("a floor of 2 is taken, want an error")
	}
}

// Hits on pieces of one section that follow one another are one passage, and a piece too short to be
// read alone brings its neighbour.
func TestNeighboursAreOnePassage(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	long := strings.Repeat("Every walrus of the northern colony sleeps on the ice. ", 30) // 1650 bytes: a chunk of its own
	add(t, b, file("a.md", "# Walruses\n\n"+long+"\n\n"+strings.ToUpper(long)+"\n\nShort tail about tusks.\n\n# Penguins\n\nA penguin dives."))
	hits := search(t, b, kb.Keyword, "walrus colony ice")
	if len(hits) != 1 || len(hits[0].Chunks) != 2 || !strings.HasPrefix(hits[0].Text, "Every walrus") || !strings.Contains(hits[0].Text, "\n\nEVERY WALRUS") {
		t.Fatalf("%d passages, want the walruses as one, in reading order", len(hits))
	}
	tail := search(t, b, kb.Keyword, "tusks")
	if len(tail) != 1 || !strings.HasPrefix(tail[0].Text, "EVERY WALRUS") || !strings.HasSuffix(tail[0].Text, "\n\nShort tail about tusks.") || strings.Contains(tail[0].Text, "penguin") {
		t.Errorf("a short piece is answered as %.80q, want it with the one before it and nothing of the next section", tail[0].Text)
	}
	hits, err := b.Search(t.Context(), kb.Query{Text: "walrus penguin", Each: kb.Documents})
	must(t, err)
	if len(hits) != 1 {
		t.Errorf("%d hits, want one for each document", len(hits))
	}
}
