package latest_test

import (
	"slices"
	"testing"

	"resolute/agent/latest"
)

func TestTheNewestOfEachIsTaken(t *testing.T) {
	type step struct{ name, at string }
	var b latest.Board[string, step]
	b.Tell("a", step{"a", "before anybody watches"})
	news, take, cancel := b.Watch()
	_, other, end := b.Watch()
	defer end()
	for _, s := range []step{{"b", "1"}, {"a", "1"}, {"b", "2"}} {
		b.Tell(s.name, s)
	}
	<-news
	if got, want := take(), []step{{"b", "2"}, {"a", "1"}}; !slices.Equal(got, want) {
		t.Errorf("taken is %v, want %v", got, want)
	}
	if got := take(); len(got) != 0 {
		t.Errorf("taken again is %v, want nothing", got)
	}
	cancel()
	b.Tell("c", step{"c", "1"})
	select {
	case <-news:
		t.Error("who has ended watching is told")
	default:
	}
	if got := other(); len(got) != 3 {
		t.Errorf("another who watches takes %v, want the newest of all three", got)
	}
}
