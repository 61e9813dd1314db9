package figures

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// Name is what the view is called.
const Name = "figures"

// Kept is how many of the last tries of a tool are kept.
const Kept = 200

// Rule is how often a rule fired, and on what.
type Rule struct {
	Policy string    `json:"policy"` // "" for what isn't a policy's
	Rule   string    `json:"rule"`
	Fired  int       `json:"fired"`
	Last   time.Time `json:"last"`
	Case   string    `json:"case_id"` // where it fired last
	Priced int       `json:"priced"`  // how often there was an amount
	Least  int64     `json:"least"`   // of the amounts, in minor units
	Most   int64     `json:"most"`
	Sum    int64     `json:"sum"`
}

// Tool is how a tool answered.
type Tool struct {
	Tool  string `json:"tool"` // PLUGIN.TOOL
	Calls int    `json:"calls"`
	Tries []Try  `json:"tries"` // the last, newest last
}

// Try is one request, with what became of it.
type Try struct {
	Case    string           `json:"case_id"`
	Seq     uint64           `json:"seq"` // of the entry of the answer
	At      time.Time        `json:"at"`
	Outcome casefile.Outcome `json:"outcome"`
	Code    string           `json:"code,omitempty"`
	TookMS  int64            `json:"took_ms"`
}

var (
	bucketRules = []byte("rules")
	bucketTools = []byte("tools")
	bucketSent  = []byte("sent") // case and call → tool, while it has no final answer
)

// Projection makes the view.
func Projection() projection.Projection {
	return projection.Projection{Name: Name, Version: 1, Apply: apply, Kinds: []casefile.Kind{casefile.KindCallIntended, casefile.KindCallAnswered, casefile.KindActionDenied, casefile.KindActionShadowed, casefile.KindApprovalAsked}}
}

// changes are the records that a batch touches, each read and written once.
type changes struct {
	rules, tools, sent *projection.Bucket
	rule               map[string]*Rule
	tool               map[string]*Tool
}

func apply(view *projection.Bucket, entries []casefile.Entry) (err error) {
	c := changes{rule: map[string]*Rule{}, tool: map[string]*Tool{}}
	for _, b := range []struct {
		to   **projection.Bucket
		name []byte
	}{{&c.rules, bucketRules}, {&c.tools, bucketTools}, {&c.sent, bucketSent}} {
		if *b.to, err = view.CreateBucketIfNotExists(b.name); err != nil {
			return err
		}
	}
	for i := range entries {
		if err := c.entry(&entries[i]); err != nil {
			return fmt.Errorf("case %s, seq %d: %w", entries[i].Case, entries[i].Seq, err)
		}
	}
	for key, r := range c.rule {
		if err := put(c.rules, key, r); err != nil {
			return err
		}
	}
	for key, t := range c.tool {
		if err := put(c.tools, key, t); err != nil {
			return err
		}
	}
	return nil
}

func put(b *projection.Bucket, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), raw)
}

// decode reads a record; one that can't be read lets the view be made anew.
func decode(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: a figure: %w", projection.ErrDamaged, err)
	}
	return nil
}

// get gives what is known under a key, in the batch or before it.
func get[T any](known map[string]*T, b *projection.Bucket, key string) (*T, error) {
	if v := known[key]; v != nil {
		return v, nil
	}
	v := new(T)
	if raw := b.Get([]byte(key)); raw != nil {
		if err := decode(raw, v); err != nil {
			return nil, err
		}
	}
	known[key] = v
	return v, nil
}

func (c *changes) entry(e *casefile.Entry) error {
	switch d := e.Data.(type) {
	case *casefile.CallIntended:
		if v := d.Verdict; v != nil && d.ApprovedBy == "" {
			if err := c.said(e, v.Rules, &d.Call.Action); err != nil {
				return err
			}
		}
		return c.sent.Put(sentKey(e.Case, d.Call.ID), []byte(d.Call.Tool))
	case *casefile.CallAnswered:
		return c.answered(e, d)
	case *casefile.ActionDenied:
		return c.said(e, d.Verdict.Rules, &d.Call.Action)
	case *casefile.ActionShadowed:
		return c.said(e, d.Shadowed.Verdict.Rules, &d.Shadowed.Action)
	case *casefile.ApprovalAsked:
		return c.said(e, d.Approval.Rules, d.Approval.Action)
	}
	return nil
}

func sentKey(caseID, call string) []byte { return []byte(caseID + "\x00" + call) }

