package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/grounding"
	"resolute/agent/model/tokens"
	"resolute/agent/procedure"
)

// asideTokens is how long an answer to a question beside the plan may be.
const asideTokens = 600

// beside is a question beside a plan that goes on without an answer too.
type beside struct {
	*Planner
	c       *casefile.Case
	now     time.Time
	use     casefile.ModelUse
	task    string // what is asked, behind the data
	extra   []piece
	fields  shape
	samples int
	// take reads what is the question's own, and gives what answers agree by.
	take func(f *fields, told []piece) (want casefile.ModelProposal, key string, err error)
}

// ask goes on with the question. It gives what to do first, or what is taken; neither where the plan goes
// on without the model.
func (b *beside) ask() (first casefile.Decision, taken *casefile.ModelProposal) {
	o := b.turn(b.c, b.now, question{use: b.use, ask: b.consult, read: b.read})
	if _, waits := o.first.(casefile.Recheck); waits {
		return nil, nil
	}
	if o.taken != nil {
		return nil, &o.taken.Proposal
	}
	return o.first, nil
}

func (b *beside) pieces() []piece { return append(b.data(b.c), b.extra...) }

func (b *beside) consult() (casefile.Consult, error) {
	prompt := b.Prompts[b.use]
	system := prompt.Text + aboutData
	end := "\n# Now\n" + b.task + "Answer with one JSON object.\n"
	room := b.room(system, asideTokens) - tokens.Bound(end)
	if room < leastRoom {
		return casefile.Consult{}, fmt.Errorf("the prompt for %s leaves no room for the case in model.context of %d tokens", b.use, b.Context)
	}
	text, told := b.tell(b.c, b.pieces(), room)
	s := append(shape{{"evidence", evidenceOf(told), true}, {"confidence", confidences, true}}, b.fields...)
	return casefile.Consult{System: system, Prompt: text + end, Schema: s.raw(), Tokens: asideTokens, Source: prompt.Source}, nil
}

// vote is an answer with what it agrees with others by.
type vote struct {
	want   casefile.ModelProposal
	key    string
	stated float64
}

func (b *beside) read(a *casefile.Asked) (*casefile.ModelProposed, int) {
	told := b.pieces()
	var votes []vote
	var first error
	for _, text := range a.Answers {
		v, err := b.parse(text, told)
		if err == nil {
			votes = append(votes, v)
		} else if first == nil {
			first = err
		}
	}
	if len(votes) == 0 {
		wrong := "the model gave no answer"
		if first != nil {
			wrong = first.Error()
		}
		return &casefile.ModelProposed{Problem: wrong, Repairable: a.Repairs == 0}, 0
	}
	if a.Sampled < b.samples {
		return nil, b.samples
	}
	var best vote
	most := 0
	for _, v := range votes {
		n := 0
		for _, o := range votes {
			if o.key == v.key {
				n++
			}
		}
		if n > most {
			best, most = v, n
		}
	}
	made := &casefile.ModelProposed{Proposal: best.want, Confidence: casefile.Confidence{Agreement: float64(most) / float64(max(a.Sampled, len(a.Answers))), Stated: best.stated}}
	if len(best.want.Evidence) > 0 {
		made.Confidence.Coverage = 1
	}
	b.weigh(b.c, a, &made.Confidence)
	if made.Confidence.Value < b.Threshold {
		made.Problem = fmt.Sprintf("it is sure by %.2f only, and thresholds.model is %.2f", made.Confidence.Value, b.Threshold)
	}
	return made, 0
}

func (b *beside) parse(text string, told []piece) (vote, error) {
	o, err := object(text)
	if err != nil {
		return vote{}, err
	}
	f := &fields{o: o}
	v := vote{stated: f.share("confidence")}
	evidence := f.texts("evidence")
	if v.want, v.key, err = b.take(f, told); err != nil && f.err == nil {
		f.err = err
	}
	f.all("evidence", "confidence")
	if f.err != nil {
		return vote{}, f.err
	}
	v.want.Evidence = evidence
	return v, known(evidence, cites(told))
}

