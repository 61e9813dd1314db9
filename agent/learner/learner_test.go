package learner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/learner"
)

// What was resolved and stayed so for a day is learned from, and what came back is not.
func TestLearnsFromWhatStayedResolved(t *testing.T) {
	r := newRig(t)
	r.teachAll()
	r.must(r.Learn(t.Context()))
	if n := len(r.Versions()); n != 0 {
		t.Fatalf("%d versions on the day on which all was resolved, want none before it settled", n)
	}
	back := r.arrive("a text that came back", "c", chosen("track-order"), resolved())
	r.happen(back, "user:ann", &casefile.OperatorDecided{Decision: casefile.DecideReopen})
	text := r.others()[0]
	was := r.best(text.Text)
	r.learn()
	v, s := r.newest(), r.standing()
	if v.Worse != "" || s.Version != v.Version || v.Evidence+s.Held != 3*len(r.others()) || v.Held.Texts != s.Held+v.Held.Authors || v.Held.Authors == 0 {
		t.Errorf("it learned %+v and stands as %+v; want all texts but those held back, and that it decides\n%s", v, s, r.log.String())
	}
	if v.Held.Right <= v.Before.Right || v.Chance > 0.01 || v.Replaces != r.books["v1"].Classifier.Version() {
		t.Errorf("on texts that were held back: %+v, and before %+v with chance %v; want it clearly better than its authors' examples", v.Held, v.Before, v.Chance)
	}
	if is := r.best(text.Text); is.Procedure != text.Procedure || is.Score <= was.Score {
		t.Errorf("%q goes to %+v, and before to %+v; want it surer", text.Text, is, was)
	}
	if like := r.best("Hello, " + text.Text).Nearest; !strings.HasPrefix(like, "case ") {
		t.Errorf("it says that it is most like %q, want the case named and not shown what another customer wrote", like)
	}
	if first := r.Versions()[1]; first.Version != v.Replaces || first.Evidence != 0 || len(first.Activated) != 1 {
		t.Errorf("before it stands %+v, want the authors' examples", first)
	}
}

// What people say of a case counts at once and over how it ended.
func TestPeopleTeach(t *testing.T) {
	r := newRig(t)
	for i := range 12 {
		id := r.arrive(fmt.Sprintf("the gizmo %c is wobbling again", 'a'+i), fmt.Sprintf("c%d", i), unsure())
		r.happen(id, []string{"user:ann", "user:carl"}[i%2], sent("damaged-item"))
		id = r.arrive(fmt.Sprintf("would you like to buy our carpets, offer %c", 'a'+i), fmt.Sprintf("d%d", i), unsure())
		r.happen(id, "user:bob", closedAs(casefile.NoProcedure))
		id = r.arrive(fmt.Sprintf("somebody closed this and said nothing, %c", 'a'+i), fmt.Sprintf("e%d", i), unsure())
		r.happen(id, "user:bob", &casefile.OperatorDecided{Decision: casefile.DecideClose})
	}
	r.must(r.Learn(t.Context()))
	v, s := r.newest(), r.standing()
	if v.Evidence+s.Held != 24 || v.Strangers == 0 || v.Worse != "" {
		t.Fatalf("it learned %+v and holds back %d, want 24 texts, some of them for none", v, s.Held)
	}
	basis, kept, err := r.Basis(t.Context(), v.Version)
	none := 0
	for _, b := range basis {
		if b.Procedure == "" {
			none++
		}
	}
	if err != nil || !kept || len(basis) != v.Evidence || none != v.Strangers {
		t.Errorf("it rests on %+v (%v), want the %d cases, %d of them for none", basis, err, v.Evidence, v.Strangers)
	}
	if _, kept, err := r.Basis(t.Context(), "none"); kept || err != nil {
		t.Errorf("what isn't kept is said not to be, not %v %v", kept, err)
	}
	if best := r.best("the gizmo z is wobbling again"); best.Procedure != "damaged-item" || best.Score < threshold {
		t.Errorf("like what a person sent to damaged-item: %+v", best)
	}
	if best := r.best("would you like to buy our carpets, offer z"); best.Score >= threshold {
		t.Errorf("like what a person said is for none: %+v", best)
	}
}

