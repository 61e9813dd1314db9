package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// entryJSON is an entry whole, as the API's journal of a case has it.
type entryJSON struct {
	Seq      uint64            `json:"seq"`
	At       time.Time         `json:"at"`
	Kind     casefile.Kind     `json:"kind"`
	Actor    string            `json:"actor"`
	Data     casefile.Data     `json:"data"`
	Evidence []string          `json:"evidence"`
	Versions casefile.Versions `json:"versions"`
	Hash     casefile.Hash     `json:"hash"`
	Prev     casefile.Hash     `json:"prev"`
}

// entry answers one entry of a case as JSON: what pages cut is there whole.
func (s *site) entry(w http.ResponseWriter, r *http.Request, _ people.Principal) error {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil || seq == 0 {
		return fmt.Errorf("%w: %s", errNoPage, r.URL.Path)
	}
	list, err := s.Cases.Entries(r.Context(), r.PathValue("id"), seq-1, 1)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%w: the journal of the case has no entry %d", errNoPage, seq)
	}
	e := &list[0]
	evidence := e.Evidence
	if evidence == nil {
		evidence = []string{}
	}
	b, err := json.MarshalIndent(entryJSON{e.Seq, e.At, e.Data.Kind(), e.Actor, e.Data, evidence, e.Versions, e.Hash, e.Prev}, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(b)
	return err
}

// entryLink is where an entry stands whole.
func entryLink(caseID string, seq uint64) string {
	return fmt.Sprintf("/cases/%s/journal/%d", caseID, seq)
}
