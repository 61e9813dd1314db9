package procedure

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"resolute/agent/casefile"
	"resolute/agent/expr"
)

// readInputs looks for the inputs in the signals that came since it last did; not while a hypothesis
// is half done, or its remaining steps would be about something else than those that are done.
func (r *run) readInputs() casefile.Decision {
	if !r.unread() || r.c.HalfDone() {
		return nil
	}
	found := &casefile.InputsFound{Inputs: map[string]casefile.Input{}, UpTo: r.c.Signals[len(r.c.Signals)-1].Seq}
	var evidence []string
	for i := range r.Inputs {
		in := &r.Inputs[i]
		v, ok := in.find(r.c.Signals, r.vars)
		if !ok {
			found.Missing = append(found.Missing, in.Name)
			continue
		}
		found.Inputs[in.Name] = v
		if ref := casefile.EvidenceSignal(v.Signal); !slices.Contains(evidence, ref) {
			evidence = append(evidence, ref)
		}
	}
	return casefile.Note{Data: found, Evidence: evidence}
}

// unread reports whether signals came since the inputs were read.
func (r *run) unread() bool {
	n := len(r.c.Signals)
	return n > 0 && r.c.Signals[n-1].Seq > r.c.InputsUpTo
}

// contradicted names an input that signals since it was read say otherwise, "" for none.
func (r *run) contradicted() string {
	if !r.unread() {
		return ""
	}
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if v, ok := in.find(r.c.Signals, r.vars); ok && !reflect.DeepEqual(v.Value, r.c.Inputs[in.Name].Value) {
			return in.Name
		}
	}
	return ""
}

// find gives the newest value that From gives over the signals, else the one distinct match of
// Pattern in the newest text that has any.
func (in *Input) find(signals []casefile.Received, vars expr.Vars) (casefile.Input, bool) {
	newest := make([]*casefile.Signal, len(signals))
	for i := range signals {
		newest[i] = &signals[i].Signal
	}
	slices.SortStableFunc(newest, func(a, b *casefile.Signal) int {
		switch {
		case b.Before(a):
			return -1
		case a.Before(b):
			return 1
		}
		return 0
	})
	if in.From != nil {
		for _, s := range newest {
			if v, err := in.From.Eval(vars.With(s)); err == nil {
				if v, ok := in.accept(v); ok {
					return casefile.Input{Value: casefile.Value{V: v}, Signal: s.ID, How: "from"}, true
				}
			}
		}
	}
	if in.Pattern == nil {
		return casefile.Input{}, false
	}
	for _, s := range newest {
		switch m := matches(in.Pattern, s.Text()); {
		case len(m) > 1:
			return casefile.Input{}, false
		case len(m) == 1:
			v, ok := in.read(m[0])
			return casefile.Input{Value: casefile.Value{V: v}, Signal: s.ID, How: "pattern"}, ok
		}
	}
	return casefile.Input{}, false
}

// accept takes a value of the right type that the pattern matches in full.
func (in *Input) accept(v any) (any, bool) {
	switch t := v.(type) {
	case string:
		if in.Type != "string" || t == "" {
			return nil, false
		}
	case int64:
		if in.Type == "number" {
			v = float64(t)
		} else if in.Type != "int" {
			return nil, false
		}
	case float64:
		if in.Type != "number" {
			return nil, false
		}
	case bool:
		if in.Type != "bool" {
			return nil, false
		}
	default:
		return nil, false
	}
	return v, in.Whole == nil || in.Whole.MatchString(fmt.Sprint(v))
}

// read turns a match in a text into a value of the input's type.
func (in *Input) read(s string) (any, bool) {
	switch in.Type {
	case "int":
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	case "number":
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	case "bool":
		b, err := strconv.ParseBool(s)
		return b, err == nil
	}
	return s, true
}

// Answers reports whether a text can be taken for an answer to who asks for the input.
func (in *Input) Answers(text string) bool {
	if in.Pattern == nil {
		return in.From != nil // which may read what customers write
	}
	m := matches(in.Pattern, text)
	if len(m) != 1 {
		return false
	}
	_, ok := in.read(m[0])
	return ok
}

// matches gives the distinct matches that don't stand next to a letter, a digit or '_'.
func matches(re *regexp.Regexp, text string) []string {
	var list []string
	for _, loc := range re.FindAllStringIndex(text, -1) {
		if m := text[loc[0]:loc[1]]; m != "" && alone(text, loc[0], loc[1]) && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

// alone reports whether what stands from one place of a text to another is no part of a word.
func alone(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !word(before) && !word(after)
}

func word(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r))
}

// askInputs asks the customer for what is missing and may be asked for.
func (r *run) askInputs() casefile.Decision {
	q := r.c.Question
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if _, ok := r.c.Inputs[in.Name]; ok || in.Ask == nil {
			continue
		}
		if q != nil && q.Input == in.Name {
			if r.answeredSince(q.Seq) == nil {
				return casefile.AskCustomer{Question: *q}
			}
			return casefile.Note{Data: &casefile.QuestionEnded{}}
		}
		if q != nil && q.Input != "" { // that is answered, and this is another question
			return casefile.Note{Data: &casefile.QuestionEnded{}}
		}
		if r.c.Asks[in.Name] >= r.planner.asks {
			return escalate(casefile.StopInputMissing, fmt.Sprintf("the customer was asked for %s %d times", in.Name, r.c.Asks[in.Name]), nil)
		}
		text, err := in.Ask.Render(r.vars)
		if err != nil {
			return escalate(casefile.StopEvidenceMissing, "the question for "+in.Name+" can't be written: "+err.Error(), nil)
		}
		return casefile.AskCustomer{Question: casefile.Question{Input: in.Name, Text: text}}
	}
	if q != nil && q.Input != "" {
		return casefile.Note{Data: &casefile.QuestionEnded{}}
	}
	return nil
}

// answeredSince gives the first signal with a text that came after an entry, nil if none did.
func (r *run) answeredSince(seq uint64) *casefile.Received {
	for i := range r.c.Signals {
		if s := &r.c.Signals[i]; s.Seq > seq && s.Text() != "" {
			return s
		}
	}
	return nil
}

// correlate notes the values that make signals belong to the case.
func (r *run) correlate() casefile.Decision {
	values := r.Procedure.correlations(r.vars)
	if len(values) == 0 || slices.EqualFunc(values, r.c.Correlated, func(a, b casefile.Correlation) bool {
		return a.Procedure == b.Procedure && a.Index == b.Index && reflect.DeepEqual(a.Value, b.Value)
	}) {
		return nil
	}
	return casefile.Note{Data: &casefile.CaseCorrelated{Values: values}}
}

func (p *Procedure) correlations(vars expr.Vars) []casefile.Correlation {
	var values []casefile.Correlation
	for i, e := range p.Correlate {
		if v, err := e.Eval(vars); err == nil && v != nil && v != "" {
			values = append(values, casefile.Correlation{Procedure: p.Name, Index: i, Value: casefile.Value{V: v}})
		}
	}
	return values
}
