package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestChartsInABrowser reads what the agent is worth over the demo's cases, opens what is behind a number,
// and states the assumption of the hours. With `go test -artifacts` it leaves pictures.
func TestChartsInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	b.step("sign in by the link", chromedp.Navigate(d.link+"&next=/insights"), shows("What became of the cases"))
	d.until("Still serving")
	b.step("each chart should have a name, and numbers beside it", chromedp.Navigate(d.base+"/insights"), shows("Resolved by itself"),
		becomes(`[...document.querySelectorAll("main svg[role=img]")].every((c) => c.getBoundingClientRect().width > 200 && document.getElementById(c.getAttribute("aria-labelledby")).textContent !== "") && document.querySelectorAll("main svg[role=img]").length >= 4`),
		shows("no source"))
	b.step("a number should open its cases, as many as it says", ignored[any](`window.number = Number(document.querySelector('.parts a[href*="figure=escalated"]').textContent); location.href = document.querySelector('.parts a[href*="figure=escalated"]').href + "&n=" + window.number`),
		shows("With people now"), becomes(`document.querySelectorAll("main tbody tr").length === Number(new URLSearchParams(location.search).get("n"))`))
	b.step("state the assumption", chromedp.Navigate(d.base+"/insights"), ignored[any](`document.querySelector('form[action="/insights/settings"]').closest("details").open = true`),
		chromedp.SetValue(`[name=minutes]`, "30"), chromedp.Click(`form[action="/insights/settings"] button`), becomes(`document.readyState === "complete" && document.querySelector("[name=minutes]")?.value === "30"`), shows("assumed for all"))
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			for name, at := range map[string]string{"insights": "/insights", "trace": "/insights/cases?figure=resolved"} {
				b.look(fmt.Sprintf("%s-%s-%d", name, scheme, width), d.base+at, scheme, width)
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(b.complaints, "; "))
	}
}
