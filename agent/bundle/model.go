package bundle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"resolute/agent/casefile"
	"resolute/agent/model"
	"resolute/agent/procedure"
	"resolute/agent/source"
	"resolute/tools"
)

// prompt takes in a prompt of the bundle.
func (l *loader) prompt(name, shown string, text []byte) {
	if known := model.PromptFiles(); !slices.Contains(known, name) {
		l.problems.Warn(source.Pos{File: shown}, "no use has the prompt %s, so it has no effect; there are %s", name, strings.Join(known, ", "))
		return
	}
	if err := model.CheckPrompt(string(text)); err != nil {
		l.problems.Add(source.Pos{File: shown}, "%v", err)
		return
	}
	if l.PromptText == nil {
		l.PromptText = map[string]string{}
	}
	l.PromptText[name] = string(text)
}

// modelTools is what a model is told of the tools.
func (l *loader) modelTools(set toolset) map[string]model.Tool {
	all := map[string]model.Tool{}
	tell := func(name string) {
		p, x, ok := set.find(name)
		if _, told := all[name]; told || !ok {
			return
		}
		effect, input, _, _ := set.Schemas(name)
		arguments := sync.OnceValues(func() (*tools.Arguments, error) { return tools.NewArguments(input) }) // few are ever asked for
		all[name] = model.Tool{Description: cmp.Or(x.Description, x.Title), Effect: effect, Input: input, Trusted: p.TrustedFields()[x.Name], Read: func(args casefile.Object) (casefile.Object, error) {
			a, err := arguments()
			if err != nil {
				return nil, fmt.Errorf("the input schema of %s is none: %w", name, err)
			}
			return a.Read(args)
		}}
	}
	for _, name := range set.Names("") {
		tell(name)
	}
	return all
}

// checkModel holds what a model is to do against what the bundle lets it.
func (l *loader) checkModel(set toolset) {
	uses := slices.Contains(l.Config.Model.Uses, casefile.UseDrive)
	var planner *model.Planner
	for _, p := range l.Procedures {
		if p.Drive == nil {
			continue
		}
		if !uses {
			l.problems.Warn(p.Drive.Pos, "model.uses in resolute.yaml doesn't have drive, so each case of %s goes to a person as model.unavailable", p.Name)
		}
		if planner == nil {
			planner = model.New(procedure.NewPlanner(l.Procedures, l.Config.Limits.Asks), l.ModelOptions())
		}
		if need, room := planner.Instructions(p), l.Config.Model.Context; need > room/2 && !l.problems.Failed() {
			l.problems.Warn(p.Drive.Pos, "the instructions for %s take up to %d of the %d tokens of model.context, which leaves little for the case; shorten guidance and tools, or raise it", p.Name, need, room)
		}
	}
}

// ModelOptions are what the version says about its model.
func (b *Bundle) ModelOptions() model.Options {
	c := &b.Config
	return model.Options{Company: c.Company, Zone: c.Zone, Currency: c.Currency, Uses: c.Model.Uses, Samples: c.Model.Samples, Context: c.Model.Context,
		Threshold: c.Model.Threshold, Calls: c.Limits.ModelCalls, Tokens: c.Limits.ModelTokens, Asks: c.Limits.Asks, Redact: c.Redact, Tools: b.ModelTools, Files: b.PromptText}
}

// warnOfDrive warns of writes of a model that no policy covers, and of arguments that will be refused: what
// a model says is whatever anybody wrote into the case.
func (l *loader) warnOfDrive(set toolset, p *procedure.Procedure) {
	if p.Drive == nil {
		return
	}
	for _, t := range p.Drive.Tools {
		effect, _, _, ok := set.Schemas(t.Value)
		if !ok {
			continue
		}
		then := "unless a trusted fact says the same, the call is denied"
		if effect == "read" {
			then = "whatever it names is read, another customer's too"
		} else {
			l.warnUncovered(t.Value, effect, t.Pos)
		}
		made := map[string][]string{}
		for _, arg := range set.arguments()[t.Value] {
			made[arg] = []string{"signal"} // whoever wrote it may have said so
		}
		doubtful := l.Guard.Doubtful(t.Value, made, p.Gives)
		for _, name := range slices.Sorted(maps.Keys(doubtful)) {
			l.problems.Warn(t.Pos, "a model chooses %s of %s: %s; bind it in a policy", name, t.Value, then)
		}
	}
}
