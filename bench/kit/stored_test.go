package kit_test

import (
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/bench/kit"
)

func TestStoredCasesAreLikeThoseOfTheEngine(t *testing.T) {
	closed, err := kit.NewTemplate(t.Context(), kit.SignalType)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := kit.NewTemplate(t.Context(), kit.AskType)
	if err != nil {
		t.Fatal(err)
	}
	r, err := kit.Open(t.Context(), t.TempDir(), kit.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := kit.NewFiller(r)
	if err := f.Store(t.Context(), closed, 1100); err != nil {
		t.Fatal(err)
	}
	if err := f.Store(t.Context(), waiting, 30); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(t.Context(), kit.SignalType, 7); err != nil {
		t.Fatal(err)
	}
	got := map[casefile.Status]int{}
	cursor := ""
	for {
		list, next, err := r.Store.Cases(t.Context(), cursor, 200, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			got[list[i].Status]++
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if got[casefile.Resolved] != 1100 || got[casefile.Waiting] != 30 || got[casefile.Working] != 7 {
		t.Errorf("stored are %v; expected 1100 resolved, 30 waiting and 7 working", got)
	}
	totals, err := r.Store.Verify(t.Context(), func(d journal.Damage) { t.Errorf("damage at %s: %s", d.Where, d.What) })
	if err != nil || totals.Cases != 1137 {
		t.Errorf("verify walked %d cases, %v", totals.Cases, err)
	}
}
