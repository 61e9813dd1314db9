package kb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Correction is what an operator taught. It is found before documents where it holds.
type Correction struct {
	ID        string    `json:"id"`
	Scope     Scope     `json:"scope"`
	Says      string    `json:"says"`
	InsteadOf string    `json:"instead_of,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	FromCase  string    `json:"from_case,omitempty"`
	// FromCases are further cases that the same was taught from.
	FromCases []string `json:"from_cases,omitempty"`

	By    string          `json:"by"` // actor
	At    time.Time       `json:"at"`
	State CorrectionState `json:"state"`
	// Contradicts are the corrections that say otherwise, while it is held because of them.
	Contradicts []string  `json:"contradicts,omitempty"`
	Why         string    `json:"why,omitempty"`      // it is held, where it contradicts none
	TriedAt     time.Time `json:"tried_at,omitzero"`  // when the rehearsals were found to pass with it as without, or an admin accepted it
	EndedBy     string    `json:"ended_by,omitempty"` // who revoked it, or accepted another in its place
	EndedAt     time.Time `json:"ended_at,omitzero"`
}

// Scope is where a correction holds: where everything that it names is so. One that names nothing
// holds everywhere.
type Scope struct {
	Procedure string `json:"procedure,omitempty"`
	Product   string `json:"product,omitempty"`
	Customer  string `json:"customer,omitempty"` // id or address
}

// CorrectionState says whether a correction counts.
type CorrectionState string

// The states of a correction.
const (
	Active  CorrectionState = "active"
	Held    CorrectionState = "held"    // it contradicts another, came in a flood or lowers rehearsals, and an admin hasn't decided
	Expired CorrectionState = "expired" // its time is over
	Revoked CorrectionState = "revoked"
)

// Situation is what is known of a case that asks; of a customer both id and address may be.
type Situation struct {
	Procedure string
	Products  []string
	Customers []string
}

// The longest texts of a correction, in bytes.
const (
	maxSays  = 4000
	maxScope = 320
)

// mostTaught is how many corrections an account may teach in an hour before an admin has to look, and how
// many cases one of them may be from.
const mostTaught = 100

// correctionPrefix begins the document id under which a correction is cited.
const correctionPrefix = "corrections."

// Address is where the correction can be read again.
func (c Correction) Address() string { return scheme + correctionPrefix + c.ID }

// at gives the correction as it counts at an instant.
func (c Correction) at(now time.Time) Correction {
	if c.State == Active && !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) {
		c.State = Expired
	}
	return c
}

// holds reports whether a correction holds in a situation; nil is anyone's.
func (s Scope) holds(in *Situation) bool {
	among := func(name string, names []string) bool {
		for _, n := range names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return name == ""
	}
	return in == nil || among(s.Procedure, []string{in.Procedure}) && among(s.Product, in.Products) && among(s.Customer, in.Customers)
}

// narrowness orders scopes: customer over product over procedure over none.
func (s Scope) narrowness() int {
	n := 0
	for i, name := range []string{s.Procedure, s.Product, s.Customer} {
		if name != "" {
			n += 1 << i
		}
	}
	return n
}

// same reports whether two corrections speak about the same: the same scope, and the same thing that
// is to be replaced.
func (c Correction) same(other Correction) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return fold(c.InsteadOf) != "" && fold(c.InsteadOf) == fold(other.InsteadOf) &&
		fold(c.Scope.Procedure) == fold(other.Scope.Procedure) && fold(c.Scope.Product) == fold(other.Scope.Product) && fold(c.Scope.Customer) == fold(other.Scope.Customer)
}

// Check tells what is wrong with a correction that is to be taught now, and wraps ErrCorrection.
func (c Correction) Check(now time.Time) error {
	switch {
	case strings.TrimSpace(c.Says) == "":
		return fmt.Errorf("%w: it says nothing", ErrCorrection)
	case len(c.Says) > maxSays || len(c.InsteadOf) > maxSays:
		return fmt.Errorf("%w: what it says has at most %d bytes", ErrCorrection, maxSays)
	case max(len(c.Scope.Procedure), len(c.Scope.Product), len(c.Scope.Customer)) > maxScope:
		return fmt.Errorf("%w: a name in its scope has at most %d bytes", ErrCorrection, maxScope)
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return fmt.Errorf("%w: it expires at %s, which is over", ErrCorrection, c.ExpiresAt.Format(time.RFC3339))
	}
	return nil
}

// Teach keeps a correction, by whom; what it says of itself besides scope, text, expiry and case isn't
// used. It is found at once, unless it contradicts one that counts, or is beyond what somebody may teach
// in an hour: then it is held. The same again is the one that is there, with one case more. It wraps
// ErrCorrection.
func (b *Base) Teach(ctx context.Context, c Correction, by string) (Correction, error) {
	if err := ctx.Err(); err != nil {
		return c, err
	}
	now := b.now().UTC()
	c = Correction{ID: b.opts.NewID(), Scope: c.Scope, Says: strings.TrimSpace(c.Says), InsteadOf: strings.TrimSpace(c.InsteadOf),
		ExpiresAt: c.ExpiresAt, FromCase: c.FromCase, By: by, At: now, State: Active}
	if err := c.Check(now); err != nil {
		return c, err
	}
	err := b.changeCorrections(func(tx *bolt.Tx) ([]Correction, error) {
		taught := 0 // by whom, within the hour
		var same *Correction
		err := eachCorrection(tx, func(other Correction) error {
			if other.By == by && now.Sub(other.At) < time.Hour {
				taught += 1 + len(other.FromCases)
			}
			other = other.at(now)
			switch {
			case other.State != Active && other.State != Held:
			case other.Scope == c.Scope && other.Says == c.Says && other.InsteadOf == c.InsteadOf:
				same = &other
			case other.State == Active && c.same(other):
				c.State, c.Contradicts = Held, append(c.Contradicts, other.ID)
			}
			return nil
		})
		switch {
		case err != nil:
			return nil, err
		case same != nil:
			from := c.FromCase
			if c = *same; taught >= mostTaught || !c.also(from) {
				return nil, errKnown
			}
			c.FromCases, c.TriedAt = append(c.FromCases, from), time.Time{}
		case taught >= mostTaught:
			c.State, c.Why = Held, fmt.Sprintf("%s taught %d corrections within an hour; look at them before they count", by, taught)
		}
		return nil, nil
	}, func() []Correction { return []Correction{c} })
	return c, err
}

// also reports whether a case is one more that it is from.
func (c Correction) also(from string) bool {
	return from != "" && from != c.FromCase && !slices.Contains(c.FromCases, from) && len(c.FromCases) < mostTaught
}

// Correction answers one, or ErrNotFound.
func (b *Base) Correction(ctx context.Context, id string) (c Correction, err error) {
	err = b.view(ctx, func(tx *bolt.Tx) error {
		c, err = getCorrection(tx, id)
		return err
	})
	return c.at(b.now()), err
}

// Corrections lists corrections, newest first, at most limit of them (50 if 0, never above 200), after
// the one that cursor names. next is the cursor of the page after it, empty on the last.
func (b *Base) Corrections(ctx context.Context, limit int, cursor string) (list []Correction, next string, err error) {
	if limit < 0 {
		return nil, "", fmt.Errorf("a page of %d corrections %w", limit, ErrQuery)
	}
	if limit == 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	list = []Correction{}
	err = b.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketCorrections).Cursor()
		k, v := c.Last()
		if cursor != "" {
			if k, v = c.Seek([]byte(cursor)); k == nil {
				k, v = c.Last()
			}
			for k != nil && bytes.Compare(k, []byte(cursor)) >= 0 {
				k, v = c.Prev()
			}
		}
		for ; k != nil; k, v = c.Prev() {
			if len(list) == limit {
				next = list[limit-1].ID
				return nil
			}
			var one Correction
			if err := json.Unmarshal(v, &one); err != nil {
				return fmt.Errorf("%w: reading correction %s: %w", errRecord, k, err)
			}
			list = append(list, one.at(b.now()))
		}
		return nil
	})
	return list, next, err
}

// Revoke ends a correction, by whom, or answers ErrNotFound. What was revoked already stays as it was.
func (b *Base) Revoke(ctx context.Context, id, by string) (Correction, error) {
	return b.decide(ctx, id, func(tx *bolt.Tx, c *Correction) ([]Correction, error) {
		if c.State != Revoked {
			c.State, c.EndedBy, c.EndedAt = Revoked, by, b.now().UTC()
		}
		return nil, nil
	})
}

// Accept lets a held correction count, and revokes those that it contradicts, by whom. One that isn't
// held is ErrCorrection.
func (b *Base) Accept(ctx context.Context, id, by string) (Correction, error) {
	return b.decide(ctx, id, func(tx *bolt.Tx, c *Correction) (ended []Correction, err error) {
		if c.State != Held {
			return nil, fmt.Errorf("%w: correction %s isn't held, it is %s", ErrCorrection, id, c.State)
		}
		for _, other := range c.Contradicts {
			o, err := getCorrection(tx, other)
			if err != nil {
				return nil, err
			}
			if o.State == Active {
				o.State, o.EndedBy, o.EndedAt = Revoked, by, b.now().UTC()
				ended = append(ended, o)
			}
		}
		c.State, c.Contradicts, c.Why, c.TriedAt = Active, nil, "", b.now().UTC()
		return ended, nil
	})
}

// Tried notes that corrections go on counting, as rehearsals pass with them as without. Those that don't
// count any more stay as they are.
func (b *Base) Tried(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		_, err := b.decide(ctx, id, func(_ *bolt.Tx, c *Correction) ([]Correction, error) {
			if c.State != Active {
				return nil, errKnown
			}
			c.TriedAt = b.now().UTC()
			return nil, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Hold takes a correction that counts out of work until it is accepted, and says why. One that doesn't
// count stays as it is.
func (b *Base) Hold(ctx context.Context, id, why string) (Correction, error) {
	return b.decide(ctx, id, func(_ *bolt.Tx, c *Correction) ([]Correction, error) {
		if c.State != Active {
			return nil, errKnown
		}
		c.State, c.Why = Held, why
		return nil, nil
	})
}

func (b *Base) decide(ctx context.Context, id string, do func(*bolt.Tx, *Correction) ([]Correction, error)) (c Correction, err error) {
	if err := ctx.Err(); err != nil {
		return c, err
	}
	err = b.changeCorrections(func(tx *bolt.Tx) ([]Correction, error) {
		if c, err = getCorrection(tx, id); err != nil {
			return nil, err
		}
		return do(tx, &c)
	}, func() []Correction { return []Correction{c} })
	return c.at(b.now()), err
}

func getCorrection(tx *bolt.Tx, id string) (c Correction, err error) {
	v := tx.Bucket(bucketCorrections).Get([]byte(id))
	if v == nil {
		return c, fmt.Errorf("correction %q: %w", id, ErrNotFound)
	}
	if err := json.Unmarshal(v, &c); err != nil {
		return c, fmt.Errorf("%w: reading correction %s: %w", errRecord, id, err)
	}
	return c, nil
}

func eachCorrection(tx *bolt.Tx, do func(Correction) error) error {
	return tx.Bucket(bucketCorrections).ForEach(func(k, v []byte) error {
		var c Correction
		if err := json.Unmarshal(v, &c); err != nil {
			return fmt.Errorf("%w: reading correction %s: %w", errRecord, k, err)
		}
		return do(c)
	})
}
