package learner

import (
	"context"

	"resolute/agent/triage"
)

// Under gives a version of the bundle with what was learned for it, and what these lessons say on top, in
// place of those that count; "" is the active one.
func (l *Learner) Under(ctx context.Context, version string, list []Lesson) (triage.Book, error) {
	book, err := l.Book(ctx, version)
	if err != nil {
		return book, err
	}
	if book.Classifier, err = l.classifier(ctx, book); err != nil {
		return book, err
	}
	var teaching []*lesson
	for _, x := range list {
		t, err := l.learn(ctx, x)
		if err != nil {
			return book, err
		}
		if t != nil {
			teaching = append(teaching, t)
		}
	}
	said := &lessons{}
	said.agree(teaching)
	if texts := said.of(names(book)); len(texts) > 0 {
		book.Classifier, err = book.Classifier.With(ctx, texts...)
	}
	return book, err
}
