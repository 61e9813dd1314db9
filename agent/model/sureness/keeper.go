package sureness

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// Views are read from; a projection.Views has them.
type Views interface {
	Read(ctx context.Context, name string, fn func(view *projection.Bucket, to uint64) error) error
}

// Keeper says what proposals came to. It is safe for concurrent use.
type Keeper struct {
	views Views
	now   func() time.Time

	mu   sync.Mutex
	made map[string]made // by model
	list []Model         // as Models made it
	at   time.Time       // when
}

// made is a calibration, and when it was made.
type made struct {
	at          time.Time
	calibration casefile.Calibration
}

// fresh is how long a calibration counts: reading outcomes for each question would take longer than a
// question may.
const fresh = time.Minute

// New makes a keeper.
func New(views Views, now func() time.Time) *Keeper {
	return &Keeper{views: views, now: now, made: map[string]made{}}
}

// outcomes gives what proposals came to that count by now, the oldest first, by model.
func (k *Keeper) outcomes(ctx context.Context) (map[string][]Outcome, error) {
	by := map[string][]Outcome{}
	now := k.now()
	err := k.views.Read(ctx, View, func(view *projection.Bucket, _ uint64) error {
		clear(by)
		b := view.Bucket(bucketOutcomes)
		if b == nil {
			return nil
		}
		return b.ForEach(func(_, raw []byte) error {
			var o kept
			if err := json.Unmarshal(raw, &o); err != nil {
				return fmt.Errorf("%w: what a proposal came to: %w", projection.ErrDamaged, err)
			}
			if !o.From.After(now) {
				by[o.Model] = append(by[o.Model], o.Outcome)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what proposals came to: %w", err)
	}
	return by, nil
}

// Calibration says what raw numbers of a model are worth, as of a minute ago at most. As long as outcomes
// can't be read, it is the one that knows nothing.
func (k *Keeper) Calibration(ctx context.Context, model string) casefile.Calibration {
	now := k.now()
	k.mu.Lock()
	m, ok := k.made[model]
	k.mu.Unlock()
	if !ok || now.Sub(m.at) >= fresh || now.Before(m.at) {
		by, err := k.outcomes(ctx)
		if err != nil {
			return casefile.Calibration{}
		}
		m = made{now, Calibrate(by[model])}
		k.mu.Lock()
		k.made[model] = m
		k.mu.Unlock()
	}
	c := m.calibration
	c.From, c.Right = slices.Clone(c.From), slices.Clone(c.Right)
	return c
}

// Model is a model that outcomes are known of.
type Model struct {
	Model       string               `json:"model"`
	Reliability Reliability          `json:"reliability"`
	Raw         Reliability          `json:"raw"` // of the numbers before calibration
	Calibration casefile.Calibration `json:"calibration"`
}

// Models gives what is known of each model, by name, as of a minute ago at most.
func (k *Keeper) Models(ctx context.Context) ([]Model, error) {
	now := k.now()
	k.mu.Lock()
	known, at := k.list, k.at
	k.mu.Unlock()
	if known != nil && now.Sub(at) < fresh && !now.Before(at) {
		return slices.Clone(known), nil
	}
	by, err := k.outcomes(ctx)
	if err != nil {
		return nil, err
	}
	list := []Model{}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		outcomes := by[name]
		raw := slices.Clone(outcomes)
		for i := range raw {
			raw[i].Value = raw[i].Raw
		}
		list = append(list, Model{Model: name, Reliability: Reliable(outcomes), Raw: Reliable(raw), Calibration: Calibrate(outcomes)})
	}
	k.mu.Lock()
	k.list, k.at = list, now
	k.mu.Unlock()
	return slices.Clone(list), nil
}

// Thinker answers what a plan asks; agent.Model is one.
type Thinker interface {
	Think(ctx context.Context, caseID string, ask casefile.Consult) casefile.ModelAnswered
}

// Around gives a model whose answers say what its numbers are worth by now.
func (k *Keeper) Around(next Thinker) Thinker { return calibrated{next, k} }

type calibrated struct {
	next Thinker
	by   *Keeper
}

// Think asks the model behind it.
func (c calibrated) Think(ctx context.Context, caseID string, ask casefile.Consult) casefile.ModelAnswered {
	a := c.next.Think(ctx, caseID, ask)
	if a.Error == nil && ask.Use == casefile.UseDrive {
		if made := c.by.Calibration(ctx, a.Model); made.Version != "" {
			a.Calibrated = &made
		}
	}
	return a
}
