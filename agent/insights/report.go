package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"resolute/agent/model/sureness"
	"resolute/agent/projection"
)

// Report says what the agent was worth in a period.
type Report struct {
	From      time.Time `json:"from"` // at or after
	To        time.Time `json:"to"`   // and before
	AsOf      time.Time `json:"as_of"`
	TimeZone  string    `json:"time_zone"`
	Procedure *string   `json:"procedure"` // null for all
	Bundle    *string   `json:"bundle"`    // null for all
	// Entry is the last one of the journal that is counted, and Behind how many there are more.
	Entry  uint64 `json:"entry"`
	Behind uint64 `json:"behind"`

	Figures
	Procedures []OfProcedure `json:"procedures"`
	Bundles    []OfBundle    `json:"bundles"`
	Effects    []Effect      `json:"effects"`
	Timeline   Timeline      `json:"timeline"`
	Learned    []Lesson      `json:"learned"`
	Authority  []Authority   `json:"authority"`
	Hours      Hours         `json:"hours_given_back"`
	CSAT       CSAT          `json:"csat"`
	Churn      Churn         `json:"churn"`
	// Models are those that proposed something, with how far what was said of it is from what it came to: of
	// all times, whatever the period.
	Models []sureness.Model `json:"models"`
}

// OfProcedure are the figures of a procedure's cases; "" for those that have none.
type OfProcedure struct {
	Procedure string `json:"procedure"`
	Figures
}

// OfBundle are the figures of the cases that are handled under a version, in the order in which those
// came.
type OfBundle struct {
	Version string `json:"version"`
	// AppliedAt is when it was first there, null where that isn't known any more.
	AppliedAt *time.Time `json:"applied_at"`
	// ActivatedAt are the times within the period at which it became the active one.
	ActivatedAt []time.Time `json:"activated_at"`
	Figures
}

// found is what a view says, before anything else is asked.
type found struct {
	asked
	entry     uint64
	tallies   *tallies
	effects   rawEffects
	line      *line
	authority []Authority
	handled   map[word][]int64 // nanoseconds, by procedure
	scores    []int64
	left      map[uint64]bool // customers
	came      []int64         // hashes of the customers with cases, ascending
	heard     bool            // feedback ever came
	told      bool            // anybody ever left
}

// Report gives the figures of a period.
func (i *Insights) Report(ctx context.Context, q Query) (*Report, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	zone := i.House.Zone()
	bounds, err := q.pieces(zone)
	if err != nil {
		return nil, err
	}
	if err := i.catchUp(ctx); err != nil {
		return nil, err
	}
	now := i.Now()
	f := &found{line: newLine(bounds), tallies: newTallies(), effects: rawEffects{}, handled: map[word][]int64{}, left: map[uint64]bool{}}
	err = i.Views.Read(ctx, View, func(view *projection.Bucket, to uint64) error {
		f.entry = to
		if err := f.ask(view, &q, now); err != nil {
			return err
		}
		return f.read(ctx, view)
	})
	if err != nil {
		return nil, fmt.Errorf("read what became of cases: %w", err)
	}
	r := &Report{From: q.From.UTC(), To: q.To.UTC(), AsOf: now.UTC(), TimeZone: zone.String(), Entry: f.entry, Figures: f.tallies.all.figures(&f.asked),
		Procedures: []OfProcedure{}, Procedure: orNil(q.Procedure), Bundle: orNil(q.Bundle), Effects: f.effects.resolve(f.words.text, func(w word) string { return i.House.Currency(ctx, f.words.text(w)) }).list(f.words)}
	for _, w := range byText(f.tallies.procedures, f.words) {
		r.Procedures = append(r.Procedures, OfProcedure{f.words.text(w), f.tallies.procedures[w].figures(&f.asked)})
	}
	deeds, err := i.deeds(ctx, q.From, q.To)
	if err != nil {
		return nil, err
	}
	if r.Bundles, err = i.bundles(ctx, f, deeds); err != nil {
		return nil, err
	}
	r.Learned, r.Authority = lessons(deeds, f.authority), changes(deeds, f.authority, q.Procedure)
	r.Timeline = f.line.timeline(q.By, r.Learned)
	settings, err := i.Settings(ctx)
	if err != nil {
		return nil, err
	}
	r.Hours, r.CSAT, r.Churn = settings.hours(f), csatOf(f), churnOf(f)
	r.Models = []sureness.Model{}
	if i.Models != nil {
		if r.Models, err = i.Models(ctx); err != nil {
			return nil, err
		}
	}
	far, err := i.followed(ctx)
	if err != nil {
		return nil, err
	}
	r.Behind = max(far.Offset+far.Behind, f.entry) - f.entry
	return r, nil
}

