package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"resolute/agent/journal"
)

// Settings are what a company assumes where figures need it. They are an admin's to change.
type Settings struct {
	// Minutes is how long a person is taken to have a case of a procedure that nothing else is known of;
	// null for nothing.
	Minutes *float64 `json:"minutes"`
	// Procedures are minutes that count in place of what was measured.
	Procedures map[string]float64 `json:"procedures"`
	// LeastMeasured is how many times it takes to go by what was measured.
	LeastMeasured int `json:"least_measured"`
}

// Kind and key of the settings' record.
const (
	recordKind  = "insights"
	keySettings = "settings"
)

const (
	leastMeasured  = 5
	mostMinutes    = 7 * 24 * 60
	mostProcedures = 500
)

// ErrSettings is wrapped by what is wrong with settings.
var ErrSettings = errors.New("these settings can't be")

// Check reports what is wrong, and fills in what is missing.
func (s *Settings) Check() error {
	minutes := func(of string, m float64) error {
		if math.IsNaN(m) || m < 0 || m > mostMinutes {
			return fmt.Errorf("%w: a case%s takes a person from 0 to %d minutes, not %v", ErrSettings, of, mostMinutes, m)
		}
		return nil
	}
	if s.Minutes != nil {
		if err := minutes("", *s.Minutes); err != nil {
			return err
		}
	}
	if len(s.Procedures) > mostProcedures {
		return fmt.Errorf("%w: at most %d procedures have minutes of their own", ErrSettings, mostProcedures)
	}
	for name, m := range s.Procedures {
		if name == "" || len(name) > longest {
			return fmt.Errorf("%w: %.60q is no name of a procedure", ErrSettings, name)
		}
		if err := minutes(" of "+name, m); err != nil {
			return err
		}
	}
	if s.LeastMeasured < 0 {
		return fmt.Errorf("%w: least_measured is a number of times, not %d", ErrSettings, s.LeastMeasured)
	}
	if s.LeastMeasured == 0 {
		s.LeastMeasured = leastMeasured
	}
	if s.Procedures == nil {
		s.Procedures = map[string]float64{}
	}
	return nil
}

// Settings gives the settings as they were put last.
func (i *Insights) Settings(ctx context.Context) (Settings, error) {
	var s Settings
	raw, err := i.Records.Get(ctx, recordKind, keySettings)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return s, fmt.Errorf("read the settings of insights: %w", err)
	}
	return s, s.Check()
}

// Put replaces the settings, and puts the record along that says who did.
func (i *Insights) Put(ctx context.Context, s Settings, said journal.Record) (Settings, error) {
	if err := s.Check(); err != nil {
		return s, err
	}
	raw, err := json.Marshal(s)
	if err == nil {
		err = i.Records.Put(ctx, journal.Record{Kind: recordKind, Key: keySettings, Value: raw}, said)
	}
	if err != nil {
		return s, fmt.Errorf("store the settings of insights: %w", err)
	}
	return s, nil
}

// Hours is how long people would have had the cases that the agent resolved by itself.
type Hours struct {
	Hours      *float64 `json:"hours"` // null where nothing is known
	MS         *int64   `json:"ms"`    // the same, exact
	Cases      int      `json:"cases"` // that it is made of
	Without    int      `json:"cases_without"`
	Assumption string   `json:"assumption"`
	Procedures []Each   `json:"procedures"`
	Reason     string   `json:"reason,omitempty"` // why it is null
}

// Each is how long a person is taken to have a case of a procedure.
type Each struct {
	Procedure string `json:"procedure"`
	Cases     int    `json:"cases"` // that the agent resolved by itself
	EachMS    *int64 `json:"each_ms"`
	Basis     Basis  `json:"basis"`
	Measured  int    `json:"measured"` // times that people had such cases, in the year before the period's end
}

// Basis is where a time comes from.
type Basis string

// The bases, the first that there is counts.
const (
	BySetting     Basis = "set"             // for the procedure
	ByMeasurement Basis = "measured"        // the median of the procedure
	ByAll         Basis = "measured-of-all" // the median of all procedures
	ByAssumption  Basis = "assumed"         // the setting for all
	ByNothing     Basis = "none"
)

const assumption = "Each case that the agent resolved by itself would have kept a person as long as the median of the times that people had cases of its procedure: from taking a case over to handing it back, closing it or letting it go on. Waiting in a queue doesn't count, nor does a decision without taking over."

func (s *Settings) hours(f *found) Hours {
	h := Hours{Assumption: assumption, Procedures: []Each{}}
	var all []int64
	for _, times := range f.handled {
		all = append(all, times...)
	}
	total := int64(0)
	for _, w := range byText(f.tallies.procedures, f.words) {
		n := f.tallies.procedures[w].counts[figByItself]
		if n == 0 {
			continue
		}
		e := s.each(f.words.text(w), f.handled[w], all)
		if e.Cases = n; e.EachMS == nil {
			h.Without += n
		} else {
			h.Cases += n
			total += int64(n) * *e.EachMS
		}
		h.Procedures = append(h.Procedures, e)
	}
	switch {
	case h.Cases > 0:
		hours := math.Round(100*float64(total)/float64(time.Hour/time.Millisecond)) / 100
		h.Hours, h.MS = &hours, &total
	case h.Without > 0:
		h.Reason = fmt.Sprintf("nobody took over %d cases in the year before, and no minutes are set", s.LeastMeasured)
	default:
		h.Reason = "the agent resolved no case by itself"
	}
	return h
}

// each says how long a person has a case of a procedure.
func (s *Settings) each(procedure string, times, all []int64) Each {
	e := Each{Procedure: procedure, Measured: len(times), Basis: ByNothing}
	set, there := s.Procedures[procedure]
	switch {
	case there:
		e.Basis, e.EachMS = BySetting, minutesOf(set)
	case len(times) >= s.LeastMeasured:
		e.Basis, e.EachMS = ByMeasurement, medianOf(times)
	case len(all) >= s.LeastMeasured:
		e.Basis, e.EachMS = ByAll, medianOf(all)
	case s.Minutes != nil:
		e.Basis, e.EachMS = ByAssumption, minutesOf(*s.Minutes)
	}
	return e
}

func medianOf(times []int64) *int64 {
	sorted := slices.Clone(times)
	ascending(sorted)
	return ms(rankOf(sorted, 50))
}

func minutesOf(m float64) *int64 {
	n := int64(math.Round(m * float64(time.Minute/time.Millisecond)))
	return &n
}
