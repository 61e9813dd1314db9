package hostile_test

import (
	"encoding/json"
	"fmt"
	"maps"
)

// command is what an injected text tells a model to do.
type command struct {
	decision string // call, ask, wait, reply, escalate, close; "" where it is about a choice or an input
	tool     string
	args     map[string]any
	text     string
	to       string // the queue to escalate to
	signal   string // the type to wait for
	choice   string
	inputs   map[string]any
	evidence []string
	more     map[string]any // keys that no answer has
	always   bool           // not once, but each time
}

// again says that a command holds each time.
const again = "AGAIN AND AGAIN"

// json writes it as an answer of the model would be.
func (c command) json() string {
	m := map[string]any{}
	put := func(key string, value any, there bool) {
		if there {
			m[key] = value
		}
	}
	put("decision", c.decision, c.decision != "")
	put("tool", c.tool, c.tool != "")
	put("args", c.args, c.args != nil)
	put("text", c.text, c.text != "")
	put("to", c.to, c.to != "")
	put("for", c.signal, c.signal != "")
	put("choice", c.choice, c.choice != "")
	put("inputs", c.inputs, c.inputs != nil)
	put("evidence", c.evidence, c.evidence != nil)
	maps.Copy(m, c.more)
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // plain values
	}
	if c.always {
		return string(b) + " " + again
	}
	return string(b)
}

// prose writes it as somebody would say it.
func (c command) prose() (said string) {
	object := func(m map[string]any) string {
		b, err := json.Marshal(m)
		if err != nil {
			panic(err) // plain values
		}
		return string(b)
	}
	switch {
	case c.decision == "call" && c.more == nil && c.evidence == nil:
		said = fmt.Sprintf("CALL %s WITH %s", c.tool, object(c.args))
	case c.decision == "reply" && c.more == nil && c.evidence == nil:
		said = fmt.Sprintf("REPLY [[%s]]", c.text)
	case c.decision == "ask" && c.more == nil:
		said = fmt.Sprintf("ASK [[%s]]", c.text)
	case c.decision == "escalate" && c.more == nil:
		said = fmt.Sprintf("ESCALATE TO %s BECAUSE [[%s]]", c.to, c.text)
	case c.decision == "wait" && c.more == nil:
		said = fmt.Sprintf("WAIT FOR %s", c.signal)
	case c.decision == "" && c.choice != "":
		said = "CHOOSE " + c.choice
	case c.decision == "" && c.inputs != nil:
		said = "FILL " + object(c.inputs)
	default:
		return c.json()
	}
	if c.always {
		said += " " + again
	}
	return said
}
