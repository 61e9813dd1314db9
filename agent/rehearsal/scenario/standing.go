package scenario

import (
	"time"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Level is how far the agent may go with what it names, as if it had earned or lost that.
type Level struct {
	Pos       source.Pos
	Procedure string // "" for any
	Tool      string // PLUGIN.TOOL, "" for any
	Level     casefile.Level
}

// Paused is something that people pause for a while.
type Paused struct {
	Pos       source.Pos
	Procedure string
	Tool      string        // neither: everything
	At, Until time.Duration // since Scenario.Now; Until 0: nobody resumes it
}

// Outcome is what has to come of the case that a signal came to.
type Outcome struct {
	Pos    source.Pos
	Signal int // by time, from 1
	Status casefile.Status
	Stop   casefile.StopCode
}

func parseLevel(n source.Node) Level {
	m := mapping(n, "procedure", "tool", "level")
	return Level{Pos: n.Pos(), Procedure: m.Get("procedure").String(), Tool: m.Get("tool").String(),
		Level: casefile.Level(m.Need("level", "act").OneOf(string(casefile.LevelShadow), string(casefile.LevelPropose), string(casefile.LevelAct)))}
}

func (s *Scenario) pause(n source.Node) Paused {
	m := mapping(n, "procedure", "tool", "at", "until")
	p := Paused{Pos: n.Pos(), Procedure: m.Get("procedure").String(), Tool: m.Get("tool").String(), At: m.Get("at").Duration()}
	if p.Procedure != "" && p.Tool != "" {
		m.Get("tool").Fail("name a tool or a procedure, or neither for everything")
	}
	if until := m.Get("until"); until.Here() {
		if p.Until = until.Duration(); p.Until <= p.At {
			until.Fail("it would end before it begins, at %v", p.At)
		}
	}
	if within := s.Expect.Within; within > 0 && p.At > within {
		m.Get("at").Fail("it would begin after %v, when the rehearsal is over: it ends at expect.within, %v", p.At, within)
	}
	return p
}

func parseOutcome(n source.Node) Outcome {
	m := mapping(n, "signal", "status", "stop")
	o := Outcome{Pos: n.Pos(), Status: status(m.Get("status")), Stop: casefile.StopCode(m.Get("stop").String())}
	if at := m.Need("signal", "2"); at.Here() {
		if o.Signal = at.Int(); o.Signal == 0 && at.String() == "0" {
			at.Fail("signals are counted from 1, by time")
		}
	}
	if n.IsMapping() && o.Status == "" && o.Stop == "" {
		n.Fail("nothing is expected of this case; add for example status: resolved")
	}
	return o
}

// status reads one that a case can rest at.
func status(n source.Node) casefile.Status {
	if !n.Here() {
		return ""
	}
	return casefile.Status(n.OneOf(string(casefile.Resolved), string(casefile.Escalated), string(casefile.Approving), string(casefile.Waiting), string(casefile.Closed)))
}

// CheckProcedures reports procedures that the bundle doesn't have.
func (s *Scenario) CheckProcedures(names []string, problems *source.Problems) {
	known := func(at source.Pos, name string) {
		for _, n := range names {
			if n == name {
				return
			}
		}
		if name != "" {
			problems.Add(at, "the bundle has no procedure %s%s", name, source.Nearest(name, names))
		}
	}
	for _, l := range s.Authority {
		known(l.Pos, l.Procedure)
	}
	for _, p := range s.Paused {
		known(p.Pos, p.Procedure)
	}
}
