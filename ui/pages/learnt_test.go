package pages

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/people"
	"resolute/agent/precedent"
)

// past are cases that are over.
type past struct {
	found []precedent.Precedent
	err   error
	asked precedent.Query
	slow  bool // nobody who sets a time is answered within it
}

func (p *past) Search(ctx context.Context, q precedent.Query) ([]precedent.Precedent, error) {
	p.asked = q
	if _, hasty := ctx.Deadline(); hasty && p.slow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.found, p.err
}

func pastCases() []precedent.Precedent {
	return []precedent.Precedent{
		{Case: "019cd73d-4286-709a-bf2a-00000000beef", Score: .91, Procedure: "duplicate-charge", Hypothesis: "refund-duplicate", Worked: true, Outcome: "resolved", Done: []precedent.Done{{Tool: "billing.refund_payment", ByHuman: true}},
			RuledOut: []precedent.RuledOut{{Hypothesis: "voidable", Why: "the capture is settled"}}, Subject: "Two lines on my card", ClosedAt: noon.Add(-48 * time.Hour), Same: true},
		{Case: "019cd73d-4286-709a-bf2a-00000000bee0", Score: .5, Outcome: "human.closed", Note: "Sent them a voucher.", Subject: "It broke", ClosedAt: noon.Add(-time.Hour)},
		{Case: "019cd73d-4286-709a-bf2a-00000000bee1", Score: .1, Outcome: "resolved", Subject: "Nothing in common", ClosedAt: noon},
	}
}

// unsure is a case that triage leaves to a person.
func unsure() *story {
	s := begin(0xa10005, 20*time.Minute)
	s.agent(0, email(6, "Ida Moor", "ida@moor.example", "cus_77", "Money", "You took my money, I want it back.", casefile.AssuranceAuthenticated))
	s.agent(0, &casefile.CaseOpened{Bundle: "b7e41c0955aa"})
	s.agent(time.Millisecond, &casefile.ProcedureChosen{Reason: "below the threshold 0.70", Candidates: []casefile.Candidate{{Procedure: "duplicate-charge", Score: 0.52, Nearest: "I was charged twice"}, {Procedure: "refund-status", Score: 0.31}}})
	return s.agent(time.Millisecond, &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopConfidenceLow, Detail: "not sure which procedure fits", To: "support-leads"}})
}

// What a case that triage isn't sure of is for is said with one click, and what that teaches before it.
func TestUnsureCaseIsSentDownAProcedure(t *testing.T) {
	s := unsure()
	w := newWorld(s)
	w.role = people.Operator
	b := signIn(t, w)
	path := "/cases/" + s.id
	html := b.get(path, http.StatusOK)
	b.wants(html, "What it might be for", "0.52", "The customer is charged once for the invoice", "nearest: I was charged twice", `aria-label="Send it to duplicate-charge"`, "teaches triage, under your name", "Another procedure…", "None of these…")
	b.wants(b.get(path+"?ask=procedure", http.StatusOK), `<dialog id="ask-procedure" aria-labelledby="ask-procedure-h" open>`, `type="radio" name="procedure"`)
	html = b.get(path+"?ask=none", http.StatusOK)
	b.wants(html, `<dialog id="ask-none" aria-labelledby="ask-none-h" open>`, `name="procedure" value="none"`)
	_, dialog, _ := strings.Cut(html, `<dialog id="ask-procedure"`)
	dialog, _, _ = strings.Cut(dialog, "</dialog>")
	if strings.Contains(dialog, `value="duplicate-charge"`) || !strings.Contains(dialog, `name="decision" value="override"`) {
		t.Errorf("the other procedures should be those that aren't candidates: %s", dialog)
	}
	w.role = people.Viewer
	if html := b.get(path, http.StatusOK); strings.Contains(html, "Send it there") || !strings.Contains(html, "What it might be for") {
		t.Error("a viewer sees what it might be for, and no button")
	}
	w.role = people.Operator
	b.post(path+"/decisions", "decision=override&procedure=duplicate-charge", http.StatusOK)
	b.post(path+"/decisions", "decision=close&ask=none&procedure=none&note=spam", http.StatusOK)
	if d := w.decided; len(d) != 2 || d[0].Decision != casefile.DecideOverride || d[0].Procedure != "duplicate-charge" || d[1].Decision != casefile.DecideClose || d[1].Procedure != casefile.NoProcedure || d[1].Note != "spam" {
		t.Errorf("the engine should be told which procedure, not %+v", d)
	}
	if html := signIn(t, newWorld(charged(false))).get("/cases/"+charged(false).id, http.StatusOK); strings.Contains(html, "What it might be for") {
		t.Error("a case that triage is sure of should not be offered to others")
	}
}

