package learner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/learner"
)

// Going back to an earlier version holds until a person goes on: what is learned meanwhile is kept beside it.
func TestRollbackHolds(t *testing.T) {
	trains(t)
	r := newRig(t)
	base, _ := r.decide("v1", "my parcel is late")
	r.teachAll()
	r.learn()
	learned := r.newest()
	if got, err := r.Activate(t.Context(), learned.Replaces, "user:ann"); err != nil || got.Activated[len(got.Activated)-1].By != "user:ann" {
		t.Fatalf("going back: %+v, %v", got, err)
	}
	if s := r.standing(); s.Version != learned.Replaces || s.PinnedBy != "user:ann" {
		t.Errorf("it stands as %+v, want what ann went back to", s)
	}
	if now, _ := r.decide("v1", "my parcel is late"); now != base {
		t.Errorf("it decides\n%s, want as before it learned\n%s", now, base)
	}
	for i := range 60 {
		r.arrive(fmt.Sprintf("parcel number %c%c hasn't come", 'a'+i/8, 'a'+i%8), fmt.Sprintf("f%d", i), chosen("track-order"), resolved())
	}
	r.learn()
	r.restart()
	next := r.newest()
	if s := r.standing(); next.Version == learned.Version || s.Version != learned.Replaces || len(next.Activated) != 0 {
		t.Errorf("it learned %+v and stands as %+v; want it to wait beside what ann went back to", next, s)
	}
	if _, err := r.Activate(t.Context(), next.Version, "user:ann"); err != nil {
		t.Fatal(err)
	}
	if s := r.standing(); s.Version != next.Version || s.PinnedBy != "" {
		t.Errorf("it stands as %+v, want it to go on by itself from what ann activated", s)
	}
	if _, err := r.Activate(t.Context(), "nonsense", "user:ann"); err == nil {
		t.Error("a version that isn't there was activated")
	}
	want := []string{"system triage.activated " + learned.Version, "user:ann triage.activated " + learned.Replaces, "user:ann triage.activated " + next.Version}
	if strings.Join(r.audit, "; ") != strings.Join(want, "; ") {
		t.Errorf("the audit says %q, want %q", r.audit, want)
	}
}

// What somebody went back to is what decides under the next version of the bundle too, from its first text on
// and after a restart, with what had been learned by then; what they went back from doesn't return by itself.
// Once somebody goes on, triage does so too.
func TestRollbackHoldsForTheNextBundle(t *testing.T) {
	trains(t)
	r := newRig(t)
	r.teachAll()
	r.learn()
	kept := r.newest()
	const text = "parcel number zz hasn't come"
	want, _ := r.decide("v1", text)
	for i := range 60 {
		r.arrive(fmt.Sprintf("parcel number %c%c hasn't come", 'a'+i/8, 'a'+i%8), fmt.Sprintf("f%d", i), chosen("track-order"), resolved())
	}
	r.learn()
	undone := r.newest()
	if undone.Digest == kept.Digest {
		t.Fatalf("it learned nothing more\n%s", r.log.String())
	}
	if len(undone.Activated) == 0 {
		_, err := r.Activate(t.Context(), undone.Version, "user:ann")
		r.must(err)
	}
	_, err := r.Activate(t.Context(), kept.Version, "user:ann")
	r.must(err)
	for _, next := range []string{"v2", "v3"} { // the same with a comment more
		b := r.books["v1"]
		b.Version = next
		r.books[next], r.bundle = b, next
		for _, when := range []string{"at once", "when it has learned", "after a restart"} {
			if got, version := r.decide(next, text); got != want || version != kept.Version {
				t.Errorf("%s %s: version %s decides\n%s, want %s, which ann went back to, with\n%s", next, when, version, got, kept.Version, want)
			}
			if s := r.standing(); s.Bundle != next || s.Version != kept.Version || s.PinnedBy != "user:ann" {
				t.Errorf("%s %s: it stands as %+v, want %s, pinned by ann", next, when, s, kept.Version)
			}
			switch when {
			case "at once":
				r.learn()
			case "when it has learned":
				r.restart()
			}
		}
		if v := r.newest(); v.Bundle != next || v.Digest != undone.Digest || len(v.Activated) != 0 {
			t.Errorf("under %s the newest is %+v; want what ann went back from, kept and not active", next, v)
		}
	}
	r.now = r.now.Add(time.Minute)
	if _, err := r.Activate(t.Context(), undone.Version, "user:bob"); err != nil {
		t.Fatal(err)
	}
	r.publish("v4", func(intent string) bool { return intent != "invoice-copy" })
	r.bundle = "v4"
	r.learn()
	if s := r.standing(); s.PinnedBy != "" || r.newest().Bundle != "v4" || s.Version != r.newest().Version {
		t.Errorf("after bob went on, it stands under v4 as %+v, want it to learn by itself\n%+v", s, r.newest())
	}
}

// The pin takes along what the next version of the bundle still has procedures for, with its own examples;
// and what somebody went back from isn't activated by itself even where nothing is pinned any more.
func TestPinWithOtherExamples(t *testing.T) {
	trains(t)
	r := newRig(t)
	r.teachAll()
	r.learn()
	kept := r.newest()
	for i := range 60 {
		r.arrive(fmt.Sprintf("parcel number %c%c hasn't come", 'a'+i/8, 'a'+i%8), fmt.Sprintf("f%d", i), chosen("track-order"), resolved())
	}
	r.learn()
	undone := r.newest()
	for _, v := range []string{undone.Version, kept.Version} {
		r.now = r.now.Add(time.Minute)
		_, err := r.Activate(t.Context(), v, "user:ann")
		r.must(err)
	}
	r.publish("v2", func(intent string) bool { return intent != "invoice-copy" })
	r.bundle = "v2"
	r.must(r.Learn(t.Context()))
	s := r.standing()
	i := slices.IndexFunc(r.Versions(), func(v learner.Version) bool { return v.Bundle == "v2" && v.Version == s.Version })
	if i < 0 || s.PinnedBy != "user:ann" {
		t.Fatalf("it stands as %+v, which is none of %+v", s, r.Versions())
	}
	if v := r.Versions()[i]; v.Evidence == 0 || v.Evidence >= kept.Evidence || v.Procedures != kept.Procedures-1 {
		t.Errorf("under v2 it pins %+v, want what is left of %+v without one procedure", v, kept)
	}
	r.restart()
	if _, version := r.decide("v2", "my parcel is late"); version != s.Version {
		t.Errorf("after a restart %s decides, want %s", version, s.Version)
	}
	newest := r.newest()
	r.now = r.now.Add(time.Minute)
	if _, err := r.Activate(t.Context(), newest.Version, "user:ann"); err != nil { // goes on
		t.Fatal(err)
	}
	b := r.books["v1"]
	b.Version = "v3"
	r.books["v3"], r.bundle = b, "v3"
	r.must(r.Learn(t.Context()))
	if v, s := r.newest(), r.standing(); v.Bundle != "v3" || v.Digest != undone.Digest || len(v.Activated) != 0 || !strings.Contains(v.Worse, "user:ann went back from") || s.PinnedBy != "" {
		t.Errorf("under v3 it learned %+v and stands as %+v; want what ann went back from to wait for somebody", v, s)
	}
}

// restart is a restart.
func (r *rig) restart() {
	r.t.Helper()
	r.must(r.store.Close())
	r.open()
}
