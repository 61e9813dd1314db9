package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestRehearsalsInABrowser drafts a version, rehearses it and the active one, lets recorded cases happen
// again, puts two runs side by side, and lets the draft run beside. With `go test -artifacts` it leaves
// pictures.
func TestRehearsalsInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	b.step("sign in by the link", chromedp.Navigate(d.link+"&next=/rehearsals"), shows("Nothing was rehearsed in this server yet"))
	d.until("Still serving")
	does := func(text, button string) chromedp.Action[chromedp.Void] {
		return ignored[any](fmt.Sprintf(`document.querySelector("textarea.file").value = %q; document.querySelector('button[value=%s]').click()`, text, button))
	}
	b.step("what is wrong is named at its line, and nothing is stored", chromedp.Navigate(d.base+"/bundles/active/edit?path=authority.yaml"), chromedp.WaitReady[string]("textarea.file"), does("default: porpose\n", "check"), shows("authority.yaml, line 1, column 10"), shows("nothing was stored"))
	b.step("its impact is seen where it is edited", does("default: propose\n", "impact"), shows("past decisions since"), shows("would have been another"), becomes(`document.querySelector("textarea.file").value === "default: propose\n"`))
	b.step("and it is rehearsed there", does("default: propose\n", "rehearse"), becomes(`document.querySelector("#progress a") !== null`), becomes(`document.querySelector("#progress").innerText.includes("did not pass")`), becomes(`location.pathname.endsWith("/edit")`))
	b.look("edit-rehearsed-dark-390", d.base+"/bundles/active/edit?path=authority.yaml", "dark", 390)
	b.step("draft a version that refunds nothing by itself", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(d.base+"/bundles/active/edit?path=authority.yaml"), chromedp.WaitReady[string]("textarea.file"),
		ignored[any](`document.querySelector("textarea.file").value = "default: propose\n"; document.querySelector('button[value=draft]').click()`), becomes(`location.pathname.startsWith("/bundles/") && !location.pathname.endsWith("/edit") && document.readyState === "complete"`), shows("draft"))
	version, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname.split("/")[2]`))
	if err != nil {
		t.Fatal(err)
	}
	rehearse := func(version, what string) {
		t.Helper()
		choose := fmt.Sprintf(`(() => { const f = document.querySelector('form[action="/rehearsals"]'); f.elements.what.value = %q; if (%q) f.elements.version.value = %q; f.querySelector("button").click() })()`, what, version, version)
		b.step("rehearse "+what, chromedp.Navigate(d.base+"/rehearsals"), chromedp.WaitReady[string](`form[action="/rehearsals"]`), ignored[any](choose), becomes(`location.pathname.startsWith("/rehearsals/")`),
			becomes(`document.querySelector("#progress") !== null && (!document.querySelector("#progress a") || document.querySelector("#progress").innerText.includes("Show what it came to"))`))
	}
	rehearse("", "scenarios")
	rehearse(version, "scenarios")
	b.step("what the draft came to should be told", ignored[any](`location.reload()`), shows("did not pass"), shows("What happened"))
	rehearse(version, "all")
	b.step("where a case comes otherwise should be told, and lead to its entry", ignored[any](`location.reload()`), shows("decided otherwise"), shows("Recorded"), shows("Why"),
		chromedp.Click(`.parted a`), becomes(`location.pathname.startsWith("/cases/") && location.hash.startsWith("#entry-")`))
	replayed := `location.pathname`
	b.step("two runs side by side", chromedp.Navigate(d.base+"/rehearsals"), becomes(`document.querySelectorAll("[name=run]").length === 4`),
		ignored[any](`[...document.querySelectorAll("[name=run]")].slice(1, 3).forEach((box) => { box.checked = true }); document.querySelector('form[action="/rehearsals/compare"] button').click()`), shows("came to something else"), shows("outcome: passed, then did not pass"))
	compared, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](replayed+` + location.search`))
	if err != nil {
		t.Fatal(err)
	}
	b.step("let the draft run beside", chromedp.Navigate(d.base+"/rehearsals"), chromedp.Click(`button[value=start]`), shows("runs beside"))
	d.signal("ticket.created", "T-1", "The desk arrived with one leg snapped off, I want a new one.")
	d.signal("customer.replied", "T-2", "Sorry, it is ORD-1012.")
	b.step("it should have been put in that case", becomes(`(() => { if (/compared 1/.test(document.querySelector(".beside")?.innerText ?? "")) return true; if (document.readyState === "complete") location.reload(); return false })()`))
	run, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('table a[href^="/rehearsals/"]').getAttribute("href")`))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			for name, at := range map[string]string{"rehearsals": "/rehearsals", "rehearsal": run, "compare": compared} {
				b.look(fmt.Sprintf("%s-%s-%d", name, scheme, width), d.base+at, scheme, width)
			}
		}
	}
	b.step("stop it", chromedp.Navigate(d.base+"/rehearsals"), chromedp.Click(`button[value=stop]`), shows("stopped"))
	active := b.read(`document.querySelector('select[name=version]').value`)
	activate := func(version string) string { return `form[action="/bundles/` + version + `/activate"] button` }
	b.step("an admin activates it", chromedp.Navigate(d.base+"/bundles/"+version), chromedp.Click(activate(version)), becomes(`document.readyState === "complete" && document.querySelector(".case-h").innerText.includes("active") && !document.querySelector('`+activate(version)+`')`))
	b.step("and rolls it back", chromedp.Navigate(d.base+"/bundles/"+active), shows("Roll back to this"), chromedp.Click(activate(active)), becomes(`document.readyState === "complete" && document.querySelector(".case-h").innerText.includes("active") && !document.querySelector('`+activate(active)+`')`))
	b.step("which the audit says, and all of it holds", chromedp.Navigate(d.base+"/audit"), becomes(`document.querySelector("main tbody tr").innerText.includes("bundle.activated")`), chromedp.Click(`form[action="/audit/verify"] button`), shows("All of it holds"))
	b.quiet("/edit") // that what is wrong is refused is so
}
