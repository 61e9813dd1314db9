package measure_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"resolute/kb/measure"
)

func TestFigures(t *testing.T) {
	var sum measure.Sum
	index := func(list ...string) func(string) int {
		return func(d string) int { return slices.Index(list, d) }
	}
	filler := func(n int, d string) []string { return append(slices.Repeat([]string{"x"}, n-1), d) }
	sum.Add([]string{"x", "a", "a", "b"}, 2, index("a", "b")) // a at 2, b at 4
	sum.Add(filler(7, "a"), 1, index("a"))                    // a at 7
	sum.Add(filler(60, "a"), 1, index("a"))                   // past the depth
	got := sum.Figures()
	gain := (1/math.Log2(3) + 1/math.Log2(5)) / (1 + 1/math.Log2(3))
	want := measure.Figures{Recall5: 1.0 / 3, Recall10: 2.0 / 3, Recall50: 2.0 / 3, MRR10: (0.5 + 1.0/7) / 3, NDCG10: (gain + 1/math.Log2(8)) / 3}
	for name, pair := range map[string][2]float64{"recall@5": {got.Recall5, want.Recall5}, "recall@10": {got.Recall10, want.Recall10},
		"recall@50": {got.Recall50, want.Recall50}, "mrr@10": {got.MRR10, want.MRR10}, "ndcg@10": {got.NDCG10, want.NDCG10}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestRead(t *testing.T) {
	list, err := measure.Read(strings.NewReader("{\"query\":\"q\",\"relevant\":[\"a\",\"b\"]}\n\n"))
	if err != nil || len(list) != 1 || len(list[0].Relevant) != 2 {
		t.Errorf("read %+v (error %v), want the question", list, err)
	}
	for text, says := range map[string]string{"": "no question", "{": "line 1", `{"query":"x"}`: "line 1 needs"} {
		if _, err := measure.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("reading %q: error %v, want one that says %q", text, err, says)
		}
	}
}
