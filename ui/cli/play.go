package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"resolute/plugins/demo"
)

// player plays the story and says how each case ends.
type player struct {
	*demonstration
	started time.Time
	stories []*told
}

// told is one story with its case.
type told struct {
	name, title string
	caseID      string
	left        int // signals that are still to be sent
	view        caseLine
	said        bool
}

// caseLine is what the demo reads of a case.
type caseLine struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"`
	Procedure string    `json:"procedure"`
	Outcome   string    `json:"outcome"`
	OpenedAt  time.Time `json:"opened_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Stop      *struct {
		Code   string `json:"code"`
		Rule   string `json:"rule"`
		Detail string `json:"detail"`
	} `json:"stop"`
}

// patience is how long the story may take in all.
const patience = 2 * time.Minute

// play sends the story's signals and follows the cases until each is resolved or waits for a person.
func (p *player) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, s := range p.Demo.Story {
		p.story(s).left++
	}
	steps := slices.Clone(p.Demo.Story)
	monitored := &told{name: "monitor", title: p.Demo.MonitorTitle}
	p.stories = append(p.stories, monitored)
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for {
		var err error
		if steps, err = p.send(ctx, steps); err == nil {
			err = p.look(ctx, monitored)
		}
		if err != nil {
			return err
		}
		if len(steps) == 0 && !slices.ContainsFunc(p.stories, func(t *told) bool { return !t.said }) {
			return p.sum()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.sum())
		case <-tick.C:
		}
	}
}

func (p *player) story(s demo.Step) *told {
	for _, t := range p.stories {
		if t.name == s.Story {
			return t
		}
	}
	t := &told{name: s.Story, title: s.Title}
	p.stories = append(p.stories, t)
	return t
}

// send sends the signals whose time has come, in order within each story.
func (p *player) send(ctx context.Context, steps []demo.Step) (left []demo.Step, err error) {
	for i, s := range steps {
		t := p.story(s)
		asked := t.view.Stop != nil && t.view.Stop.Code == "waiting.customer" || t.view.Status == "resolved"
		if p.Now().Sub(p.started) < s.At || s.AfterQuestion && !asked || slices.ContainsFunc(steps[:i], func(o demo.Step) bool { return o.Story == s.Story }) {
			left = append(left, s)
			continue
		}
		in := map[string]any{"specversion": "1.0", "id": s.Signal.ID, "source": s.Signal.Source, "type": s.Signal.Type,
			"time": p.Now().UTC().Format(time.RFC3339Nano), "data": s.Signal.Data}
		var ack struct {
			CaseID string `json:"case_id"`
		}
		if err := p.api.call(ctx, "POST", "/api/v1/signals", in, "", &ack); err != nil {
			return nil, fmt.Errorf("signal %s: %w", s.Signal.ID, err)
		}
		t.caseID, t.said = ack.CaseID, false
		t.left--
	}
	return left, nil
}

// look reads the cases, and says which have come to an end or a stop.
func (p *player) look(ctx context.Context, monitored *told) error {
	if monitored.caseID == "" {
		var l struct{ Items []caseLine }
		if err := p.api.call(ctx, "GET", "/api/v1/cases?procedure=stalled-shipment&limit=1", nil, "", &l); err != nil {
			return err
		}
		if len(l.Items) > 0 {
			monitored.caseID = l.Items[0].ID
		}
	}
	for _, t := range p.stories {
		if t.caseID == "" || t.said {
			continue
		}
		var view caseLine
		if err := p.api.call(ctx, "GET", "/api/v1/cases/"+url.PathEscape(t.caseID), nil, "", &view); err != nil {
			return err
		}
		t.view = view
		if t.left == 0 && stands(view) {
			t.said = true
			p.say(t)
		}
	}
	return nil
}

// stands reports whether a case is at an end, or waits for a person.
func stands(c caseLine) bool {
	switch c.Status {
	case "resolved", "closed", "escalated", "approval":
		return true
	}
	return false
}

func (p *player) say(t *told) {
	mark, how := "✓", t.view.Outcome
	switch t.view.Status {
	case "approval":
		mark = "◆"
	case "escalated":
		mark = "▲"
	}
	if s := t.view.Stop; s != nil {
		how = s.Code
		if s.Rule != "" {
			how += " " + s.Rule
		}
	}
	fmt.Fprintf(p.Stdout, "%s %-9s  %-66s  %5.1f s  %s\n", mark, t.view.Status, t.title, t.view.UpdatedAt.Sub(t.view.OpenedAt).Seconds(), how)
}

// sum says what came of it all.
func (p *player) sum() error {
	count := map[string]int{}
	var took []time.Duration
	for _, t := range p.stories {
		if t.said {
			count[t.view.Status]++
			if t.view.Status == "resolved" {
				took = append(took, t.view.UpdatedAt.Sub(t.view.OpenedAt))
			}
		}
	}
	slices.Sort(took)
	median := time.Duration(0)
	if len(took) > 0 {
		median = took[len(took)/2]
	}
	effects, err := p.company.Ledger()
	if err != nil {
		return err
	}
	cents := map[string]int64{}
	for _, e := range effects {
		cents[e.Tool] += e.AmountCents
	}
	fmt.Fprintf(p.Stdout, "\n%d resolved and verified, %d wait for a person's approval, %d handed to a person. Median %.1f s from signal to verified end.\n",
		count["resolved"], count["approval"], count["escalated"], median.Seconds())
	fmt.Fprintf(p.Stdout, "%d effects in the company's own ledger:", len(effects))
	tools := make([]string, 0, len(cents))
	for tool, sum := range cents {
		if sum != 0 {
			tools = append(tools, tool)
		}
	}
	slices.SortFunc(tools, func(a, b string) int { return cmp.Compare(a, b) })
	for _, tool := range tools {
		fmt.Fprintf(p.Stdout, "  %s %d.%02d", tool, cents[tool]/100, cents[tool]%100)
	}
	fmt.Fprintln(p.Stdout)
	return nil
}