// Beside a case stand those that are over and like it, and the others of its customer.
func TestCasesBesideACase(t *testing.T) {
	s, other, stranger := charged(false), begin(0xb1, 50*time.Hour), begin(0xb2, 51*time.Hour)
	for of, who := range map[*story]string{other: "cus_4417", stranger: "cus_44170"} {
		of.agent(0, email(9, "Marta Nowak", "marta.nowak@lindqvist-studio.example", who, "My order "+who, "Where is it?", casefile.AssuranceVouched))
		of.agent(0, &casefile.CaseOpened{Bundle: "b7e41c0955aa"})
	}
	w := newWorld(s, other, stranger)
	w.past.found = pastCases()
	b := signIn(t, w)
	html := b.get("/cases/"+s.id, http.StatusOK)
	b.wants(html, "What worked last time", "refund-duplicate: billing.refund_payment (a person&#39;s)", "ruled out voidable: the capture is settled", "same customer", "Sent them a voucher.", `href="/cases/019cd73d-4286-709a-bf2a-00000000beef"`,
		"Same customer", `href="/cases/`+other.id+`"`)
	if strings.Contains(html, "Nothing in common") {
		t.Error("what has nothing in common should not be said to have worked last time")
	}
	if strings.Contains(html, stranger.id) {
		t.Error("a customer whose id begins like this one's is another")
	}
	if q := w.past.asked; q.Except != s.id || !strings.Contains(q.Text, "charged me twice") || q.Customer.ID != "cus_4417" {
		t.Errorf("what is asked for is %+v", q)
	}
	w.past.err = precedent.ErrBusy
	b.wants(b.get("/cases/"+s.id, http.StatusOK), "be searched yet; look again")
	w.past.asked = precedent.Query{}
	monitor := busy()
	w.add(monitor)
	if html := b.get("/cases/"+monitor.id, http.StatusOK); strings.Contains(html, "last time") || w.past.asked.K != 0 {
		t.Error("nothing was written in a monitor's case, so nothing is like it")
	}
}

// A page doesn't wait long for what worked last time: it says that it is looked for, and its stream brings it. Without
// a stream somebody may wait for it.
func TestPageGoesBeforeWhatWorkedLastTime(t *testing.T) {
	s := charged(false)
	w := newWorld(s)
	w.past.found, w.past.slow = pastCases(), true
	b := signIn(t, w)
	html := b.get("/cases/"+s.id, http.StatusOK)
	b.wants(html, "Looking through the cases that are over", `href="/cases/`+s.id+`?past=wait"`, "What the customer is told")
	_, rest, _ := strings.Cut(html, `data-stream="`)
	path, _, _ := strings.Cut(rest, `"`)
	b.wants(b.fragments(strings.ReplaceAll(path, "&amp;", "&"))(), `id="case-past"`, "Sent them a voucher.")
	if html := b.get("/cases/"+s.id+"?past=wait", http.StatusOK); !strings.Contains(html, "Sent them a voucher.") || strings.Contains(html, "past=later") {
		t.Error("whoever waits should see what worked last time on the page")
	}
}

// Today stands beside the same days before, until the same minute; each number leads to its cases.
func TestOverviewTellsTodayFromTheUsual(t *testing.T) {
	w := newWorld(replaced(), unsure())
	w.since = noon.Truncate(24*time.Hour).AddDate(0, 0, -14)
	b := signIn(t, w)
	html := b.get("/", http.StatusOK)
	// noon is 10:42:20: 11 hours of today have figures, and of the days before 10 hours and seven tenths of one
	b.wants(html, "usual: a Tuesday until 10:42 UTC, mean of 2 weeks before", `href="/cases?age=today">132</a>`, "usual 128", `href="/cases?age=over-today&amp;status=resolved">99</a>`, "usual 96", ">22</a>", "usual 21",
		"3 ready to go on", "2 worked on now", "1,204 to be sent", "none configured", "0 for a person", `href="/tools#pl-billing"`)
	html = b.get("/cases?age=over-today&status=resolved", http.StatusOK)
	if !strings.Contains(html, replaced().id) || strings.Contains(html, unsure().id) {
		t.Error("the list should hold what is over since midnight, and nothing else")
	}
	w.since = noon.Truncate(24 * time.Hour)
	if html := b.get("/", http.StatusOK); !strings.Contains(html, "no Tuesday before to compare with") || strings.Contains(html, "usual 128") {
		t.Error("without such a day before nothing is usual")
	}
}
