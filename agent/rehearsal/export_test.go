package rehearsal

import (
	"slices"

	"resolute/agent/journal"
	"resolute/agent/rehearsal/scenario"
)

// Record plays a scenario with faults, and gives the journal that it leaves.
func (s *Stage) Record(name string, seed uint64, faults ...scenario.Fault) *journal.Memory {
	for _, sc := range s.Scenarios() {
		if sc.Name == name {
			with := *sc
			with.Faults = append(slices.Clone(sc.Faults), faults...)
			return s.take(&with, seed, 0).store
		}
	}
	return nil
}
