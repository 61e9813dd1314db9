package casefile

import "time"

// Proposal is an action that the guard judges, with what a verdict needs beside the case.
type Proposal struct {
	Action
	Hypothesis string
	Now        time.Time
	// Reads are the paths of the state that each argument's value was made from. An argument that is
	// not in it was made from nobody knows what, and counts as made from anything in the case.
	Reads map[string][]string
	// ProposedBy is the principal whose edit or override it is, "" for the planner.
	ProposedBy string
	// Standing is how far the agent may go with it; nil: as the guard's own bundle says.
	Standing *Standing
	// Exceeded are the budgets that had no room for the action when it was tried, or when a person was
	// asked about it.
	Exceeded []Exceeded
	// Unusual is what is unusual about it against the tool's own history; nil: as it is known now.
	Unusual []RiskPart
}
