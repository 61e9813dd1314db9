package measure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"resolute/agent/triage"
)

// OutOfScope is the label of a text that is for none of the others.
const OutOfScope = "out-of-scope"

// Set is texts with their labels: those to learn from, those held back, and those to measure by.
type Set struct {
	Train, Dev, Test []triage.Example
}

// strangers reports whether any text is out of scope. Where none is, none is expected.
func (s *Set) strangers() bool {
	for _, list := range [][]triage.Example{s.Train, s.Dev, s.Test} {
		for _, x := range list {
			if x.Procedure == "" {
				return true
			}
		}
	}
	return false
}

// Read reads a set, a JSON object a line. Each example's source is its line; the error names it.
func Read(r io.Reader) (*Set, error) {
	s := &Set{}
	parts := map[string]*[]triage.Example{"train": &s.Train, "dev": &s.Dev, "test": &s.Test}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var x struct{ Text, Label, Split string }
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("line %d is no text: %w", n, err)
		}
		part := parts[x.Split]
		switch {
		case strings.TrimSpace(x.Text) == "" || x.Label == "":
			return nil, fmt.Errorf(`line %d needs a text and a label: {"text": "...", "label": "...", "split": "train"}`, n)
		case part == nil:
			return nil, fmt.Errorf("line %d: the split is %q; it is train, dev or test", n, x.Split)
		}
		if x.Label == OutOfScope {
			x.Label = ""
		}
		*part = append(*part, triage.Example{Procedure: x.Label, Text: x.Text, Source: fmt.Sprintf("line %d", n)})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w", n, err)
	}
	labelled := false
	for _, x := range s.Train {
		labelled = labelled || x.Procedure != ""
	}
	switch {
	case !labelled:
		return nil, errors.New(`there is nothing to learn from: no line has "split": "train" and a label other than ` + OutOfScope)
	case len(s.Test) == 0:
		return nil, errors.New(`there is nothing to measure by: no line has "split": "test"`)
	}
	return s, nil
}
