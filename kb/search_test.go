package kb_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"resolute/kb"
)

func nan() float64 { return math.NaN() }

func TestSearchFindsThePassage(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refund-policy.md", refunds), file("shipping.md", shipping))
	for _, c := range []struct{ query, document, text string }{
		{"refund to the person who placed the order", "refund-policy", "person that placed the order"},
		{"how much is refunded for a scratched item", "refund-policy", "| scratched | a fifth |"},
		{"SKU-4471-B", "refund-policy", "clearance blender"},
		{"sku-4471-b", "refund-policy", "clearance blender"},
		{"what does E1043 mean?", "shipping", "72 hours"},
		{"parcel lost by the carrier", "shipping", "72 hours"},
	} {
		for _, mode := range []kb.Mode{kb.Hybrid, kb.Keyword} {
			hits := search(t, b, mode, c.query)
			if len(hits) == 0 || hits[0].DocumentID != c.document || !strings.Contains(hits[0].Text, c.text) {
				t.Errorf("%s search for %q: first is %+v, want %s with %q", mode, c.query, slices.Concat(hits, make([]kb.Hit, 1))[0], c.document, c.text)
			}
		}
	}
}

func TestHitHasTheContractsShape(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	d := add(t, b, file("policies/refund-policy.md", refunds))[0]
	hit := search(t, b, kb.Hybrid, "refund goes to the person that placed the order")[0]
	data, err := json.Marshal(hit)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"document_id", "chunk_id", "title", "text", "score", "keyword_rank", "vector_rank", "source", "citation"} {
		if _, ok := got[key]; !ok {
			t.Errorf("the hit has no %s: %s", key, data)
		}
	}
	if hit.KeywordRank != 1 || hit.VectorRank != 1 || hit.Score <= 0.5 || hit.Score >= 1 || hit.Similarity <= 0.2 {
		t.Errorf("ranks %d and %d, score %v, similarity %v; want 1, 1, one that stands out and clearly alike", hit.KeywordRank, hit.VectorRank, hit.Score, hit.Similarity)
	}
	if want := "kb://policies.refund-policy#who@" + d.Version; hit.Citation != want {
		t.Errorf("citation %q, want %q", hit.Citation, want)
	}
	if hit.Source != "policies/refund-policy.md" || hit.Title != "Refund policy" || !slices.Equal(hit.Headings, []string{"Refund policy", "Who"}) {
		t.Errorf("source %q, title %q, headings %q", hit.Source, hit.Title, hit.Headings)
	}
}

func TestEachModeUsesItsOwnRanking(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refund-policy.md", refunds), file("shipping.md", shipping))
	for _, h := range search(t, b, kb.Keyword, "refund order") {
		if h.KeywordRank == 0 || h.VectorRank != 0 {
			t.Errorf("keyword search: ranks %d and %d of %s, want only the first", h.KeywordRank, h.VectorRank, h.ChunkID)
		}
	}
	typo := search(t, b, kb.Vector, "shiping of parcells")
	if len(typo) == 0 || typo[0].DocumentID != "shipping" || typo[0].KeywordRank != 0 || typo[0].VectorRank != 1 {
		t.Errorf("vector search with typing errors: %+v, want shipping first by its vector", typo)
	}
}

// Nothing in a query is syntax, and no query makes the search fail.
func TestHostileQueriesAreData(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refund-policy.md", refunds), file("shipping.md", shipping))
	for _, query := range []string{
		`refund" OR 1=1 --`, `+refund -refund`, `text:refund^99`, `refund~9 AND (`, `/ref[un]+d/`, `ref*nd ?`, `\refund\`,
		`{"match_all": {}} refund`, "refund\x00\xff", strings.Repeat("refund and more ", 100_000),
	} {
		if hits := search(t, b, kb.Hybrid, query); len(hits) == 0 || hits[0].DocumentID != "refund-policy" {
			t.Errorf("%.40q: %v, want the refund policy first, as for the word refund", query, documentsOf(hits))
		}
	}
	for _, query := range []string{"", "   ", "*", "???", "the of and", "-", "\x00", "🙂"} {
		if hits := search(t, b, kb.Keyword, query); len(hits) != 0 {
			t.Errorf("%q has no word to find: %v, want nothing", query, documentsOf(hits))
		}
		search(t, b, kb.Hybrid, query)
	}
}

func TestSearchRefusesWhatItCantAnswer(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	for _, q := range []kb.Query{{Text: "x", Mode: "magic"}, {Text: "x", K: -1}} {
		if _, err := b.Search(t.Context(), q); !errors.Is(err, kb.ErrQuery) {
			t.Errorf("%+v: error %v, want ErrQuery", q, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Search(ctx, kb.Query{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search with a cancelled context: error %v, want context.Canceled", err)
	}
}

func TestSearchGivesAsManyAsAsked(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, corpus(300)...)
	for k, want := range map[int]int{0: 10, 3: 3, 500: 200} {
		hits, err := b.Search(t.Context(), kb.Query{Text: "parcel refund invoice customer", K: k})
		if err != nil || len(hits) != want {
			t.Errorf("K %d: %d hits (error %v), want %d", k, len(hits), err, want)
		}
		if !slices.IsSortedFunc(hits, func(a, b kb.Hit) int { return int(1e9 * (b.Score - a.Score)) }) {
			t.Errorf("K %d: hits aren't in the order of their scores", k)
		}
	}
}

func TestPassageResolvesAddresses(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	d := add(t, b, file("refund-policy.md", refunds))[0]
	for _, c := range []struct{ address, text, not string }{
		{"kb://refund-policy#who@" + d.Version, "placed the order", "scratched"},
		{"refund-policy#how-much", "scratched", "placed the order"},
		{"kb://refund-policy#refund-policy", "gift cards", ""},
		{"refund-policy", "gift cards", ""},
	} {
		p, err := b.Passage(t.Context(), c.address)
		if err != nil {
			t.Errorf("Passage(%q): %v", c.address, err)
			continue
		}
		if !strings.Contains(p.Text, c.text) || c.not != "" && strings.Contains(p.Text, c.not) {
			t.Errorf("Passage(%q) is %q, want %q and not %q", c.address, p.Text, c.text, c.not)
		}
		if again, err := b.Passage(t.Context(), p.Address); err != nil || again.Text != p.Text {
			t.Errorf("Passage(%q), the full address of %q: %q, %v; want the same passage", p.Address, c.address, again.Text, err)
		}
	}
	for address, want := range map[string]error{
		"kb://nothing#who": kb.ErrNotFound, "refund-policy#nobody": kb.ErrNotFound, "kb://refund-policy#who@000000000000": kb.ErrNotFound,
		"": kb.ErrQuery, "kb://#x": kb.ErrQuery, "a#": kb.ErrQuery, "a@": kb.ErrQuery,
	} {
		if _, err := b.Passage(t.Context(), address); !errors.Is(err, want) {
			t.Errorf("Passage(%q): error %v, want %v", address, err, want)
		}
	}
}