// order lets the model say which of several plausible hypotheses is tried first.
func (p *Planner) order(c *casefile.Case, d casefile.Note, now time.Time) casefile.Decision {
	names := p.Plausible(c, now)
	if len(names) < 2 {
		return d
	}
	proc := p.Procedure(c.Procedure)
	var task strings.Builder
	fmt.Fprintf(&task, "The goal is: %s\nThese hypotheses are plausible:\n", proc.Goal)
	for i := range proc.Hypotheses {
		if h := &proc.Hypotheses[i]; slices.Contains(names, h.Name) {
			task.WriteString("- " + h.Name + ": " + steps(h) + "\n")
		}
	}
	b := &beside{Planner: p, c: c, now: now, use: casefile.UseOrder, task: task.String(), fields: shape{{"choice", oneOf(names...), true}}, samples: p.Samples, take: among(names)}
	first, taken := b.ask()
	if first != nil || taken == nil {
		return cmp.Or[casefile.Decision](first, d)
	}
	if begun := p.Begin(c, taken.Choice, "the model expects it to be the cause", now); begun != nil {
		return begun
	}
	return d
}

// among reads a choice of one of the names.
func among(names []string) func(f *fields, told []piece) (casefile.ModelProposal, string, error) {
	return func(f *fields, _ []piece) (want casefile.ModelProposal, key string, err error) {
		want.Decision, want.Choice = "choose", f.text("choice", longestBelief)
		if !slices.Contains(names, want.Choice) {
			err = fmt.Errorf("choice is %q, and is one of %s", want.Choice, strings.Join(names, ", "))
		}
		return want, want.Choice, err
	}
}

// steps is what a hypothesis does, in a line.
func steps(h *procedure.Hypothesis) string {
	var list []string
	for _, st := range h.Do {
		switch {
		case st.Call != nil:
			list = append(list, st.Call.Tool)
		case st.Ask != nil:
			list = append(list, "asks the customer")
		case st.Wait != nil:
			list = append(list, "waits for "+st.Wait.For)
		case st.Checkpoint != nil:
			list = append(list, "lets a person look")
		}
	}
	if h.When != nil {
		list = append(list, "plausible as "+h.When.Source)
	}
	return strings.Join(list, ", ")
}

// fill lets the model look for inputs that no pattern found, before the customer is asked.
func (p *Planner) fill(c *casefile.Case, d casefile.AskCustomer, now time.Time) casefile.Decision {
	missing := p.Missing(c)
	var task strings.Builder
	task.WriteString("These are looked for:\n")
	var props shape
	for _, in := range missing {
		fmt.Fprintf(&task, "- %s, of type %s", in.Name, in.Type)
		if in.Pattern != nil {
			fmt.Fprintf(&task, ", like %s", in.Pattern)
		}
		task.WriteByte('\n')
		props = append(props, property{in.Name, textOf(), false})
	}
	b := &beside{Planner: p, c: c, now: now, use: casefile.UseFill, task: task.String(), fields: shape{{"inputs", props, true}}, samples: p.Samples,
		take: func(f *fields, _ []piece) (want casefile.ModelProposal, key string, err error) {
			want.Decision, want.Inputs = "fill", map[string]casefile.Input{}
			for name, v := range f.object("inputs") {
				i := slices.IndexFunc(missing, func(in *procedure.Input) bool { return in.Name == name })
				if text := plain(v); i < 0 {
					err = fmt.Errorf("%s is nothing that is looked for", name)
				} else if text != "" && v != nil {
					if err = missing[i].Fits(c, text); err == nil {
						want.Inputs[name] = casefile.Input{Value: casefile.Value{V: text}, How: string(casefile.UseFill)}
					}
				}
				if err != nil {
					return want, "", err
				}
			}
			for _, name := range sorted(want.Inputs) {
				key += name + "=" + plain(want.Inputs[name].Value.V) + "\n"
			}
			return want, key, nil
		}}
	first, taken := b.ask()
	if first != nil || taken == nil {
		return cmp.Or[casefile.Decision](first, d)
	}
	values := map[string]string{}
	for name, in := range taken.Inputs {
		values[name] = plain(in.Value.V)
	}
	if filled := p.Fill(c, values, procedure.Driven); filled != nil {
		return filled
	}
	return d
}

