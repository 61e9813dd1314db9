package learner

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"resolute/agent/casefile"
)

// Evidence is what a case teaches about its text. The text itself stands in the journal.
type Evidence struct {
	Case      string    `json:"case_id"`
	Signal    string    `json:"signal,omitempty"` // id of the one whose text it is
	Procedure string    `json:"procedure"`        // that it is for, "" for none
	Digest    string    `json:"digest"`           // of the text, however it is spaced and capitalised
	Customer  string    `json:"customer"`         // "" for senders that nobody vouches for
	By        string    `json:"by,omitempty"`     // actor who said so, "" where the case was resolved
	At        time.Time `json:"at"`               // when it was
}

// mostText is how much of a text is learned from, in bytes.
const mostText = 2000

// settled is how long a case must have stayed resolved.
const settled = 24 * time.Hour

// counts reports whether it may be learned from by now.
func (e *Evidence) counts(now time.Time) bool { return e.By != "" || !now.Before(e.At.Add(settled)) }

// held reports whether it is kept from learning, to judge by what was learned: 3 of 16 are.
func (e *Evidence) held() bool { return strings.IndexByte("7ad", e.Digest[0]) >= 0 }

// evidenceOf gives what a case teaches as it stands, nil for nothing.
func evidenceOf(c *casefile.Case) *Evidence {
	text := shorten(c.OpeningText())
	if text == "" || c.MergedInto != "" {
		return nil
	}
	e := &Evidence{Case: c.ID, Digest: digest(text)}
	if c.Triaged != nil {
		e.Signal = c.Triaged.Signal
	}
	if c.Customer.Assurance != casefile.AssuranceNone {
		e.Customer = c.Customer.Who()
	}
	switch {
	case c.Belongs != nil:
		e.By, e.At = c.Belongs.By, c.Belongs.At
		if c.Belongs.Procedure != casefile.NoProcedure {
			e.Procedure = c.Belongs.Procedure
		}
	case c.Status == casefile.Resolved && c.Procedure != "" && byText(c):
		e.Procedure, e.At = c.Procedure, c.EndedAt
	default:
		return nil
	}
	return e
}

// byText reports whether triage chose by what the customer wrote.
func byText(c *casefile.Case) bool {
	return len(c.Candidates) > 0
}

// shorten gives the beginning of a text, in whole characters.
func shorten(text string) string {
	text = strings.TrimSpace(text)
	if len(text) <= mostText {
		return text
	}
	end := mostText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// digest is the same for texts that differ in spaces and capitals alone.
func digest(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(strings.ToLower(text)), " ")))
	return hex.EncodeToString(sum[:12])
}
