package listing

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// A stored row: a format byte, status, flags, amount, times, and texts behind their length. What queries
// compare is found in it without decoding the rest.
const (
	format    = 1
	atStatus  = 1
	atFlags   = 2
	atAmount  = 3
	atTimes   = 11
	timeCount = 7
	atTexts   = atTimes + 8*timeCount
)

// Times of a row, in their order.
const (
	timeOpened = iota
	timeUpdated
	timeEnded
	timeSince
	timeDue
	timeAsked
	timeUntil
)

// Texts of a row, in their order.
const (
	textStop = iota
	textDetail
	textRule
	textTo
	textProcedure
	textCustomerID
	textEmail
	textName
	textAssurance
	textGoal
	textSubject
	textOutcome
	textCurrency
	textBundle
	textQueue
	textHolder
	textBy
	textMerged
	textValues
	textWords
	textCount
)

// Flags of a row.
const (
	flagAmount = 1 << iota
	flagOverdue
	flagGranted
	flagShadowed
	flagStop
)

// errRow is of what can't have been put in the view: it is made anew.
var errRow = fmt.Errorf("%w: a row of the list can't be read", projection.ErrDamaged)

// unopened is the status of a case whose first signal came with the last entries, and the rest comes with
// the next: no list shows it yet.
const unopened casefile.Status = ""

// statuses in the order of their codes, from 1 on.
var statuses = [...]casefile.Status{casefile.Working, casefile.Waiting, casefile.Approving, casefile.Escalated, casefile.Resolved, casefile.Closed}

func codeOf(s casefile.Status) byte {
	for i, known := range statuses {
		if s == known {
			return byte(i + 1)
		}
	}
	return 0
}

func keyOf(caseID string) ([]byte, error) {
	id, err := uuid.Parse(caseID)
	if err != nil {
		return nil, fmt.Errorf("case %.60q: %w", caseID, err)
	}
	return id[:], nil
}

func (r *Row) encode() []byte {
	b := make([]byte, atTexts, 512)
	b[0], b[atStatus] = format, codeOf(r.Status)
	flags := byte(0)
	for bit, on := range map[byte]bool{flagAmount: r.Amount != nil, flagOverdue: r.Overdue, flagGranted: r.granted, flagShadowed: r.shadowed, flagStop: r.Stop != nil} {
		if on {
			flags |= bit
		}
	}
	b[atFlags] = flags
	if r.Amount != nil {
		binary.BigEndian.PutUint64(b[atAmount:], uint64(*r.Amount))
	}
	stop := casefile.Stop{}
	if r.Stop != nil {
		stop = *r.Stop
	}
	until := time.Time{}
	if stop.Until != nil {
		until = *stop.Until
	}
	for i, t := range [timeCount]time.Time{r.OpenedAt, r.UpdatedAt, r.EndedAt, r.Since, r.DueAt, r.AskedAt, until} {
		if !t.IsZero() {
			binary.BigEndian.PutUint64(b[atTimes+8*i:], uint64(t.UnixNano()))
		}
	}
	for _, s := range [textCount]string{string(stop.Code), stop.Detail, stop.Rule, stop.To, r.Procedure, r.Customer.ID, r.Customer.Email, r.Customer.Name, string(r.Customer.Assurance),
		r.Goal, r.Subject, r.Outcome, r.Currency, r.Bundle, r.Queue, r.Holder, r.By, r.MergedInto, strings.Join(r.values, "\n"), r.words()} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// stored is a row as it is stored, taken apart.
type stored struct {
	raw   []byte
	texts [textCount][]byte
}

// open takes a stored row apart; nothing is copied.
func open(raw []byte) (s stored, err error) {
	if len(raw) < atTexts || raw[0] != format || int(raw[atStatus]) > len(statuses) {
		return s, errRow
	}
	s.raw = raw
	rest := raw[atTexts:]
	for i := range s.texts {
		n, size := binary.Uvarint(rest)
		if size <= 0 || uint64(len(rest)-size) < n {
			return s, errRow
		}
		s.texts[i], rest = rest[size:size+int(n)], rest[size+int(n):]
	}
	if len(rest) > 0 {
		return s, errRow
	}
	return s, nil
}

func (s *stored) status() casefile.Status {
	if code := s.raw[atStatus]; code > 0 {
		return statuses[code-1]
	}
	return unopened
}

func (s *stored) flag(f byte) bool { return s.raw[atFlags]&f != 0 }
func (s *stored) amount() int64    { return int64(binary.BigEndian.Uint64(s.raw[atAmount:])) }

func (s *stored) nanos(i int) int64 { return int64(binary.BigEndian.Uint64(s.raw[atTimes+8*i:])) }

func (s *stored) time(i int) time.Time {
	if n := s.nanos(i); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

func (s *stored) text(i int) string { return string(s.texts[i]) }

// row gives the row with its texts copied.
func (s *stored) row(key []byte) (Row, error) {
	id, err := uuid.FromBytes(key)
	if err != nil {
		return Row{}, errRow
	}
	r := Row{ID: id.String(), Status: s.status(), Goal: s.text(textGoal), Subject: s.text(textSubject), Procedure: s.text(textProcedure), Bundle: s.text(textBundle),
		Customer: casefile.Customer{ID: s.text(textCustomerID), Email: s.text(textEmail), Name: s.text(textName), Assurance: casefile.Assurance(s.text(textAssurance))},
		Outcome:  s.text(textOutcome), MergedInto: s.text(textMerged), OpenedAt: s.time(timeOpened), UpdatedAt: s.time(timeUpdated), EndedAt: s.time(timeEnded),
		Currency: s.text(textCurrency), Queue: s.text(textQueue), Since: s.time(timeSince), DueAt: s.time(timeDue), Overdue: s.flag(flagOverdue), Holder: s.text(textHolder),
		AskedAt: s.time(timeAsked), By: s.text(textBy), granted: s.flag(flagGranted), shadowed: s.flag(flagShadowed)}
	if s.flag(flagAmount) {
		n := s.amount()
		r.Amount = &n
	}
	if s.flag(flagStop) {
		r.Stop = &casefile.Stop{Code: casefile.StopCode(s.text(textStop)), Detail: s.text(textDetail), Rule: s.text(textRule), To: s.text(textTo)}
		if until := s.time(timeUntil); !until.IsZero() {
			r.Stop.Until = &until
		}
	}
	if v := s.text(textValues); v != "" {
		r.values = strings.Split(v, "\n")
	}
	return r, nil
}
