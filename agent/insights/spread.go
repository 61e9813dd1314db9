package insights

import (
	"slices"
	"time"
)

// Spread is how times are distributed. The value at a share is the least that so many didn't exceed
// (nearest rank), so each is the time of a case. All are null where there is none.
type Spread struct {
	Count   int      `json:"count"`
	Median  *int64   `json:"median_ms"`
	P90     *int64   `json:"p90_ms"`
	P25     *int64   `json:"p25_ms"`
	P75     *int64   `json:"p75_ms"`
	IQR     *int64   `json:"iqr_ms"` // from P25 to P75
	Min     *int64   `json:"min_ms"`
	Max     *int64   `json:"max_ms"`
	Buckets []Bucket `json:"buckets"`
	Reason  string   `json:"reason,omitempty"` // why there is none
}

// Bucket counts those that took longer than the bucket before and no longer than UpTo; null for any
// longer.
type Bucket struct {
	UpTo  *int64 `json:"up_to_ms"`
	Count int    `json:"count"`
}

// limits are the bounds of buckets.
var limits = [...]time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour, 72 * time.Hour, 168 * time.Hour}

// spreadOf gives how times, in nanoseconds, are distributed. It sorts them.
func spreadOf(times []int64, none string) Spread {
	ascending(times)
	s := Spread{Count: len(times), Buckets: make([]Bucket, 0, len(limits)+1)}
	at := 0
	for _, limit := range limits {
		n, _ := slices.BinarySearch(times[at:], int64(limit)+1)
		s.Buckets = append(s.Buckets, Bucket{UpTo: ms(int64(limit)), Count: n})
		at += n
	}
	s.Buckets = append(s.Buckets, Bucket{Count: len(times) - at})
	if len(times) == 0 {
		s.Reason = none
		return s
	}
	s.Median, s.P90, s.P25, s.P75 = ms(rankOf(times, 50)), ms(rankOf(times, 90)), ms(rankOf(times, 25)), ms(rankOf(times, 75))
	s.Min, s.Max = ms(times[0]), ms(times[len(times)-1])
	iqr := *s.P75 - *s.P25
	s.IQR = &iqr
	return s
}

// rankOf gives the value at a percentage of ascending values: the least that so many don't exceed.
func rankOf(sorted []int64, percent int) int64 {
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

func ms(nanoseconds int64) *int64 {
	n := nanoseconds / int64(time.Millisecond)
	return &n
}

// Share is a part of a whole.
type Share struct {
	Part   int      `json:"part"`
	Whole  int      `json:"whole"`
	Value  *float64 `json:"value"` // Part of Whole, null where that is 0
	Reason string   `json:"reason,omitempty"`
}

func shareOf(part, whole int, none string) Share {
	s := Share{Part: part, Whole: whole}
	if whole == 0 {
		s.Reason = none
		return s
	}
	v := float64(part) / float64(whole)
	s.Value = &v
	return s
}
