package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Recall asks for the customer's earlier cases.
type Recall struct{}

func (Recall) command() {}

// Recalled are the customer's earlier cases.
type Recalled struct {
	Cases []casefile.Past
	Error string
}

// KindPast is that of the records that keep what later cases may know of one that is over. They are
// committed along with its end.
const KindPast = "history"

// mostPast is how many earlier cases are read at most.
const mostPast = 50

// pastRecord is what is kept of a case that is over.
type pastRecord struct {
	casefile.Past
	CustomerID string `json:"customer_id,omitempty"`
}

// remember gives what is to be kept of a case that the entries end, under its customer's id and email.
func remember(c *casefile.Case, entries []casefile.Entry) ([]journal.Record, error) {
	ends := func(e casefile.Entry) bool {
		switch e.Data.(type) {
		case *casefile.CaseResolved, *casefile.CaseClosed, *casefile.OperatorDecided:
			return true
		}
		return false
	}
	if !c.Status.Ended() || c.MergedInto != "" || !slices.ContainsFunc(entries, ends) {
		return nil, nil
	}
	value, err := json.Marshal(pastRecord{Past: c.AsPast(), CustomerID: c.Customer.ID})
	if err != nil {
		return nil, fmt.Errorf("what is kept of case %s: %w", c.ID, err)
	}
	var list []journal.Record
	for _, under := range customerKeys(c.Customer) {
		list = append(list, journal.Record{Kind: KindPast, Key: under + newestFirst(c.ID), Value: value})
	}
	return list, nil
}

// customerKeys are what a customer's earlier cases are kept under.
func customerKeys(c casefile.Customer) []string {
	var keys []string
	for _, who := range [...]struct{ how, name string }{{"id", c.ID}, {"email", strings.ToLower(c.Email)}} {
		if who.name != "" {
			sum := sha256.Sum256([]byte(who.how + "\x00" + who.name))
			keys = append(keys, hex.EncodeToString(sum[:16])+"/")
		}
	}
	return keys
}

// newestFirst is a case's id, so that the one opened last sorts first.
func newestFirst(caseID string) string {
	id, err := uuid.Parse(caseID)
	if err != nil {
		return caseID
	}
	for i := range id {
		id[i] = ^id[i]
	}
	return hex.EncodeToString(id[:])
}

// recall reads the customer's earlier cases: those of the same id, or of the same email where either
// lacks an id.
func (e *Engine) recall(ctx context.Context, c *casefile.Case) *Recalled {
	found := map[string]casefile.Past{} // by sort key
	for _, under := range customerKeys(c.Customer) {
		list, err := e.Store.List(ctx, KindPast, under, mostPast)
		if err != nil {
			return &Recalled{Error: "the customer's earlier cases can't be read: " + err.Error()}
		}
		for _, r := range list {
			if !strings.HasPrefix(r.Key, under) {
				break
			}
			var p pastRecord
			if err := json.Unmarshal(r.Value, &p); err != nil {
				return &Recalled{Error: "the customer's earlier cases can't be read: " + err.Error()}
			}
			other := p.CustomerID != "" && c.Customer.ID != "" && p.CustomerID != c.Customer.ID
			if p.Case != c.ID && !other {
				found[newestFirst(p.Case)] = p.Past
			}
		}
	}
	r := &Recalled{}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if len(r.Cases) < mostPast {
			r.Cases = append(r.Cases, found[key])
		}
	}
	return r
}

// unremembered reports whether the case needs its customer's earlier cases and hasn't those of its round.
func (s *step) unremembered() bool {
	h := s.c.History
	return s.book.Recalls && s.c.Procedure != "" && (h == nil || h.Round < s.c.Round)
}