// ask puts a query into the words of the view.
func (f *found) ask(view *projection.Bucket, q *Query, now time.Time) (err error) {
	f.asked, err = askOf(view, q, now)
	return err
}

func askOf(view *projection.Bucket, q *Query, now time.Time) (a asked, err error) {
	a = asked{from: nanos(q.From), to: nanos(q.To), now: nanos(now), again: int64(q.Again)}
	if a.words, err = readDictionary(view); err != nil {
		return a, err
	}
	for text, w := range map[string]*word{q.Procedure: &a.procedure, q.Bundle: &a.bundle} {
		if text == "" {
			continue
		}
		known := false
		if *w, known = a.words.find(text); !known {
			a.nothing = true
		}
	}
	return a, nil
}

// handledFor is how long before the end of a period times that people had cases still say how long such
// cases take.
const handledFor = 365 * 24 * time.Hour

func (f *found) read(ctx context.Context, view *projection.Bucket) error {
	err := f.eachCase(ctx, view, nil, func(_ []byte, r *record) bool {
		f.tallies.add(r, &f.asked)
		f.line.at(r.opened).Opened++
		if who := whoOf(r); who != 0 && r.flags&openedByWord == 0 {
			f.came = append(f.came, int64(who))
		}
		return true
	})
	if err != nil {
		return err
	}
	f.tallies.sum()
	ascending(f.came)
	f.came = slices.Compact(f.came)
	err = f.eachEffect(ctx, view, nil, func(k []byte, e *effect) bool {
		f.effects.add(e)
		f.line.at(timeOf(k)).Writes.add(e)
		return true
	})
	if err != nil {
		return err
	}
	err = f.eachHappening(ctx, view, bucketEscalations, f.from, nil, func(k []byte, h *happening) bool {
		f.line.at(timeOf(k)).escalated(f.words.text(h.reason))
		return true
	})
	if err != nil {
		return err
	}
	everything := asked{from: f.from, to: f.to} // what cases of one version take doesn't depend on the version
	err = everything.eachHappening(ctx, view, bucketHandlings, max(f.to-int64(handledFor), 0), nil, func(_ []byte, h *happening) bool {
		f.handled[h.procedure] = append(f.handled[h.procedure], h.value)
		return true
	})
	if err != nil {
		return err
	}
	err = f.eachHappening(ctx, view, bucketFeedback, f.from, nil, func(_ []byte, h *happening) bool {
		f.scores = append(f.scores, h.value)
		return true
	})
	if err != nil {
		return err
	}
	err = everything.eachHappening(ctx, view, bucketChurn, f.from, nil, func(_ []byte, h *happening) bool {
		if h.customer != 0 {
			f.left[h.customer] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	f.heard, f.told = !empty(view, bucketFeedback), !empty(view, bucketChurn)
	return each(ctx, view, bucketAuthority, f.from, f.to, nil, func(k, v []byte) (bool, error) {
		var c change
		if err := json.Unmarshal(v, &c); err != nil || len(k) != 32 {
			return false, fmt.Errorf("%w: change of authority %x", errRecord, k)
		}
		if f.bundle == 0 || c.Bundle == f.bundle {
			f.authority = append(f.authority, Authority{At: time.Unix(0, timeOf(k)).UTC(), Procedure: c.Procedure, Tool: c.Tool, Band: c.Band, From: c.From, To: c.To, What: c.What, Case: caseOf(k).String()})
		}
		return true, nil
	})
}

// bundles gives the figures by version, in the order in which the versions came.
func (i *Insights) bundles(ctx context.Context, f *found, deeds []Deed) ([]OfBundle, error) {
	applied, err := i.House.Versions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the versions: %w", err)
	}
	list := []OfBundle{}
	for _, w := range byText(f.tallies.bundles, f.words) {
		b := OfBundle{Version: f.words.text(w), ActivatedAt: []time.Time{}, Figures: f.tallies.bundles[w].figures(&f.asked)}
		if at, known := applied[b.Version]; known {
			b.AppliedAt = &at
		}
		for _, d := range deeds {
			if d.Subject == b.Version && (d.Action == "bundle.applied" || d.Action == "bundle.activated") {
				b.ActivatedAt = append(b.ActivatedAt, d.At)
			}
		}
		list = append(list, b)
	}
	sortByArrival(list)
	return list, nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
