package learner

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"resolute/agent/triage"
)

// Version is something that was learned.
type Version struct {
	Version   string    `json:"version"`    // of the classifier: names what it was made of
	Bundle    string    `json:"bundle"`     // version of the bundle that it belongs to
	TrainedAt time.Time `json:"trained_at"` // when its evidence was chosen
	Seconds   float64   `json:"seconds"`    // that training took

	Examples   int    `json:"examples"`   // of the bundle's authors
	Evidence   int    `json:"evidence"`   // texts of cases
	Strangers  int    `json:"strangers"`  // of these, for none of the procedures
	Procedures int    `json:"procedures"` // that have any text
	Digest     string `json:"digest"`     // of the evidence

	Held     Score  `json:"held"`     // on the texts that were held back
	Replaces string `json:"replaces"` // version that it was compared with
	Before   Score  `json:"before"`   // that one, on the same texts
	// Chance is the probability of so uneven a number of texts, among those that one of the two takes on
	// rightly and the other doesn't, were both as good: McNemar's exact test, two-sided.
	Chance float64 `json:"chance"`
	Worse  string  `json:"worse,omitempty"` // in what it is worse; then it isn't activated by itself
	// Lowers says which rehearsals of the bundle fail with it that pass with what it would take the place
	// of, and where; then it isn't activated by itself either.
	Lowers string `json:"lowers,omitempty"`

	Activated []Activation `json:"activated"` // when it was made active, the newest last
}

// Activation is that a version was made active.
type Activation struct {
	At time.Time `json:"at"`
	By string    `json:"by"` // actor
}

// reference leads to a text that was learned from.
type reference struct {
	Case      string `json:"c"`
	Signal    string `json:"s,omitempty"`
	Procedure string `json:"p,omitempty"`
	Digest    string `json:"d"`
}

func references(list []*Evidence) []reference {
	refs := make([]reference, len(list))
	for i, e := range list {
		refs[i] = reference{e.Case, e.Signal, e.Procedure, e.Digest}
	}
	return refs
}

// digestOf is that of evidence, whatever it was learned together with.
func digestOf(refs []reference) string {
	h := sha256.New()
	for _, r := range refs {
		fmt.Fprintf(h, "%q %q %q\n", r.Case, r.Procedure, r.Digest)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func pack(refs []reference) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(refs); err != nil {
		return nil, fmt.Errorf("pack what was learned from: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack what was learned from: %w", err)
	}
	return b.Bytes(), nil
}

// mostPacked bounds what is read of a record, in bytes.
const mostPacked = 64 << 20

func unpack(b []byte) (refs []reference, err error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(r, mostPacked)).Decode(&refs)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack what was learned from: %w", err)
	}
	return refs, nil
}

// texts reads what references lead to; gone says how many lead to nothing, or to another text.
func (l *Learner) texts(ctx context.Context, refs []reference) (list []triage.Example, gone int, err error) {
	for _, r := range refs {
		l.rest(ctx)
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		text, err := l.textOf(ctx, r.Case, r.Signal)
		if err != nil {
			return nil, 0, err
		}
		if digest(text) != r.Digest {
			gone++
			continue
		}
		list = append(list, triage.Example{Procedure: r.Procedure, Text: text, Source: "case " + r.Case, Private: true})
	}
	return list, gone, nil
}
