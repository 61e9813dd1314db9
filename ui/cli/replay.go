package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"

	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// replayWait is how long one request waits for replays to be over.
const replayWait = "50s"

// replay has recorded cases replayed where they are kept, and waits until that is over.
func (p *Program) replay(ctx context.Context, c *client, name string, o rehearsal.Options) (report rehearsal.Report, err error) {
	archive, err := p.archive(name)
	if err != nil {
		return report, err
	}
	var run runs.Told
	q := url.Values{"wait": {replayWait}}
	if archive == nil {
		version := name
		if version == "active" {
			version = ""
		}
		err = c.call(ctx, "POST", "/api/v1/rehearsals?"+q.Encode(), map[string]any{"version": version, "seed": o.Seed, "cases": o.Cases}, "", &run)
	} else {
		q.Set("seed", fmt.Sprint(o.Seed))
		q.Set("cases", strings.Join(o.Cases, ","))
		err = located(c.call(ctx, "POST", "/api/v1/rehearsals?"+q.Encode(), archive, "application/gzip", &run), name)
	}
	for err == nil && !run.State.Over() {
		err = c.call(ctx, "GET", "/api/v1/rehearsals/"+url.PathEscape(run.ID)+"?wait="+replayWait, nil, "", &run)
	}
	if err == nil && run.State != runs.Done {
		err = errors.New(run.Error)
	}
	if err == nil && run.Outcomes == nil {
		err = errors.New("the server doesn't know how to replay cases; it is older than this resolute")
	}
	return rehearsal.Report{Version: run.Version, Seed: run.Seed, Passed: run.Passed, Items: run.Items, Replays: run.Outcomes}, err
}

// writeReplays writes what became of each case that isn't decided as it was, and how many there were.
func writeReplays(to io.Writer, r *rehearsal.Report) error {
	w, n := bufio.NewWriter(to), r.Replays
	for i := range r.Items {
		it := &r.Items[i]
		p := it.Replay
		if p == nil || p.Outcome == rehearsal.Same && n.Total() > fewReplays {
			continue
		}
		mark := "✗"
		if it.Passed {
			mark = "✓"
		}
		fmt.Fprintf(w, "%s case %s: %s", mark, p.Case, p.Outcome)
		if p.Was != "" {
			fmt.Fprintf(w, ", recorded as %s", standing(it))
		}
		fmt.Fprintln(w)
		if d := p.Divergence; d != nil {
			fmt.Fprintf(w, "  at entry %d of %s\n    recorded  %s\n    now       %s\n    since     %s\n", d.Seq, d.At.UTC().Format("2006-01-02 15:04:05"), plain(d.Recorded), plain(d.Now), plain(d.Why))
		}
		if p.Why != "" {
			fmt.Fprintln(w, " ", plain(p.Why))
		}
		for _, x := range p.Reworded {
			fmt.Fprintf(w, "  entry %d in other words\n    - %q\n    + %q\n", x.Seq, x.Was, x.Now)
		}
		for _, note := range p.Notes {
			fmt.Fprintln(w, " ", plain(note))
		}
	}
	fmt.Fprintf(w, "of %d recorded cases %d are decided as they were, %d in other words, %d otherwise", n.Total(), n.Same, n.Reworded, n.Diverged)
	if n.Erased > 0 {
		fmt.Fprintf(w, "; %d were erased", n.Erased)
	}
	if n.Unplayed > 0 {
		fmt.Fprintf(w, "; %d can't be replayed", n.Unplayed)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// plain is a text in one line that does nothing to a terminal: customers' words may be in it.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// fewReplays is how many cases at most are listed each, those that are decided as they were too.
const fewReplays = 20
