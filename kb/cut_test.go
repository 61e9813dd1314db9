package kb_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"resolute/kb"
)

// chunksOf imports one document and answers its chunks as "heading › heading: text".
func chunksOf(t *testing.T, path, content string) map[string]bool {
	t.Helper()
	b := open(t, t.TempDir(), newEmbedder())
	d := add(t, b, kb.Source{Path: path, Content: []byte(content)})[0]
	contents, err := b.Contents(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(contents) != d.Chunks {
		t.Fatalf("%d chunks, want %d", len(contents), d.Chunks)
	}
	chunks := map[string]bool{}
	for _, c := range contents {
		chunks[strings.Join(c.Headings, " › ")+": "+c.Text] = true
	}
	return chunks
}

func TestMarkdownIsCutAlongItsStructure(t *testing.T) {
	const text = `Before any heading.

Top *level* ` + "`one`" + `
===

<!-- a reader doesn't see this -->

First paragraph.
Second line.

[link]: https://example.com

- a list
  - nested

  with a paragraph
- stays whole

### Deep

` + "```sh\n# no heading\n\nresolute demo\n```" + `

How much:
| a | b |
|---|---|
| 1 | 2 |

***

## Empty one
## Next

> quoted
`
	got := chunksOf(t, "a.md", text)
	want := map[string]bool{
		": Before any heading.": true,
		"Top level one: First paragraph.\nSecond line.\n\n- a list\n  - nested\n\n  with a paragraph\n- stays whole":    true,
		"Top level one › Deep: ```sh\n# no heading\n\nresolute demo\n```\n\nHow much:\n| a | b |\n|---|---|\n| 1 | 2 |": true,
		"Top level one › Empty one: Empty one": true,
		"Top level one › Next: > quoted":       true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunks differ (-want +got):\n%s", diff)
	}
}

func TestLongBlocks(t *testing.T) {
	var list strings.Builder
	for i := range 60 {
		fmt.Fprintf(&list, "- entry %d of a list that is long but still belongs together\n", i)
	}
	prose := strings.Repeat("Every sentence is of some length here. ", 200)
	for chunk := range chunksOf(t, "a.md", "# L\n\nThese are all:\n\n"+list.String()+"\n# P\n\n"+prose) {
		switch {
		case strings.HasPrefix(chunk, "L: "):
			if want := "L: These are all:\n\n" + strings.TrimSpace(list.String()); chunk != want {
				t.Errorf("the list isn't whole, and with the line that introduces it: %.200q...", chunk)
			}
		case len(chunk) > 2500 || !strings.HasSuffix(chunk, "here."):
			t.Errorf("prose is cut to %d bytes ending in %q, want at most 2500, at the end of a sentence", len(chunk), chunk[len(chunk)-20:])
		}
	}
	for chunk := range chunksOf(t, "a.txt", strings.Repeat("ü", 20_000)) {
		if !utf8.ValidString(chunk) {
			t.Errorf("text without a place to cut is cut within a character: %q", chunk[len(chunk)-4:])
		}
	}
}

func TestPlainTextIsCutIntoParagraphs(t *testing.T) {
	paragraph := strings.Repeat("word ", 200)
	got := chunksOf(t, "notes.txt", "\ufeff# not a heading\r\n\r\nsecond\r\n"+"\r\n"+paragraph+"\n\n"+paragraph)
	if len(got) != 2 {
		t.Errorf("%d chunks, want 2: paragraphs are put together up to the size of a chunk", len(got))
	}
	for chunk := range got {
		if strings.Contains(chunk, "not a heading") && !strings.HasPrefix(chunk, ": # not a heading\n\nsecond\n\nword") {
			t.Errorf("first chunk %.60q, want the text as it stands, without byte order mark", chunk)
		}
	}
}

func TestHeadingsOfOneNameHaveTheirOwnAddresses(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	add(t, b, file("a.md", "# A\n\n## Note\n\none\n\n## Note\n\ntwo\n\n## Note 1\n\nthree\n\n## Größe & Maß\n\nfour\n\n## !!!\n\nfive"))
	for slug, want := range map[string]string{"note": "one", "note-1": "two", "note-1-1": "three", "größe--maß": "four", "section": "five"} {
		if p, err := b.Passage(t.Context(), "a#"+slug); err != nil || p.Text != want {
			t.Errorf("a#%s is %q (error %v), want %q", slug, p.Text, err, want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{refunds, shipping, "a\n| b |\n|---|\n", "- - - 1) > #\n\t```", "[a]: b\n===\n", "---\n---\n# x", "# \n# \n", "\r\r\n\xc2\xa0"} {
		f.Add([]byte(seed))
	}
	b := open(f, f.TempDir(), newEmbedder())
	f.Fuzz(func(t *testing.T, content []byte) {
		report, err := b.Import(t.Context(), []kb.Source{{ID: "fuzz", Content: content}})
		if err != nil {
			t.Fatalf("Import: %v", err)
		}
		if len(report.Failed) > 0 {
			if strings.Contains(report.Failed[0].Detail, "parser failed") {
				t.Errorf("the parser panics: %v", report.Failed[0])
			}
			return
		}
		p, err := b.Passage(t.Context(), "fuzz")
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(p.Text) || strings.TrimSpace(p.Text) == "" {
			t.Errorf("the document's text is %q, want readable text", p.Text)
		}
	})
}
