package triage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"resolute/agent/casefile"
	"slices"
	"strings"
)

// With gives a classifier that knows some more texts at once, and leaves this one as it is: what was
// taught counts as an example that texts can be near to, from the next text on, and the same words again
// as what was said of them. Planes, weights and
// threshold stay as they are until all is learned anew; so does what texts that are for no procedure
// teach.
func (c *Classifier) With(ctx context.Context, taught ...Example) (*Classifier, error) {
	texts := make([]string, len(taught))
	for i, x := range taught {
		texts[i] = x.Text
	}
	meanings, err := c.embedder.Embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed %d texts that were taught: %w", len(taught), err)
	}
	next, l := *c, *c.learned
	next.learned = &l
	next.examples, next.names, next.class = slices.Clone(c.examples), slices.Clone(c.names), maps.Clone(c.class)
	l.meaning, l.both, l.examples, l.indexes = slices.Clone(l.meaning), slices.Clone(l.both), slices.Clone(l.examples), slices.Clone(l.indexes)
	next.said = maps.Clone(c.said)
	if next.said == nil {
		next.said = map[string]string{}
	}
	h := sha256.New()
	for i, x := range taught {
		next.say(x)
		fmt.Fprintf(h, "%q %q\n", x.Procedure, x.Text)
		next.examples = append(next.examples, x)
		if x.Procedure == "" {
			continue
		}
		k, ok := next.class[x.Procedure]
		if !ok {
			k = len(next.names)
			next.class[x.Procedure], next.names = k, append(next.names, x.Procedure)
			l.meaning, l.both = append(l.meaning, unseen), append(l.both, unseen)
			l.examples, l.indexes = append(l.examples, nil), append(l.indexes, nil)
		}
		t := &text{meaning: meanings[i], words: l.vocabulary.vector(terms(x.Text))}
		l.examples[k] = append(slices.Clip(l.examples[k]), t)
		l.indexes[k] = append(slices.Clip(l.indexes[k]), len(next.examples)-1)
	}
	next.version = c.version + "+" + hex.EncodeToString(h.Sum(nil)[:8])
	return &next, nil
}

// unseen is the plane of a procedure that nothing was learned of: every text is on its far side.
var unseen = plane{bias: -1}

// contradicted is said of a text that was taught for two procedures.
const contradicted = "?"

// say remembers what a text is for.
func (c *Classifier) say(x Example) {
	text := folded(x.Text)
	if before, ok := c.said[text]; ok && before != x.Procedure {
		c.said[text] = contradicted
	} else if text != "" {
		c.said[text] = x.Procedure
	}
}

// recall makes candidates certain of a text that was taught: the one that it is for, or none.
func (c *Classifier) recall(text string, list []casefile.Candidate) {
	is, ok := c.said[folded(text)]
	if !ok || is == contradicted {
		return
	}
	for i := range list {
		if list[i].Score = 0; list[i].Procedure == is {
			list[i].Score = 1
		}
	}
}

// folded is a text as it is told from others: without case, and with single spaces.
func folded(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
