package api

import (
	"context"
	"net/http"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/shadow"
)

// Shadows runs versions beside the active one, without effects.
type Shadows interface {
	Start(ctx context.Context, version, by string) (shadow.Report, error)
	Stop(ctx context.Context, version, by string) (shadow.Report, error)
	Report(ctx context.Context, version string) (shadow.Report, error)
}

func (s *server) postShadow(r *request) error {
	return s.shadow(r, func(ctx context.Context, version string) (shadow.Report, error) {
		return s.Shadows.Start(ctx, version, r.who.Actor())
	})
}

func (s *server) deleteShadow(r *request) error {
	return s.shadow(r, func(ctx context.Context, version string) (shadow.Report, error) {
		return s.Shadows.Stop(ctx, version, r.who.Actor())
	})
}

func (s *server) getShadow(r *request) error { return s.shadow(r, s.Shadows.Report) }

// shadow does something to the shadow of the version in the path, and answers what it has seen.
func (s *server) shadow(r *request, do func(ctx context.Context, version string) (shadow.Report, error)) error {
	b, err := s.Bundles.Resolve(r.Request.Context(), r.Param("version"))
	if err != nil {
		return err
	}
	report, err := do(r.Request.Context(), b.Version)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, report)
}

// shadowShapes are the schemas of what versions see beside the active one.
func shadowShapes() schema {
	counted := func(more schema) schema {
		members := schema{"agreed": integer("the version would have done as they wanted"), "of": integer("decisions of people")}
		for name, s := range more {
			members[name] = s
		}
		return object("", members)
	}
	kinds := oneOf("", shadow.OtherProcedure, shadow.OtherInputs, shadow.OtherHypothesis, shadow.OtherCall, shadow.OtherVerdict, shadow.OtherQuestion, shadow.OtherReply, shadow.OtherCheck, shadow.OtherEnd, shadow.OtherRest, shadow.OtherStep)
	byDecision := schema{}
	decisions := []casefile.DecisionName{casefile.DecideApprove, casefile.DecideReject, casefile.DecideEdit, casefile.DecideOverride}
	optional := make([]string, len(decisions))
	for i, d := range decisions {
		byDecision[string(d)], optional[i] = counted(nil), string(d)
	}
	return schema{
		"Agreement": counted(schema{"lower_bound": number("of how often it agrees, which holds at every look"), "confidence": number("of that bound")}),
		"Shadow": object("What a version saw beside the active one: what it would have done, held against what was done and what people decided", schema{"version": text(""), "state": oneOf("", shadow.Running, shadow.Stopped),
			"by": text("actor who started it"), "started_at": moment(""), "stopped_at": orNull(moment("")), "why": text("why it stopped by itself"), "behind": integer("entries of the journal that it hasn't followed yet"),
			"cases": integer("that were compared"), "same": integer("cases in which it would have done the same"), "diverged": integer("cases in which it wouldn't"), "unplayed": integer("cases, beside those, that can't be compared"), "reads": integer("calls that went to plugins, which only read"),
			"kinds": arrayOf(object("A way of doing something else", schema{"kind": kinds, "count": integer("cases"),
				"examples": arrayOf(object("", schema{"case_id": text(""), "seq": integer("of the recorded entry"), "recorded": text("what was done"), "now": text("what it would do")}))})),
			"people": ref("Agreement"), "decisions": object("By what people decided", byDecision, optional...),
			"procedures":  arrayOf(object("", schema{"procedure": text("empty where none was found"), "cases": integer(""), "same": integer(""), "people": ref("Agreement")})),
			"unplayed_by": arrayOf(object("", schema{"why": text(""), "count": integer(""), "case_id": text("an example")}))}, "why"),
	}
}
