package embed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"resolute/embed"
)

func vector(t testing.TB, text string) []float32 {
	t.Helper()
	vectors, err := embed.Builtin().Embed(t.Context(), []string{text})
	if err != nil {
		t.Fatalf("Embed(%q): %v", text, err)
	}
	return vectors[0]
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestVectorsHaveUnitLength(t *testing.T) {
	long := strings.Repeat("every order that arrives broken is replaced or refunded ", 20000)
	var distinct strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&distinct, "w%dx ", i)
	}
	b := embed.Builtin()
	for _, text := range []string{"a", "refund", "ORD-1001", "Größe ändern", "\xff\xfe broken bytes", long, distinct.String()} {
		v := vector(t, text)
		if len(v) != b.Dimensions() {
			t.Fatalf("%.20q: %d values, want Dimensions() = %d", text, len(v), b.Dimensions())
		}
		if length := math.Sqrt(cosine(v, v)); math.Abs(length-1) > 1e-5 {
			t.Errorf("%.20q: vector of length %v, want 1", text, length)
		}
	}
	for _, text := range []string{"", " \n\t", "!?… --", "退款", "\xff"} {
		if v := vector(t, text); cosine(v, v) != 0 {
			t.Errorf("%q has nothing that can be read, want the zero vector, got length %v", text, math.Sqrt(cosine(v, v)))
		}
	}
}

func TestParaphrasesAreNear(t *testing.T) {
	for _, c := range []struct{ query, near, far string }{
		{"my blender arrived smashed", "The item was broken during delivery.", "Invoices are sent on the first of the month."},
		{"I want my money back", "How to ask for a refund", "How to assemble the shelf"},
		{"I can't log in any more", "Reset a forgotten password", "Change the delivery address"},
		{"when will the parcel get here", "Delivery times of standard and express shipping", "Closing an account"},
		{"you charged me two times", "Duplicate payments on one card", "Care of wooden furniture"},
		{"stop sending me advertising", "Unsubscribe from the newsletter", "Warranty for electrical appliances"},
	} {
		q := vector(t, c.query)
		near, far := cosine(q, vector(t, c.near)), cosine(q, vector(t, c.far))
		if near <= far+0.2 {
			t.Errorf("%q: cosine to %q is %.3f, to %q %.3f, want the first clearly above", c.query, c.near, near, c.far, far)
		}
	}
}

// The fingerprint promises that stored vectors stay comparable, so the code must make of the table
// what the distillation meant by it: testdata/vectors.jsonl is what distill/train.py got.
func TestVectorsAreTheDistillations(t *testing.T) {
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b, compared := embed.Builtin(), 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var want struct {
			Text        string
			Fingerprint string
			Vector      []float32
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if want.Fingerprint != b.Fingerprint() {
			t.Fatalf("fingerprint %q, want %q as the distillation wrote it", b.Fingerprint(), want.Fingerprint)
		}
		got := vector(t, want.Text)
		for i, x := range want.Vector {
			if math.Abs(float64(got[i]-x)) > 1e-4 {
				t.Errorf("%q: value %d is %.5f, want %.5f", want.Text, i, got[i], x)
				break
			}
		}
		compared++
	}
	if compared < 20 {
		t.Errorf("%d vectors were compared, want at least 20", compared)
	}
}

func TestIsSafeForConcurrentUse(t *testing.T) {
	b := embed.Builtin()
	texts := []string{"one refund", "two parcels", "three invoices and a credit", "Größe"}
	want, err := b.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				got, err := b.Embed(t.Context(), texts)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range got {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("%q: another vector beside other callers", texts[i])
						return
					}
				}
			}
		})
	}
	group.Wait()
}

func TestStopsWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := embed.Builtin().Embed(ctx, []string{"x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Embed with a cancelled context: error %v, want context.Canceled", err)
	}
}

func FuzzBuiltin(f *testing.F) {
	f.Add("don't 退款 \xff É́ [SEP]")
	b := embed.Builtin()
	f.Fuzz(func(t *testing.T, text string) {
		v := make([]float32, b.Dimensions())
		b.EmbedInto(v, text)
		if length := cosine(v, v); math.IsNaN(length) || length != 0 && math.Abs(length-1) > 1e-4 {
			t.Errorf("%q (valid UTF-8: %v): squared length %v, want 0 or 1", text, utf8.ValidString(text), length)
		}
	})
}
