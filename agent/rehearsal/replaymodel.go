package rehearsal

import (
	"context"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/model"
)

// otherWords is noted where the model would be asked something else than it was.
const otherWords = "the model would be asked in other words now, or be told something else; what it says is what it said then"

// Think is agent.Model: what the model said then to the same use. It isn't asked anew: what it would say
// today, nobody could hold against a record.
func (r *replay) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	r.arrive()
	for i := max(r.rec.at, r.thought); i < len(r.rec.entries); i++ {
		d, ok := r.rec.entries[i].Data.(*casefile.ModelAnswered)
		if !ok || d.Use != ask.Use || d.Prompt != "" && (d.Repair == nil) != (ask.Repair == nil) || d.Earlier != ask.Earlier {
			continue
		}
		r.thought = i + 1
		if r.taken(i); !r.reasked && d.Prompt != "" && !model.Alike(d.Prompt, ask.Prompt) {
			r.reasked = true
			r.patience = append(r.patience, otherWords)
		}
		said := *d
		if d.Error != nil { // when it is asked again follows from the clock
			why := *d.Error
			said.Error = &why
		}
		return said
	}
	return casefile.ModelAnswered{Error: &casefile.ModelError{Code: agent.ModelNone, Detail: "the record has no answer of a model to that"}}
}
