package pages

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"time"

	"resolute/agent/casefile"
)

// Timeline is what a case did, call by call, as its journal tells it.
type Timeline struct {
	Phases  []Phase
	Ticks   []Tick
	Summary string
	Start   Moment
	Left    int    // rows left out at the beginning
	Earlier string // link to them
	Newest  string // link to the newest rows, "" where they are shown
}

// Phase is a stretch of the timeline under one heading.
type Phase struct {
	Title string
	Name  string // of the hypothesis
	Note  string
	Rows  []Row
}

// Row is one call, or one decision, with why it was made.
type Row struct {
	ID      string
	At      string
	What    string
	Code    bool // What is an identifier
	Bars    []Bar
	Breaks  []float64
	Outcome string
	Tone    string
	Took    string
	Key     string
	KeyHead string
	Lines   []Line
	Sent    string
	SentAs  string // what Sent is, "" for what was sent
	Answer  string
	Read    []Field // what it was decided on
	Rules   []RuleView
	Pairs   []Pair
	Anchors []uint64 // entries that the row stands for, beside the one that it is named after
	Entries []Link   // all of them, whole

	at    time.Time
	marks []mark
}

// Bar is one mark of a row: a rect from X of Width, a line where Line is set, a dot where Dot is.
type Bar struct {
	Class     string
	X, X2     float64
	Width     float64
	Line, Dot bool
}

// Line is what became of one try.
type Line struct{ Head, Text string }

// Pair is a named detail. Code says that it is an identifier.
type Pair struct {
	Link       string // where it leads, "" for nowhere
	Name, Text string
	Code       bool
}

// How many rows are drawn at once, and how long they may be together, in bytes of HTML: a case that went on for long
// is read piece by piece, the newest first.
const (
	maxRows     = 200
	maxRowBytes = 52_000
	emptyRow    = 1200 // bytes
)

// size is about how long the row is as HTML.
func (r *Row) size() int {
	n := emptyRow
	for _, text := range []string{r.Sent, r.Answer} {
		n += len(html.EscapeString(text))
	}
	for _, l := range r.Lines {
		n += len(l.Head) + len(l.Text) + 20
	}
	return n + 150*(len(r.Rules)+len(r.Read)+len(r.Entries))
}

// named reports whether a link to a part of the page leads to the row.
func (r *Row) named(anchor string) bool {
	return r.ID == anchor || slices.ContainsFunc(r.Anchors, func(seq uint64) bool { return fmt.Sprintf("entry-%d", seq) == anchor })
}

// around is how many rows stand behind the one that a link names.
const around = 5

// shown says which rows are drawn: the newest, as many as may be; or those before one of them, or about one.
func (t *teller) shown() (from, to int) {
	to = len(t.order)
	if t.v.rows > 0 {
		to = min(t.v.rows, to)
	}
	if i := slices.IndexFunc(t.order, func(r *told) bool { return r.row.named(t.v.at) }); i >= 0 {
		to = min(i+1+around, len(t.order))
	}
	for from, left := to, maxRowBytes; from > 0; from-- {
		left -= t.order[from-1].row.size()
		if to-from == maxRows || left < 0 && from < to {
			return from, to
		}
	}
	return 0, to
}

// teller walks a journal and tells it in rows.
type teller struct {
	c      *casefile.Case
	v      viewer
	start  time.Time
	end    time.Time
	phases []Phase
	rows   map[string]*told // calls by id, and what is held open by its name
	order  []*told
	key    string // of the phase that rows go to
	calls  int
	again  int
	marks  []time.Time
	busy   []interval

	instructed uint64                  // the entry with the model's instructions
	proposed   *casefile.ModelProposed // what the model wants now, nil for nothing
	proposedIn uint64                  // the entry that says so
}

// told is a row with what is needed to finish it.
type told struct {
	row   Row
	phase int
	call  *casefile.Call
	sent  time.Time // the last try
	last  time.Time // the last answer, zero while none is there
	write bool
}

// mark is a bar before it is placed.
type mark struct {
	class     string
	from, to  time.Time
	line, dot bool
}

// timeline tells the journal of a case.
func timeline(c *casefile.Case, entries []casefile.Entry, v viewer) Timeline {
	if len(entries) == 0 {
		return Timeline{}
	}
	t := &teller{c: c, v: v, start: entries[0].At, end: entries[len(entries)-1].At, rows: map[string]*told{}}
	if !c.Status.Ended() && (len(c.Pending) > 0 || c.Approval != nil || c.Question != nil || c.Wait != nil) && v.now.After(t.end) {
		t.end = v.now
	}
	for i := range entries {
		t.tell(&entries[i])
	}
	return t.lay()
}

// phase begins a heading unless it is the one that rows go to already.
func (t *teller) phase(key, title, name string) {
	if t.key == key {
		return
	}
	again := slices.ContainsFunc(t.phases, func(p Phase) bool { return p.Title == title && p.Name == name })
	t.key = key
	p := Phase{Title: title, Name: name}
	if again {
		p.Note = "again"
		if name != "" {
			p.Note = "goes on"
		}
	}
	t.phases = append(t.phases, p)
}

