package bundle

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model"
	"resolute/agent/redact"
	"resolute/agent/source"
)

// Config is a bundle's resolute.yaml.
type Config struct {
	Company      string
	Currency     string // ISO 4217
	Zone         *time.Location
	ReopenWithin time.Duration
	Triage       float64 // how sure triage must be, from 0 to 1
	TriageStated bool    // the bundle says that itself
	Relevance    float64 // how relevant a passage must be to be found, from 0 to 1
	RiskApprove  int     // the risk, of 100, from which on a person decides
	RiskDeny     int     // the risk from which on it is denied
	Limits       Limits
	Queues       []Queue // by name; default is always there
	Webhook      string  // where replies are posted, "" for nowhere
	Model        Model
	Redact       redact.Redactor // what is hidden from the model and from logs
}

// Model is what a bundle uses a model for.
type Model struct {
	Name      string // as the server names it, "" for that of the server's own configuration
	Uses      []casefile.ModelUse
	Samples   int     // how many answers a consequence takes that agree
	Context   int     // tokens that a prompt may have, the answer included
	Threshold float64 // how sure it must be, from 0 to 1
}

// Queue is where handoffs wait for people.
type Queue struct {
	Name   string
	Notify []string // URLs of webhooks, addresses of people
	Due    time.Duration
	Remind time.Duration
}

// QueueNames gives the names of the queues.
func (c *Config) QueueNames() []string {
	names := make([]string, len(c.Queues))
	for i, q := range c.Queues {
		names[i] = q.Name
	}
	return names
}

// Limits bound one case.
type Limits struct {
	Steps       int
	Asks        int
	ModelCalls  int // answers of the model
	ModelTokens int // of prompts and answers
	Wall        time.Duration
}

const configFile = "resolute.yaml"

func parseConfig(file string, text []byte, problems *source.Problems) Config {
	c := Config{Currency: "USD", Zone: time.UTC, Triage: 0.7, Relevance: 0.3, RiskApprove: 50, RiskDeny: 90, Limits: Limits{Steps: 50, Asks: 2, ModelCalls: 20, ModelTokens: 60_000, Wall: 720 * time.Hour},
		Queues: []Queue{{Name: "default", Due: 8 * time.Hour, Remind: 2 * time.Hour}}, Redact: hide(redact.Card),
		Model: Model{Uses: []casefile.ModelUse{casefile.UseDrive}, Samples: 3, Context: 8192, Threshold: 0.8}}
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
			c.Zone = zone
		}
	}
	m.Get("locale").Text() // or it says that it is none
	if n := m.Get("currency"); n.Here() {
		if c.Currency = n.String(); len(c.Currency) != 3 || strings.ToUpper(c.Currency) != c.Currency {
			n.Fail("%q is no currency; write its ISO 4217 code, like EUR", c.Currency)
		}
	}
	parseBounds(m, &c)
	for _, e := range m.Get("queues").Entries() {
		q := parseQueue(e.Key.Value, e.Value)
		if i := slices.IndexFunc(c.Queues, func(o Queue) bool { return o.Name == q.Name }); i >= 0 {
			c.Queues[i] = q
		} else {
			c.Queues = append(c.Queues, q)
		}
	}
	slices.SortFunc(c.Queues, func(a, b Queue) int { return strings.Compare(a.Name, b.Name) })
	c.Webhook = m.Get("replies").Mapping("webhook").Get("webhook").String()
	parseModel(m, &c)
	if n := m.Get("embedder"); n.Here() && n.String() != "builtin" {
		n.Warn("the server chooses the embedder, by serve --embedder or in server.yaml; here it has no effect")
	}
	return c
}

// leastContext is the smallest context that a case fits in with its instructions.
const leastContext = 4096

