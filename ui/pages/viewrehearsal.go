package pages

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// RunRow is a run in a list.
type RunRow struct {
	RunView
	ID, Short, VersionLink string
	What                   string // was run
	Took                   string
	Over                   bool
}

// ProgressView is how far runs are.
type ProgressView struct{ Rows []ProgressRow }

// ProgressRow is a run that is under way, or was when the page was made.
type ProgressRow struct {
	RunRow
	Begun, Total string
	Stop         bool // who looks may stop it
}

type runPage struct {
	Shell     Shell
	Run       RunRow
	Seed      string
	Progress  ProgressView
	Outcomes  []Pair
	LeftOut   []string
	Shortened string
	Items     []ItemView
	Of        string // which ones these are
	Next      string
	Others    []Option // runs that it can be compared with
}

// ItemView is what one rehearsal came to.
type ItemView struct {
	Name, Say, Icon, Tone string
	Open                  bool
	Place                 string
	Ended, Took           string
	Failures              []string
	Story                 []string
	More, MoreFailures    int // lines of the story, and failures, that aren't shown
	Faults                []Pair
	Case, Short           string
	Divergence            *DivergenceView
	Reworded              []RewordedView
	Notes                 []string
}

// DivergenceView is the step at which a case comes otherwise than it is recorded.
type DivergenceView struct {
	Link, Step         string
	At                 Moment
	Recorded, Now, Why string
}

// RewordedView is something that is said in other words.
type RewordedView struct{ Link, Step, Was, Now string }

// What a page shows of one rehearsal; the API gives all that is kept.
const (
	mostStory    = 25 // lines
	mostFailures = 6
	mostLine     = 400 // characters
)

func (s *site) runRow(r *runs.Run) RunRow {
	row := RunRow{RunView: s.runView(r), ID: r.ID, Short: digest(r.Version), VersionLink: "/bundles/" + url.PathEscape(r.Version), What: ranWhat(r.Options), Over: r.State.Over()}
	if r.StartedAt != nil && r.EndedAt != nil {
		row.Took = took(r.EndedAt.Sub(*r.StartedAt))
	}
	return row
}

func ranWhat(o runs.Options) string {
	what := "scenarios"
	switch {
	case o.Cases == rehearsal.All:
		what = "all recorded cases"
	case o.Replays():
		what = plural(strings.Count(o.Cases, ",")+1, "recorded case")
	case o.Faults:
		what += " with faults"
	}
	if o.Live {
		what += ", live plugins too"
	}
	return what
}

// progressView is of the runs that aren't over, and of those that were shown while they weren't.
func (s *site) progressView(list []runs.Run, shown []string, may bool) ProgressView {
	var v ProgressView
	for i := range list {
		r := &list[i]
		if r.State.Over() && !slices.Contains(shown, r.ID) {
			continue
		}
		row := ProgressRow{RunRow: s.runRow(r), Stop: may && !r.State.Over()}
		if r.State == runs.Running && r.Total > 0 {
			row.Begun, row.Total = fmt.Sprint(r.Begun), fmt.Sprint(r.Total)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// items takes a page of what rehearsals came to, those first that didn't pass.
func (p *runPage) items(list []rehearsal.Item, from int) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b rehearsal.Item) int { return boolInt(a.Passed) - boolInt(b.Passed) })
	from = min(from, len(list))
	to := min(from+perRun, len(list))
	for i := range list[from:to] {
		p.Items = append(p.Items, itemView(&list[from+i]))
	}
	if from > 0 || to < len(list) {
		p.Of = fmt.Sprintf("%d to %d of %d, those first that did not pass", from+1, to, len(list))
	}
	if to < len(list) {
		p.Next = fmt.Sprintf("/rehearsals/%s?from=%d", url.PathEscape(p.Run.ID), to)
	}
}

