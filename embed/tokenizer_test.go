package embed

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What the teacher's own tokenizer answered, as distill/token_cases.py wrote it down.
func TestTokensAreTheTeachers(t *testing.T) {
	file, err := os.Open("testdata/tokens.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	v, r, cases := Builtin().table.vocabulary, new(reader), 0
	for lines := bufio.NewScanner(file); lines.Scan(); cases++ {
		var c struct {
			Text   string
			Tokens []uint16
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if got := v.read(r, c.Text); !slices.Equal(got, c.Tokens) {
			t.Errorf("%q: tokens %v, want the teacher's %v", c.Text, got, c.Tokens)
		}
	}
	if cases < 3000 {
		t.Errorf("%d texts were compared, want thousands", cases)
	}
}

func TestBrokenBytesAreLeftOut(t *testing.T) {
	v := Builtin().table.vocabulary
	want := slices.Clone(v.read(new(reader), "refund my order"))
	if got := v.read(new(reader), "re\xfffund \xc3my ord\xe2\x82er\xf0"); !slices.Equal(got, want) {
		t.Errorf("with bytes that aren't UTF-8 between: tokens %v, want %v", got, want)
	}
}

func FuzzTokenizer(f *testing.F) {
	for _, text := range []string{"don't 退款 \xff", "É́[SEP]x", strings.Repeat("a", 101), "각 ﬁ \u0344\u302e\u1d165"} {
		f.Add(text)
	}
	v, r := Builtin().table.vocabulary, new(reader)
	f.Fuzz(func(t *testing.T, text string) {
		got := slices.Clone(v.read(r, text))
		for _, token := range got {
			if int(token) >= len(v.ends) {
				t.Fatalf("%q: token %d of %d", text, token, len(v.ends))
			}
		}
		if again := v.read(new(reader), text); !slices.Equal(got, again) {
			t.Errorf("%q: tokens %v, and %v from a fresh reader", text, got, again)
		}
		if valid := strings.ToValidUTF8(text, ""); utf8.ValidString(text) || !strings.Contains(valid, "[") {
			if again := v.read(r, valid); !slices.Equal(got, again) {
				t.Errorf("%q: tokens %v, and %v without its broken bytes", text, got, again)
			}
		}
		if spaced := v.read(r, "\n "+text+"\t"); !slices.Equal(got, spaced) {
			t.Errorf("%q: tokens %v, and %v between spaces", text, got, spaced)
		}
	})
}
