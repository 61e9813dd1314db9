package triage

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
)

// unasked are texts that people send to any company and that no procedure is for. They were written for
// this; strangers are learned about from them while few are known.
//
//go:embed background.txt
var unasked string

// alike is how like an example one of them may be before it is taken for what the procedure is about.
const alike = 0.6

// background asks about texts that are for no procedure of anybody's, but for those that are like an
// example: what is beside the point elsewhere may be just the point here.
func (c *Classifier) background(ctx context.Context, m *material) ([]witness, error) {
	texts := strings.Split(strings.TrimSpace(unasked), "\n")
	meanings, err := c.embedder.Embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed %d texts that are for no procedure: %w", len(texts), err)
	}
	var strange []witness
	for i, meaning := range meanings {
		like := false
		for j := range m.meanings {
			like = like || m.class[j] != none && dot(m.meanings[j], meaning) > alike
		}
		if !like {
			t := &text{meaning: meaning, words: c.learned.vocabulary.vector(terms(texts[i]))}
			strange = append(strange, witness{own: -1, list: c.learned.stand(t, c.all())})
		}
	}
	return strange, nil
}
