package pages

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/listing"
)

func look(role string) viewer {
	ranks := map[string]int{"viewer": 1, "operator": 2, "approver": 3, "admin": 4}
	return viewer{now: noon, currency: "EUR", role: role, id: "p1", may: func(by string) bool { return ranks[role] >= ranks[by] }}
}

func TestMoneyIsExact(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency string
		want     string
	}{{18600, "EUR", "186.00"}, {5, "USD", "0.05"}, {0, "USD", "0.00"}, {123456789, "EUR", "1,234,567.89"}, {-2550, "EUR", "−25.50"},
		{1200, "JPY", "1,200"}, {1500, "KWD", "1.500"}, {-9223372036854775808, "JPY", "−9,223,372,036,854,775,808"}} {
		if got := money(c.minor, c.currency); got != c.want {
			t.Errorf("%d minor units of %s should read %s, not %s", c.minor, c.currency, c.want, got)
		}
	}
}

func TestMoneyNamesItsCurrency(t *testing.T) {
	own := shown("total_cents", int64(500), map[string]any{"currency": "GBP"}, "EUR", noon)
	if own.Currency != "GBP" || own.Text != "5.00" {
		t.Errorf("an amount with a currency beside it is in that one, not %s %s", own.Text, own.Currency)
	}
	if house := shown("total_cents", int64(500), nil, "EUR", noon); house.Currency != "EUR" {
		t.Errorf("an amount without a currency is in the house's, not %q", house.Currency)
	}
	if count := shown("count", int64(500), nil, "EUR", noon); count.Currency != "" || count.Text != "500" {
		t.Errorf("a number that isn't named *_cents is no money, but reads %s %s", count.Text, count.Currency)
	}
}

func TestRelativeTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "just now", -30 * time.Second: "30 s ago", -28 * time.Minute: "28 min ago", 95 * time.Minute: "in 1 h 35 min",
		-2 * time.Hour: "2 h ago", -30 * time.Hour: "1 day ago", 72 * time.Hour: "in 3 days"} {
		if m := moment(noon.Add(d), noon); m.Rel != want || m.Machine == "" || m.Exact == "" {
			t.Errorf("%s from now should read %q, with the exact time at hand; it reads %+v", d, want, m)
		}
	}
	if moment(time.Time{}, noon) != (Moment{}) {
		t.Error("a time that isn't known should show nothing")
	}
}

func TestApprovalShowsWhatIsDecided(t *testing.T) {
	s := charged(true)
	view := caseView(s.c, s.entries, look("approver"))
	stop := view.Stop
	if stop == nil || stop.Approval == nil {
		t.Fatalf("a case that waits for approval should have a stop box with the action, has %+v", stop)
	}
	if stop.Title != "Waits for an approver" || stop.Code != "policy.approval" || stop.Rule != "refunds/over-100" {
		t.Errorf("the stop box should say who, code and rule; it says %q %q %q", stop.Title, stop.Code, stop.Rule)
	}
	a := stop.Approval
	if a.Amount == nil || a.Amount.Text != "186.00" || a.Act != "Refund payment" || a.Effect != "a write that nothing undoes" {
		t.Errorf("the action should be said in words with its amount, not %q %+v %q", a.Act, a.Amount, a.Effect)
	}
	paths := map[string]string{}
	for _, arg := range a.Args {
		paths[arg.Name] = arg.Path + "|" + arg.Evidence.Word
	}
	if paths["payment_id"] != "facts.payments.duplicate.id|tool output" || paths["reason"] != "|plan" {
		t.Errorf("each argument should say where its value stands, not %v", paths)
	}
	if len(a.Rules) != 3 || !a.Rules[0].Fired || a.Rules[1].Fired {
		t.Errorf("the rules that fired come first, but they are %+v", a.Rules)
	}
	if len(a.Drift) != 2 || a.Drift[0].Then.Text != "0.00" || a.Drift[0].Now.Text != "37.00" {
		t.Errorf("what changed since it was asked should show then and now, not %+v", a.Drift)
	}
	if c := a.Because[1]; c.Text == "" || c.Title != "Refund policy, Duplicate charges" {
		t.Errorf("a citation that the case holds should show its passage, not %+v", c)
	}
}

