package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/model/grounding"
)

// object reads an answer's JSON object; a fence of code around it is no part of it.
func object(text string) (casefile.Object, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "```"); ok {
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(rest, "json"), "```"))
	}
	v, err := casefile.DecodeValue([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the answer is no JSON object")
	}
	return o, nil
}

// fields reads the fields of an object, and keeps the first thing that is wrong with them.
type fields struct {
	o    casefile.Object
	read []string
	err  error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) get(name string) (any, bool) {
	f.read = append(f.read, name)
	v, ok := f.o[name]
	return v, ok && v != nil
}

// text reads a text of at most so many bytes, "" where it isn't there.
func (f *fields) text(name string, most int) string {
	v, ok := f.get(name)
	if !ok {
		return ""
	}
	s, is := v.(string)
	switch {
	case !is:
		f.fail("%s is no text", name)
	case len(s) > most:
		f.fail("%s has %d bytes, and may have %d; be shorter", name, len(s), most)
	}
	return readable(s)
}

// mostListed bounds a list of texts, each of which is held against all before it.
const mostListed = 500

func (f *fields) texts(name string) []string {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	list, is := v.([]any)
	if !is {
		f.fail("%s is no list", name)
	}
	if len(list) > mostListed {
		f.fail("%s has %d entries, and may have %d", name, len(list), mostListed)
		return nil
	}
	var texts []string
	for _, v := range list {
		s, is := v.(string)
		if !is {
			f.fail("%s holds something that is no text", name)
		}
		if !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
	}
	return texts
}

// share reads a number from 0 to 1.
func (f *fields) share(name string) float64 {
	v, ok := f.get(name)
	if !ok {
		return 0
	}
	var n float64
	switch t := v.(type) {
	case int64:
		n = float64(t)
	case float64:
		n = t
	default:
		f.fail("%s is no number", name)
	}
	if !(n >= 0 && n <= 1) {
		f.fail("%s is %v, and is from 0 to 1", name, v)
	}
	return n
}

func (f *fields) object(name string) casefile.Object {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	o, is := v.(map[string]any)
	if !is {
		f.fail("%s is no object", name)
	}
	return o
}

func (f *fields) sentences(name string) []grounding.Sentence {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	list, is := v.([]any)
	if !is {
		f.fail("%s is no list", name)
	}
	var sentences []grounding.Sentence
	for i, v := range list {
		o, is := v.(map[string]any)
		if !is {
			f.fail("sentence %d is no object with text and evidence", i+1)
			continue
		}
		in := fields{o: o}
		s := grounding.Sentence{Text: in.text("text", longestReply), Evidence: in.texts("evidence")}
		if in.all("text", "evidence"); in.err != nil {
			f.fail("sentence %d: %w", i+1, in.err)
		}
		sentences = append(sentences, s)
	}
	return sentences
}

// all reports fields that are missing, and those that nothing read.
func (f *fields) all(needed ...string) {
	for _, name := range needed {
		if _, there := f.o[name]; !there {
			f.fail("%s is missing", name)
		}
	}
	for _, name := range sorted(f.o) {
		if !slices.Contains(f.read, name) {
			f.fail("%s is no field of an answer", name)
		}
	}
}
