package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"resolute/agent/casefile"
)

// TestWhatWasLearnedInABrowser takes each decision about what was learned, over what people really decided:
// triage is let decide and gone back from; of two suggestions one is rehearsed and accepted, the other
// dismissed; a level is demoted and restored. With `go test -artifacts` it leaves pictures.
func TestWhatWasLearnedInABrowser(t *testing.T) {
	b := newBrowser(t)
	r := newRig(t)
	server := httptest.NewServer(r.app.Handler())
	t.Cleanup(server.Close)
	var link struct{ Code string }
	r.do("POST", "/admin/signin", nil, &link)
	b.step("sign in by the link", chromedp.Navigate(server.URL+"/signin?code="+link.Code+"&next=/triage"), shows("Triage"))

	olga, omar := r.as("operator", "olga"), r.as("operator", "omar")
	v, deciding := r.learnedBy(t, []desk{olga}, "returned-item", wares("my %s arrived smashed and shattered, %s"))
	activate := func(version string) string { return `form[action="/triage/` + version + `/activate"] button` }
	b.step("what one operator taught doesn't decide", chromedp.Navigate(server.URL+"/triage"), becomes(`document.querySelector('`+activate(v.Version)+`') !== null`))
	b.look("triage-learned-dark-390", server.URL+"/triage", "dark", 390)
	b.step("why is on its page, where it is let decide", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+"/triage/"+v.Version), shows("39 texts that nobody learned from"), shows("returned-item"), chromedp.Click(activate(v.Version)),
		becomes(`location.pathname === "/triage" && document.readyState === "complete" && document.querySelector('`+activate(v.Version)+`') === null && document.querySelector('`+activate(deciding)+`') !== null`))
	b.step("and gone back from", chromedp.Click(activate(deciding)), shows("Pinned by owner"), becomes(`document.querySelector('`+activate(deciding)+`') === null`))

	again := strings.NewReplacer("procedure: bring", "procedure: fetch", "item.wanted", "item.fetched", "counted once", "fetched once", "not-brought", "not-fetched")
	r.counting(map[string]string{"procedures/bring.yaml": bring, "procedures/fetch.yaml": again.Replace(bring), "rehearsals/brought.yaml": brought})
	for _, kind := range []string{"wanted", "fetched"} {
		for i, who := range []desk{olga, omar, olga} {
			id := r.item(kind, kind+string(rune('a'+i)))
			r.settled(id, casefile.Approving)
			who.decides(id, map[string]any{"decision": "override", "hypothesis": "by-hand"}, 200)
			r.settled(id, casefile.Resolved)
		}
	}
	at := func(procedure string) string {
		for _, s := range r.suggestions("") {
			if strings.Contains(s.Files[0].Path, procedure) {
				return "/suggestions/" + s.ID
			}
		}
		t.Fatalf("nothing is suggested for %s: %+v", procedure, r.suggestions(""))
		return ""
	}
	accept, dismiss := at("bring"), at("fetch")
	b.step("two changes are suggested", chromedp.Navigate(server.URL+"/suggestions"), shows("2 suggestions"))
	for _, scheme := range []string{"light", "dark"} {
		b.look("suggestion-"+scheme+"-390", server.URL+accept, scheme, 390)
	}
	b.step("one shows its diff and cases, and is not accepted unrehearsed", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+accept), shows("procedures/bring.yaml"), becomes(`document.querySelectorAll("#main table a[data-row]").length === 3 && !document.querySelector('form[action$="/accept"]')`), shows("Rehearse it first"))
	b.step("rehearse it", chromedp.Click(`form[action$="/rehearse"] button`), becomes(`location.hash === "#rehearsal" && (() => { if (document.querySelector('form[action$="/accept"]')) return true; if (document.readyState === "complete" && (document.querySelector("#progress")?.innerText ?? "Show").includes("Show")) location.reload(); return false })()`))
	b.step("accept it", chromedp.Click(`form[action$="/accept"] button`), shows("is active: cases that open from now on"), shows("1 suggestion"))
	b.step("dismiss the other", chromedp.Navigate(server.URL+dismiss), chromedp.SendKeys(`form[action$="/dismiss"] input`, "the van is back"), chromedp.Click(`form[action$="/dismiss"] button`), shows("Nothing to suggest"),
		chromedp.Navigate(server.URL+"/suggestions?state=dismissed"), shows("the van is back"))
	r.settled(r.item("wanted", "the next"), casefile.Resolved)

	b.step("demote what it does", chromedp.Navigate(server.URL+"/authority"), becomes(`document.querySelector("select[name=what]") !== null`),
		ignored[any](`(() => { const f = document.querySelector("select[name=what]").form, e = f.elements; e.what.value = [...e.what.options].find((o) => o.text.startsWith("bring counter.add, whatever")).value; e.to.value = "shadow"; e.note.value = "it brought the wrong one"; f.querySelector("[value=demote]").click() })()`), shows("Lowered to shadow by owner"), shows("it brought the wrong one"))
	b.look("authority-lowered-light-390", server.URL+"/authority", "light", 390)
	r.settled(r.item("wanted", "watched"), casefile.Escalated)
	b.step("restore it", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+"/authority"), ignored[any](`(() => { const b = document.querySelector("[value=restore]"); b.form.elements.note.value = "it was the label"; b.click() })()`), becomes(`document.readyState === "complete" && !document.body.innerText.includes("Lowered to")`))
	b.keeps(server.URL)
	b.quiet()
}

