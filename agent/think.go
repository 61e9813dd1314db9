package agent

import (
	"context"
	"time"

	"resolute/agent/casefile"
)

// Think asks the model.
type Think struct{ casefile.Consult }

func (Think) command() {}

// theModel is the model among plugins, none of which can have this name: cases that wait for it stand
// aside like those that wait for a plugin, and keep nobody waiting who doesn't need it.
const theModel = ".model"

// The codes of a casefile.ModelError that say what to do by themselves.
const (
	ModelNone = "none" // none is configured
	ModelBusy = "busy" // other cases have it
)

// mindless is the model of an engine that has none.
type mindless struct{}

func (mindless) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	return *asked(ask, casefile.ModelError{Code: ModelNone, Detail: "no model is configured; name one with --model ollama/NAME or model.name in resolute.yaml"})
}

// asked is the answer to a question that none came to.
func asked(ask casefile.Consult, why casefile.ModelError) *casefile.ModelAnswered {
	return &casefile.ModelAnswered{Use: ask.Use, Source: ask.Source, System: ask.System, Prompt: ask.Prompt, Repair: ask.Repair, Samples: ask.Samples, Earlier: ask.Earlier, Error: &why}
}

// lastWords is what remains of a lease when the model's time is over: to journal that.
const lastWords = 15 * time.Second

// think asks the model, for no longer than the case's lease lasts. It gives nil where the process ends
// meanwhile: then nothing is known, and the case asks again.
func (e *Engine) think(ctx context.Context, c *casefile.Case, t Think) *casefile.ModelAnswered {
	if p := e.Pauses.Current().Stops(c.Procedure); p != nil {
		return asked(t.Consult, casefile.ModelError{Code: string(casefile.StopPaused), Detail: pausedDetail(p), Temporary: true})
	}
	turn, cancel := context.WithTimeout(ctx, max(e.opt.Lease-lastWords, e.opt.Lease/2))
	defer cancel()
	said := e.Model.Think(turn, c.ID, t.Consult)
	if ctx.Err() != nil {
		return nil
	}
	said.Use, said.Source, said.System, said.Prompt, said.Repair = t.Use, t.Source, t.System, t.Prompt, t.Repair // whatever it says
	said.Samples, said.Earlier = t.Samples, t.Earlier
	return &said
}

// How long the model is left alone after it said nothing: longer each time.
const (
	firstPatience = time.Second
	mostPatience  = 2 * time.Minute
)

// absorbThought journals what the model said. A prompt's stable part that the answer before had is not
// journaled again, and one that will be asked again isn't at all: a model that others have for hours would
// fill the journal with it.
func (s *step) absorbThought(t *casefile.ModelAnswered) {
	said := *t
	if th := s.c.Thinking; th != nil && said.System != "" && th.System == casefile.SystemHash(said.System) {
		said.System = ""
	}
	if said.Error != nil && said.Error.Temporary {
		why := *said.Error
		wait := firstPatience
		if before := s.c.Asked(said.Use); before != nil && !before.FailedAt.IsZero() {
			wait = min(max(s.now.Sub(before.FailedAt), firstPatience), mostPatience)
		}
		why.NextAt, said.Error = s.now.Add(wait), &why
		said.System, said.Prompt, said.Repair = "", "", nil
	}
	s.note(casefile.ActorSystem, &said)
}