func TestChoicesFollowStatusAndRole(t *testing.T) {
	names := func(c Choices) string {
		var list []string
		for _, x := range slices.Concat(c.Main, c.Also) {
			list = append(list, x.Ref())
		}
		return strings.Join(list, " ")
	}
	taken := denied().then(time.Second, "user:robin", &casefile.OperatorDecided{Decision: casefile.DecideTakeover})
	granted := charged(false).then(time.Second, "user:kim", &casefile.OperatorDecided{Decision: casefile.DecideApprove})
	granted.c.Status = casefile.Approving
	mine := charged(false)
	mine.c.Approval.ProposedBy = "p1"
	for _, c := range []struct {
		of     string
		story  *story
		role   string
		want   string
		locked string
	}{
		{"what waits for an approver", charged(false), "approver", "approve reject takeover close teach", ""},
		{"what waits for an approver", charged(false), "operator", "takeover close teach", "asks for the role approver"},
		{"what waits for an approver", charged(false), "viewer", "", "an operator decides"},
		{"what I proposed", mine, "admin", "takeover close teach", "somebody else approves it"},
		{"what somebody approved already", granted, "approver", "takeover close teach", "Approved by kim"},
		{"what a rule stopped", denied(), "operator", "retry takeover close teach", ""},
		{"what a person took over", taken, "operator", "handback retry close teach", ""},
		{"what is at work", busy(), "operator", "takeover close teach", ""},
		{"what waits for its customer", asking(), "operator", "takeover close teach", ""},
		{"what is resolved", replaced(), "operator", "reopen teach", ""},
	} {
		got := choices(c.story.c, look(c.role))
		if names(got) != c.want || !strings.Contains(got.Locked, c.locked) || (c.locked == "") != (got.Locked == "") {
			t.Errorf("of %s, the role %s should be offered %q (locked %q), not %q (locked %q)", c.of, c.role, c.want, c.locked, names(got), got.Locked)
		}
		for _, x := range slices.Concat(got.Main, got.Also) {
			if x.Asks && (x.Does == "" || x.Heading == "" || x.Stays == "") {
				t.Errorf("the dialog of %s should say what it does, and what stays if it isn't done", x.Name)
			}
		}
	}
}

func TestHypothesesTellWhatRuledThemOut(t *testing.T) {
	s := charged(false)
	rail := hypotheses(s.c, s.entries, look("operator"))
	var told []string
	for _, h := range rail {
		told = append(told, h.Name+": "+h.Word)
	}
	want := []string{"only-a-hold: ruled out", "two-invoices: ruled out", "voidable: failed", "refund-duplicate: next, waits for a person"}
	if !slices.Equal(told, want) {
		t.Fatalf("the rail should read %q, not %q", want, told)
	}
	if rail[1].When != "facts.payments.count < 2" || len(rail[1].Observed) != 1 || rail[1].Observed[0].Text != "2" {
		t.Errorf("a hypothesis that is ruled out should show its condition and what that read, not %+v", rail[1])
	}
	if tries := rail[2].Tries; len(tries) != 1 || tries[0].Tries != 2 || tries[0].Outcome != "refused: already_settled" {
		t.Errorf("the repeats of one call are one line with how it ended, not %+v", rail[2].Tries)
	}
}

func TestBeliefsCarryTheirEvidence(t *testing.T) {
	s := charged(false)
	b := beliefs(s.c, look("operator"))
	if len(b.Facts) != 3 || b.Facts[0].Name != "invoice" || b.Facts[0].Evidence.Icon != "ev-full" || b.Facts[0].Source != "billing.get_invoice" {
		t.Errorf("what a tool read has the full square and names the tool: %+v", b.Facts)
	}
	if len(b.Passages) != 1 || b.Passages[0].Evidence.Icon != "ev-half" || !strings.HasPrefix(b.Passages[0].Link, "/knowledge?at=kb%3A") {
		t.Errorf("knowledge has the half square and leads to its passage: %+v", b.Passages)
	}
	if len(b.Inputs) != 1 || !b.Inputs[0].Evidence.Claim || len(b.Claims) != 1 || !b.Claims[0].Evidence.Claim {
		t.Errorf("what the customer wrote is a claim wherever it turns up: %+v %+v", b.Inputs, b.Claims)
	}
	for _, f := range b.Facts[0].Fields {
		if f.Name == "currency" {
			t.Error("a currency that stands with its amount needn't stand alone")
		}
	}
}