// said counts the rules that fired.
func (c *changes) said(e *casefile.Entry, rules []casefile.RuleResult, a *casefile.Action) error {
	for _, x := range rules {
		if !x.Fired {
			continue
		}
		r, err := get(c.rule, c.rules, x.Policy+"\x00"+x.Rule)
		if err != nil {
			return err
		}
		r.Policy, r.Rule, r.Last, r.Case = x.Policy, x.Rule, e.At, e.Case
		r.Fired++
		if n, ok := amount(a); ok {
			if r.Priced == 0 || n < r.Least {
				r.Least = n
			}
			if r.Priced == 0 || n > r.Most {
				r.Most = n
			}
			r.Sum, r.Priced = r.Sum+n, r.Priced+1
		}
	}
	return nil
}

func amount(a *casefile.Action) (n int64, ok bool) {
	if a == nil {
		return 0, false
	}
	found := 0
	for name, v := range a.Args {
		if m, is := v.(int64); is && strings.HasSuffix(name, "_cents") {
			n, found = m, found+1
		}
	}
	return n, found == 1
}

// answered notes what became of a try.
func (c *changes) answered(e *casefile.Entry, d *casefile.CallAnswered) error {
	key := sentKey(e.Case, d.ID)
	name := string(c.sent.Get(key))
	if name == "" {
		return nil
	}
	if d.Outcome.Final() {
		if err := c.sent.Delete(key); err != nil {
			return err
		}
	}
	if d.Source != casefile.SourceAnswer {
		return nil
	}
	t, err := get(c.tool, c.tools, name)
	if err != nil {
		return err
	}
	t.Tool = name
	t.Calls++
	t.Tries = append(t.Tries, Try{Case: e.Case, Seq: e.Seq, At: e.At, Outcome: d.Outcome, Code: d.Code, TookMS: d.DurationMS})
	if n := len(t.Tries) - Kept; n > 0 {
		t.Tries = slices.Delete(t.Tries, 0, n)
	}
	return nil
}

// Views are read from; a projection.Views has them.
type Views interface {
	Read(ctx context.Context, name string, fn func(view *projection.Bucket, to uint64) error) error
}

// Figures gives what was counted.
type Figures struct{ views Views }

// New gives the figures that a view holds.
func New(v Views) *Figures { return &Figures{v} }

// Rules gives all rules that ever fired, by policy and name.
func (f *Figures) Rules(ctx context.Context) ([]Rule, error) {
	return list[Rule](ctx, f.views, bucketRules)
}

// Tools gives all tools that were ever called, by name.
func (f *Figures) Tools(ctx context.Context) ([]Tool, error) {
	return list[Tool](ctx, f.views, bucketTools)
}

func list[T any](ctx context.Context, v Views, bucket []byte) (all []T, err error) {
	err = v.Read(ctx, Name, func(view *projection.Bucket, _ uint64) error {
		all = nil
		b := view.Bucket(bucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(_, raw []byte) error {
			var one T
			if err := decode(raw, &one); err != nil {
				return err
			}
			all = append(all, one)
			return nil
		})
	})
	return all, err
}

// Took gives how long a share of the kept tries took at most, from 0 to 1; ok is false where there are none.
func (t *Tool) Took(share float64) (d time.Duration, ok bool) {
	if len(t.Tries) == 0 {
		return 0, false
	}
	took := make([]int64, len(t.Tries))
	for i := range t.Tries {
		took[i] = t.Tries[i].TookMS
	}
	slices.Sort(took)
	at := min(int(share*float64(len(took))), len(took)-1)
	return time.Duration(took[at]) * time.Millisecond, true
}

// Class is a kind of answer, with how many of the kept tries had it.
type Class struct {
	Outcome casefile.Outcome
	Code    string
	Count   int
}

// Classes gives what became of the kept tries, the most frequent first.
func (t *Tool) Classes() []Class {
	var all []Class
	for i := range t.Tries {
		at := slices.IndexFunc(all, func(c Class) bool { return c.Outcome == t.Tries[i].Outcome && c.Code == t.Tries[i].Code })
		if at < 0 {
			at, all = len(all), append(all, Class{Outcome: t.Tries[i].Outcome, Code: t.Tries[i].Code})
		}
		all[at].Count++
	}
	slices.SortStableFunc(all, func(a, b Class) int { return cmp.Compare(b.Count, a.Count) })
	return all
}
