package triage

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// feature is one value of a sparse vector.
type feature struct {
	id    int32
	value float32
}

// vocabulary weighs words and pairs of neighbours by how few texts have them: TF-IDF with
// sublinear counts, scaled to length 1 (Salton and Buckley 1988).
type vocabulary struct {
	ids map[string]int32
	idf []float32
}

// pairsFrom is the number of texts from which on a term must occur in two of them, so that
// what only one text has doesn't outgrow memory.
const pairsFrom = 2000

// newVocabulary counts the terms of texts.
func newVocabulary(texts [][]string) *vocabulary {
	count := map[string]int{}
	for _, terms := range texts {
		seen := map[string]bool{}
		for _, t := range terms {
			if !seen[t] {
				seen[t] = true
				count[t]++
			}
		}
	}
	least := 1
	if len(texts) >= pairsFrom {
		least = 2
	}
	names := make([]string, 0, len(count))
	for t, n := range count {
		if n >= least {
			names = append(names, t)
		}
	}
	slices.Sort(names) // the order of a map must not change what is learned
	v := &vocabulary{ids: make(map[string]int32, len(names)), idf: make([]float32, len(names))}
	for i, t := range names {
		v.ids[t] = int32(i)
		v.idf[i] = float32(1 + math.Log(float64(1+len(texts))/float64(1+count[t])))
	}
	return v
}

// vector gives the terms that the vocabulary knows, by ascending id; it is of length 1 or empty.
func (v *vocabulary) vector(terms []string) []feature {
	list := make([]feature, 0, len(terms))
	for _, t := range terms {
		if id, ok := v.ids[t]; ok {
			list = append(list, feature{id: id, value: 1})
		}
	}
	slices.SortFunc(list, func(a, b feature) int { return cmp.Compare(a.id, b.id) })
	merged := list[:0]
	for _, f := range list {
		if n := len(merged); n > 0 && merged[n-1].id == f.id {
			merged[n-1].value++
		} else {
			merged = append(merged, f)
		}
	}
	var squares float64
	for i := range merged {
		f := &merged[i]
		f.value = float32(1+math.Log(float64(f.value))) * v.idf[f.id]
		squares += float64(f.value) * float64(f.value)
	}
	if squares > 0 {
		scale := float32(1 / math.Sqrt(squares))
		for i := range merged {
			merged[i].value *= scale
		}
	}
	return merged
}

// terms gives the words of a text and its pairs of neighbouring words, lowercased, every number
// written as #: which order it is says nothing about the problem.
func terms(text string) []string {
	var words []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}) {
		if w = strings.Trim(w, "'"); w == "" {
			continue
		}
		if strings.ContainsFunc(w, unicode.IsDigit) {
			w = "#"
		}
		words = append(words, w)
	}
	list := slices.Clone(words)
	for i := 1; i < len(words); i++ {
		list = append(list, words[i-1]+" "+words[i])
	}
	return list
}
