package kb_test

import (
	"testing"
	"time"

	"resolute/kb"
)

func TestUses(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	at := func(n int) time.Time { return imported.Add(time.Duration(n) * time.Minute) }
	note := func(offset uint64, uses ...kb.Use) {
		t.Helper()
		must(t, b.Note(t.Context(), offset, kb.Noted{Uses: uses}))
	}
	note(7, kb.Use{Case: "c1", At: at(1), Kind: kb.Grounded, Address: "kb://refunds#who@v1", Query: "q"}, kb.Use{Case: "c1", At: at(1), Kind: kb.Grounded, Address: "kb://refund@v1"})
	note(7, kb.Use{Case: "again", At: at(1), Address: "kb://refunds@v1"})
	note(900, kb.Use{Case: "c2", At: at(2), Kind: kb.Replied, Address: "kb://refunds@v2"}, kb.Use{Case: "c3", At: at(3), Kind: kb.Replied, Address: "kb://refunds#who@v2"})
	uses, total, err := b.Uses(t.Context(), "refunds", 2)
	must(t, err)
	if total != 3 || len(uses) != 2 || uses[0].Case != "c3" || uses[1].Case != "c2" {
		t.Errorf("uses %+v of %d, want the two newest of three: a stretch of the journal counts once, and ids that begin alike are apart", uses, total)
	}
	if to, err := b.NotedTo(t.Context()); err != nil || to != 900 {
		t.Errorf("noted to %d (error %v), want 900", to, err)
	}
}

func TestGapsArePutTogether(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("refunds.md", refunds))
	var gaps []kb.Gap
	for i, q := range []string{"engraving of mugs", "can mugs be engraved", "engraving of mugs", "refund for a scratched item", "engraving of a mug"} {
		gaps = append(gaps, kb.Gap{Case: "c" + string(rune('0'+i)), At: imported.Add(time.Duration(i) * time.Minute), Query: q})
	}
	must(t, b.Note(t.Context(), 1, kb.Noted{Gaps: gaps}))
	missing, err := b.Missing(t.Context(), 0.3, 0)
	must(t, err)
	if len(missing) == 0 || missing[0].Query != "engraving of mugs" || missing[0].Count < 3 || missing[0].Cases[0] != "c4" {
		t.Fatalf("missing %+v, want engraving asked by most, newest case first", missing)
	}
	for _, m := range missing {
		if m.Query == "refund for a scratched item" {
			t.Errorf("%q is missing, though a document says it", m.Query)
		}
	}
	add(t, b, file("engraving.md", "# Engraving\n\nEngraving of mugs: we engrave mugs, and can engrave a mug within a week."))
	if missing, err = b.Missing(t.Context(), 0.3, 0); err != nil || len(missing) > 1 {
		t.Errorf("missing once it was written: %+v (error %v), want what the document doesn't say alone", missing, err)
	}
}
