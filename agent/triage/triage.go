// Package triage finds the procedure for what a customer wrote, and says how sure it is.
//
// It learns in the binary, from texts whose procedure is known: what authors wrote as examples, and
// later what cases and corrections taught. For each procedure two planes separate its texts from all
// others, one in the embedding alone and one in embedding and words; beside them stands how near the
// procedure's three nearest texts are. A few weights, the same for every procedure, make one score
// of the three. They are found on texts that were held back from learning, so it is evidence that
// says how much words count: little while texts are few, much once they are many. The scores are
// probabilities, and what they leave to one is the probability that the text is for none of these.
//
// The texts held back also say from which score on few enough go the wrong way (Threshold). The same
// texts in the same order give the same classifier, on one kind of processor to the last bit.
//
// The nearest example explains a score. It is what the text is most like, not all that was weighed.
package triage

import "context"

// Embedder turns texts into vectors of length 1.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Example is a text with the procedure that it is for.
type Example struct {
	Procedure string // "" for none of them
	Text      string
	Source    string // where it is from, for whoever reads about it; "" for the procedure's file
	Private   bool   // what a customer wrote: it is told by its source, and never shown beside what others wrote
}

// name is what an example is told by.
func (x *Example) name() string {
	if x.Private {
		return x.Source
	}
	return x.Text
}

// Train makes a classifier of examples, as a Trainer without options does.
func Train(ctx context.Context, examples []Example, e Embedder) (*Classifier, error) {
	return Trainer{Embedder: e}.Train(ctx, examples, nil)
}
