package kb_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/embed"
	"resolute/kb"
)

var vocabulary = strings.Fields(`parcel order refund invoice customer carrier warehouse replacement blender damaged smashed
	delivered address payment card expired charge duplicate credit subscription cancel renew webhook retry endpoint
	signature flag rollout account password reset email phone support agent policy days hours limit stock restock
	shipment partial missing item price discount code gift voucher tax receipt statement balance dispute bank transfer
	schedule pickup return label box packaging weight customs duty country region language settings profile device`)

// corpus makes n documents of three sections from a fixed seed, each with a code of its own.
func corpus(n int) []kb.Source {
	random := rand.New(rand.NewPCG(1, 2))
	words := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = vocabulary[int(float64(len(vocabulary))*random.Float64()*random.Float64())] // some are frequent
			if random.IntN(20) == 0 {
				out[i] = fmt.Sprintf("term%d", random.IntN(5000))
			}
		}
		return strings.Join(out, " ")
	}
	sources := make([]kb.Source, n)
	for i := range sources {
		var text strings.Builder
		fmt.Fprintf(&text, "# %s\n\nCode DOC-%05d. %s.\n", words(4), i, words(90))
		for range 2 {
			fmt.Fprintf(&text, "\n## %s\n\n%s.\n", words(3), words(90))
		}
		sources[i] = file(fmt.Sprintf("d/%05d.md", i), text.String())
	}
	return sources
}

// BenchmarkSearch reports the median and the 99th percentile beside the mean, over 6000 chunks.
func BenchmarkSearch(b *testing.B) {
	base := open(b, b.TempDir(), embed.Builtin())
	add(b, base, corpus(2000)...)
	for _, mode := range []kb.Mode{kb.Hybrid, kb.Keyword, kb.Vector} {
		b.Run(string(mode), func(b *testing.B) {
			random := rand.New(rand.NewPCG(3, 4))
			var took []time.Duration
			for b.Loop() {
				var q []string
				for range 6 {
					q = append(q, vocabulary[random.IntN(len(vocabulary))])
				}
				start := time.Now()
				search(b, base, mode, strings.Join(q, " "))
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkImport imports 3000 chunks into an empty base each time.
func BenchmarkImport(b *testing.B) {
	sources := corpus(1000)
	chunks := 0
	for b.Loop() {
		base, err := kb.Open(b.TempDir(), kb.Options{Embedder: embed.Builtin()})
		must(b, err)
		for _, d := range add(b, base, sources...) {
			chunks += d.Chunks
		}
		must(b, base.Close())
	}
	b.ReportMetric(float64(chunks)/b.Elapsed().Seconds(), "chunks/s")
}

// BenchmarkOpen opens an empty base, and one of 3000 chunks until it answers.
func BenchmarkOpen(b *testing.B) {
	b.Run("empty", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			base, err := kb.Open(dir, kb.Options{Embedder: embed.Builtin()})
			must(b, err)
			must(b, base.Close())
		}
	})
	filled := func(b *testing.B, between func(dir string)) {
		dir := b.TempDir()
		base, err := kb.Open(dir, kb.Options{Embedder: embed.Builtin()})
		must(b, err)
		add(b, base, corpus(1000)...)
		must(b, base.Close())
		for b.Loop() {
			between(dir)
			base, err := kb.Open(dir, kb.Options{Embedder: embed.Builtin()})
			must(b, err)
			search(b, base, kb.Hybrid, "refund")
			must(b, base.Close())
		}
	}
	b.Run("3000", func(b *testing.B) { filled(b, func(string) {}) })
	b.Run("3000/rebuilt", func(b *testing.B) {
		filled(b, func(dir string) { must(b, os.RemoveAll(dir+"/knowledge.bleve")) })
	})
}
