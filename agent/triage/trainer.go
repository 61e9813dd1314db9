package triage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Trainer makes classifiers. It keeps nothing from one to the next.
type Trainer struct {
	Embedder Embedder
	// Strangers is the share of what arrives that is for no procedure, from 0 to 1; 0 means 0.2, and
	// less than 0 that there are none.
	Strangers float64
	// ErrorRate is the share of what is taken on that may go the wrong way; 0 means 0.03.
	ErrorRate float64
	// Workers is how many processors are put to it; 0 means all.
	Workers int
	// Rest is called before each piece of work, some milliseconds long, by each worker; nil for none.
	Rest func(ctx context.Context)
}

const (
	usualStrangers = 0.2
	usualErrorRate = 0.03
	heldEnough     = 300 // texts held back that leave no need to hold back others
)

// Train learns from examples. What is held is never learned from, only asked about: it says how
// much is known, and from which score on few enough go wrong. Where it is little, examples are held
// back from learning in turn.
func (t Trainer) Train(ctx context.Context, examples, held []Example) (*Classifier, error) {
	c := &Classifier{embedder: t.Embedder, examples: slices.Clone(examples), class: map[string]int{}, errorRate: t.ErrorRate, version: t.version(examples, held)}
	if c.errorRate == 0 {
		c.errorRate = usualErrorRate
	}
	m, err := c.material(ctx, examples)
	if err != nil {
		return nil, err
	}
	h := hands{workers: t.Workers, rest: t.Rest}
	all := make([]int, len(examples))
	for i := range all {
		all[i] = i
	}
	if c.learned, err = learn(ctx, h, m, all); err != nil {
		return nil, err
	}
	known, strange, err := c.hearHeld(ctx, held)
	if err != nil {
		return nil, err
	}
	if len(known) < heldEnough {
		k, s, err := witnesses(ctx, h, m)
		if err != nil {
			return nil, err
		}
		known, strange = append(known, k...), append(strange, s...)
	}
	share := t.Strangers
	if share == 0 {
		share = usualStrangers
	}
	share = max(share, 0)
	c.weigh(strange, share, len(known))
	if share > 0 && len(strange) < fewStranger {
		more, err := leftOut(ctx, h, m)
		if err != nil {
			return nil, err
		}
		far, err := c.background(ctx, m)
		if err != nil {
			return nil, err
		}
		rest := share * (1 - float64(len(strange))/fewStranger)
		c.weigh(strange, share-rest, len(known))
		for _, part := range [][]witness{more, far} {
			c.weigh(part, rest/2, len(known))
			strange = append(strange, part...)
		}
	}
	c.settle(known, strange, share)
	c.hearUnlearned(known)
	return c, nil
}

// weigh gives witnesses that are strangers their share of what arrives.
func (c *Classifier) weigh(strange []witness, share float64, known int) {
	for i := range strange {
		strange[i].weight = share / (1 - share) * float64(max(known, 1)) / float64(len(strange))
	}
}

// material gives examples as numbers, and their procedures the numbers of classes.
func (c *Classifier) material(ctx context.Context, examples []Example) (*material, error) {
	m := &material{class: make([]int, len(examples)), terms: make([][]string, len(examples))}
	texts, first := make([]string, len(examples)), map[string]int{}
	m.first = make([]int, len(examples))
	for i, x := range examples {
		at, ok := first[x.Text]
		if !ok {
			at, first[x.Text] = i, i
		}
		m.first[i] = at
		texts[i], m.terms[i], m.class[i] = x.Text, terms(x.Text), none
		if x.Procedure == "" {
			continue
		}
		k, ok := c.class[x.Procedure]
		if !ok {
			k = len(c.class)
			c.class[x.Procedure] = k
			c.names = append(c.names, x.Procedure)
		}
		m.class[i] = k
	}
	m.classes = len(c.names)
	var err error
	if m.meanings, err = c.embedder.Embed(ctx, texts); err != nil {
		return nil, fmt.Errorf("embed %d examples: %w", len(texts), err)
	}
	return m, nil
}

// hearHeld asks about texts that were not learned from.
func (c *Classifier) hearHeld(ctx context.Context, held []Example) (known, strange []witness, err error) {
	for _, x := range held {
		t, err := c.read(ctx, x.Text)
		if err != nil {
			return nil, nil, err
		}
		w := witness{of: -1, own: -1, weight: 1, list: c.learned.stand(t, c.all())}
		if x.Procedure == "" {
			strange = append(strange, w)
			continue
		}
		for i, s := range w.list {
			if c.names[s.class] == x.Procedure {
				w.own = i
			}
		}
		known = append(known, w)
	}
	return known, strange, nil
}

// settle finds the weights, and from where on to trust them, by what witnesses say. share is that
// of strangers among what arrives.
func (c *Classifier) settle(known, strange []witness, share float64) {
	usual := usualScale
	all := slices.DeleteFunc(slices.Clone(known), func(w witness) bool { return w.own < 0 })
	if share == 0 {
		usual, strange = closedScale, nil
	}
	c.scale = fitScale(append(all, strange...), usual, holdScale)
	c.familiar = familiarity(&c.scale, known, strange)
	heard := append(slices.Clone(known), strange...)
	c.threshold = threshold(&c.scale, heard, c.errorRate)
	c.likely = likely(&c.scale, heard, c.errorRate)
}

// What the weights usually are, with strangers and without, and how firmly that is held to: found on
// random choices of 3 to 13 intents of embed/testdata/intents.tsv with 5 and 8 examples each.
var (
	usualScale  = scale{5, 0.5, 13, 0}
	closedScale = scale{12, 0, 9, 12}
	holdScale   = traits{0.3, 0.3, 0.05, 0.3}
)

// version names what a classifier was made of and how.
func (t Trainer) version(examples, held []Example) string {
	h := sha256.New()
	fmt.Fprintf(h, "triage 1\n%v %v\n", t.Strangers, t.ErrorRate)
	if e, ok := t.Embedder.(interface{ Fingerprint() string }); ok {
		fmt.Fprintf(h, "%q\n", e.Fingerprint())
	}
	for _, list := range [][]Example{examples, held} {
		fmt.Fprintf(h, "%d\n", len(list))
		for _, x := range list {
			fmt.Fprintf(h, "%q %q\n", x.Procedure, x.Text)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
