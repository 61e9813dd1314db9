package kb_test

import (
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"resolute/embed"
	"resolute/kb"
	"resolute/kb/measure"
)

// questions reads a set of testdata/retrieval. The held-out sets are for measuring, not for choosing.
func questions(t testing.TB, name string) []measure.Question {
	t.Helper()
	f, err := os.Open("testdata/retrieval/" + name + ".jsonl")
	must(t, err)
	defer func() { _ = f.Close() }() // only read
	list, err := measure.Read(f)
	must(t, err)
	return list
}

// articles is a base of the self-written articles.
func articles(t testing.TB) *kb.Base {
	t.Helper()
	content, err := os.ReadFile("testdata/retrieval/articles.jsonl")
	must(t, err)
	b := open(t, t.TempDir(), retrievalEmbedder())
	if n := len(add(t, b, kb.Source{Path: "articles.jsonl", Content: content})); n != 93 {
		t.Fatalf("%d articles, want 93", n)
	}
	return b
}

func figures(t testing.TB, b *kb.Base, mode kb.Mode, list []measure.Question) measure.Figures {
	t.Helper()
	var sum measure.Sum
	for _, q := range list {
		hits, err := b.Search(t.Context(), kb.Query{Text: q.Query, Mode: mode, K: measure.Depth, Each: kb.Documents})
		must(t, err)
		sum.Add(documentsOf(hits), len(q.Relevant), measure.Which(q.Relevant, func(d string) []string { return []string{d} }))
	}
	return sum.Figures()
}

func retrievalEmbedder() kb.Embedder { return embed.Builtin() }

// inItsWords makes questions that share words with the articles: each of a set with the longest word
// of its article beside it, and each title.
func inItsWords(t testing.TB, b *kb.Base, list []measure.Question) (mixed, titles []measure.Question) {
	t.Helper()
	for _, q := range list {
		d, err := b.Document(t.Context(), q.Relevant[0])
		must(t, err)
		chunks, err := b.Contents(t.Context(), d.ID)
		must(t, err)
		longest := slices.MaxFunc(strings.Fields(chunks[0].Text), func(a, b string) int { return cmp.Compare(len(a), len(b)) })
		mixed = append(mixed, measure.Question{Query: q.Query + " " + longest, Relevant: q.Relevant})
		titles = append(titles, measure.Question{Query: d.Title, Relevant: q.Relevant})
	}
	return mixed, titles
}

// What the issue asks of hybrid search, on the questions it was chosen by.
func TestHybridIsAsGoodAsTheBetter(t *testing.T) {
	b := articles(t)
	paraphrased := questions(t, "dev")
	mixed, titles := inItsWords(t, b, paraphrased)
	for name, list := range map[string][]measure.Question{"paraphrased": paraphrased, "mixed": mixed, "titles": titles} {
		words, vectors, both := figures(t, b, kb.Keyword, list), figures(t, b, kb.Vector, list), figures(t, b, kb.Hybrid, list)
		t.Logf("%s: recall@10 of words %.3f, of vectors %.3f, of both %.3f", name, words.Recall10, vectors.Recall10, both.Recall10)
		if both.Recall10 < 0.98*max(words.Recall10, vectors.Recall10) {
			t.Errorf("%s: recall@10 of words %.3f, of vectors %.3f, of both %.3f; want no less than the better of the two by 2%%", name, words.Recall10, vectors.Recall10, both.Recall10)
		}
		if name == "paraphrased" && both.Recall10 < 1.15*words.Recall10 {
			t.Errorf("%s: recall@10 of words %.3f, of both %.3f; want 15%% more", name, words.Recall10, both.Recall10)
		}
	}
}

// defaultFloor is thresholds.relevance where a bundle names none.
const defaultFloor = 0.3

func texts(list []measure.Question) (queries []string) {
	for _, q := range list {
		queries = append(queries, q.Query)
	}
	return queries
}

// unanswered reads questions that no article answers.
func unanswered(t testing.TB, name string) (queries []string) {
	t.Helper()
	content, err := os.ReadFile("testdata/retrieval/" + name + ".jsonl")
	must(t, err)
	for line := range strings.Lines(string(content)) {
		var q measure.Question
		must(t, json.Unmarshal([]byte(line), &q))
		queries = append(queries, q.Query)
	}
	return queries
}

// found is for which part of questions a search finds something at the relevance floor.
func found(t testing.TB, b *kb.Base, list []string) float64 {
	t.Helper()
	n := 0
	for _, q := range list {
		hits, err := b.Search(t.Context(), kb.Query{Text: q, Floor: defaultFloor})
		must(t, err)
		if len(hits) > 0 {
			n++
		}
	}
	return float64(n) / float64(len(list))
}

// The floor lets through what it was chosen by: far more of what is answered than of what isn't, and
// next to all that is asked in an article's own words.
func TestTheFloorPartsAnsweredFromUnanswered(t *testing.T) {
	b := articles(t)
	documents, _, err := b.Documents(t.Context(), 200, "")
	must(t, err)
	var titles []string
	for _, d := range documents {
		titles = append(titles, d.Title)
	}
	answered, unanswered, literal := found(t, b, texts(questions(t, "dev"))), found(t, b, unanswered(t, "nothing-dev")), found(t, b, titles)
	if answered < 0.4 || unanswered > 0.2 || literal < 0.95 {
		t.Errorf("found something for %.2f of what is answered, %.2f of what isn't, %.2f of the titles; want at least 0.40, at most 0.20, at least 0.95", answered, unanswered, literal)
	}
}

// BenchmarkRetrieval reports the figures of the held-out questions.
func BenchmarkRetrieval(b *testing.B) {
	base := articles(b)
	list := questions(b, "held-out")
	mixed, titles := inItsWords(b, base, list)
	for _, mode := range []kb.Mode{kb.Keyword, kb.Vector, kb.Hybrid} {
		b.Run(string(mode), func(b *testing.B) {
			var f measure.Figures
			for b.Loop() {
				f = figures(b, base, mode, list)
			}
			b.ReportMetric(f.Recall10, "recall@10")
			b.ReportMetric(f.NDCG10, "ndcg@10")
			b.ReportMetric(f.MRR10, "mrr@10")
			b.ReportMetric(figures(b, base, mode, mixed).Recall10, "recall@10-mixed")
			b.ReportMetric(figures(b, base, mode, titles).Recall10, "recall@10-titles")
		})
	}
	b.Run("floor", func(b *testing.B) {
		var answered, not float64
		for b.Loop() {
			answered, not = found(b, base, texts(list)), found(b, base, unanswered(b, "nothing-held-out"))
		}
		b.ReportMetric(answered, "found-answered")
		b.ReportMetric(not, "found-unanswered")
	})
}
