package insights

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Query says what figures are wanted of.
type Query struct {
	From, To  time.Time // at or after From, and before To
	Procedure string    // "" for all
	Bundle    string    // version that cases are handled under, "" for all
	// By is how long a piece of the timeline is; "" for days, or weeks where there would be many.
	By Piece
	// Again is how soon a customer who comes again has come because of the case before; 0 means a week.
	Again time.Duration
}

// Piece is how long a piece of a timeline is, in the bundle's time zone.
type Piece string

// The pieces. Weeks begin on Monday.
const (
	Day  Piece = "day"
	Week Piece = "week"
)

// ErrQuery is wrapped by what is wrong with a query.
var ErrQuery = errors.New("that can't be answered")

const (
	week = 7 * 24 * time.Hour
	// mostDays is the longest period that is shown by days where nobody says.
	mostDays   = 62
	mostPieces = 1_000
)

func (q *Query) check() error {
	switch {
	case q.From.IsZero() || q.To.IsZero():
		return fmt.Errorf("%w: a period has a beginning and an end", ErrQuery)
	case !q.From.Before(q.To):
		return fmt.Errorf("%w: the period is empty: it is from %s on and before %s; say an earlier from or a later to", ErrQuery, q.From.Format(time.RFC3339), q.To.Format(time.RFC3339))
	case q.By != "" && q.By != Day && q.By != Week:
		return fmt.Errorf("%w: a timeline is by day or by week, not by %q", ErrQuery, q.By)
	case q.Again < 0:
		return fmt.Errorf("%w: customers come again after some time, not after %v", ErrQuery, q.Again)
	}
	if q.Again == 0 {
		q.Again = week
	}
	if q.By == "" {
		if q.By = Day; q.To.Sub(q.From) > mostDays*24*time.Hour {
			q.By = Week
		}
	}
	return nil
}

// nanos is a time as records have it. What is out of their range counts as its end.
func nanos(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, 0)):
		return 0
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// pieces cuts a period at midnights of a time zone, or those before Mondays: n pieces have n+1 bounds,
// the first and the last of which are the period's own.
func (q *Query) pieces(zone *time.Location) ([]time.Time, error) {
	bounds := []time.Time{q.From}
	y, m, d := q.From.In(zone).Date()
	if q.By == Week {
		d -= (int(q.From.In(zone).Weekday()) + 6) % 7
	}
	for {
		if d++; q.By == Week {
			d += 6
		}
		next := time.Date(y, m, d, 0, 0, 0, 0, zone)
		if !next.Before(q.To) {
			return append(bounds, q.To), nil
		}
		if len(bounds) == mostPieces {
			return nil, fmt.Errorf("%w: the timeline would have more than %d pieces; say by=week, or a shorter period", ErrQuery, mostPieces)
		}
		if next.After(bounds[len(bounds)-1]) {
			bounds = append(bounds, next)
		}
	}
}
