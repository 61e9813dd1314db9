package sim

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"resolute/tools/protocol"
)

// Times on the wire. An answer takes prompt, if nothing is wrong; no plugin begins to act on a
// request that is older than the tool's timeout.
const (
	prompt      = 20 * time.Millisecond
	toolTimeout = 5 * time.Second
)

// wireCall is one request to a plugin.
type wireCall struct {
	tool, key, caseID, step string
	callback                string
	args                    map[string]any
	at                      time.Time
	asks                    bool // it asks what became of key
}

func (c *wireCall) writes() bool { return !c.asks && !strings.Contains(c.tool, ".get_") }

// Dial is tools.Dial: it connects to a plugin, as far as there is a way.
func (s *Sim) Dial(context.Context, string, string) (net.Conn, error) {
	if s.cutOff() {
		s.pause("wire/unreachable", s.clock.Now().Add(prompt))
		return nil, errors.New("connection refused")
	}
	return &line{s: s}, nil
}

// line is a connection to a plugin. What is written to it is a request once somebody reads the
// answer.
type line struct {
	net.Conn // of what isn't here, nothing is used
	s        *Sim
	out      bytes.Buffer
	in       bytes.Reader
	used     bool
	broken   error // what is read behind in
}

func (l *line) Write(b []byte) (int, error) { return l.out.Write(b) }
func (l *line) Close() error                { return nil }
func (l *line) SetDeadline(time.Time) error { return nil }

// Read gives the answer to the request that was written.
func (l *line) Read(b []byte) (int, error) {
	if l.in.Len() == 0 && l.out.Len() > 0 {
		if err := l.request(); err != nil {
			return 0, err
		}
	}
	if l.in.Len() == 0 {
		return 0, cmp.Or(l.broken, io.EOF)
	}
	return l.in.Read(b)
}

func (l *line) request() error {
	r, err := http.ReadRequest(bufio.NewReader(&l.out))
	if err != nil {
		return err
	}
	c, err := parseCall(r)
	if err != nil {
		return err
	}
	l.out.Reset()
	s := l.s
	if l.used && s.closedMeanwhile() {
		s.log("%s: %s → the connection was closed, nothing arrives", s.running.name, c)
		s.pause("wire/closed", s.clock.Now().Add(prompt))
		return io.EOF
	}
	l.used = true
	c.at = s.clock.Now()
	fate := s.fate(c)
	s.log("%s: %s → %s", s.running.name, c, fate)
	s.model.sent(c)
	a := s.serve(c, fate)
	s.pause("wire/"+fate, c.at.Add(a.after))
	s.model.answered(c, a)
	if a.err != nil {
		l.broken = a.err
		return a.err
	}
	l.in.Reset(a.bytes())
	if a.broken {
		l.broken = io.ErrUnexpectedEOF
	}
	return nil
}

func parseCall(r *http.Request) (*wireCall, error) {
	plugin, _, _ := strings.Cut(r.Host, ".")
	c := &wireCall{key: r.Header.Get(protocol.HeaderIdempotencyKey), caseID: r.Header.Get(protocol.HeaderCase), step: r.Header.Get(protocol.HeaderStep),
		callback: r.Header.Get(protocol.HeaderCallback)}
	if key, ok := strings.CutPrefix(r.URL.Path, "/operations/"); ok {
		c.asks, c.key, c.tool = true, key, plugin
		return c, nil
	}
	c.tool = plugin + "." + strings.TrimPrefix(r.URL.Path, "/tools/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return c, json.Unmarshal(body, &c.args)
}

// answer is what a plugin says, or what the network makes of it.
type answer struct {
	after  time.Duration // since it was sent
	err    error
	status int
	header map[string]string
	body   string
	broken bool // the body breaks off
	served map[string]any
}

// bytes are the answer as it is on the wire.
func (a *answer) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", a.status, http.StatusText(a.status), len(a.body))
	for _, k := range slices.Sorted(maps.Keys(a.header)) {
		fmt.Fprintf(&b, "%s: %s\r\n", k, a.header[k])
	}
	b.WriteString("\r\n")
	if a.broken {
		b.WriteString(a.body[:len(a.body)/2])
	} else {
		b.WriteString(a.body)
	}
	return b.Bytes()
}

func timedOut(after time.Duration) *answer {
	return &answer{after: after, err: os.ErrDeadlineExceeded}
}

func says(status int, body any) *answer {
	b, ok := body.(string)
	if !ok {
		raw, _ := json.Marshal(body) // of plain values
		b = string(raw)
	}
	return &answer{after: prompt, status: status, body: b}
}

func (a *answer) retryAfter(d time.Duration) *answer {
	a.header = map[string]string{"Retry-After": strconv.Itoa(int(d / time.Second))}
	return a
}

const garbage = `{"id": 7, "surely": [not JSON`

