package journal

import (
	"context"
	"strings"
)

// Checkpoint commits to what is kept; see Store.
func (m *Memory) Checkpoint(ctx context.Context) (c Checkpoint, err error) {
	err = m.view(ctx, func(k *kept) error {
		c = k.checkpointAt(uint64(len(k.entries)), uint64(len(k.audit)))
		return nil
	})
	return c, err
}

// Compare holds what is kept against an earlier checkpoint; see Store.
func (m *Memory) Compare(ctx context.Context, c Checkpoint, report func(Damage)) error {
	return m.view(ctx, func(k *kept) error {
		c.compare(k.checkpointAt(c.Entries, c.Deeds), report)
		return nil
	})
}

func (k *kept) checkpointAt(entries, deeds uint64) Checkpoint {
	c := Checkpoint{Entries: min(entries, uint64(len(k.entries))), Deeds: min(deeds, uint64(len(k.audit)))}
	heads := newHeadsHash()
	for _, kc := range k.order {
		var h head
		for _, at := range kc.offsets {
			if at <= entries {
				h.seq, h.hash = h.seq+1, k.entries[at-1].hash()
			}
		}
		heads.add(kc.id, &h)
	}
	if c.Cases, c.Heads = heads.cases, heads.sum(); c.Deeds > 0 {
		c.Audit = k.audit[c.Deeds-1].hash()
	}
	return c
}

// mayPut refuses what would change or remove a record of the audit.
func (k *kept) mayPut(keys []string, removes func(int) bool) error {
	for i, key := range keys {
		if _, there := k.records[key]; strings.HasPrefix(key, string(auditPrefix)) && (there || removes(i)) {
			return errAudit
		}
	}
	return nil
}

// names gives the keys of a put.
func (o *putOp) names() []string {
	list := make([]string, len(o.keys))
	for i, key := range o.keys {
		list[i] = string(key)
	}
	return list
}