func TestTimelineTellsEachTry(t *testing.T) {
	s := charged(false)
	tl := timeline(s.c, s.entries, look("operator"))
	var void *Row
	for i := range tl.Phases {
		for j := range tl.Phases[i].Rows {
			if r := &tl.Phases[i].Rows[j]; r.What == "billing.void_payment" {
				if void != nil {
					t.Fatal("the tries of one call are one row")
				}
				void = r
			}
		}
	}
	if void == nil {
		t.Fatal("a call should have its row")
	}
	var heads, classes []string
	for _, l := range void.Lines {
		heads = append(heads, l.Head)
	}
	for _, b := range void.Bars {
		classes = append(classes, b.Class)
	}
	if want := []string{"Try 1", "Answer", "Settled", "Try 2", "Answer"}; !slices.Equal(heads, want) {
		t.Errorf("a call that was settled and repeated should be told as %v, not %v", want, heads)
	}
	if want := []string{"b-unk", "b-wait", "b-fail", "b-wait", "b-fail"}; !slices.Equal(classes, want) {
		t.Errorf("its bars should be %v, not %v", want, classes)
	}
	if void.Key != "2b9d71c4f0a86e15c3d2" || !strings.Contains(void.Sent, "pay_7Q2N") || void.Tone != "escalated" {
		t.Errorf("the row should show key, arguments and tone, not %q %q %q", void.Key, void.Sent, void.Tone)
	}
	if len(tl.Ticks) < 3 || tl.Ticks[0].Label != "0 s" || tl.Ticks[len(tl.Ticks)-1].Label != "28 min" {
		t.Errorf("the axis should go from 0 s to 28 min, not %+v", tl.Ticks)
	}
	if tl.Summary != "4 calls in 7.27 s of work, 2 repeats" {
		t.Errorf("the summary reads %q", tl.Summary)
	}
}

func TestTimelineOfAnythingHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := begin(1, time.Hour)
		n := rapid.IntRange(1, 40).Draw(rt, "entries")
		pool := slices.Concat(charged(true).entries, replaced().entries, denied().entries, asking().entries, busy().entries)
		for range n {
			e := pool[rapid.IntRange(0, len(pool)-1).Draw(rt, "entry")]
			gap := time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(rt, "gap"))
			s.then(gap, e.Actor, e.Data, e.Evidence...)
		}
		view := caseView(s.c, s.entries, look("approver"))
		for _, p := range view.Timeline.Phases {
			for _, r := range p.Rows {
				for _, b := range r.Bars {
					if b.X < 0 || b.X2 > 100 || b.X2 < b.X {
						rt.Fatalf("the bar %+v of %s leaves the axis", b, r.What)
					}
				}
			}
		}
		if _, err := loadTemplates().block("case", "page", casePage{Case: view}); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestTooMuchIsCut(t *testing.T) {
	long := strings.Repeat("ü", 1000)
	if got := shorten(long, 240); len([]rune(got)) != 240 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text is cut to 240 characters with an ellipsis, not to %d", len([]rune(got)))
	}
	o := map[string]any{}
	for i := range 50 {
		o[strings.Repeat("k", i+1)] = int64(i)
	}
	if list, more := fields(o, "EUR", noon); len(list) != maxFields || more != 50-maxFields {
		t.Errorf("a wide object shows %d fields and says how many are left, not %d and %d", maxFields, len(list), more)
	}
	if p := pretty(map[string]any{"k": strings.Repeat("x", 2*maxJSON)}); len(p) > maxJSON+200 || !strings.Contains(p, "[cut here; it has 8 kB]") {
		t.Errorf("a long answer is cut and says where all of it stands; it has %d bytes", len(p))
	}
}

