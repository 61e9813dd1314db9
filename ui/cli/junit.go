package cli

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"resolute/agent/rehearsal"
)

// testsuite is a JUnit report, as CI systems read it.
type testsuite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"` // seconds by the rehearsal's clock
	Failure *failure `xml:"failure"`
	Out     string   `xml:"system-out,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, r *rehearsal.Report) error {
	s := testsuite{Name: "rehearsals", Tests: len(r.Items)}
	for i := range r.Items {
		it := &r.Items[i]
		c := testcase{Name: it.Rehearsal, Class: it.File, Time: fmt.Sprintf("%.3f", time.Duration(it.Took).Seconds()), Out: strings.Join(it.Story, "\n")}
		if !it.Passed {
			s.Failures++
			c.Failure = &failure{Message: it.Failures[0], Text: strings.Join(it.Failures, "\n")}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
