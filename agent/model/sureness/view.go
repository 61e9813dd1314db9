package sureness

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// View is what the view is called.
const View = "sureness"

var (
	bucketCases    = []byte("cases")    // what is open in each
	bucketOutcomes = []byte("outcomes") // number → outcome, the last Kept
)

// Projection makes the view.
func Projection() projection.Projection {
	return projection.Projection{Name: View, Version: 1, Apply: apply, Kinds: []casefile.Kind{
		casefile.KindModelAnswered, casefile.KindModelProposed, casefile.KindActionDenied, casefile.KindActionShadowed, casefile.KindCallIntended, casefile.KindCallAnswered,
		casefile.KindApprovalAsked, casefile.KindOperatorDecided, casefile.KindHypothesisFailed, casefile.KindCaseStopped, casefile.KindCaseResolved, casefile.KindCaseClosed, casefile.KindCaseReopened,
	}}
}

// kept is an outcome as it stands now.
type kept struct {
	Outcome
	Model string    `json:"model"`
	From  time.Time `json:"from"` // when it counts: what was resolved may come back
}

// settles is how long a case has to stay resolved.
const settles = 24 * time.Hour

// proposal is one that something may follow from.
type proposal struct {
	Raw      float64 `json:"raw"`
	Value    float64 `json:"value"`
	Decision string  `json:"decision"`
	Action   *action `json:"action,omitempty"`
	Unsure   bool    `json:"unsure,omitempty"` // it wasn't sure enough, so nothing follows but by a person
	Call     string  `json:"call,omitempty"`   // the write that follows from it
	Number   uint64  `json:"number,omitempty"` // of its outcome, 0 while there is none
}

type action struct {
	Tool string          `json:"tool"`
	Args casefile.Object `json:"args,omitempty"`
}

// standing is what a case's proposals came to so far.
type standing struct {
	Model string            `json:"model,omitempty"` // that answered last
	Last  *proposal         `json:"last,omitempty"`  // nothing followed from it yet
	Acted []proposal        `json:"acted,omitempty"` // something did
	Stop  casefile.StopCode `json:"stop,omitempty"`  // why a person has it
}

// ledger are the buckets of the view, with the cases that a batch touches.
type ledger struct {
	cases, outcomes *projection.Bucket
	touched         map[string]*standing
}

func apply(view *projection.Bucket, entries []casefile.Entry) (err error) {
	l := ledger{touched: map[string]*standing{}}
	if l.cases, err = view.CreateBucketIfNotExists(bucketCases); err != nil {
		return err
	}
	if l.outcomes, err = view.CreateBucketIfNotExists(bucketOutcomes); err != nil {
		return err
	}
	for i := range entries {
		if err := l.entry(&entries[i]); err != nil {
			return fmt.Errorf("case %s, seq %d: %w", entries[i].Case, entries[i].Seq, err)
		}
	}
	for id, s := range l.touched {
		if err := put(l.cases, []byte(id), s); err != nil {
			return err
		}
	}
	return nil
}

func put(b *projection.Bucket, key []byte, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, raw)
}

// of gives what is known of a case, nil where no model ever answered.
func (l *ledger) of(id string, made bool) (*standing, error) {
	if s := l.touched[id]; s != nil {
		return s, nil
	}
	raw := l.cases.Get([]byte(id))
	if raw == nil && !made {
		return nil, nil
	}
	s := new(standing)
	if raw != nil {
		if err := json.Unmarshal(raw, s); err != nil {
			return nil, fmt.Errorf("%w: what a case's proposals came to: %w", projection.ErrDamaged, err)
		}
	}
	l.touched[id] = s
	return s, nil
}

// settle says what a proposal came to, and from when on that counts.
func (l *ledger) settle(s *standing, p *proposal, right bool, from time.Time) error {
	if p.Number == 0 {
		n, err := l.outcomes.NextSequence()
		if err != nil {
			return err
		}
		p.Number = n
		if n > Kept {
			if err := l.outcomes.Delete(numbered(n - Kept)); err != nil {
				return err
			}
		}
	} else if p.Number+Kept <= l.outcomes.Sequence() {
		return nil // it is forgotten
	}
	return put(l.outcomes, numbered(p.Number), kept{Outcome: Outcome{Raw: p.Raw, Value: p.Value, Right: right}, Model: s.Model, From: from})
}

func numbered(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
