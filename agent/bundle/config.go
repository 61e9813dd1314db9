package bundle

import (
	"slices"
	"strings"
	"time"

	"resolute/agent/source"
)

// Config is a bundle's resolute.yaml.
type Config struct {
	Company      string
	TimeZone     *time.Location
	Locale       string
	Currency     string // ISO 4217
	ReopenWithin time.Duration
	Thresholds   Thresholds
	Limits       Limits
	Queues       map[string]Queue // default is always there
	Webhook      string           // where replies are posted, "" for nowhere
}

// Thresholds are scores from 0 to 1.
type Thresholds struct{ Triage, Relevance float64 }

// Limits bound one case.
type Limits struct {
	Steps int
	Asks  int
	Wall  time.Duration
}

// Queue is where handoffs wait for people.
type Queue struct {
	Notify      []string
	Due, Remind time.Duration
}

// QueueNames gives the queues, sorted.
func (c *Config) QueueNames() []string {
	var names []string
	for name := range c.Queues {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const configFile = "resolute.yaml"

func parseConfig(file string, text []byte, problems *source.Problems) Config {
	c := Config{TimeZone: time.UTC, Locale: "en", Currency: "USD", Thresholds: Thresholds{Triage: 0.7, Relevance: 0.3},
		Limits: Limits{Steps: 50, Asks: 2, Wall: 720 * time.Hour}, Queues: map[string]Queue{"default": {Due: 8 * time.Hour, Remind: 2 * time.Hour}}}
	m := source.Parse(file, text, problems).Mapping("company", "time_zone", "locale", "currency", "reopen_within", "thresholds", "limits", "queues", "replies", "model", "embedder", "redact")
	if !m.Here() {
		return c
	}
	c.Company = m.Need("company", "Fernhill Supply").String()
	c.ReopenWithin = m.Get("reopen_within").Duration()
	if n := m.Get("time_zone"); n.Here() {
		zone, err := time.LoadLocation(n.String())
		if err != nil {
			n.Fail("%q is no time zone; write it like Europe/Berlin", n.String())
		} else {
			c.TimeZone = zone
		}
	}
	if n := m.Get("locale"); n.Here() {
		c.Locale = n.String()
	}
	if n := m.Get("currency"); n.Here() {
		if c.Currency = n.String(); len(c.Currency) != 3 || strings.ToUpper(c.Currency) != c.Currency {
			n.Fail("%q is no currency; write its ISO 4217 code, like EUR", c.Currency)
		}
	}
	parseBounds(m, &c)
	for _, e := range m.Get("queues").Entries() {
		q := e.Value.Mapping("notify", "due", "remind")
		queue := Queue{Notify: q.Get("notify").Strings(), Due: 8 * time.Hour, Remind: 2 * time.Hour}
		if n := q.Get("due"); n.Here() {
			queue.Due = n.Duration()
		}
		if n := q.Get("remind"); n.Here() {
			queue.Remind = n.Duration()
		}
		c.Queues[e.Key.Value] = queue
	}
	c.Webhook = m.Get("replies").Mapping("webhook").Get("webhook").String()
	later(m)
	return c
}

func parseBounds(m source.Mapping, c *Config) {
	t := m.Get("thresholds").Mapping("triage", "relevance", "model", "risk_approve", "risk_deny")
	for key, to := range map[string]*float64{"triage": &c.Thresholds.Triage, "relevance": &c.Thresholds.Relevance} {
		if n := t.Get(key); n.Here() {
			if *to = n.Float(); *to < 0 || *to > 1 {
				n.Fail("%s is from 0 to 1", key)
			}
		}
	}
	l := m.Get("limits").Mapping("steps", "asks", "model_calls", "model_tokens", "wall")
	if n := l.Get("steps"); n.Here() {
		c.Limits.Steps = n.Int()
	}
	if n := l.Get("asks"); n.Here() {
		c.Limits.Asks = n.Int()
	}
	if n := l.Get("wall"); n.Here() {
		c.Limits.Wall = n.Duration()
	}
}

// later warns of what is read and has no effect yet.
func later(m source.Mapping) {
	model := m.Get("model").Mapping("name", "uses")
	if n := model.Get("name"); n.Here() && n.String() != "" {
		n.Warn("the model planner comes with a later version; procedures need none")
	}
	if n := m.Get("embedder"); n.Here() && n.String() != "builtin" {
		n.Warn("only the builtin embedder is there in this version")
	}
	if n := m.Get("redact"); n.Here() {
		n.Warn("redact has no effect before there is a model to redact for")
	}
}