// dot adds a row for something that took no time.
func (t *teller) dot(e *casefile.Entry, what, outcome string) *told {
	if len(t.phases) == 0 {
		t.phase("intake", "Intake", "")
	}
	r := &told{phase: len(t.phases) - 1, row: Row{ID: fmt.Sprintf("entry-%d", e.Seq), At: since(e.At.Sub(t.start)), What: what, Outcome: outcome, at: e.At}}
	r.row.marks = []mark{{class: "b-read", from: e.At, to: e.At, dot: true}}
	t.byModel(&r.row, e.Data)
	r.entry(e)
	t.marks = append(t.marks, e.At)
	t.order = append(t.order, r)
	return r
}

// entry adds where the row stands in the journal.
func (r *told) entry(e *casefile.Entry) {
	r.row.pair("Entry", fmt.Sprintf("%d, by %s", e.Seq, actor(e.Actor)), false)
	r.row.whole(e)
	r.row.pair("Hash", e.Hash.String(), true)
	r.row.versions(e.Versions)
}

// whole adds a link to an entry as it is.
func (r *Row) whole(e *casefile.Entry) {
	r.Entries = append(r.Entries, Link{Name: fmt.Sprintf("entry %d", e.Seq), Link: entryLink(e.Case, e.Seq)})
}

func (r *Row) pair(name, text string, code bool) {
	if text != "" {
		r.Pairs = append(r.Pairs, Pair{Name: name, Text: text, Code: code})
	}
}

func (r *Row) versions(v casefile.Versions) {
	say := ""
	for _, p := range []Pair{{Name: "bundle", Text: v.Bundle}, {Name: "policy", Text: v.Policy}, {Name: "prompts", Text: v.Prompt}, {Name: "manifest", Text: v.Manifest}} {
		if p.Text == "" {
			continue
		}
		if say != "" {
			say += ", "
		}
		say += p.Name + " " + digest(p.Text)
	}
	r.pair("Versions", say, false)
}

// lay places all rows on one axis.
func (t *teller) lay() Timeline {
	for _, r := range t.order {
		t.finish(r)
	}
	s := newScale(append(t.marks, t.start, t.end), t.busy)
	ticks, breaks := s.ticks(), s.breaks()
	from, to := t.shown()
	for _, r := range t.order[from:to] {
		row := r.row
		row.Breaks = nil
		for _, m := range row.marks {
			b := Bar{Class: m.class, X: s.x(m.from), X2: s.x(m.to), Line: m.line, Dot: m.dot}
			b.Width = max(round(b.X2-b.X), 0.4)
			row.Bars = append(row.Bars, b)
			if m.class == "b-hold" {
				for _, x := range breaks {
					if x > b.X && x < b.X2 {
						row.Breaks = append(row.Breaks, x)
					}
				}
			}
		}
		t.phases[r.phase].Rows = append(t.phases[r.phase].Rows, row)
	}
	phases := slices.DeleteFunc(t.phases, func(p Phase) bool { return len(p.Rows) == 0 })
	tl := Timeline{Phases: phases, Ticks: ticks, Summary: t.summary(), Start: moment(t.start, t.v.now), Left: from}
	if from > 0 {
		tl.Earlier = fmt.Sprintf("/cases/%s?rows=%d#case-timeline", url.PathEscape(t.c.ID), from)
	}
	if to < len(t.order) {
		tl.Newest = fmt.Sprintf("/cases/%s#case-timeline", url.PathEscape(t.c.ID))
	}
	return tl
}

// finish draws what is still under way up to the end of the axis.
func (t *teller) finish(r *told) {
	if r.call == nil {
		return
	}
	if r.last.Before(r.sent) { // no answer yet
		r.row.marks = append(r.row.marks, mark{class: "b-wait", from: r.sent, to: t.end, line: true})
		r.row.Outcome, r.row.Took = "under way", took(t.end.Sub(r.sent))
		t.busy = append(t.busy, interval{r.sent, t.end})
		return
	}
	if p := t.c.PendingCall(r.call.ID); p != nil && t.end.After(r.last) {
		r.row.marks = append(r.row.marks, mark{class: "b-wait", from: r.last, to: t.end, line: true})
	}
	r.row.Took = took(r.last.Sub(r.row.at))
}

func (t *teller) summary() string {
	var work time.Duration
	until := t.start
	slices.SortFunc(t.busy, func(a, b interval) int { return a.from.Compare(b.from) })
	for _, b := range t.busy {
		if b.from.After(until) {
			until = b.from
		}
		if b.to.After(until) {
			work += b.to.Sub(until)
			until = b.to
		}
	}
	if t.calls == 0 {
		return "no call was made yet"
	}
	say := plural(t.calls, "call") + " in " + took(work) + " of work"
	if t.again > 0 {
		say += ", " + plural(t.again, "repeat")
	}
	return say
}
