package embed_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"resolute/embed"
)

func vector(t *testing.T, text string) []float32 {
	t.Helper()
	vectors, err := embed.Hashing().Embed(t.Context(), []string{text})
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

func TestHashingVectorsHaveUnitLength(t *testing.T) {
	long := strings.Repeat("every order that arrives broken is replaced or refunded ", 2000)
	var distinct strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&distinct, "w%dx ", i)
	}
	for _, text := range []string{"a", "refund", "ORD-1001", "Größe ändern", "退款", "\xff\xfe broken bytes", long, distinct.String()} {
		v := vector(t, text)
		if len(v) != embed.Hashing().Dimensions() {
			t.Fatalf("%.20q: %d values, want Dimensions() = %d", text, len(v), embed.Hashing().Dimensions())
		}
		if length := math.Sqrt(cosine(v, v)); math.Abs(length-1) > 1e-5 {
			t.Errorf("%.20q: vector of length %v, want 1", text, length)
		}
	}
	for _, text := range []string{"", " \n\t", "!?… --"} {
		if v := vector(t, text); cosine(v, v) != 0 {
			t.Errorf("%q has nothing to read, want the zero vector, got length %v", text, math.Sqrt(cosine(v, v)))
		}
	}
}

func TestHashingRanksByWhatTextsShare(t *testing.T) {
	for _, c := range []struct{ query, near, far string }{
		{"refunds for damaged goods", "We refund goods that arrive damaged.", "Invoices are sent on the first of the month."},
		{"my blender arrived smashed", "the blender was smashed when it arrived", "how do I change my password"},
		{"shiping adress", "Change the shipping address of an order", "Cancel a subscription"}, // typing errors
		{"where is order ORD-1001", "status of ORD-1001", "status of INV-7710"},
		{"replacing an item", "items are replaced", "prices are listed"},
	} {
		q := vector(t, c.query)
		near, far := cosine(q, vector(t, c.near)), cosine(q, vector(t, c.far))
		if near <= far+0.1 {
			t.Errorf("%q: cosine to %q is %.3f, to %q %.3f, want the first clearly above", c.query, c.near, near, c.far, far)
		}
	}
}

// The fingerprint promises that stored vectors stay comparable. When this fails the vectors have
// moved, and hashingFingerprint must move with them.
func TestHashingFingerprintPinsTheVectors(t *testing.T) {
	if got, want := embed.Hashing().Fingerprint(), "hashing/1/256"; got != want {
		t.Fatalf("fingerprint %q, want %q; pin the new vectors below too", got, want)
	}
	v := vector(t, "Refunds for goods that arrived damaged: see ORD-1001, you'll be repaid within 5 days.")
	for i, want := range map[int]float32{139: -0.3722, 8: -0.2419, 250: 0.2419, 48: -0.1935, 15: -0.1935} {
		if math.Abs(float64(v[i]-want)) > 1e-3 {
			t.Errorf("value %d is %.4f, want %.4f", i, v[i], want)
		}
	}
}

func TestHashingIsSafeForConcurrentUse(t *testing.T) {
	h := embed.Hashing()
	texts := []string{"one refund", "two parcels", "three invoices and a credit"}
	want, err := h.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				got, err := h.Embed(t.Context(), texts)
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

func TestHashingStopsWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := embed.Hashing().Embed(ctx, []string{"x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Embed with a cancelled context: error %v, want context.Canceled", err)
	}
}

func FuzzHashing(f *testing.F) {
	f.Add("don't 退款 \xff ies s")
	f.Fuzz(func(t *testing.T, text string) {
		v := make([]float32, embed.Hashing().Dimensions())
		embed.Hashing().EmbedInto(v, text)
		if length := cosine(v, v); math.IsNaN(length) || length != 0 && math.Abs(length-1) > 1e-4 {
			t.Errorf("%q (valid UTF-8: %v): squared length %v, want 0 or 1", text, utf8.ValidString(text), length)
		}
	})
}

func BenchmarkHashing(b *testing.B) {
	words := strings.Fields("a parcel that arrives damaged is replaced when the item is in stock and refunded when it is not; " +
		"ask for a photo only if the value is above one hundred and tell the customer when to expect the money")
	var passage strings.Builder
	for i := range 200 {
		fmt.Fprintf(&passage, "%s%d ", words[i%len(words)], i%7)
	}
	h := embed.Hashing()
	v := make([]float32, h.Dimensions())
	b.ReportAllocs()
	for b.Loop() {
		h.EmbedInto(v, passage.String())
	}
}