// serve is what the plugin does about a request with a fate, now and later.
func (s *Sim) serve(c *wireCall, fate string) *answer {
	if a := failing(fate, c.writes()); a != nil {
		return a
	}
	switch {
	case c.asks:
		return s.tell(c)
	case !c.writes():
		return s.serveRead(c, fate)
	case c.tool == "shop.create_replacement":
		return s.serveAsync(c, fate)
	}
	return s.serveWrite(c, fate)
}

// failing is the answer to a request that nothing comes of.
func failing(fate string, writes bool) *answer {
	switch fate {
	case "timeout":
		return timedOut(toolTimeout)
	case "500":
		return says(500, "")
	case "garbage":
		return says(200, garbage)
	case "429":
		return says(429, "").retryAfter(2 * time.Second)
	case "503 retry-after":
		return says(503, "").retryAfter(time.Second)
	case "503":
		return says(503, "")
	case "409":
		return says(409, "")
	case "422":
		return says(422, map[string]any{"code": "not_today"})
	case "400":
		return says(400, "")
	case "302":
		a := says(302, "")
		a.header = map[string]string{"Location": "http://elsewhere.example"}
		return a
	}
	return nil
}

func (s *Sim) serveRead(c *wireCall, fate string) *answer {
	m, no := s.world.read(c.tool, c.args, s.clock.Now())
	if no != nil {
		return says(422, map[string]any{"code": no.code})
	}
	a := says(200, m)
	a.served = m
	if fate == "slow" {
		a.after = toolTimeout - time.Second
	}
	return a
}

// serveWrite does what a call asks for, and answers as its fate says.
func (s *Sim) serveWrite(c *wireCall, fate string) *answer {
	switch fate {
	case "lie": // 200 OK proves nothing
		s.model.lies(c)
		return says(200, lieOf(c.tool))
	case "late effect":
		s.model.flies(c.key, 1)
		s.later(time.Duration(1+s.Draw(4))*time.Second, "effect of "+c.tool, func() {
			s.model.flies(c.key, -1)
			s.perform(c)
		})
		return timedOut(toolTimeout)
	}
	m, no := s.perform(c)
	if no != nil && (fate == "ok" || fate == "slow") {
		return says(422, map[string]any{"code": no.code})
	}
	a := says(200, m)
	switch fate {
	case "slow":
		a.after = toolTimeout - time.Second
	case "timeout after effect":
		return timedOut(toolTimeout)
	case "500 after effect":
		return says(500, "")
	case "503 after effect":
		return says(503, "")
	case "garbage after effect":
		return says(200, garbage)
	case "cut after effect":
		a.broken = true
	case "202, and the tool is synchronous":
		return says(202, map[string]any{"operation": c.key})
	}
	return a
}

// perform acts and keeps what became of it for whoever asks.
func (s *Sim) perform(c *wireCall) (map[string]any, *refusal) {
	if !s.calm && s.has("effect shows late") && s.OneIn(6) {
		s.cover("effect shows late")
		s.world.lags(c, s.clock.Now().Add(2*time.Minute))
	}
	m, done, no := s.world.act(c, s.clock.Now())
	op := &operation{call: c, status: "done"}
	if no != nil {
		op.status = "failed"
		s.model.failed(c.key)
		s.log("plugin: %s on %v is refused: %s", c.tool, c.args, no.code)
	} else {
		op.result, _ = json.Marshal(m) // of plain values
		s.log("plugin: %s on %v is done", c.tool, c.args)
		if done != nil {
			s.model.effect(done)
		}
	}
	if before := s.world.ops[c.key]; before == nil || before.status != "done" {
		s.world.ops[c.key] = op
	}
	return m, no
}

func lieOf(tool string) map[string]any {
	switch tool {
	case "shop.create_replacement":
		return map[string]any{"replacement": "REP-0"}
	case "shop.cancel_replacement":
		return map[string]any{"cancelled": true}
	case "shop.refund_order":
		return map[string]any{"refunded_cents": 0}
	case "shop.reserve":
		return map[string]any{"reserved": true}
	case "shop.release":
		return map[string]any{"released": true}
	case "shop.exchange":
		return map[string]any{"exchanged": true}
	case "bank.pay":
		return map[string]any{"paid_cents": 0}
	}
	return map[string]any{"booked_cents": 0}
}

// tell says what became of a key.
func (s *Sim) tell(c *wireCall) *answer {
	op := s.world.ops[c.key]
	if op == nil {
		return says(404, "")
	}
	m := map[string]any{"status": op.status}
	if op.result != nil {
		m["result"] = op.result
	}
	return says(200, m)
}

// String says what is asked of whom.
func (c *wireCall) String() string {
	if c.asks {
		return c.tool + "/operations/" + short(c.key)
	}
	var b bytes.Buffer
	b.WriteString(c.tool)
	if c.writes() {
		b.WriteString(" key " + short(c.key))
	}
	return b.String() + " for " + short(c.caseID) + " " + c.step
}

func short(id string) string {
	if len(id) > 4 {
		return id[len(id)-4:]
	}
	return id
}
