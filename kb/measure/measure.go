// Package measure tells how good a search is, by questions whose relevant documents are known.
//
// The figures are those of information retrieval: recall at k is which part of a question's relevant
// documents is among the first k, MRR the mean of one over the rank of the first relevant one, and
// nDCG the discounted gain of the ranking over that of the best possible (Järvelin and Kekäläinen
// 2002, "Cumulated gain-based evaluation of IR techniques"), with every relevant document worth the
// same.
package measure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Depth is how many documents of a ranking are looked at.
const Depth = 50

// Question is a question with the documents that answer it.
type Question struct {
	Query    string   `json:"query"`
	Relevant []string `json:"relevant"`
}

// Figures are means over questions, from 0 to 1.
type Figures struct {
	Recall5  float64 `json:"recall@5"`
	Recall10 float64 `json:"recall@10"`
	Recall50 float64 `json:"recall@50"`
	MRR10    float64 `json:"mrr@10"`
	NDCG10   float64 `json:"ndcg@10"`
}

// Read reads questions, a JSON object a line. The error names the line.
func Read(r io.Reader) ([]Question, error) {
	var list []Question
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var q Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("line %d is no question: %w", n, err)
		}
		if q.Query == "" || len(q.Relevant) == 0 {
			return nil, fmt.Errorf(`line %d needs a query and what is relevant: {"query": "...", "relevant": ["DOCUMENT"]}`, n)
		}
		list = append(list, q)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("there is no question in it")
	}
	return list, nil
}

// Sum adds up figures.
type Sum struct {
	total Figures
	n     int
}

// Add counts one ranking, of documents each named once, for a question. relevant reports which of the
// question's relevant documents one of the ranking is, -1 for none.
func (s *Sum) Add(ranking []string, count int, relevant func(document string) int) {
	s.n++
	seen := map[int]bool{}
	var gain, best float64
	for i, document := range ranking[:min(len(ranking), Depth)] {
		rank := i + 1
		which := relevant(document)
		if which >= 0 && !seen[which] {
			if len(seen) == 0 && rank <= 10 {
				s.total.MRR10 += 1 / float64(rank)
			}
			seen[which] = true
			if rank <= 10 {
				gain += 1 / math.Log2(float64(rank)+1)
			}
		}
		part := float64(len(seen)) / float64(count)
		switch {
		case rank == 5:
			s.total.Recall5 += part
		case rank == 10:
			s.total.Recall10 += part
		case rank == Depth:
			s.total.Recall50 += part
		}
	}
	for _, k := range []struct {
		at  int
		sum *float64
	}{{5, &s.total.Recall5}, {10, &s.total.Recall10}, {Depth, &s.total.Recall50}} {
		if len(ranking) < k.at { // a ranking that ends early has found what it will find
			*k.sum += float64(len(seen)) / float64(count)
		}
	}
	for rank := 1; rank <= min(count, 10); rank++ {
		best += 1 / math.Log2(float64(rank)+1)
	}
	s.total.NDCG10 += gain / best
}

// Figures answers the means.
func (s *Sum) Figures() Figures {
	n := float64(max(s.n, 1))
	f := s.total
	return Figures{f.Recall5 / n, f.Recall10 / n, f.Recall50 / n, f.MRR10 / n, f.NDCG10 / n}
}

// Which answers a function for Add that finds a document under any of its names.
func Which(relevant []string, names func(document string) []string) func(document string) int {
	return func(document string) int {
		for _, name := range names(document) {
			if i := slices.Index(relevant, name); i >= 0 {
				return i
			}
		}
		return -1
	}
}
