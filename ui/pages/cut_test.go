package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/kb"
)

// A case that somebody sent 200 kB to, in every place where a text goes, is a page that a browser can
// show; what was cut is a link away.
func TestHugeTextsAreCut(t *testing.T) {
	huge := strings.Repeat("Ünï ", 200_000/6)
	s := begin(0xb19, time.Hour)
	s.agent(0, &casefile.SignalReceived{Signal: casefile.Signal{ID: "sig-1", Source: "mail", EventID: "1", Type: "email.received", Time: noon,
		Data: object("customer", plain("name", huge, "email", "a@example.com"), "subject", huge, "text", huge, "other", plain(huge, huge))}})
	s.agent(0, &casefile.CaseOpened{Bundle: "v1"})
	s.agent(0, &casefile.ProcedureChosen{Procedure: "p", Goal: "g", Reason: huge, Candidates: []casefile.Candidate{{Procedure: "p", Score: .9, Nearest: huge}}})
	s.agent(0, &casefile.InputsFound{Inputs: map[string]casefile.Input{"story": {Value: casefile.Value{V: huge}, How: "from"}}, UpTo: 1})
	s.agent(0, &casefile.HypothesisChosen{Hypothesis: "h", Considered: []casefile.Considered{{Hypothesis: "h", Held: true, Observed: map[string]casefile.Value{"inputs.story": {V: huge}}}}})
	s.call(casefile.Call{ID: "do", Purpose: casefile.ForDo, Hypothesis: "h", Fact: "note", Action: casefile.Action{Tool: "a.b", Args: object("text", huge), Effect: "write"}}, time.Second, casefile.CallAnswered{Outcome: casefile.OutcomeRefused, Code: "no", Detail: huge})
	s.agent(0, &casefile.CustomerAsked{To: "a@example.com", Question: casefile.Question{As: "answer", Text: huge}})
	s.agent(0, &casefile.ReplyWritten{Reply: casefile.Reply{To: huge, Text: huge}})
	s.agent(0, &casefile.CaseStopped{Status: casefile.Waiting, Stop: casefile.Stop{Code: casefile.StopWaitingCustomer, Detail: huge}})
	w := newWorld(s)
	w.messages = []journal.Message{{Offset: 1, CaseID: s.id, Kind: "reply", To: "a@example.com", Text: huge}}
	b := signIn(t, w)
	html := b.get("/cases/"+s.id, http.StatusOK)
	if len(html) > 600_000 {
		t.Errorf("the page of a case with texts of 200 kB has %d bytes, want it cut", len(html))
	}
	if all := b.get("/outbox", http.StatusOK); len(all) > 60_000 {
		t.Errorf("the outbox with a message of 200 kB has %d bytes, want it cut", len(all))
	}
	if !strings.Contains(html, "[cut here; it has 200 kB]") {
		t.Error("nothing says that a text was cut, and how long it is")
	}
	links := regexp.MustCompile(`/cases/`+s.id+`/journal/\d+`).FindAllString(html, -1)
	if len(links) < 8 {
		t.Fatalf("the page leads to %d entries, want each to be a link away", len(links))
	}
	for _, link := range links {
		var e struct {
			Seq  uint64
			Kind casefile.Kind
			Data json.RawMessage
		}
		if err := json.Unmarshal([]byte(b.get(link, http.StatusOK)), &e); err != nil || e.Seq == 0 || e.Kind != s.entries[e.Seq-1].Data.Kind() {
			t.Errorf("%s gives entry %d, %s (%v), want the entry of the link", link, e.Seq, e.Kind, err)
		}
	}
	var first struct {
		Data struct {
			Signal struct{ Data struct{ Text string } }
		}
	}
	if err := json.Unmarshal([]byte(b.get("/cases/"+s.id+"/journal/1", http.StatusOK)), &first); err != nil || first.Data.Signal.Data.Text != huge {
		t.Errorf("the entry behind the link has %d bytes of text (%v), want all %d", len(first.Data.Signal.Data.Text), err, len(huge))
	}
	b.get("/cases/"+s.id+"/journal/99", http.StatusNotFound)
	b.get("/cases/"+s.id+"/journal/0", http.StatusNotFound)
	b.get("/cases/"+s.id+"/journal/x", http.StatusNotFound)
	open(t, w).get("/cases/"+s.id+"/journal/1", http.StatusUnauthorized)
}

