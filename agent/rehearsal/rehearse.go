package rehearsal

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal/scenario"
)

// Options tune a rehearsal; the zero value works.
type Options struct {
	Seed     uint64
	Faults   bool // each scenario again with each fault at each call, but those that call live plugins
	Parallel int  // scenarios at once; as many as there are cores if 0
	// Cases are ids of recorded cases, or All. They are replayed in place of the scenarios.
	Cases []string
	// Model names the one that plans and customers ask, as Ollama has it; "" for none. Whoever makes the stage
	// gives it the model.
	Model string
	// Scripted leaves out the scenarios that call live plugins; the report names them.
	Scripted bool
	// Before is called before each scenario with how many have begun, and of how many; nil for nothing.
	// It may wait.
	Before func(ctx context.Context, begun, total int)
}

// All stands for every recorded case.
const All = "all"

// Report is what rehearsals came to, in the order of the bundle's files.
type Report struct {
	Version string `json:"version"`
	Seed    uint64 `json:"seed"`
	Passed  bool   `json:"passed"`
	Items   []Item `json:"items"`
	// LeftOut are the scenarios that were to be left out, by name.
	LeftOut []string `json:"left_out,omitempty"`
	// Replays counts recorded cases, where those were replayed. Of many that are the same, only the first
	// are items.
	Replays *Replays `json:"replays,omitempty"`
}

// Item is what one rehearsal came to.
type Item struct {
	Rehearsal string            `json:"rehearsal"`
	Passed    bool              `json:"passed"`
	Failures  []string          `json:"failures"` // with file:line:col of what isn't met
	File      string            `json:"file,omitempty"`
	Status    casefile.Status   `json:"status,omitempty"` // that the case of the first signal came to
	Stop      casefile.StopCode `json:"stop,omitempty"`
	Took      casefile.Duration `json:"took"`             // until then, by the rehearsal's clock
	Story     []string          `json:"story,omitempty"`  // what happened
	Faults    *FaultTally       `json:"faults,omitempty"` // if they were asked for
	Replay    *Replayed         `json:"replay,omitempty"` // of a recorded case
}

// Rehearse runs all scenarios of the version. What it reports depends on the bundle and the seed alone.
func (s *Stage) Rehearse(ctx context.Context, o Options) (Report, error) {
	r := Report{Version: s.Version(), Seed: o.Seed, Passed: true}
	var list []*scenario.Scenario
	for _, sc := range s.Scenarios() {
		if sc.Live && o.Scripted {
			r.LeftOut = append(r.LeftOut, sc.Name)
			continue
		}
		list = append(list, sc)
	}
	items := make([]Item, len(list))
	err := each(ctx, o.Parallel, len(list), func(i int) {
		if o.Before != nil {
			o.Before(ctx, i, len(list))
		}
		items[i] = s.rehearse(ctx, list[i], o)
	})
	r.Items = items
	for i := range items {
		r.Passed = r.Passed && items[i].Passed
	}
	return r, err
}

