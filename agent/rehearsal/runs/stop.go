package runs

import (
	"context"
	"fmt"
	"slices"

	"resolute/agent/rehearsal"
)

// Stop ends a run that waits or is under way, which is interrupted then. One that is over stays as it is.
func (k *Keeper) Stop(ctx context.Context, id, by string) (Told, error) {
	now, _, ok := k.underWay(id)
	if !ok {
		return k.Get(ctx, id)
	}
	said, err := k.Audit(by, "rehearsal.stopped", now.Version, map[string]any{"id": id})
	if err == nil {
		err = k.Records.Put(ctx, said)
	}
	if err != nil {
		return Told{}, fmt.Errorf("stop rehearsal %s: %w", id, err)
	}
	k.mu.Lock()
	i := slices.IndexFunc(k.jobs, func(j *job) bool { return j.run.ID == id })
	if i < 0 {
		k.mu.Unlock()
		return k.Get(ctx, id) // it was faster
	}
	j := k.jobs[i]
	j.ender = by
	if i > 0 { // its turn won't come
		k.jobs = slices.Delete(k.jobs, i, i+1)
	}
	k.mu.Unlock()
	j.end()
	if i > 0 {
		return k.drop(ctx, j)
	}
	return k.Wait(ctx, id)
}

// drop stores that a run was stopped which hadn't begun.
func (k *Keeper) drop(ctx context.Context, j *job) (Told, error) {
	defer close(j.over)
	at, why := k.Now().UTC(), k.why(j)
	r := k.change(j, func(r *Run) { r.State, r.EndedAt, r.Error = Interrupted, &at, why })
	record, err := encoded(kindRun, r.ID, &r)
	if err == nil {
		err = k.Records.Put(ctx, record)
	}
	if err != nil {
		return Told{}, fmt.Errorf("stop rehearsal %s: %w", r.ID, err)
	}
	return Told{Run: r, Items: []rehearsal.Item{}}, nil
}
