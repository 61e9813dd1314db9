package kb

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"resolute/embed"
)

// BenchmarkScale imports passages of the corpus, as many as KB_BENCH_PASSAGES says (20,000 if nothing),
// and searches them by questions of the corpus that aren't among them. It reports how many passages a
// second were imported, end to end, and the median and 99th percentile of each mode.
func BenchmarkScale(b *testing.B) {
	passages := 20_000
	if given := os.Getenv("KB_BENCH_PASSAGES"); given != "" {
		var err error
		if passages, err = strconv.Atoi(given); err != nil {
			b.Fatal(err)
		}
	}
	const queries = 500
	list := texts(b, passages+queries)
	base, err := Open(b.TempDir(), Options{Embedder: embed.Builtin()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = base.Close() }() // the benchmark is over
	var sources []Source
	for i, text := range list[:passages] {
		sources = append(sources, Source{ID: fmt.Sprintf("policies.d%06d", i), Format: "text", Content: []byte(text)})
	}
	for _, mode := range []Mode{Hybrid, Keyword, Vector} {
		b.Run(string(mode), func(b *testing.B) {
			if sources != nil {
				start := time.Now()
				if _, err := base.Import(context.Background(), sources); err != nil {
					b.Fatal(err)
				}
				took := time.Since(start)
				b.Logf("%d passages imported in %v: %.0f/s", passages, took.Round(time.Millisecond), float64(passages)/took.Seconds())
				sources = nil
				runtime.GC()
				for _, q := range list[passages : passages+20] { // the index's files are warm
					if _, err := base.Search(context.Background(), Query{Text: q}); err != nil {
						b.Fatal(err)
					}
				}
			}
			var took []time.Duration
			for b.Loop() {
				for _, q := range list[passages:] {
					q = strings.Join(strings.Fields(q)[:min(12, len(strings.Fields(q)))], " ")
					start := time.Now()
					if _, err := base.Search(context.Background(), Query{Text: q, Mode: mode}); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