// A correction is at work from the next text on, whatever version a case is under; taken back or expired,
// everything is as it was to the byte.
func TestCorrectionsAreAtWorkAtOnce(t *testing.T) {
	r := newRig(t)
	r.publish("v2", func(intent string) bool { return intent != "invoice-copy" })
	const text, like = "my gizmo keeps wobbling on the shelf", "my gizmo wobbles on the shelf"
	from := r.arrive(text, "c1", unsure())
	for _, bundle := range []string{"v1", "v2"} {
		before, version := r.decide(bundle, like)
		teach := func(id string, expires time.Time) {
			r.lessons.teach(learner.Lesson{ID: id, Procedure: "damaged-item", Case: from, At: r.now, ExpiresAt: expires})
		}
		check := func(when string, atWork bool) {
			t.Helper()
			after, now := r.decide(bundle, like)
			switch {
			case atWork && (!strings.HasPrefix(now, version+"+") || r.best(like).Procedure != "damaged-item" || r.best(like).Score < threshold):
				t.Errorf("%s, %s: version %s gives %s, want it for damaged-item by what was taught", bundle, when, now, after)
			case !atWork && (after != before || now != version):
				t.Errorf("%s, %s: version %s gives\n%s, want %s with\n%s", bundle, when, now, after, version, before)
			}
		}
		teach("one", time.Time{})
		check("taught", true)
		r.lessons.revoke("one")
		check("revoked", false)
		teach("two", r.now.Add(time.Hour))
		check("taught for an hour", true)
		r.now = r.now.Add(time.Hour)
		check("expired", false)
		r.lessons.revoke("two")
	}
}

// What says nothing about triage changes nothing: a correction from a case that went where it says, from one
// that isn't there, or about a procedure that the bundle hasn't.
func TestCorrectionsThatTeachNothing(t *testing.T) {
	r := newRig(t)
	right := r.arrive("my gizmo keeps wobbling", "c1", chosen("damaged-item"))
	other := r.arrive("my gadget keeps wobbling", "c1", unsure())
	before, version := r.decide("v1", "my gizmo keeps wobbling")
	r.lessons.teach(learner.Lesson{ID: "a", Procedure: "damaged-item", Case: right, At: r.now})
	r.lessons.teach(learner.Lesson{ID: "b", Procedure: "damaged-item", Case: "0199aaaa-0000-7000-8000-000000000000", At: r.now})
	r.lessons.teach(learner.Lesson{ID: "c", Procedure: "nonsense", Case: other, At: r.now})
	if after, now := r.decide("v1", "my gizmo keeps wobbling"); after != before || now != version {
		t.Errorf("they change\n%s to\n%s", before, after)
	}
	r.lessons.teach(learner.Lesson{ID: "d", Procedure: "damaged-item", Case: other, At: r.now.Add(1)})
	r.lessons.teach(learner.Lesson{ID: "e", Procedure: "track-order", Case: other, At: r.now.Add(2)})
	if best := r.best("my gadget keeps wobbling"); best.Procedure != "track-order" {
		t.Errorf("of two that contradict each other %+v counts, want the newer", best)
	}
	if why := r.reasons(); !strings.Contains(why, "correction e says that the same text is for track-order, and is newer than correction d") {
		t.Errorf("what doesn't count: %q, want the older named", why)
	}
}

// Nothing that was learned is lost: not by a restart, not where what is stored of it is gone, not with
// another version of the bundle.
func TestNothingLearnedIsLost(t *testing.T) {
	trains(t)
	r := newRig(t)
	r.teachAll()
	r.learn()
	text := r.others()[3].Text
	want, version := r.decide("v1", text)
	check := func(what string) {
		t.Helper()
		if got, now := r.decide("v1", text); got != want || now != version {
			t.Errorf("%s: version %s decides\n%s, want %s with\n%s\n%s", what, now, got, version, want, r.log.String())
		}
	}
	r.restart()
	check("after a restart")
	r.learn()
	if n := len(r.Versions()); n != 2 {
		t.Errorf("after a restart the same was learned again: %d versions", n)
	}
	for _, lost := range [][2]string{{"triage.read", "how far it read"}, {"triage.evidence", "what cases taught"}, {"triage.refs", "what versions rest on"}, {"triage.active", "which is active"}, {"triage.version", "the versions"}} {
		kind, what := lost[0], lost[1]
		list, err := r.store.List(t.Context(), kind, "", 10_000)
		r.must(err)
		for i := range list {
			list[i].Value = nil
		}
		r.must(r.store.Put(t.Context(), list...))
		r.restart()
		r.decide("v1", text) // whoever asks before it has learned anew
		r.learn()
		check("without " + what)
	}
	r.publish("v2", func(intent string) bool { return intent != "invoice-copy" })
	r.bundle = "v2"
	r.learn()
	v := r.newest()
	if v.Bundle != "v2" || v.Evidence < 150 || r.standing().Version != v.Version {
		t.Errorf("for another bundle it learned %+v, want the evidence of the procedures that are still there", v)
	}
	if _, err := r.Activate(t.Context(), version, "user:ann"); err == nil {
		t.Error("what was learned for another version of the bundle was activated for this one")
	}
	check("under the version of before")
}