func TestFilter(t *testing.T) {
	late := denied()
	late.c.Handoff = &casefile.Handoff{Queue: "leads"}
	row := listing.RowOf(late.c)
	amount := int64(12050)
	row.Amount = &amount
	for q, want := range map[string]bool{"": true, "status=escalated": true, "status=resolved": false, "status=resolved&status=escalated": true, "status=nonsense": true,
		"stop=policy.deny": true, "stop=checkpoint": false, "procedure=damaged-item": true, "procedure=damaged": false, "customer=ELSE.example": true, "customer=marta": false,
		"q=refund": true, "q=blender": false, "q=refund&status=resolved": false, "queue=leads": true, "queue=others": false, "from=120.50": true, "from=120.51": false, "to=1%2C000": true, "to=120.5&from=1": true,
		"age=hour": true, "age=today": true, "age=over-day": false, "age=nonsense": true} {
		wanted, err := filterOf(query(q)).listed("EUR", noon)
		if got := wanted.Match(&row); got != want || err != nil {
			t.Errorf("a list filtered by %q should show the case: %v (%v)", q, want, err)
		}
	}
	for _, bad := range []string{"from=much", "to=1.234", "from=1e9"} {
		if _, err := filterOf(query(bad)).listed("EUR", noon); !errors.Is(err, errRequest) {
			t.Errorf("%s is no amount in euros, and the list should say so, not %v", bad, err)
		}
	}
	f := filterOf(query("status=waiting&q=a+b&customer=c"))
	if again := filterOf(query(f.query().Encode())); again.query().Encode() != f.query().Encode() {
		t.Errorf("a filter should survive its own link, not become %+v", again)
	}
}

// A message says where it is: one that goes nowhere doesn't look as if it were about to.
func TestMessageSaysWhereItIs(t *testing.T) {
	for status, want := range map[string]string{journal.DeliveryQueued: "waiting queued ", journal.DeliverySent: "muted sent ", journal.DeliveryFailed: "escalated failed 422",
		journal.DeliveryReady: "muted ready, to be read here "} {
		m := journal.Message{CaseID: "c", Delivery: journal.Delivery{Status: status}}
		if status == journal.DeliveryFailed {
			m.Error = "422"
		}
		if v := messageView(&m, noon); v.Tone+" "+v.Status+" "+v.Error != want {
			t.Errorf("a message that is %s is shown as %q, want %q", status, v.Tone+" "+v.Status+" "+v.Error, want)
		}
	}
}

// The axis tells its ticks apart, behind a break too.
func TestTicksDiffer(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	for name, moments := range map[string][]time.Time{
		"waits of a quarter of a second": {at(0), at(27), at(67), at(291), at(517), at(734), at(1043), at(1178), at(1201)},
		"one longer than a second":       {at(0), at(5), at(1600), at(4900)},
		"a minute and more":              {at(0), at(20), at(64_000), at(186_000)},
		"two moments":                    {at(0), at(211)},
	} {
		seen := map[string]bool{}
		for _, tick := range newScale(moments, []interval{{at(0), moments[1]}}).ticks() {
			if seen[tick.Label] {
				t.Errorf("%s: two ticks say %q", name, tick.Label)
			}
			seen[tick.Label] = true
		}
	}
	if ticks := newScale([]time.Time{at(0), at(211)}, nil).ticks(); ticks[len(ticks)-1].Label != "211 ms" {
		t.Errorf("the axis of 211 ms ends at %q", ticks[len(ticks)-1].Label)
	}
}

// What is shown says what it is: an empty text isn't a gap, a passage is named by where it stands, and
// a rule that did not fire has nothing to cite.
func TestNothingIsLeftToGuess(t *testing.T) {
	if s := shown("hold", "", nil, "EUR", noon); s.Text != "empty" {
		t.Errorf("an empty text is shown as %q", s.Text)
	}
	for want, got := range map[string]string{"Refunds › When": headed("Refunds", []string{"Refunds", "When"}), "Refunds › Who": headed("Refunds", []string{"Who"}), "Refunds": headed("Refunds", nil)} {
		if got != want {
			t.Errorf("a passage is called %q, want %q", got, want)
		}
	}
	rules, err := loadTemplates().block("case", "rules", []RuleView{ruleView(&casefile.Case{}, casefile.RuleResult{Rule: "quiet", Cites: []string{"refunds#who"}}),
		ruleView(&casefile.Case{}, casefile.RuleResult{Rule: "loud", Fired: true, Says: casefile.Deny, Cites: []string{"refunds#limits"}})})
	if html := string(rules); err != nil || strings.Contains(html, "refunds#who") || !strings.Contains(html, `href="/knowledge?at=refunds%23limits"`) {
		t.Errorf("the rules are shown as %s (%v), want what the one that fired cites, as a link, and nothing of the other", html, err)
	}
}
