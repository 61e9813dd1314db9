package measure

import (
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
)

// idle is the planner of an agent that does nothing: every case goes to a person at once.
type idle struct{ agent.Planner }

// Idle is the planner of an agent that does nothing, and knows of a version what p knows.
func Idle(p agent.Planner) agent.Planner { return idle{p} }

// Plan hands the case over.
func (idle) Plan(*casefile.Case, time.Time) casefile.Decision {
	return casefile.Escalate{Stop: casefile.Stop{Code: casefile.StopProcedureEscalate, Detail: "this agent does nothing"}}
}

// Fallback says nothing.
func (idle) Fallback(*casefile.Case, casefile.StopCode, time.Time) casefile.Fallback {
	return casefile.Fallback{}
}