// keeps decides about what else the house has: knowledge is written and deleted, a correction taught and
// revoked, a read tried and its tool paused.
func (b *browser) keeps(base string) {
	b.t.Helper()
	b.step("write a document", chromedp.Navigate(base+"/knowledge?write=opening+hours"), chromedp.SendKeys("#w-t", "Opening hours"), chromedp.SendKeys("#w-x", "We count from nine to five."), chromedp.Click(`form[action="/knowledge/write"] .primary`), shows("1 document imported: 1 new"))
	b.step("and delete it", ignored[any](`[...document.querySelectorAll("main table a")].find((a) => a.innerText.includes("Opening hours")).click()`), becomes(`document.readyState === "complete" && document.querySelector('form[action="/knowledge/delete"]') !== null`), chromedp.Click(`form[action="/knowledge/delete"] button`),
		becomes(`document.readyState === "complete" && location.pathname === "/knowledge" && location.search === "" && !document.querySelector("main").innerText.includes("Opening hours")`))
	b.step("teach a correction", chromedp.Navigate(base+"/corrections"), chromedp.SendKeys("#teach-says", "We count on Saturdays too."), chromedp.Click(`form[action="/corrections"] .primary`), shows("We count on Saturdays too."))
	b.step("and revoke it", chromedp.Click(`form[action$="/revoke"] button`), becomes(`document.readyState === "complete" && !document.querySelector('form[action$="/revoke"]')`))
	b.step("try a read", chromedp.Navigate(base+"/tools/counter.get"), shows("breaker closed"), shows("What became of the last tries"), chromedp.SendKeys(`[name="arg.item"]`, "wanteda"), chromedp.Click(`form[action$="/try"] button`), shows("done in"), becomes(`document.querySelector("main pre").innerText.includes("count")`))
	b.step("pause it from its page, and come back to it", chromedp.SendKeys(`section form[action="/pause"] [name=note]`, "the scale is looked at"), chromedp.Click(`section form[action="/pause"] .stop`), becomes(`document.readyState === "complete" && location.pathname.startsWith("/tools")`), shows("Paused: "))
	b.step("and resume it", chromedp.Click(`form[action="/resume"] button`), becomes(`document.readyState === "complete" && !document.querySelector("form[action='/resume']")`))
}
