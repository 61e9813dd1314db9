package triage

import (
	"context"
	"math/rand/v2"
)

// none is the class of a text that is for no procedure.
const none = -1

// material is what is learned from: texts, as numbers, with their classes.
type material struct {
	classes  int
	class    []int // of each text, none for strangers
	meanings [][]float32
	terms    [][]string
	first    []int // of each text, the index of the first one that is the same
}

// sides tells the texts of a class, 1, from those of others, -1. A text that is of the class and of
// another too says nothing against either: 0.
func (m *material) sides(indexes []int, class int) []float32 {
	own := map[int]bool{}
	for _, i := range indexes {
		if m.class[i] == class {
			own[m.first[i]] = true
		}
	}
	sides := make([]float32, len(indexes))
	for n, i := range indexes {
		switch {
		case m.class[i] == class:
			sides[n] = 1
		case !own[m.first[i]]:
			sides[n] = -1
		}
	}
	return sides
}

const (
	folds       = 5    // parts that are held back in turn
	fineFolds   = 20   // the same where there are few texts: what is learned from should be nearly all
	few         = 500  // texts
	enough      = 4000 // witnesses that say all there is to know about a handful of weights
	groups      = 4    // of classes, left out in turn to see what strangers look like
	fewStranger = 50   // known strangers that say more than classes left out
)

// witnesses learns from most of the material and asks about the rest, by turns.
func witnesses(ctx context.Context, h hands, m *material) (known, strange []witness, err error) {
	random := rand.New(rand.NewPCG(seed, 2))
	folds := folds
	if len(m.class) <= few {
		folds = fineFolds
	}
	fold := make([]int, len(m.class))
	next := make([]int, m.classes+1)
	for k := range next {
		next[k] = random.IntN(folds)
	}
	for _, i := range random.Perm(len(m.class)) { // each class falls evenly over the folds
		k := m.class[i] + 1
		fold[i] = next[k] % folds
		next[k]++
	}
	for i, first := range m.first { // what is asked about must not have been learned
		fold[i] = fold[first]
	}
	for f := range folds {
		if len(known) >= enough {
			break
		}
		var held []int
		learn := make([]int, 0, len(m.class))
		for i := range m.class {
			if fold[i] == f {
				held = append(held, i)
			} else {
				learn = append(learn, i)
			}
		}
		asked, err := ask(ctx, h, m, learn, held)
		if err != nil {
			return nil, nil, err
		}
		for n, w := range asked {
			if m.class[held[n]] == none {
				strange = append(strange, w)
			} else if w.own >= 0 { // else it was the only example of its class, or not even looked at
				known = append(known, w)
			}
		}
	}
	return known, strange, nil
}

// leftOut learns without some classes, by turns, and asks about their texts: to what was learned
// they are strangers.
func leftOut(ctx context.Context, h hands, m *material) (strange []witness, err error) {
	order := rand.New(rand.NewPCG(seed, 3)).Perm(m.classes)
	n := min(groups, m.classes)
	for g := range n {
		if n < 2 || len(strange) >= enough {
			break
		}
		var held, learn []int
		for i, k := range m.class {
			if k == none {
				continue
			}
			if order[k]%n == g {
				held = append(held, i)
			} else {
				learn = append(learn, i)
			}
		}
		asked, err := ask(ctx, h, m, learn, held)
		if err != nil {
			return nil, err
		}
		strange = append(strange, asked...)
	}
	return strange, nil
}

// ask learns from some texts and gives what speaks for the classes of others.
func ask(ctx context.Context, h hands, m *material, from, about []int) ([]witness, error) {
	l, err := learn(ctx, h, m, from)
	if err != nil {
		return nil, err
	}
	all := make([]int, m.classes)
	for k := range all {
		all[k] = k
	}
	asked := make([]witness, len(about))
	err = h.parallel(ctx, len(about), func(n int) {
		i := about[n]
		w := witness{of: i, own: -1, weight: 1, list: l.stand(&text{meaning: m.meanings[i], words: l.vocabulary.vector(m.terms[i])}, all)}
		for k := range w.list {
			if w.list[k].class == m.class[i] {
				w.own = k
			}
		}
		asked[n] = w
	})
	return asked, err
}
