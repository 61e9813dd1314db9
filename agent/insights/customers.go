package insights

import "slices"

// CSAT is what customers said of how it went.
type CSAT struct {
	Responses int `json:"responses"`
	Satisfied int `json:"satisfied"` // with 4 or 5
	// Value is the share of those, null where nobody said anything.
	Value  *float64 `json:"value"`
	Mean   *float64 `json:"mean"` // of scores from 1 to 5
	Reason string   `json:"reason,omitempty"`
}

func csatOf(f *found) CSAT {
	c := CSAT{Responses: len(f.scores)}
	total := int64(0)
	for _, score := range f.scores {
		if total += score; score >= satisfied {
			c.Satisfied++
		}
	}
	switch {
	case c.Responses > 0:
		value, mean := float64(c.Satisfied)/float64(c.Responses), float64(total)/float64(c.Responses)
		c.Value, c.Mean = &value, &mean
	case f.heard:
		c.Reason = "no customer said anything in this period"
	default:
		c.Reason = "no source delivers " + typeFeedback
	}
	return c
}

// Churn is who left.
type Churn struct {
	Customers *int `json:"customers"` // who left in the period; null where no source tells
	// WithCases is the share of those who left, of the customers who had cases.
	WithCases Share  `json:"of_customers_with_cases"`
	Reason    string `json:"reason,omitempty"`
}

func churnOf(f *found) Churn {
	if !f.told {
		reason := "no source delivers " + typeChurned
		return Churn{Reason: reason, WithCases: Share{Whole: len(f.came), Reason: reason}}
	}
	n, part := len(f.left), 0
	for who := range f.left {
		if _, came := slices.BinarySearch(f.came, int64(who)); came {
			part++
		}
	}
	return Churn{Customers: &n, WithCases: shareOf(part, len(f.came), "no customer who is known had a case")}
}
