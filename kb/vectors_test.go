package kb

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"resolute/embed"
)

// clustered makes n vectors that have neighbours, as those of texts do.
func clustered(n, dimensions int) [][]float32 {
	random := rand.New(rand.NewPCG(5, 6))
	centres := make([][]float32, n/20+1)
	for i := range centres {
		centres[i] = make([]float32, dimensions)
		for k := range centres[i] {
			centres[i][k] = float32(random.NormFloat64())
		}
	}
	list := make([][]float32, n)
	for i := range list {
		v := make([]float32, dimensions)
		for k, x := range centres[random.IntN(len(centres))] {
			v[k] = x + 0.8*float32(random.NormFloat64())
		}
		normalise(v, v)
		list[i] = v
	}
	return list
}

func fill(t testing.TB, v *vectorIndex, vectors [][]float32, class func(i int) string) {
	t.Helper()
	for from := 0; from < len(vectors); from += indexBatch {
		var c changes
		for i := from; i < min(from+indexBatch, len(vectors)); i++ {
			c.ops = append(c.ops, indexed{id: fmt.Sprintf("policies.d%06d:0123456789ab", i), class: class(i), vector: vectors[i]})
		}
		if err := v.apply(context.Background(), &c); err != nil {
			t.Fatal(err)
		}
	}
}

// agreement is which part of the exact n nearest a search finds, as a mean over queries.
func agreement(t testing.TB, v *vectorIndex, queries [][]float32, n int, hidden map[string]bool) float64 {
	t.Helper()
	found, wanted := 0, 0
	for _, q := range queries {
		var exact []ranked
		for slot := range v.slots {
			id, class := *v.id(slot), v.slabs[slot/slabSlots].classes[slot%slabSlots]
			if id != "" && !hidden[v.names[class]] {
				exact = append(exact, ranked{id, float64(dot(q, v.vector(slot)))})
			}
		}
		byScore(exact)
		got, err := v.search(context.Background(), q, n, hidden)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range exact[:n] {
			wanted++
			if slices.ContainsFunc(got, func(r ranked) bool { return r.id == e.id }) {
				found++
			}
		}
	}
	return float64(found) / float64(wanted)
}

func TestSiftingFindsTheNearest(t *testing.T) {
	vectors := clustered(5000, 128)
	v := newVectorIndex(128)
	fill(t, v, vectors, func(i int) string { return []string{"plain", "shut"}[i%2] })
	for name, hidden := range map[string]map[string]bool{"all": {}, "half": {"shut": true}} {
		if got := agreement(t, v, vectors[:40], 10, hidden); got < 0.99 {
			t.Errorf("%s: %.3f of the exact ten nearest, want 0.99", name, got)
		}
	}
	// What goes and comes again keeps both sides in step.
	var gone, back changes
	for i := range 2500 {
		id := fmt.Sprintf("policies.d%06d:0123456789ab", 2*i)
		gone.ops = append(gone.ops, indexed{id: id, removed: true})
		if i%3 == 0 {
			back.ops = append(back.ops, indexed{id: id, class: "plain", vector: vectors[2*i]})
		}
	}
	for _, c := range []*changes{&gone, &back, &back} {
		if err := v.apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if n := v.chunks.Count(); n != 3334 || v.slots-len(v.free) != 3334 {
		t.Errorf("%d vectors in chromem and %d slots in use, want 3334 of both", n, v.slots-len(v.free))
	}
	if got := agreement(t, v, vectors[:40], 10, nil); got < 0.99 {
		t.Errorf("after changes: %.3f of the exact ten nearest, want 0.99", got)
	}
	for _, q := range vectors[:20] {
		got, err := v.search(t.Context(), q, 10, map[string]bool{"shut": true, "plain": true})
		if err != nil || len(got) != 0 {
			t.Fatalf("with everything hidden: %v (error %v), want nothing", got, err)
		}
	}
}

// texts reads the first of the corpus beside the repository.
func texts(b *testing.B, n int) []string {
	b.Helper()
	f, err := os.Open("../../shared/corpus/texts.jsonl.gz")
	if err != nil {
		b.Skip("it needs the corpus beside the repository: ", err)
	}
	defer func() { _ = f.Close() }() // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var list []string
	for lines := bufio.NewScanner(z); len(list) < n && lines.Scan(); {
		var line struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			b.Fatal(err)
		}
		list = append(list, line.Text)
	}
	return list
}

// BenchmarkVectors searches the vectors of 100,000 passages of the corpus: by chromem's own query, and
// as searches do. It reports how many times faster the latter is, which part of the exact ten nearest
// it finds, and how much memory a passage takes.
func BenchmarkVectors(b *testing.B) {
	const passages = 100_000
	const queries = 200
	list := texts(b, passages+queries)
	e := embed.Builtin()
	made, err := e.Embed(context.Background(), list)
	if err != nil {
		b.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	v := newVectorIndex(e.Dimensions())
	fill(b, v, made[:passages], func(int) string { return plainClass })
	bytesEach := float64(heap()-before) / passages
	asked := made[passages:]
	for b.Loop() {
		start := time.Now()
		for _, q := range asked {
			if _, err := v.search(context.Background(), q, 10, nil); err != nil {
				b.Fatal(err)
			}
		}
		ours := time.Since(start) / queries
		start = time.Now()
		for _, q := range asked[:10] {
			if _, err := v.chunks.QueryEmbedding(context.Background(), q, 10, nil, nil); err != nil {
				b.Fatal(err)
			}
		}
		theirs := time.Since(start) / 10
		b.ReportMetric(float64(ours.Microseconds()), "µs/search")
		b.ReportMetric(float64(theirs.Microseconds()), "µs/chromem")
		b.ReportMetric(float64(theirs)/float64(ours), "times-faster")
	}
	b.ReportMetric(agreement(b, v, asked, 10, nil), "recall@10")
	b.ReportMetric(bytesEach, "B/passage")
	runtime.KeepAlive(made)
}
