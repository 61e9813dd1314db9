package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"resolute/agent"
	"resolute/agent/book"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
	"resolute/agent/source"
	"resolute/agent/triage"
)

// Tools are the tools of a version; a tools.Registry is such.
type Tools interface {
	agent.Tools
	// Schemas gives a tool's JSON Schemas, nil where there is none or no such tool.
	Schemas(name string) (input, output json.RawMessage)
}

// Stage is a version made ready to be rehearsed. Rehearsals on it may run at the same time.
type Stage struct {
	book      book.Alone
	tools     Tools
	knowledge agent.Knowledge
	routes    *triage.Book  // nil: the version's own
	model     agent.Model   // nil: there is none
	planner   agent.Planner // nil: the version's own
	speaker   *Speaker      // nil: customers speak by phrases
}

// NewStage makes a stage of a version with the tools that it names. Scripted worlds take from tools
// what describes them; only scenarios that say so call them.
func NewStage(b *book.Book, tools Tools, knowledge agent.Knowledge) *Stage {
	return &Stage{book: book.Alone{Book: b}, tools: tools, knowledge: knowledge}
}

// WithTriage is the stage with another triage than the version's own examples make.
func (s *Stage) WithTriage(b triage.Book) *Stage {
	next := *s
	next.routes = &b
	return &next
}

// router chooses procedures by a clock.
func (s *Stage) router(now func() time.Time) agent.Triage {
	if s.routes == nil {
		return s.book.Router(now)
	}
	return &triage.Router{Books: func(context.Context, string) (triage.Book, error) { return *s.routes, nil }, Now: now}
}

// Version is what is rehearsed.
func (s *Stage) Version() string { return s.book.Version }

// Bundle is the version's. It is not to be changed.
func (s *Stage) Bundle() *bundle.Bundle { return s.book.Bundle }

// Scenarios are those of the bundle.
func (s *Stage) Scenarios() []*scenario.Scenario { return s.book.Rehearsals }

// Problems are what the scenarios say that can't be: answers that don't fit their tools.
func (s *Stage) Problems() (list source.Problems) {
	for _, sc := range s.Scenarios() {
		for _, t := range sc.World {
			for _, a := range t.Answers {
				if _, err := s.decode(t.Name, a.Result); err != nil {
					list.Add(a.ResultAt, "%v", err)
				}
			}
		}
	}
	return list
}

// decode makes of a scripted result what a plugin's would be.
func (s *Stage) decode(tool string, result any) (casefile.Value, error) {
	raw, err := casefile.EncodeValue(result)
	if err != nil {
		return casefile.Value{}, fmt.Errorf("%s: %w", tool, err)
	}
	return s.tools.DecodeResult(tool, raw)
}

// NoKnowledge is for bundles that ask none.
type NoKnowledge struct{}

// Ground finds nothing.
func (NoKnowledge) Ground(context.Context, *casefile.Case, []string) ([]casefile.Passage, error) {
	return nil, nil
}
