package sim

import (
	"encoding/json"
	"strings"
	"time"

	"resolute/tools/protocol"
)

// callbackBase is where results are posted to.
const callbackBase = "http://resolute.example/callbacks/"

// posting is a result on its way to resolute; the plugin posts it until it is taken.
type posting struct {
	token string
	body  protocol.CallbackBody
	due   time.Time
	times int // how often it is posted though it was taken
	name  string
	bad   bool // it isn't the plugin's: nothing may come of it
}

// serveAsync accepts a call and does it later.
func (s *Sim) serveAsync(c *wireCall, fate string) *answer {
	if before := s.world.ops[c.key]; before != nil && before.status == "pending" {
		return says(409, "")
	}
	switch fate {
	case "lie", "late effect", "timeout after effect", "500 after effect", "503 after effect", "garbage after effect", "cut after effect":
		return s.serveWrite(c, fate)
	}
	s.world.ops[c.key] = &operation{call: c, status: "pending"}
	how := "prompt result"
	if s.Draw(3) > 0 {
		how = s.oneOf("prompt result", "result twice", "result before the 202", "late result", "result by asking alone", "failure", "garbage result", "forged result", "no result")
	}
	s.log("plugin: %s is accepted, with a %s", c.tool, how)
	s.model.flies(c.key, 1)
	after := time.Duration(1+s.Draw(20)) * time.Second
	a := says(202, map[string]any{"operation": c.key})
	switch how {
	case "no result": // pending for good
		return a
	case "late result":
		after = 15 * time.Minute
	case "result before the 202":
		after, a.after = prompt/2, toolTimeout-time.Second
	case "forged result":
		s.forge(c)
	}
	s.later(after, "end of "+c.tool, func() { s.complete(c, how) })
	return a
}

// complete ends an accepted call and posts its result.
func (s *Sim) complete(c *wireCall, how string) {
	s.model.flies(c.key, -1)
	p := &posting{due: s.clock.Now(), name: how, body: protocol.CallbackBody{IdempotencyKey: c.key}, token: strings.TrimPrefix(c.callback, callbackBase)}
	if how == "failure" {
		s.world.ops[c.key] = &operation{call: c, status: "failed"}
		s.model.failed(c.key)
		p.body.Error = &protocol.Problem{Status: 422, Code: "no_carrier"}
	} else if m, no := s.perform(c); no != nil {
		p.body.Error = &protocol.Problem{Status: 422, Code: no.code}
	} else {
		p.body.Result, _ = json.Marshal(m) // of plain values
	}
	switch how {
	case "result by asking alone":
		return
	case "result twice":
		p.times = 1
	case "garbage result":
		p.body.Result, p.body.Error = json.RawMessage(`{"replacement": 7}`), nil
	}
	s.postings = append(s.postings, p)
}

// forge posts results that whoever sent them may not post.
func (s *Sim) forge(c *wireCall) {
	token := strings.TrimPrefix(c.callback, callbackBase)
	result := json.RawMessage(`{"replacement": "REP-FORGED"}`)
	s.postings = append(s.postings,
		&posting{due: s.clock.Now(), name: "forged result", bad: true, token: token[:len(token)-2] + "xx", body: protocol.CallbackBody{IdempotencyKey: c.key, Result: result}},
		&posting{due: s.clock.Now(), name: "forged result", bad: true, token: token, body: protocol.CallbackBody{IdempotencyKey: "another", Result: result}})
}