func itemView(it *rehearsal.Item) ItemView {
	v := ItemView{Name: it.Rehearsal, Say: "passed", Icon: "resolved", Tone: "resolved", Place: it.File, Failures: clipped(it.Failures, mostFailures), Open: !it.Passed, Story: clipped(it.Story, mostStory)}
	if !it.Passed {
		v.Say, v.Icon, v.Tone = "did not pass", "escalated", "escalated"
	}
	if v.Ended = string(it.Status); it.Stop != "" {
		v.Ended += ", " + string(it.Stop)
	}
	if it.Took > 0 {
		v.Took = span(time.Duration(it.Took))
	}
	v.More, v.MoreFailures = len(it.Story)-len(v.Story), len(it.Failures)-len(v.Failures)
	if f := it.Faults; f != nil {
		v.Faults = []Pair{{Name: "runs", Text: thousands(f.Runs)}, {Name: "as expected nevertheless", Text: thousands(f.AsExpected)}, {Name: "left to a person, or waiting", Text: thousands(f.ByPeople)}, {Name: "ended as the business lets them", Text: thousands(f.Otherwise)}, {Name: "broke a promise", Text: thousands(f.Broken)}}
		for _, kind := range slices.Sorted(maps.Keys(f.ByKind)) {
			v.Faults = append(v.Faults, Pair{Name: kind, Text: thousands(f.ByKind[kind])})
		}
	}
	if r := it.Replay; r != nil {
		v.replay(r)
	}
	return v
}

// clipped gives the first lines, none of them too long.
func clipped(lines []string, most int) []string {
	var list []string
	for _, l := range lines[:min(len(lines), most)] {
		list = append(list, shorten(l, mostLine))
	}
	return list
}

func (v *ItemView) replay(r *rehearsal.Replayed) {
	v.Name, v.Case, v.Short, v.Notes = "case "+short(r.Case), r.Case, short(r.Case), r.Notes
	v.Say = outcomeSays(r.Outcome)
	switch r.Outcome {
	case rehearsal.Reworded:
		v.Icon, v.Tone = "ok", "muted"
	case rehearsal.Erased:
		v.Icon, v.Tone = "closed", "closed"
		v.Notes = append(slices.Clone(v.Notes), r.Why)
	}
	if d := r.Divergence; d != nil {
		v.Failures, v.MoreFailures = nil, 0 // the divergence says it, in its parts
		v.Divergence = divergenceView(r.Case, d)
	}
	for _, w := range r.Reworded {
		v.Reworded = append(v.Reworded, RewordedView{Link: stepLink(r.Case, w.Seq), Step: fmt.Sprintf("Entry %d", w.Seq), Was: w.Was, Now: w.Now})
	}
}

func divergenceView(id string, d *rehearsal.Divergence) *DivergenceView {
	return &DivergenceView{Link: stepLink(id, d.Seq), Step: fmt.Sprintf("Entry %d", d.Seq), At: Moment{Machine: d.At.UTC().Format(time.RFC3339), Exact: d.At.UTC().Format("2006-01-02 15:04:05 UTC"), Rel: d.At.UTC().Format("2006-01-02 15:04 UTC")}, Recorded: d.Recorded, Now: d.Now, Why: d.Why}
}

// stepLink leads to a case at one of its entries.
func stepLink(id string, seq uint64) string { return fmt.Sprintf("/cases/%s#entry-%d", id, seq) }

func outcomeSays(o rehearsal.Outcome) string {
	switch o {
	case rehearsal.Same:
		return "the same"
	case rehearsal.Reworded:
		return "the same, in other words"
	case rehearsal.Diverged:
		return "decided otherwise"
	case rehearsal.Erased:
		return "erased since"
	}
	return "can't be replayed"
}

func outcomesSay(n *rehearsal.Replays) []Pair {
	return []Pair{{Name: "the same", Text: thousands(n.Same)}, {Name: "in other words", Text: thousands(n.Reworded)}, {Name: "decided otherwise", Text: thousands(n.Diverged)}, {Name: "erased since", Text: thousands(n.Erased)}, {Name: "can't be replayed", Text: thousands(n.Unplayed)}}
}
