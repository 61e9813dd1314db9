package kb_test

import (
	"errors"
	"strings"
	"testing"

	"resolute/kb"
)

// An address leads to the passage as it was when it was cited, whatever became of the document.
func TestCitationsOutliveTheirDocument(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, newEmbedder())
	versions := []string{"thirty days", "sixty days", "ninety days", "thirty days"}
	var cited []string
	for _, days := range versions {
		add(t, b, file("returns.md", "# Returns\n\n## How long\n\nA return has "+days+".\n\n## Fixed\n\nThis stays."))
		cited = append(cited, search(t, b, kb.Keyword, "how long has a return")[0].Citation)
	}
	if cited[0] != cited[3] || cited[0] == cited[1] || !strings.HasPrefix(cited[0], "kb://returns#how-long@") {
		t.Errorf("citations %q: want the same for the same content, and others for others", cited)
	}
	check := func(b *kb.Base, now string) {
		t.Helper()
		for i, address := range cited {
			p, err := b.Passage(t.Context(), address)
			if err != nil || p.Text != "A return has "+versions[i]+"." || p.Address != address {
				t.Errorf("%s leads to %q (error %v), want what was cited: %s", address, p.Text, err, versions[i])
			}
			if past := now != versions[i]; p.Past != past {
				t.Errorf("%s says that it is of the past: %v, want %v", address, p.Past, past)
			}
		}
	}
	check(b, "thirty days")
	whole := strings.Replace(cited[1], "#how-long", "", 1)
	if p, err := b.Passage(t.Context(), whole); err != nil || !strings.Contains(p.Text, "sixty") || !strings.Contains(p.Text, "This stays.") {
		t.Errorf("the whole document as it was: %q (error %v)", p.Text, err)
	}
	must(t, b.Delete(t.Context(), "returns"))
	check(b, "")
	must(t, b.Close())
	b = open(t, dir, newEmbedder())
	check(b, "")
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector} {
		if hits := search(t, b, mode, "return has sixty days"); len(hits) != 0 {
			t.Errorf("%s search finds what history alone holds: %v", mode, documentsOf(hits))
		}
	}
	if _, err := b.Passage(t.Context(), "kb://returns#how-long@000000000000"); !errors.Is(err, kb.ErrNotFound) {
		t.Errorf("a version that never was: error %v, want ErrNotFound", err)
	}
	must(t, b.Erase(t.Context(), "returns"))
	for _, address := range cited {
		if _, err := b.Passage(t.Context(), address); !errors.Is(err, kb.ErrNotFound) {
			t.Errorf("%s after erasing: error %v, want ErrNotFound", address, err)
		}
	}
	if err := b.Erase(t.Context(), "returns"); !errors.Is(err, kb.ErrNotFound) {
		t.Errorf("erasing again: error %v, want ErrNotFound", err)
	}
}

func TestVersionsThatDocumentsName(t *testing.T) {
	b := open(t, t.TempDir(), newEmbedder())
	version := func(front, text string) string {
		return add(t, b, file("a.md", "---\nversion: "+front+"\n---\n"+text))[0].Version
	}
	if got := version("2026-03", "one"); got != "2026-03" {
		t.Errorf("version %q, want the one that the document names", got)
	}
	second := version("2026-03", "two")
	if !strings.HasPrefix(second, "2026-03+") {
		t.Errorf("other content under the same name: version %q, want one that tells them apart", second)
	}
	if got := version("2026-03", "one"); got != "2026-03" {
		t.Errorf("the first content again: version %q, want its own", got)
	}
	for address, want := range map[string]string{"kb://a@2026-03": "one", "kb://a@" + second: "two"} {
		if p, err := b.Passage(t.Context(), address); err != nil || p.Text != want {
			t.Errorf("%s leads to %q (error %v), want %q", address, p.Text, err, want)
		}
	}
}
