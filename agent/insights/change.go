package insights

import (
	"encoding/json"

	"resolute/agent/casefile"
)

// change is one of authority, as it is kept.
type change struct {
	Procedure string         `json:"procedure"`
	Tool      string         `json:"tool"`
	Band      string         `json:"band"`
	From      casefile.Level `json:"from"`
	To        casefile.Level `json:"to"`
	What      string         `json:"what"`
	Bundle    word           `json:"bundle"`
}

// changed notes what followed for the agent's authority.
func (b *book) changed(r *record, at int64, seq uint64, d *casefile.AuthorityChanged) error {
	c := change{Procedure: d.Procedure, Tool: d.Tool, Band: d.Band, From: d.From, To: d.To, What: whatOf(d), Bundle: r.bundle}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return b.view.Bucket(bucketAuthority).Put(eventKey(at, r.id, seq), raw)
}

func whatOf(d *casefile.AuthorityChanged) string {
	switch {
	case d.Withdrawn:
		return "withdrawn"
	case d.Proposed:
		return "proposed"
	case d.To.Below(d.From):
		return "lowered"
	}
	return "raised"
}