// each does n things, so many at once, and stops early when ctx ends.
func each(ctx context.Context, parallel, n int, do func(int)) error {
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	next := make(chan int)
	var all sync.WaitGroup
	for range min(parallel, n) {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	all.Wait()
	return ctx.Err()
}

func (s *Stage) rehearse(ctx context.Context, sc *scenario.Scenario, o Options) Item {
	t := s.take(sc, o.Seed, 0)
	item := Item{Rehearsal: sc.Name, File: sc.Pos.File, Failures: t.failures(), Took: casefile.Duration(t.now.Sub(sc.Now)), Story: t.story()}
	if c := t.main(); c != nil {
		item.Status = c.Status
		if c.Stop != nil {
			item.Stop = c.Stop.Code
		}
	}
	if o.Faults && !sc.Live && len(item.Failures) == 0 {
		item.Faults = s.breakAll(ctx, t, o.Seed)
		item.Failures = append(item.Failures, item.Faults.Failures...)
	}
	item.Passed = len(item.Failures) == 0
	return item
}

// take plays a scenario once. Part makes its numbers others than those of other takes of the seed.
func (s *Stage) take(sc *scenario.Scenario, seed, part uint64) *world {
	w := s.set(sc, seed, part)
	w.perform()
	return w
}

// set makes a scenario ready to be played.
func (s *Stage) set(sc *scenario.Scenario, seed, part uint64) *world {
	name := fnv.New64a()
	_, _ = name.Write([]byte(sc.Name)) // a hash never fails
	r := newRun(s, sc.Now, seed, name.Sum64()+part)
	w := &world{run: r, Scenario: sc, ops: map[string]*operation{}, witness: newWitness(r)}
	r.tools = w
	for i := range sc.Signals {
		g := sc.Signals[i]
		g.Signal.Time = sc.Now.Add(g.At)
		r.later(g.Signal.Time, func() error { return r.deliver(g.Signal) })
	}
	if sc.Customer != nil {
		w.converse(newScripted(sc.Customer, s.voice(sc.Customer, rand.New(rand.NewPCG(seed^name.Sum64(), part)))))
	}
	r.levels = sc.Authority
	for _, p := range sc.Paused {
		r.pause(p, sc.Now)
	}
	return w
}

// perform plays it, until all that is expected has come about or its time is over.
func (w *world) perform() {
	w.begin()
	w.play(w.Scenario.Now.Add(w.Expect.Within), w.enough)
}

// enough notes when all that is expected had come about, and reports whether nothing more is to come.
func (w *world) enough() bool {
	switch missing := len(w.unmet()) > 0; {
	case missing:
		w.met = time.Time{}
	case w.met.IsZero():
		w.met = w.now
	}
	return !w.met.IsZero() && len(w.events) == 0
}

// failures are what isn't as the scenario says, each with its place.
func (w *world) failures() []string {
	list := []string{}
	if w.broken != nil {
		list = append(list, fmt.Sprintf("%s: %v", w.Pos, w.broken))
	}
	for _, what := range w.ends() {
		list = append(list, fmt.Sprintf("%s: %s", w.Pos, what))
	}
	gaps := slices.Clone(w.gaps)
	slices.Sort(gaps)
	list = append(list, slices.Compact(gaps)...)
	for _, miss := range w.unmet() {
		list = append(list, fmt.Sprintf("%s: %s", w.Expect.Pos, miss))
	}
	if late := w.met.Sub(w.Scenario.Now); !w.met.IsZero() && late > w.Expect.Within {
		list = append(list, fmt.Sprintf("%s: what is expected within %v came about after %v", w.Expect.Pos, w.Expect.Within, late.Round(time.Millisecond)))
	}
	if w.lenient {
		return list // it is the agent's choice what it calls
	}
	for _, f := range w.Faults {
		if !slices.ContainsFunc(w.requests, func(q request) bool { return q.tool == f.Tool && q.nth == f.On && f.Kind.Fits(q.effect, q.async) }) {
			list = append(list, fmt.Sprintf("%s: the fault befalls no call: %s is not called %d times", f.Pos, f.Tool, f.On))
		}
	}
	return list
}

// unmet says what of the expectations doesn't hold now.
func (w *world) unmet() (list []string) {
	e := &w.Expect
	c := w.main()
	if c == nil {
		return []string{"no signal was taken in"}
	}
	within := " within " + e.Within.String()
	if got := statusOf(c); e.Status != "" && c.Status != e.Status {
		list = append(list, fmt.Sprintf("status %s is expected%s, and it is %s", e.Status, within, got))
	} else if e.Stop != "" && (c.Stop == nil || c.Stop.Code != e.Stop) {
		list = append(list, fmt.Sprintf("stop %s is expected%s, and it is %s", e.Stop, within, got))
	}
	for _, o := range e.Cases {
		list = append(list, w.unmetBy(o, within)...)
	}
	called := w.called()
	at := 0
	for _, tool := range called {
		if at < len(e.Calls) && tool == e.Calls[at] {
			at++
		}
	}
	if at < len(e.Calls) {
		list = append(list, fmt.Sprintf("a call of %s is expected%s%s, and was not made; called were %s", e.Calls[at], after(e.Calls[:at]), within, some(called)))
	}
	for _, tool := range e.Never {
		if slices.Contains(called, tool) {
			list = append(list, fmt.Sprintf("%s must never be called, and was", tool))
		}
	}
	var said []string
	for _, m := range w.messages() {
		said = append(said, m.Text)
	}
	for _, text := range e.ReplyContains {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, text) }) {
			list = append(list, fmt.Sprintf("the customer must be told %q%s, and was told %s", text, within, quoted(said)))
		}
	}
	return list
}

// unmetBy says what doesn't hold of the case that a signal came to.
func (w *world) unmetBy(o scenario.Outcome, within string) []string {
	c := w.of(&w.Signals[o.Signal-1])
	switch {
	case c == nil:
		return []string{fmt.Sprintf("signal %d was not taken in%s", o.Signal, within)}
	case o.Status != "" && c.Status != o.Status:
		return []string{fmt.Sprintf("status %s is expected of the case of signal %d%s, and it is %s", o.Status, o.Signal, within, statusOf(c))}
	case o.Stop != "" && (c.Stop == nil || c.Stop.Code != o.Stop):
		return []string{fmt.Sprintf("stop %s is expected of the case of signal %d%s, and it is %s", o.Stop, o.Signal, within, statusOf(c))}
	}
	return nil
}

// called are the tools that were called, each call once however often it was tried.
func (w *world) called() (list []string) {
	for _, e := range w.entries() {
		if d, ok := e.Data.(*casefile.CallIntended); ok && d.Call.Try == 1 {
			list = append(list, d.Call.Tool)
		}
	}
	return list
}

func statusOf(c *casefile.Case) string {
	if c.Stop == nil {
		return string(c.Status)
	}
	text := fmt.Sprintf("%s (%s", c.Status, c.Stop.Code)
	if c.Stop.Detail != "" {
		text += ": " + c.Stop.Detail
	}
	return text + ")"
}

func after(done []string) string {
	if len(done) == 0 {
		return ""
	}
	return " after " + strings.Join(done, ", ")
}

func some(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func quoted(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(texts, " and ")
}

// since is how long after the beginning something was.
func (w *world) since(at time.Time) time.Duration {
	return at.Sub(w.Scenario.Now).Round(time.Millisecond)
}
