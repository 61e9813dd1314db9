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
	b.quiet()
}
