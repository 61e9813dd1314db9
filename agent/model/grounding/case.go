package grounding

import (
	"maps"
	"slices"
	"time"

	"resolute/agent/casefile"
)

// House is what the company says of itself.
type House struct {
	Company  string
	Currency string         // ISO 4217
	Zone     *time.Location // in which days begin
	// Trusted are, by tool, the JSON Pointers of what nobody outside can write into its answers, "" for all:
	// what isn't among them may be a customer's words.
	Trusted map[string][]string
}

// Of gives what a case knows as sources: facts and what was done by their entries, signals, and passages
// by their addresses. What the customer answered, what somebody outside may have written into a tool's
// answer, and signals from whomever, are said and no more.
func Of(c *casefile.Case, house House, now time.Time) Sources {
	s := Sources{Now: now, Zone: house.Zone, Currency: house.Currency, Names: []string{house.Company, c.Customer.Name}, Addresses: []string{c.Customer.Email}}
	for i := range c.Signals {
		r := &c.Signals[i]
		s.List = append(s.List, Source{ID: casefile.EvidenceSignal(r.ID), Kind: Said, Text: r.Text(), Value: map[string]any(r.Data), At: r.Time})
	}
	at := map[uint64]time.Time{}
	for i := range c.Attempts {
		at[c.Attempts[i].Seq] = c.Attempts[i].At
	}
	for _, name := range sortedNames(c.Facts) {
		f := c.Facts[name]
		told, said := parted(f.Value.V, house.Trusted[f.Tool])
		if told != nil && f.Tool != "" {
			s.List = append(s.List, Source{ID: casefile.EvidenceEntry(f.Seq), Kind: Told, Value: map[string]any{name: told}, At: at[f.Seq]})
		}
		if said != nil {
			s.List = append(s.List, Source{ID: casefile.EvidenceEntry(f.Seq), Kind: Said, Value: map[string]any{name: said}, At: at[f.Seq]})
		}
	}
	for i := range c.Writes {
		if w := &c.Writes[i]; !w.Undone {
			s.List = append(s.List, Source{ID: casefile.EvidenceEntry(w.Seq), Kind: Done, Title: w.Tool, Value: map[string]any(w.Args), At: at[w.Seq]})
		}
	}
	for i := range c.Passages {
		p := &c.Passages[i]
		s.List = append(s.List, Source{ID: p.Address, Kind: Passage, Title: p.Title, Text: p.Text, Internal: p.Internal})
	}
	return s
}

func sortedNames(facts map[string]casefile.Fact) []string {
	return slices.Sorted(maps.Keys(facts))
}
