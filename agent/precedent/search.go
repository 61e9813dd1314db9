package precedent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/kb"
)

// Query is what closed cases are wanted for.
type Query struct {
	Text     string            // what a customer wrote
	K        int               // how many at most
	Customer casefile.Customer // whose cases are marked
	Except   string            // id of a case that isn't wanted
}

// weight is what an outcome counts: what a check proved goes before what merely ended.
func weight(p *Precedent) float64 {
	switch {
	case p.Worked:
		return 1
	case p.Outcome == string(casefile.StopHumanClosed) && p.Note != "":
		return 0.85
	}
	return 0.7
}

// wide is how many times as many cases are looked at as are wanted: an outcome may lift one.
const wide = 4

// telling is how many of a text's words are looked for: a customer writes many that are in all cases.
const telling = 10

// Search gives the cases that are over and most like what a customer wrote, what worked first among
// those that are about as like.
func (k *Keeper) Search(ctx context.Context, q Query) ([]Precedent, error) {
	base := k.ask()
	if base == nil {
		return nil, ErrBusy
	}
	defer base.users.Done()
	list, err := k.search(ctx, base.Base, q)
	if errors.Is(err, kb.ErrDamaged) {
		select {
		case k.hurt <- struct{}{}:
		default: // it was told already
		}
		return nil, ErrBusy
	}
	return list, err
}

func (k *Keeper) search(ctx context.Context, base *kb.Base, q Query) ([]Precedent, error) {
	hits, err := base.Search(ctx, kb.Query{Text: q.Text, K: min(wide*q.K+1, 200), Each: kb.Documents, Words: telling})
	if err != nil {
		return nil, fmt.Errorf("search closed cases: %w", err)
	}
	list := []Precedent{}
	for place, h := range hits {
		if h.DocumentID == q.Except {
			continue
		}
		d, err := base.Document(ctx, h.DocumentID)
		if errors.Is(err, kb.ErrNotFound) {
			continue // taken out since
		}
		if err != nil {
			return nil, err
		}
		var found kept
		if err := json.Unmarshal([]byte(d.Meta[metaCase]), &found); err != nil {
			return nil, fmt.Errorf("%w: closed case %s: %w", kb.ErrDamaged, h.DocumentID, err)
		}
		p := found.Precedent
		// The fused rank orders hits that are equally relevant, or of which relevance says nothing.
		p.Score = max(h.Relevance, h.Similarity*0.5, 0) * weight(&p) * (1 - float64(place)/float64(10*(len(hits)+1)))
		p.Same = found.Customer.Who() != "" && q.Customer.Who() != "" && found.Customer.Same(q.Customer)
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b Precedent) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return k.standing(ctx, list, q.K)
}

// standing gives the first cases that are still over.
func (k *Keeper) standing(ctx context.Context, list []Precedent, most int) ([]Precedent, error) {
	still := []Precedent{}
	for _, p := range list {
		if len(still) == most {
			break
		}
		c, err := k.Load(ctx, p.Case)
		if errors.Is(err, journal.ErrNotFound) || err == nil && !over(c) {
			continue
		}
		if err != nil {
			return nil, err
		}
		still = append(still, p)
	}
	return still, nil
}
