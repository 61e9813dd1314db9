package embed_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"resolute/embed"
)

func tsv(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// Questions that share hardly a word with the passage that answers them.
func TestQuestionsFindTheirPassage(t *testing.T) {
	b := embed.Builtin()
	var passages, questions []string
	var answers []int
	for i, row := range tsv(t, "faq.tsv") {
		passages = append(passages, row[0])
		for _, q := range row[1:] {
			questions, answers = append(questions, q), append(answers, i)
		}
	}
	found, err := b.Embed(t.Context(), passages)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := b.Embed(t.Context(), questions)
	if err != nil {
		t.Fatal(err)
	}
	var ndcg float64
	for i, q := range asked {
		rank, own := 1, cosine(q, found[answers[i]])
		for _, p := range found {
			if cosine(q, p) > own {
				rank++
			}
		}
		if rank <= 10 {
			ndcg += 1 / math.Log2(float64(rank+1))
		}
	}
	ndcg /= float64(len(asked))
	t.Logf("nDCG@10 of %d questions over %d passages: %.3f", len(asked), len(passages), ndcg)
	if ndcg < minNDCG {
		t.Errorf("nDCG@10 is %.3f, want at least %.2f", ndcg, minNDCG)
	}
}

// Each text in turn goes to the intent whose other texts are nearest in the mean.
func TestIntentsAreTold(t *testing.T) {
	b := embed.Builtin()
	var texts, intents []string
	for _, row := range tsv(t, "intents.tsv") {
		intents, texts = append(intents, row[0]), append(texts, row[1])
	}
	vectors, err := b.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Compact(slices.Clone(intents))
	right := 0
	for i, v := range vectors {
		best, most := "", math.Inf(-1)
		for _, name := range names {
			mean := make([]float32, len(v))
			for j, other := range vectors {
				if j != i && intents[j] == name {
					for d, x := range other {
						mean[d] += x
					}
				}
			}
			if like := cosine(v, mean) / math.Sqrt(cosine(mean, mean)); like > most {
				best, most = name, like
			}
		}
		if best == intents[i] {
			right++
		}
	}
	share := float64(right) / float64(len(texts))
	t.Logf("%d of %d texts are told (%.3f)", right, len(texts), share)
	if share < minIntents {
		t.Errorf("%.3f of the texts are told, want at least %.2f", share, minIntents)
	}
}

// What the table reached when it was made, with a little room.
const (
	minNDCG    = 0.60
	minIntents = 0.65
)
