package triage

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// learned tells classes apart. It is immutable.
type learned struct {
	vocabulary *vocabulary
	meaning    []plane   // by class; in the embedding alone
	both       []plane   // by class; in the embedding and the words
	examples   [][]*text // by class
	indexes    [][]int   // by class and example: its index among all texts learned from
}

// What an error costs where a plane lies in the embedding alone, and in embedding and words. Found
// on embed/testdata/intents.tsv and on which source a text of the corpus is from.
const (
	costMeaning = 0.1
	costBoth    = 0.3
)

// learn learns classes from those texts whose indexes it is given. A class without any has no plane.
func learn(ctx context.Context, h hands, all *material, indexes []int) (*learned, error) {
	l := &learned{examples: make([][]*text, all.classes), indexes: make([][]int, all.classes)}
	spoken := make([][]string, len(indexes))
	for n, i := range indexes {
		spoken[n] = all.terms[i]
	}
	l.vocabulary = newVocabulary(spoken)
	texts := make([]*text, len(indexes))
	for n, i := range indexes {
		texts[n] = &text{meaning: all.meanings[i], words: l.vocabulary.vector(all.terms[i])}
		if k := all.class[i]; k != none {
			l.examples[k] = append(l.examples[k], texts[n])
			l.indexes[k] = append(l.indexes[k], i)
		}
	}
	l.meaning, l.both = make([]plane, all.classes), make([]plane, all.classes)
	err := h.parallel(ctx, all.classes, func(k int) {
		if len(l.examples[k]) == 0 {
			return
		}
		sides := all.sides(indexes, k)
		l.meaning[k] = fit(texts, sides, 0, costMeaning, rand.New(rand.NewPCG(seed, 0)))
		l.both[k] = fit(texts, sides, len(l.vocabulary.idf), costBoth, rand.New(rand.NewPCG(seed, 1)))
	})
	return l, err
}

// seed makes training repeatable: the same texts give the same model.
const seed = 7

// traits say how much a text is of a class: its margins to both planes, its likeness to the
// class's nearest three examples, and one.
type traits [4]float64

// ranks is what the nearest three examples count.
var ranks = [3]float32{3, 2, 1}

// standing is a class with what speaks for it.
type standing struct {
	class   int
	traits  traits
	nearest int // index of the nearest example, among all texts learned from
}

// looked is how many classes' examples are compared with a text: those that the planes put first.
const looked = 16

// stand gives what speaks for the classes among which a text may fall, at most looked of them.
func (l *learned) stand(t *text, among []int) []standing {
	list := make([]standing, 0, len(among))
	for _, k := range among {
		if len(l.examples[k]) > 0 {
			list = append(list, standing{class: k, traits: traits{float64(l.meaning[k].margin(t)), float64(l.both[k].margin(t)), 0, 1}})
		}
	}
	if len(list) > looked {
		slices.SortFunc(list, func(a, b standing) int {
			return cmp.Or(cmp.Compare(b.traits[0]+b.traits[1], a.traits[0]+a.traits[1]), cmp.Compare(a.class, b.class))
		})
		list = list[:looked]
	}
	for i := range list {
		s := &list[i]
		var best [3]float32
		n := 0
		for j, x := range l.examples[s.class] {
			like := dot(x.meaning, t.meaning)
			if n < 3 {
				n++
			} else if like <= best[2] {
				continue
			}
			at := n - 1
			for at > 0 && best[at-1] < like {
				best[at] = best[at-1]
				at--
			}
			best[at] = like
			if at == 0 {
				s.nearest = l.indexes[s.class][j]
			}
		}
		var sum, weights float32
		for r, like := range best[:n] {
			sum += ranks[r] * like
			weights += ranks[r]
		}
		s.traits[2] = float64(sum / weights)
	}
	return list
}