// Cutting changes nothing of what somebody else may hold, and copies nothing that is short.
func TestCutCopies(t *testing.T) {
	long := strings.Repeat("x", maxString+1)
	c := charged(true).c
	if cut(c) != c {
		t.Error("a case without long texts was copied")
	}
	c.Facts["note"] = casefile.Fact{Value: casefile.Value{V: plain("a", []any{long, int64(1)})}}
	c.Approval.Reason = long
	short := cut(c)
	if short == c || c.Approval.Reason != long || c.Facts["note"].Value.V.(map[string]any)["a"].([]any)[0] != long {
		t.Error("cutting changed the case itself")
	}
	want := "… [cut here; it has 8 kB]"
	if got := short.Facts["note"].Value.V.(map[string]any)["a"].([]any)[0].(string); !strings.HasSuffix(got, want) || !strings.HasSuffix(short.Approval.Reason, want) {
		t.Errorf("a long fact is cut to %.40q…, a long reason to %.40q…; want both to end with %q", got, short.Approval.Reason, want)
	}
	short.Approval.Reason, short.Facts["note"] = c.Approval.Reason, c.Facts["note"]
	if !reflect.DeepEqual(short, c) {
		t.Error("what was not too long differs in the copy")
	}
}

// A page of the longest corrections is one that opens at once, and leads to the whole of each.
func TestLongCorrections(t *testing.T) {
	p := correctionsPage{First: true, May: true, Admin: true, Next: "/corrections?cursor=x"}
	for i := range correctionsShown {
		c := kb.Correction{ID: fmt.Sprintf("cor-%d", i), Says: strings.Repeat("says <b> ", 444), InsteadOf: strings.Repeat("else <i> ", 444), State: kb.Held, Contradicts: []string{"cor-0", "cor-1"}, By: "user:kim", At: noon, FromCase: "01890a5d-ac96-774b-bcce-b302099a8057"}
		p.List = append(p.List, correctionView(c, []kb.Use{{Case: "01890a5d-ac96-774b-bcce-b302099a8057"}}, 9, look("admin")))
	}
	html := renderPage(t, "corrections", withShell(p, signedIn))
	if len(html) > 100<<10 {
		t.Errorf("it has %d bytes, want at most 100 KB", len(html))
	}
	if n := strings.Count(html, `href="/knowledge?at=kb%3A%2F%2Fcorrections.cor-`); n != correctionsShown {
		t.Errorf("%d of %d lead to all that they say", n, correctionsShown)
	}
}

// A customer who writes hundreds of times, at any length and under any name, leaves a case's page readable: it has
// what opened the case, the newest of what came, and says how much is between.
func TestCaseOfManyLongSignals(t *testing.T) {
	s := begin(0xa11, time.Hour)
	long := strings.Repeat("where is it ", 50_000)
	for i := range 400 {
		s.agent(time.Second, email(10+i, strings.Repeat("Ada ", 10_000), "ada@lindgren.example", strings.Repeat("cus", 40_000), fmt.Sprint("mail ", i), long, casefile.AssuranceVouched))
		if i == 0 {
			s.agent(0, &casefile.CaseOpened{Bundle: "b7e41c0955aa"})
		}
	}
	c, entries := cut(s.c), cut(s.entries)
	view := caseView(c, entries, look("operator"))
	if len(view.Signals) != signalsShown || view.Unheard != 400-signalsShown || view.Signals[0].Subject != "mail 0" || view.Signals[1].Subject != fmt.Sprint("mail ", 401-signalsShown) || view.Signals[signalsShown-1].Subject != "mail 399" {
		t.Errorf("it shows %d signals from %q on and leaves out %d, want the first and the newest ones", len(view.Signals), view.Signals[0].Subject, view.Unheard)
	}
	bytes := 0
	for _, signal := range view.Signals {
		bytes += len(signal.Text) + len(signal.Rest) + len(signal.Subject)
	}
	if bytes > 3*signalBytes || len(view.Beliefs.Claims) > signalsShown {
		t.Errorf("its signals are %d bytes, and %d claims", bytes, len(view.Beliefs.Claims))
	}
	view.Timeline = Timeline{} // has bounds of its own
	html := renderPage(t, "case", withShell(casePage{Case: view}, signedIn))
	if len(html) > 100<<10 {
		t.Errorf("the page beside its timeline has %d bytes, want at most 100 KB", len(html))
	}
	for _, want := range []string{fmt.Sprint(400-signalsShown, " between the first and the second here"), "Teach a correction"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page should say %q", want)
		}
	}
	if strings.Contains(html, `name="scope" value="customer"`) || strings.Contains(html, "/cases?customer=") {
		t.Error("what is no name is searched for, or taught about")
	}
}
