package journal

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"resolute/agent/casefile"
)

// A summary record, under its case: the checksum, a format byte, and the fields in their order,
// texts behind their length, times as Unix nanoseconds. Lists of cases read thousands of them.
const (
	summaryFormat = 1
	summaryStop   = 1 // flag: it has a stop
)

// encodeSummary leaves four bytes free for the checksum.
func encodeSummary(s *Summary) ([]byte, error) {
	code, err := statusCode(s.Status)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 4, 512)
	b = append(b, summaryFormat, code)
	if s.Stop == nil {
		b = append(b, 0)
	} else {
		b = append(b, summaryStop)
		until := time.Time{}
		if s.Stop.Until != nil {
			until = *s.Stop.Until
		}
		b = appendTimes(b, until)
		b = appendTexts(b, string(s.Stop.Code), s.Stop.Detail, s.Stop.Rule, s.Stop.To)
	}
	b = appendTimes(b, s.OpenedAt, s.UpdatedAt, s.EndedAt)
	return appendTexts(b, s.Goal, s.Procedure, s.Customer.ID, s.Customer.Email, s.Customer.Name, string(s.Customer.Assurance),
		s.Subject, s.Bundle, s.Outcome), nil
}

func appendTimes(b []byte, times ...time.Time) []byte {
	for _, t := range times {
		b = binary.BigEndian.AppendUint64(b, uint64(nanos(t)))
	}
	return b
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func decodeSummary(key, value []byte) (s Summary, err error) {
	b, err := unseal(key, value)
	switch {
	case err != nil:
		return s, err
	case len(key) != 16 || len(b) < 3 || b[0] != summaryFormat:
		return s, errShort
	}
	s.ID = uuid.UUID(key).String()
	if s.Status, err = statusOf(b[1]); err != nil {
		return s, err
	}
	f := fields{b: b[3:]}
	if b[2]&summaryStop != 0 {
		stop := &casefile.Stop{}
		if until := f.time(); !until.IsZero() {
			stop.Until = &until
		}
		stop.Code, stop.Detail, stop.Rule, stop.To = casefile.StopCode(f.text()), f.text(), f.text(), f.text()
		s.Stop = stop
	}
	s.OpenedAt, s.UpdatedAt, s.EndedAt = f.time(), f.time(), f.time()
	s.Goal, s.Procedure = f.text(), f.text()
	s.Customer = casefile.Customer{ID: f.text(), Email: f.text(), Name: f.text(), Assurance: casefile.Assurance(f.text())}
	s.Subject, s.Bundle, s.Outcome = f.text(), f.text(), f.text()
	if f.short || len(f.b) > 0 {
		return s, errShort
	}
	return s, nil
}

// fields reads what appendTimes and appendTexts wrote.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n uint64) []byte {
	if f.short = f.short || uint64(len(f.b)) < n; f.short {
		return nil
	}
	taken := f.b[:n]
	f.b = f.b[n:]
	return taken
}

func (f *fields) time() time.Time {
	b := f.take(8)
	if b == nil {
		return time.Time{}
	}
	return fromNanos(int64(binary.BigEndian.Uint64(b)))
}

func (f *fields) text() string {
	n, size := binary.Uvarint(f.b)
	if f.short = f.short || size <= 0; f.short {
		return ""
	}
	f.b = f.b[size:]
	return string(f.take(n))
}
