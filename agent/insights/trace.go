package insights

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"resolute/agent/projection"
)

// Traced says which figure's cases are wanted.
type Traced struct {
	Query
	// Figure is one of Figures(). What happened to cases has a place for each time: a case may be there
	// more than once.
	Figure string
	// Reason is what the figure is split by: a stop code, or where an open case stands. "" for all.
	Reason string
	// Tool and Currency are of effects; "" for all.
	Tool, Currency string
}

// Behind is a case behind a number.
type Behind struct {
	Case string    `json:"case_id"`
	At   time.Time `json:"at"` // when it was opened, or when it happened
	// Value is what it adds, where the figure is more than a count: milliseconds to the resolution or in
	// which somebody had it, minor units, or a score.
	Value *int64 `json:"value"`
}

// The figures of what happened.
const (
	traceEscalations = "escalations"
	traceEffects     = "effects"
	traceHandled     = "handled"
	traceFeedback    = "feedback"
	traceChurned     = "churned"
)

// Traces gives the names of the figures that can be traced.
func Traces() []string {
	list := make([]string, 0, len(figures)+5)
	for i := range figures {
		list = append(list, figures[i].name)
	}
	return append(list, traceEscalations, traceEffects, traceHandled, traceFeedback, traceChurned)
}

// Trace gives up to limit of the cases behind a number, in the order of time, behind the cursor ("" for the
// beginning). The next cursor is "" at the end.
func (i *Insights) Trace(ctx context.Context, t Traced, cursor string, limit int) (list []Behind, next string, err error) {
	if err := t.check(); err != nil {
		return nil, "", err
	}
	after, err := hex.DecodeString(cursor)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %.40q is no cursor that this list gave", ErrQuery, cursor)
	}
	if !slices.Contains(Traces(), t.Figure) {
		return nil, "", fmt.Errorf("%w: no figure is called %.40q", ErrQuery, t.Figure)
	}
	if err := i.catchUp(ctx); err != nil {
		return nil, "", err
	}
	currencies, err := i.currencies(ctx, &t)
	if err != nil {
		return nil, "", err
	}
	list = []Behind{}
	var last []byte
	take := func(k []byte, value *int64) bool {
		if len(list) == limit {
			next = hex.EncodeToString(last)
			return false
		}
		last = append(last[:0], k...)
		list = append(list, Behind{Case: caseOf(k).String(), At: time.Unix(0, timeOf(k)).UTC(), Value: value})
		return true
	}
	err = i.Views.Read(ctx, View, func(view *projection.Bucket, _ uint64) error {
		a, err := askOf(view, &t.Query, i.Now())
		if err != nil {
			return err
		}
		return a.trace(ctx, view, &t, currencies, after, take)
	})
	if err != nil && !errors.Is(err, ErrQuery) {
		err = fmt.Errorf("read the cases behind %s: %w", t.Figure, err)
	}
	return list, next, err
}

// trace gives what is behind a figure to take, until that reports false.
func (a *asked) trace(ctx context.Context, view *projection.Bucket, t *Traced, currencies map[word]string, after []byte, take func(k []byte, value *int64) bool) error {
	switch t.Figure {
	case traceEscalations:
		return a.eachHappening(ctx, view, bucketEscalations, a.from, after, func(k []byte, h *happening) bool {
			return t.Reason != "" && a.words.text(h.reason) != t.Reason || take(k, nil)
		})
	case traceEffects:
		return a.eachEffect(ctx, view, after, func(k []byte, e *effect) bool {
			if t.Tool != "" && a.words.text(e.tool) != t.Tool || t.Currency != "" && a.currency(e, currencies) != t.Currency {
				return true
			}
			if !e.money {
				return take(k, nil)
			}
			return take(k, &e.amount)
		})
	case traceHandled:
		return a.eachHappening(ctx, view, bucketHandlings, max(a.to-int64(handledFor), 0), after, func(k []byte, h *happening) bool { return take(k, ms(h.value)) })
	case traceFeedback:
		return a.eachHappening(ctx, view, bucketFeedback, a.from, after, func(k []byte, h *happening) bool { return take(k, &h.value) })
	case traceChurned:
		everybody := asked{from: a.from, to: a.to}
		return everybody.eachHappening(ctx, view, bucketChurn, a.from, after, func(k []byte, h *happening) bool { return h.customer == 0 || take(k, nil) })
	}
	f := &figures[slices.IndexFunc(figures[:], func(f figure) bool { return f.name == t.Figure })]
	return a.eachCase(ctx, view, after, func(k []byte, r *record) bool {
		switch {
		case !f.has(r, a) || t.Reason != "" && (!f.split || r.why(a.words) != t.Reason):
			return true
		case r.standing == resolved:
			return take(k, ms(r.ended-r.opened))
		}
		return take(k, nil)
	})
}

// currency is an effect's, "" for one without an amount.
func (a *asked) currency(e *effect, of map[word]string) string {
	switch {
	case !e.money:
		return ""
	case e.currency != 0:
		return a.words.text(e.currency)
	}
	return of[e.bundle]
}

// currencies gives those of the versions under which effects of the period name none.
func (i *Insights) currencies(ctx context.Context, t *Traced) (map[word]string, error) {
	all := map[word]string{}
	if t.Figure != traceEffects || t.Currency == "" {
		return all, nil
	}
	var words dictionary
	err := i.Views.Read(ctx, View, func(view *projection.Bucket, _ uint64) error {
		a, err := askOf(view, &t.Query, i.Now())
		if err != nil {
			return err
		}
		words = a.words
		return a.eachEffect(ctx, view, nil, func(_ []byte, e *effect) bool {
			if e.money && e.currency == 0 {
				all[e.bundle] = ""
			}
			return true
		})
	})
	for w := range all {
		all[w] = i.House.Currency(ctx, words.text(w))
	}
	return all, err
}