// A flood of one customer, of nobody that is vouched for or of one account counts for little, and is named.
func TestFloodsAreNamed(t *testing.T) {
	r := newRig(t)
	for i := range 40 {
		name := fmt.Sprintf("%c%c", 'a'+i/26, 'a'+i%26)
		r.arrive("the customer's text "+name, "flooder", chosen("invoice-copy"), resolved())
		r.arrive("nobody's text "+name, "", chosen("cancel-order"), resolved())
		id := r.arrive("the account's text "+name, fmt.Sprintf("c%d", i), unsure())
		r.happen(id, "token:bot", sent("refund-status"))
	}
	for i := range 120 {
		id := r.arrive(fmt.Sprintf("the quick account's text %c%c", 'a'+i/26, 'a'+i%26), fmt.Sprintf("q%d", i), unsure())
		r.happen(id, "token:quick", closedAs(casefile.NoProcedure))
	}
	id := r.arrive("My parcel is late", "c", unsure())
	for _, x := range r.books["v1"].Classifier.Examples() {
		if x.Procedure == "track-order" {
			r.happen(r.arrive(strings.ToUpper(x.Text), "d", unsure()), "user:ann", sent("cancel-order"))
			break
		}
	}
	r.happen(id, "user:ann", sent("track-order"))
	r.now = r.now.Add(time.Hour)
	r.happen(r.arrive("my parcel  is late", "e", unsure()), "user:bob", sent("cancel-order"))
	r.learn()
	why := r.reasons()
	for _, want := range []string{
		"invoice-copy 15: of one customer at most 5 texts", // of the 20 that are kept
		"cancel-order 34: what senders write that nobody vouches for",
		"refund-status 35: what one account said, token:bot",
		" 20: token:quick decided more than 100 cases within 1h",
		"track-order 1: the same text is for cancel-order in case",
		"cancel-order 1: the same text is an example of track-order in the bundle",
	} {
		if !strings.Contains(why, want) {
			t.Errorf("what doesn't count:\n%s\nwant %q", why, want)
		}
	}
}

// A text is data: as long as it may be and whatever is in it.
func TestTextsAreBounded(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("ä", 1_000_000)
	for i := range 6 {
		r.arrive(fmt.Sprintf("text %c ", 'a'+i)+long, fmt.Sprintf("c%d", i), chosen("invoice-copy"), resolved())
		r.arrive(fmt.Sprintf("{{ %c }} \x00 =1+1 \xff", 'a'+i), fmt.Sprintf("d%d", i), chosen("invoice-copy"), resolved())
		r.arrive("  \n", fmt.Sprintf("e%d", i), chosen("invoice-copy"), resolved())
	}
	r.learn()
	if s := r.standing(); s.Learned+s.Held != 12 {
		t.Errorf("%d texts, want 12", s.Learned+s.Held)
	}
	list, err := r.store.List(t.Context(), "triage.evidence", "", 100)
	r.must(err)
	for _, x := range list {
		if len(x.Value) > 500 {
			t.Errorf("what a case teaches takes %d bytes", len(x.Value))
		}
	}
}

// Run learns in the background and ends when it is told to.
func TestRun(t *testing.T) {
	r := newRig(t)
	r.teachAll()
	r.now = r.now.Add(25 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	for deadline := time.Now().Add(time.Minute); len(r.Versions()) < 2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was learned in the background")
		}
	}
	cancel()
	<-ended
	if r.newest().Worse != "" {
		t.Errorf("it learned %+v", r.newest())
	}
}
