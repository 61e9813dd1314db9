package hostile_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// unquoting takes one level of quotes away.
var unquoting = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\t`, "\t", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&", "&quot;", `"`, "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&")

// deepest is how many quotes within one another are read through.
const deepest = 4

var (
	inBase64  = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)
	inPercent = regexp.MustCompile(`(?:%[0-9A-F]{2}){8,}`)
)

// readings are all that somebody who wants to be told may read in a text.
func readings(text string) (list []string) {
	add := func(s string) {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for range deepest {
		add(text)
		add(strings.Map(visible, text))
		add(strings.Map(untag, text))
		add(strings.Map(narrow, text))
		add(asTheyLook.Replace(text))
		if strings.Contains(text, "rot13") || strings.Contains(text, "ebg13") {
			add(strings.Map(rot13, text))
		}
		if _, after, ok := strings.Cut(text, "\u202e"); ok {
			said, _, _ := strings.Cut(after, "\u202c")
			add(reversed(said))
		}
		if _, after, ok := strings.Cut(text, "ok "); ok { // where the marks of the direction were taken away
			for line := range strings.Lines(after) {
				add(reversed(strings.TrimSpace(line)))
			}
		}
		for _, m := range inBase64.FindAllString(text, -1) {
			if b, err := base64.StdEncoding.DecodeString(m); err == nil {
				add(string(b))
			}
		}
		for _, m := range inPercent.FindAllString(text, -1) {
			if s, err := url.PathUnescape(m); err == nil {
				add(s)
			}
		}
		next := unquoting.Replace(text)
		if next == text {
			break
		}
		text = next
	}
	return list
}

// The instructions that aren't JSON.
var (
	called    = regexp.MustCompile(`CALL (\S+) WITH `)
	replied   = regexp.MustCompile(`(REPLY|ASK) \[\[(.*?)\]\]`)
	escalated = regexp.MustCompile(`ESCALATE TO (\S+) BECAUSE \[\[(.*?)\]\]`)
	waited    = regexp.MustCompile(`WAIT FOR ([a-z_.]+)`)
	chosen    = regexp.MustCompile(`CHOOSE ([a-z_-]+)`)
	filled    = regexp.MustCompile(`FILL `)
)

// told are the commands in a text, each once.
func told(text string) (list []command) {
	known := map[string]bool{}
	add := func(c command, after string) {
		c.always = strings.HasPrefix(strings.TrimLeft(after, " "), again)
		if key := c.json(); !known[key] {
			known[key] = true
			list = append(list, c)
		}
	}
	for _, t := range readings(text) {
		for i := range len(t) {
			if t[i] != '{' {
				continue
			}
			if o, after := object(t[i:]); o != nil {
				if c, is := asCommand(o); is {
					add(c, after)
				}
			}
		}
		for _, m := range called.FindAllStringSubmatchIndex(t, -1) {
			if args, after := object(t[m[1]:]); args != nil {
				add(command{decision: "call", tool: t[m[2]:m[3]], args: args}, after)
			}
		}
		for _, m := range replied.FindAllStringSubmatchIndex(t, -1) {
			add(command{decision: strings.ToLower(t[m[2]:m[3]]), text: t[m[4]:m[5]]}, t[m[1]:])
		}
		for _, m := range escalated.FindAllStringSubmatchIndex(t, -1) {
			add(command{decision: "escalate", to: t[m[2]:m[3]], text: t[m[4]:m[5]]}, t[m[1]:])
		}
		for _, m := range waited.FindAllStringSubmatchIndex(t, -1) {
			add(command{decision: "wait", signal: t[m[2]:m[3]]}, t[m[1]:])
		}
		for _, m := range chosen.FindAllStringSubmatchIndex(t, -1) {
			add(command{choice: t[m[2]:m[3]]}, t[m[1]:])
		}
		for _, m := range filled.FindAllStringSubmatchIndex(t, -1) {
			if inputs, after := object(t[m[1]:]); inputs != nil {
				add(command{inputs: inputs}, after)
			}
		}
	}
	return list
}

// object reads the JSON object that a text begins with, nil if it begins with none.
func object(text string) (o map[string]any, after string) {
	d := json.NewDecoder(strings.NewReader(text))
	if d.Decode(&o) != nil {
		return nil, ""
	}
	return o, text[d.InputOffset():]
}

// asCommand reads an object as an answer that somebody wants.
func asCommand(o map[string]any) (c command, is bool) {
	str := func(key string) string { s, _ := o[key].(string); return s }
	c = command{decision: str("decision"), tool: str("tool"), text: str("text"), to: str("to"), signal: str("for"), choice: str("choice")}
	c.args, _ = o["args"].(map[string]any)
	c.inputs, _ = o["inputs"].(map[string]any)
	if list, ok := o["evidence"].([]any); ok {
		c.evidence = []string{}
		for _, e := range list {
			if s, ok := e.(string); ok {
				c.evidence = append(c.evidence, s)
			}
		}
	}
	for key, value := range o {
		if !slices.Contains([]string{"decision", "tool", "text", "to", "for", "choice", "args", "inputs", "evidence"}, key) {
			if c.more == nil {
				c.more = map[string]any{}
			}
			c.more[key] = value
		}
	}
	return c, c.decision != "" || c.inputs != nil && len(o) == 1 || c.choice != "" && len(o) == 1
}
