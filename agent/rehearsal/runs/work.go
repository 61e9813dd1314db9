package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"resolute/agent/journal"
	"resolute/agent/rehearsal"
)

// work runs what waits until nothing does.
func (k *Keeper) work() {
	for {
		k.mu.Lock()
		if len(k.jobs) == 0 {
			k.mu.Unlock()
			return
		}
		j := k.jobs[0]
		k.mu.Unlock()
		ended, err := k.do(j)
		if err != nil {
			k.Log.Error("what a rehearsal came to could not be stored", "rehearsal", j.run.ID, "error", err)
		}
		k.mu.Lock()
		k.jobs = k.jobs[1:]
		k.mu.Unlock()
		close(j.over)
		k.watched.Tell(ended.ID, ended)
	}
}

// do runs one, and stores how it ended: who sees that it is over sees what it came to.
func (k *Keeper) do(j *job) (Run, error) {
	defer j.end()
	begun := k.Now().UTC()
	r := k.change(j, func(r *Run) { r.State, r.StartedAt = Running, &begun })
	begin, err := encoded(kindRun, r.ID, &r)
	if err == nil {
		err = k.Records.Put(k.ctx, begin)
	}
	if err != nil {
		return r, err
	}
	report, failure := k.rehearse(j)
	r.end(&report, failure, k.why(j))
	ended := k.Now().UTC()
	r.EndedAt = &ended
	end, err := encoded(kindRun, r.ID, &r)
	if err != nil {
		return r, err
	}
	records := []journal.Record{end}
	if r.State == Done {
		items, err := shorten(report.Items)
		if err != nil {
			return r, err
		}
		records = append(records, journal.Record{Kind: kindItems, Key: r.ID, Value: items})
		if r.Replays() {
			return r, k.Records.Put(context.WithoutCancel(k.ctx), records...)
		}
		before, found, err := k.evidence(context.WithoutCancel(k.ctx), r.Version, r.Manifests)
		if err != nil {
			return r, err
		}
		if e := evidenceOf(&r, report.Items); !found || e.outdoes(&before) {
			evidence, err := encoded(kindEvidence, evidenceKey(r.Version, r.Manifests), e)
			if err != nil {
				return r, err
			}
			records = append(records, evidence)
		}
	}
	return r, k.Records.Put(context.WithoutCancel(k.ctx), records...)
}

// change changes a run that isn't over, tells who watches, and gives it.
func (k *Keeper) change(j *job, how func(*Run)) Run {
	k.mu.Lock()
	how(&j.run)
	r := j.run
	k.mu.Unlock()
	k.watched.Tell(r.ID, r)
	return r
}

// why says why a run was cut short, "" if it wasn't.
func (k *Keeper) why(j *job) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case j.ender != "":
		return "stopped by " + j.ender
	case k.ctx.Err() != nil:
		return errEnded
	}
	return ""
}

// replaysAtOnce is after how many recorded cases live work goes first and progress is told: each takes
// well under a millisecond.
const replaysAtOnce = 32

// rehearse plays the rehearsals of a run, behind live work.
func (k *Keeper) rehearse(j *job) (report rehearsal.Report, err error) {
	ctx, cancel := context.WithTimeout(j.ctx, mostTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	var cases []string
	if j.run.Replays() {
		cases = strings.Split(j.run.Cases, ",")
	}
	return k.Rehearse(ctx, j.bundle, rehearsal.Options{Seed: j.run.Seed, Faults: j.run.Faults, Parallel: 1, Scripted: !j.run.Live, Cases: cases,
		Before: func(ctx context.Context, begun, total int) {
			if j.run.Replays() && begun%replaysAtOnce != 0 {
				return
			}
			k.change(j, func(r *Run) { r.Begun, r.Total = begun, total })
			k.Yield(ctx)
		}})
}

// end says how a run ended; short is why it was cut short, if it was.
func (r *Run) end(report *rehearsal.Report, failure error, short string) {
	switch {
	case failure != nil && short != "":
		r.State, r.Error = Interrupted, short
	case errors.Is(failure, context.DeadlineExceeded):
		r.State, r.Error = Failed, fmt.Sprintf("it was not over after %v; rehearse fewer scenarios, or without faults", mostTime)
	case failure != nil:
		r.State, r.Error = Failed, failure.Error()
	default:
		r.State, r.Passed, r.LeftOut = Done, report.Passed && len(report.Items) > 0, report.LeftOut
		r.Begun, r.Total = len(report.Items), len(report.Items)
		for i := range report.Items {
			if !report.Items[i].Passed {
				r.Unmet++
			}
		}
		if n := report.Replays; n != nil {
			r.Outcomes, r.Passed, r.Begun, r.Total, r.Unmet = n, report.Passed, n.Total(), n.Total(), n.Unmet()
		}
	}
}
