package pages

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"resolute/agent/casefile"
	"resolute/agent/suggest"
)

// TestInABrowser watches a case change live, opens and leaves a dialog by the keyboard, and decides.
func TestInABrowser(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium is installed, so the pages are not tried in a browser: apt-get install chromium")
	}
	s := busy()
	w := newWorld(s)
	w.past.found, *w.learned, w.suggests.list = pastCases(), *someLearned(), []suggest.Shown{oneSuggestion(suggest.Open)}
	b := open(t, w)
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	defer func() { _ = chromedp.Cancel(ctx) }()
	var mu sync.Mutex
	var complaints []string
	err = chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	step := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		within, done := context.WithTimeout(ctx, 20*time.Second)
		defer done()
		if err := chromedp.Do(within, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// becomes waits for an expression, over navigations too
	becomes := func(expression string) chromedp.Action[chromedp.Void] {
		return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
			for {
				if _, err = chromedp.Poll[bool](expression)(ctx, target); err == nil || ctx.Err() != nil {
					return v, err
				}
			}
		}
	}
	shows := func(text string) chromedp.Action[chromedp.Void] {
		return becomes(`document.querySelector("main").innerText.includes(` + "`" + text + "`" + `)`)
	}
	step("sign in and open the case", chromedp.Navigate(b.base+"/signin?code=once&next=/cases/"+s.id), shows("Doing this now"),
		becomes(`document.getElementById("live").textContent === "live"`))

	ask := charged(false).entries
	for _, e := range ask[len(ask)-2:] {
		s.then(time.Second, e.Actor, e.Data)
	}
	w.add(s)
	step("the approval should appear by itself", shows("Waits for an approver"), shows("Approve 186.00"))
	const wrote = `document.getElementById("ask-reject-note").value.endsWith("the bank says")` // the r may stand before it: the driver sends it twice
	step("r should open the dialog, to write in", chromedp.KeyEvent("r"), becomes(`document.getElementById("ask-reject").matches(":modal")`), chromedp.SendKeys("#ask-reject-note", "the bank says"))

	again := charged(true).entries
	s.agent(time.Second, &casefile.ApprovalVoided{Hash: "9d4e71a2beef0042", Reason: "a fact changed"})
	for _, e := range again[len(again)-2:] {
		s.then(time.Second, e.Actor, e.Data)
	}
	w.add(s)
	step("what is being decided should not change unasked, and say that it is out of date", shows("This changed since you opened it"), becomes(`!document.querySelector(".drift")`),
		becomes(`document.getElementById("ask-reject").innerText.includes("Out of date")`), becomes(wrote))
	step("Escape should leave it, and the rest be shown with what was written", chromedp.KeyEvent("\u001b"), becomes(`!document.getElementById("ask-reject").open`),
		shows("What changed since it was first asked"), becomes(`!document.getElementById("held")`), becomes(wrote), becomes(`!document.querySelector(".outdated")`))
	until := noon.Add(time.Hour)
	s.agent(time.Second, &casefile.CaseStopped{Status: casefile.Approving, Stop: casefile.Stop{Code: casefile.StopPolicyApproval, Detail: "Nobody looks at it.", Until: &until}})
	s.agent(time.Second, &casefile.ApprovalAsked{Approval: *s.c.Approval})
	w.add(s)
	step("a stop that nobody decides about should change with its header", becomes(`document.getElementById("case-stop").innerText.includes("Waits for an approver")`), becomes(`!document.getElementById("held")`))
	step("a should approve", chromedp.KeyEvent("a"), becomes(`!document.querySelector(".stopbox")`))
	w.mu.Lock()
	if len(w.decided) != 1 || w.decided[0].Decision != casefile.DecideApprove || w.decided[0].Hash == "" {
		t.Errorf("one approval with its hash should have been sent, not %+v", w.decided)
	}
	w.mu.Unlock()

	far := long()
	w.add(far)
	step("a link leads to the page of a long case that has its row", chromedp.Navigate(b.base+"/cases/"+far.id+"#call-gather/long/7"),
		becomes(`location.search !== "" && document.getElementById("call-gather/long/7") !== null`))
	step("j should move to the row, Enter open it", chromedp.Navigate(b.base+"/cases"), chromedp.WaitReady[string]("[data-row]"), chromedp.KeyEvent("j"),
		becomes(`document.activeElement.matches("[data-row]")`), chromedp.KeyEvent("\r"), chromedp.WaitReady[string]("#case-head"))
	for _, at := range []string{"/", "/cases", "/cases/" + s.id, "/approvals", "/outbox", "/knowledge?q=x", "/queues", "/corrections", "/suggestions", "/suggestions/order-1", "/triage", "/triage/newest000000", "/policies", "/authority", "/insights", "/insights/cases", "/rehearsals", "/model", "/tools", "/tools/billing.list_payments", "/bundles", "/bundles/active", "/bundles/active/edit?path=policies%2Fpayments.yaml"} {
		step("open "+at+" on a phone", chromedp.EmulateViewport(375, 800), chromedp.Navigate(b.base+at))
		if wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); err != nil || wide > 375 {
			t.Errorf("%s is %d pixels wide on a phone of 375", at, wide)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser should have nothing to complain about, but says: %s", strings.Join(complaints, "; "))
	}
}