// none is what a text is for that no procedure is for.
const none = "none"

// triage lets the model choose between what examples can't.
func (p *Planner) triage(c *casefile.Case, d casefile.Decision, now time.Time) casefile.Decision {
	names := []string{none}
	var task strings.Builder
	task.WriteString("The procedures are:\n")
	for _, k := range c.Candidates {
		if goal, ok := p.Goal(k.Procedure); ok {
			names = append(names, k.Procedure)
			fmt.Fprintf(&task, "- %s: %s\n", k.Procedure, goal)
			for _, text := range p.Procedure(k.Procedure).Start.Examples[:min(3, len(p.Procedure(k.Procedure).Start.Examples))] {
				fmt.Fprintf(&task, "  for example: %s\n", readable(text))
			}
		}
	}
	b := &beside{Planner: p, c: c, now: now, use: casefile.UseTriage, task: task.String(), fields: shape{{"choice", oneOf(names...), true}}, samples: p.Samples, take: among(names)}
	first, taken := b.ask()
	if first != nil || taken == nil || taken.Choice == none {
		return cmp.Or(first, d)
	}
	goal, _ := p.Goal(taken.Choice)
	signal := ""
	if c.Triaged != nil {
		signal = c.Triaged.Signal
	}
	return casefile.Note{Evidence: p.refs(c, taken.Evidence), Data: &casefile.ProcedureChosen{Procedure: taken.Choice, Goal: goal, Candidates: c.Candidates, Signal: signal,
		Reason: "examples were not sure enough, and the model chose it among the candidates"}}
}

// reply lets the model say what the procedure says in answer to what the customer wrote.
func (p *Planner) reply(c *casefile.Case, said *casefile.Reply, now time.Time) (casefile.Decision, *casefile.Reply) {
	source := grounding.Source{ID: "reply", Kind: grounding.Passage, Title: "what the procedure says", Text: said.Text}
	b := &beside{Planner: p, c: c, now: now, use: casefile.UseReply, task: "Say what the piece with the id reply says, to this customer.\n",
		extra:  []piece{{id: "reply", title: "what the procedure says", trust: ByKnowledge, text: said.Text, rank: rankCase}},
		fields: shape{{"sentences", listOf(shape{{"text", textOf(), true}, {"evidence", listOf(textOf()), true}}), true}}, samples: 1}
	b.take = func(f *fields, told []piece) (want casefile.ModelProposal, key string, err error) {
		sentences := f.sentences("sentences")
		if f.err != nil {
			return want, "", f.err
		}
		want.Decision = "reply"
		want.Text, _ = grounding.Compose(sentences)
		want.Citations = citations(c, sentences)
		for _, s := range sentences {
			if err := known(s.Evidence, cites(told)); err != nil {
				return want, "", err
			}
		}
		if want.Text == "" || len(want.Text) > longestReply {
			return want, "", fmt.Errorf("sentences hold %d bytes; they are what the customer is told, in at most %d bytes", len(want.Text), longestReply)
		}
		if r := p.held(c, sentences, told, now, source); r.Wrong != "" {
			return want, "", fmt.Errorf("%s", r.Wrong)
		}
		for _, word := range strings.Fields(said.Text) {
			if word = strings.Trim(word, `.,;:!?()"'`); strings.ContainsAny(word, "0123456789@/") && !occurs(word, want.Text) {
				return want, "", fmt.Errorf("the reply leaves out %s, which the procedure's text says", word)
			}
		}
		return want, "reply", nil
	}
	first, taken := b.ask()
	if first != nil || taken == nil {
		return first, said
	}
	return nil, &casefile.Reply{To: said.To, Text: taken.Text, Citations: taken.Citations}
}