func parseModel(m source.Mapping, c *Config) {
	k := m.Get("model").Mapping("name", "uses", "samples", "context")
	c.Model.Name = k.Get("name").String()
	known := make([]string, 0, len(model.Uses()))
	for _, use := range model.Uses() {
		known = append(known, string(use))
	}
	if n := k.Get("uses"); n.Here() {
		c.Model.Uses = nil
		for _, one := range n.List() {
			switch use := casefile.ModelUse(one.OneOf(known...)); {
			case string(use) != one.String(): // and it says so
			case slices.Contains(c.Model.Uses, use):
				one.Warn("%s is there twice", use)
			default:
				c.Model.Uses = append(c.Model.Uses, use)
			}
		}
	}
	if n := k.Get("samples"); n.Here() {
		if c.Model.Samples = n.Int(); c.Model.Samples < 1 || c.Model.Samples > 9 {
			n.Fail("samples is from 1 to 9: how many answers the model gives to what has consequences")
		}
	}
	if n := k.Get("context"); n.Here() {
		if c.Model.Context = n.Int(); c.Model.Context < leastContext {
			n.Fail("context is %d tokens at least: instructions, tools and the case have to fit in it", leastContext)
		}
	}
	if n := m.Get("redact"); n.Here() {
		c.Redact = redact.Redactor{}
		for _, one := range n.List() {
			c.Redact = c.Redact.With(hide(one.OneOf(redact.Kinds()...)))
		}
	}
}

// hide gives the redactor of a kind that there is.
func hide(kind string) redact.Redactor {
	r, _ := redact.New(kind)
	return r
}

func parseQueue(name string, n source.Node) Queue {
	m := n.Mapping("notify", "due", "remind")
	q := Queue{Name: name, Notify: m.Get("notify").Strings(), Due: 8 * time.Hour, Remind: 2 * time.Hour}
	for _, to := range q.Notify {
		web := strings.HasPrefix(to, "http://") || strings.HasPrefix(to, "https://")
		if u, err := url.Parse(to); web && (err != nil || u.Host == "") || !web && !strings.Contains(to, "@") {
			m.Get("notify").Fail("%q is neither the URL of a webhook nor the address of a person", to)
		}
	}
	for key, to := range map[string]*time.Duration{"due": &q.Due, "remind": &q.Remind} {
		if k := m.Get(key); k.Here() {
			if *to = k.Duration(); *to < 0 || key == "due" && *to == 0 {
				k.Fail("%s is a time to come, like 2h", key)
			}
		}
	}
	return q
}

func parseBounds(m source.Mapping, c *Config) {
	t := m.Get("thresholds").Mapping("triage", "relevance", "model", "risk_approve", "risk_deny")
	if n := t.Get("triage"); n.Here() {
		c.Triage, c.TriageStated = n.Float(), true
	}
	if n := t.Get("relevance"); n.Here() {
		c.Relevance = n.Float()
	}
	if n := t.Get("model"); n.Here() {
		c.Model.Threshold = n.Float()
	}
	for key, most := range map[string]float64{"triage": 1, "relevance": 1, "model": 1, "risk_approve": 100, "risk_deny": 100} {
		if v := t.Get(key).Float(); !(v >= 0 && v <= most) {
			t.Get(key).Fail("%s is from 0 to %v", key, most)
		}
	}
	if n := t.Get("risk_approve"); n.Here() {
		c.RiskApprove = n.Int()
	}
	if n := t.Get("risk_deny"); n.Here() {
		c.RiskDeny = n.Int()
	}
	l := m.Get("limits").Mapping("steps", "asks", "model_calls", "model_tokens", "wall")
	if n := l.Get("steps"); n.Here() {
		c.Limits.Steps = n.Int()
	}
	if n := l.Get("asks"); n.Here() {
		c.Limits.Asks = n.Int()
	}
	if n := l.Get("model_calls"); n.Here() {
		c.Limits.ModelCalls = n.Int()
	}
	if n := l.Get("model_tokens"); n.Here() {
		c.Limits.ModelTokens = n.Int()
	}
	if n := l.Get("wall"); n.Here() {
		c.Limits.Wall = n.Duration()
	}
}
