package learner_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"resolute/agent/learner"
)

// What is worse on texts that were held back doesn't decide: here what is learned from was mixed up, and
// what is held back was not.
func TestWorseIsNotActivated(t *testing.T) {
	r := newRig(t)
	list := r.others()
	for i, x := range list {
		name := list[(i+7*3)%len(list)].Procedure
		if learner.HeldBack(x.Text) {
			name = x.Procedure
		}
		r.arrive(x.Text, fmt.Sprintf("c%d", i), chosen(name), resolved())
	}
	before, _ := r.decide("v1", "my parcel is late")
	r.learn()
	v := r.newest()
	if v.Worse == "" || len(v.Activated) != 0 || r.standing().Version != v.Replaces {
		t.Errorf("it learned %+v, want it named as worse, and not active", v)
	}
	if now, _ := r.decide("v1", "my parcel is late"); now != before {
		t.Errorf("it decides\n%s, want as before\n%s", now, before)
	}
}

// One account says of a hundred damaged things that they are for something else: nothing changes by itself.
// What two people say, rightly, of things that nobody knew is learned.
func TestOneAccountChangesNothingWrongly(t *testing.T) {
	for _, who := range [][]string{{"token:flood"}, {"user:ann", "user:bob"}} {
		r := newRig(t)
		says, procedure, cases := "the %s of my %s arrived smashed and broken, %c%c", "track-order", 100
		if len(who) > 1 {
			says, procedure, cases = "the %s of my %s does the wobble, %c%c", "damaged-item", 60
		}
		for i := range cases {
			text := fmt.Sprintf(says, []string{"lid", "foot", "knob", "rim"}[i%4], []string{"gizmo", "gadget", "widget"}[i%3], 'a'+i/10, 'a'+i%10)
			r.happen(r.arrive(text, fmt.Sprintf("c%d", i), unsure()), who[i%len(who)], sent(procedure))
		}
		r.must(r.Learn(t.Context()))
		v := r.newest()
		if alone := len(who) == 1; alone != (len(v.Activated) == 0) || alone != (r.standing().Version == v.Replaces) || alone != (v.Worse != "") {
			t.Errorf("said by %v, it learned %+v; want that it decides if two said so, and else why not", who, v)
		}
	}
}

// Few texts judge nothing: neither is anything activated by them nor is it lost.
func TestFewTextsJudgeNothing(t *testing.T) {
	r := newRig(t)
	r.publish("small", func(intent string) bool { return intent == "track-order" || intent == "damaged-item" })
	r.bundle = "small"
	for i := range 12 {
		r.arrive(fmt.Sprintf("my gizmo wobbles %c", 'a'+i), fmt.Sprintf("c%d", i), chosen("damaged-item"), resolved())
	}
	r.learn()
	if v := r.newest(); len(v.Activated) != 0 || !strings.Contains(v.Worse, "20 have to") {
		t.Errorf("it learned %+v, want too few texts named that judge it", v)
	}
}

// What fails rehearsals that pass without it isn't activated by itself, but by whoever does so all the same;
// what can't be rehearsed isn't either, and is learned again.
func TestWhatLowersRehearsalsIsHeld(t *testing.T) {
	trains(t)
	r := newRig(t)
	r.teachAll()
	r.unrehearsed = errors.New("the disk is full")
	r.now = r.now.Add(25 * time.Hour)
	if err := r.Learn(t.Context()); !errors.Is(err, r.unrehearsed) || len(r.Versions()) != 0 {
		t.Fatalf("unrehearsed, %d versions are kept, and the error is %v", len(r.Versions()), err)
	}
	r.unrehearsed, r.lowers = nil, `"smashed blender" (b.yaml:3:9)`
	r.now = r.now.Add(time.Hour)
	r.must(r.Learn(t.Context()))
	v := r.newest()
	if v.Worse != "" || v.Lowers != r.lowers || len(v.Activated) != 0 || r.standing().Version != v.Replaces {
		t.Errorf("it learned %+v, want it kept beside what decides, with the rehearsal named", v)
	}
	r.restart()
	if got, err := r.Activate(t.Context(), v.Version, "user:ann"); err != nil || got.Lowers == "" || r.standing().Version != v.Version {
		t.Errorf("activated all the same: %+v, %v", got, err)
	}
}

// While rehearsals are played nobody waits for them, and what was activated meanwhile stays.
func TestNobodyWaitsForRehearsals(t *testing.T) {
	r := newRig(t)
	r.teachAll()
	r.learn()
	learned := r.newest()
	for i := range 60 {
		r.arrive(fmt.Sprintf("parcel number %c%c hasn't come", 'a'+i/8, 'a'+i%8), fmt.Sprintf("f%d", i), chosen("track-order"), resolved())
	}
	r.meanwhile = func() {
		if _, err := r.Activate(t.Context(), learned.Replaces, "user:ann"); err != nil {
			t.Error(err)
		}
	}
	r.learn()
	if s := r.standing(); s.Version != learned.Replaces || s.PinnedBy != "user:ann" || len(r.Versions()) != 2 {
		t.Errorf("it stands as %+v with %d versions, want what ann went back to meanwhile", s, len(r.Versions()))
	}
	r.meanwhile = nil
	r.now = r.now.Add(time.Hour)
	r.must(r.Learn(t.Context()))
	if v := r.newest(); len(r.Versions()) != 3 || v.Replaces != learned.Replaces || len(v.Activated) != 0 {
		t.Errorf("it learned %+v, want the same compared with what decides now", v)
	}
}
