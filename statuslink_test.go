package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"resolute/agent/casefile"
	"resolute/agent/intake"
)

// A customer who is asked answers on the page of their case: the case goes on with it, and two clicks
// are one answer.
func TestCustomerAnswersByTheLink(t *testing.T) {
	r := newRig(t)
	signals := story(t, "angry-email")
	id := r.send(signals[0])
	r.settled(id, casefile.Waiting)
	var link struct{ URL string }
	if code := r.do("POST", "/api/v1/cases/"+id+"/status-link", nil, &link); code != http.StatusCreated {
		t.Fatalf("a link for the customer: %d", code)
	}
	at, err := url.Parse(link.URL)
	if err != nil || at.Host == "" {
		t.Fatalf("the link is %q, want an address that the customer reaches (%v)", link.URL, err)
	}
	ask := func(method, body string) *httptest.ResponseRecorder {
		q := httptest.NewRequest(method, at.Path, strings.NewReader(body))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		r.app.Handler().ServeHTTP(w, q)
		return w
	}
	once := regexp.MustCompile(`name="once" value="([0-9a-f]+)"`).FindStringSubmatch(ask("GET", "").Body.String())
	if once == nil {
		t.Fatal("the page should have a form to answer by")
	}
	text, _ := signals[1].Data["text"].(string)
	for range 2 {
		if w := ask("POST", url.Values{"once": {once[1]}, "text": {text}}.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("the answer: %d %s", w.Code, w.Body)
		}
	}
	r.settled(id, casefile.Resolved)
	if page := ask("GET", "").Body.String(); !strings.Contains(page, "This is done") || strings.Contains(page, "<form") {
		t.Errorf("the page of a case that is resolved should say so: %s", page)
	}
	var journal struct {
		Items []struct {
			Kind, Actor string
			Data        json.RawMessage
		}
	}
	r.do("GET", "/api/v1/cases/"+id+"/journal?limit=200", nil, &journal)
	answers := 0
	for _, e := range journal.Items {
		var received casefile.SignalReceived
		if e.Kind != "signal.received" {
			continue
		}
		if err := json.Unmarshal(e.Data, &received); err != nil {
			t.Fatal(err)
		}
		if s := received.Signal; s.Type == "customer.replied" {
			answers++
			if e.Actor != intake.ActorLink || s.Assurance != casefile.AssuranceAuthenticated {
				t.Errorf("the answer came by %s and is %s, want %s and authenticated", e.Actor, s.Assurance, intake.ActorLink)
			}
		}
	}
	if answers != 1 {
		t.Errorf("two clicks are %d answers in the journal", answers)
	}
}

// An answer by a link vouches no further than the case did when the link was given.
func TestLinkVouchesNoFurtherThanTheCase(t *testing.T) {
	r := newRig(t)
	id := r.send(story(t, "angry-email")[0])
	r.settled(id, casefile.Waiting)
	a := r.app.(*appliance)
	for claimed, want := range map[casefile.Assurance]casefile.Assurance{casefile.AssuranceVouched: casefile.AssuranceAuthenticated, casefile.AssuranceAuthenticated: casefile.AssuranceAuthenticated, casefile.AssuranceNone: casefile.AssuranceNone, "": casefile.AssuranceNone} {
		c, err := a.engine.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		c.Customer.Assurance = claimed
		receipt, err := a.intake.AcceptReply(t.Context(), c, casefile.Signal{Source: "/status", EventID: "as " + string(claimed), Type: "customer.replied", Data: casefile.Object{"text": "hello"}})
		if err != nil || receipt.CaseID != id {
			t.Fatalf("an answer to %s: %+v, %v", id, receipt, err)
		}
		if c, err = a.engine.Load(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		got := casefile.Assurance("absent")
		for _, s := range c.Signals {
			if s.ID == receipt.SignalID {
				got = s.Assurance
			}
		}
		if got != want {
			t.Errorf("in a case whose customer is %q, an answer by link is %q, want %q", claimed, got, want)
		}
	}
}

// TestCustomerInABrowser answers as a customer does, on a page without a script.
func TestCustomerInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	b.step("sign in", chromedp.Navigate(d.link+"&next=/cases"), becomes(`document.getElementById("live").textContent === "live"`))
	d.until("Still serving")
	id := d.signal("ticket.created", "T-1", "The desk arrived with one leg snapped off, I want a new one.")
	b.step("the case should ask", chromedp.Navigate(d.base+"/cases/"+id), status("waiting"), becomes(`document.querySelector('a[href^="/status/"]') !== null`))
	link, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('a[href^="/status/"]').href`))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(fmt.Sprintf("status-%s-%d", scheme, width), link, scheme, width)
		}
	}
	b.step("the customer is asked, and answers", chromedp.Navigate(link), shows("We need an answer from you"), becomes(`document.scripts.length === 0 && !document.querySelector('a[href^="/cases"], nav')`),
		chromedp.SendKeys("#say", "Sorry, it is ORD-1012."), chromedp.Click("form .primary"), shows("We have your answer"))
	b.step("the case should be resolved by it", chromedp.Navigate(d.base+"/cases/"+id), status("resolved"))
	b.step("and the customer told so", chromedp.Navigate(link), shows("This is done"), becomes(`document.querySelector("form") === null`))
	for _, scheme := range []string{"light", "dark"} {
		b.look("status-done-"+scheme+"-390", link, scheme, 390)
	}
	b.step("an operator takes the link back", chromedp.Navigate(d.base+"/cases/"+id), status("resolved"), ignored[any](`(() => { const f = document.querySelector('form[action$="/links/revoke"]'); f.closest("details").open = true; f.querySelector("button").click() })()`),
		becomes(`document.readyState === "complete" && document.querySelector("#case-reply").innerText.includes("taken back")`))
	for _, scheme := range []string{"light", "dark"} {
		b.look("status-revoked-"+scheme+"-390", link, scheme, 390)
	}
	b.step("which it says", shows("This link was taken back"))
	b.quiet(strings.TrimPrefix(link, d.base)) // that it is gone is so
}
