package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"resolute/agent/bundle"
)

// TestDecisionsInABrowser makes each decision as an operator does, by the keyboard where there is a key:
// edit, take over, hand back, reject, another hypothesis, another action, retry, close, reopen, approve, teach, pause. With
// `go test -artifacts` it leaves pictures of the dialogs.
func TestDecisionsInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	d.until("Still serving")
	b.step("sign in by the link", chromedp.Navigate(d.link+"&next=/approvals"), shows("Hannah Brooks"))
	approval := b.read(`document.querySelector(".case-h a").getAttribute("href")`)
	b.step("open what waits", chromedp.Navigate(d.base+approval), status("approval"))

	b.asks("t", "takeover", "I call the customer")
	b.step("a person has it", status("escalated"), shows("human.takeover"))
	b.asks("b", "handback", "called, go on")
	b.step("the agent asks anew, and by itself", status("approval"), becomes(`document.querySelector("button[name=decision][value=approve]") !== null && !document.body.innerText.includes("Proposed by")`))
	b.asks("r", "reject", "wait for the bank")
	b.step("nothing is sent", status("escalated"), shows("approval.rejected"))
	b.asks("", "close", "settled by phone")
	b.step("it is closed", status("closed"))
	b.asks("", "reopen", "not settled after all")
	b.step("it asks again", status("approval"), becomes(`document.querySelector("button[name=decision][value=approve]") !== null`))
	if n := d.refunds(); n != 0 {
		t.Fatalf("nothing was approved, but the ledger has %d refunds", n)
	}
	b.step("a approves", press("a"), status("resolved"), shows("refund_payment"))
	if n := d.refunds(); n != 1 {
		t.Errorf("the approval should have led to one refund in the ledger, not %d", n)
	}
	b.teaches(d)

	b.step("open who asks for somebody else's order", chromedp.Navigate(d.base+"/queues"), shows("Broken lamp"),
		ignored[any](`[...document.querySelectorAll("main tr")].find((e) => e.innerText.includes("Broken lamp")).querySelector("a[href^='/cases/']").click()`), status("escalated"))
	b.asks("h", "hypothesis", "money, not another lamp", ignored[any](`document.querySelector("#ask-hypothesis [name=hypothesis][value=refundable]").click()`))
	b.step("the rule holds for people too", status("escalated"), shows("policy.deny"), tells("money, not another lamp"))
	b.asks("y", "retry", "once more")
	b.step("and it holds again", status("escalated"), tells("once more"))

	b.edits(d)
	b.step("pause everything", ignored[any](`document.querySelector("[data-opens=pause]").click()`), becomes(`document.querySelector("#pause").matches(":modal")`),
		chromedp.SendKeys("#pause-note", "the warehouse counts"), chromedp.Click(`#pause button.stop`), shows("Paused: everything, by owner"))
	b.step("resume it", chromedp.Click(`form[action="/resume"] button`), becomes(`document.readyState === "complete" && !document.querySelector("form[action='/resume']")`))
	b.quiet("/decisions") // one was refused
}

// tells waits for a text that the page has, shown or folded.
func tells(text string) chromedp.Action[chromedp.Void] {
	return becomes(`document.querySelector("main").textContent.includes(` + "`" + text + "`" + `)`)
}

// asks opens a decision's dialog by its key, or by its button where it has none, has a look at it, says why
// and decides.
func (b *browser) asks(key, dialog, why string, fill ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	opens := press(key)
	if key == "" {
		opens = ignored[any](`document.querySelector("[data-opens=ask-` + dialog + `]").click()`)
	}
	ask := "#ask-" + dialog
	b.step("the page should be there to "+dialog, becomes(`document.readyState === "complete" && document.querySelector("[data-opens=ask-`+dialog+`]") !== null`), ignored[any](`getSelection().empty()`))
	b.step(dialog+" should ask first", opens, becomes(`document.querySelector("`+ask+`").matches(":modal")`))
	b.accessible("dialog-" + dialog)
	b.picture("dialog-" + dialog)
	b.onPhone("dialog-"+dialog, ask)
	for _, f := range fill {
		b.step("fill in "+dialog, f)
	}
	b.step("decide to "+dialog, ignored[any](fmt.Sprintf(`document.querySelector("%s-note").value = %q`, ask, why)),
		chromedp.Click(ask+` button.primary`), becomes(`document.readyState === "complete" && !document.querySelector("dialog[open]")`))
}

// edits has a refund that the plan didn't choose wait for approval, and changes what it gives back.
func (b *browser) edits(d *demonstrated) {
	b.t.Helper()
	id := d.signal("ticket.created", "T-1", "The desk arrived with one leg snapped off, I want a new one.")
	b.step("open a case that waits for its customer", chromedp.Navigate(d.base+"/cases/"+id), status("waiting"))
	b.asks("t", "takeover", "I look at it myself")
	b.step("a person has it", status("escalated"))
	d.signal("customer.replied", "T-2", "Sorry, it is ORD-1012.")
	b.asks("h", "hypothesis", "they want the money", ignored[any](`document.querySelector("#ask-hypothesis [name=hypothesis][value=refundable]").click()`))
	b.step("the refund is above what it does alone", status("approval"), shows("189.00"))
	b.takesNoOthersPlace(d, id)
	b.asks("e", "edit", "they keep the top", ignored[any](`document.querySelector("#ask-edit [name='arg.amount_cents']").value = "15000"`))
	b.step("what a person proposes is approved by somebody else", status("approval"), shows("150.00"), shows("who doesn't approve it"), becomes(`!document.querySelector("button[name=decision][value=approve]")`))

	b.step("n asks which tool, and then for its arguments", press("n"), becomes(`document.querySelector("#ask-action").matches(":modal")`),
		ignored[any](`document.querySelector("#ask-action-tool").value = "shop.refund_order"`), chromedp.Click(`#ask-action button.primary`),
		becomes(`document.readyState === "complete" && document.querySelector("#ask-action [name='arg.amount_cents']")?.closest("dialog").matches(":modal")`))
	b.accessible("dialog-action")
	b.picture("dialog-action")
	b.onPhone("dialog-action", "#ask-action")
	b.fills("action", `form.querySelector("[name='arg.order_id']").value = "ORD-1007"; form.querySelector("[name='arg.amount_cents']").value = "12000"; form.querySelector("[name=hypothesis][value=refundable]").click()`)
	b.step("what a rule denies is said there, and what was typed stays", becomes(`document.querySelector("#ask-action [role=alert]") !== null && document.querySelector("#ask-action [name='arg.order_id']").value === "ORD-1007"`))
	b.fills("action", `form.querySelector("[name='arg.order_id']").value = "ORD-1012"`)
	b.step("another action waits for somebody else, too", status("approval"), shows("120.00"), shows("who doesn't approve it"))
}

// takesNoOthersPlace has somebody else change what waits for approval while it is looked at, and decides at the
// moment at which the page has the change: that was meant for what stood there, and nobody has read the new one.
func (b *browser) takesNoOthersPlace(d *demonstrated, id string) {
	b.t.Helper()
	b.step("watch for the approval that is asked anew", becomes(`document.getElementById("live").textContent === "live"`), chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1), ignored[any](`document.activeElement.blur(); 
		document.addEventListener("submit", (event) => { window.went ??= event.defaultPrevented ? "kept" : "sent"; event.preventDefault(); });
		new MutationObserver(() => { if (document.querySelector("#case-stop").textContent.includes("160.00")) document.querySelector("button[name=decision][value=approve]")?.click(); }).observe(document.querySelector("main"), { childList: true, subtree: true });`))
	d.owner("/api/v1/cases/"+id+"/decisions", "application/json", []byte(`{"decision": "edit", "note": "the leg is theirs", "args": {"order_id": "ORD-1012", "amount_cents": 16000}}`), http.StatusOK, &map[string]any{})
	b.step("what was meant for another approval isn't sent for the new one", becomes(`window.went === "kept"`))
	b.step("look at it again", chromedp.Navigate(d.base+"/cases/"+id), status("approval"), shows("160.00"), becomes(`document.querySelector("button[name=decision][value=approve]") !== null`))
}

// fills in the form of a dialog that is open, and sends it.
func (b *browser) fills(dialog, fill string) {
	b.t.Helper()
	b.step("fill in "+dialog, ignored[any](fmt.Sprintf(`(() => { window.old = true; const form = document.querySelector("#ask-%[1]s form"); %[2]s; document.querySelector("#ask-%[1]s-note").value = "a gesture" })()`, dialog, fill)),
		chromedp.Click(`#ask-`+dialog+` button.primary`), becomes(`!window.old && document.readyState === "complete"`))
}

// teaches adds a correction from the case that is open, and finds it among the others.
func (b *browser) teaches(d *demonstrated) {
	b.t.Helper()
	const says = "A desk that was charged twice is refunded within two days."
	b.step("c should open what teaches", press("c"), becomes(`document.querySelector("#ask-teach").matches(":modal")`))
	b.accessible("dialog-teach")
	b.picture("dialog-teach")
	b.onPhone("dialog-teach", "#ask-teach")
	b.step("teach it everywhere", ignored[any](fmt.Sprintf(`document.querySelector("#teach-says").value = %q; document.querySelector("#ask-teach [name=scope][value=everywhere]").click()`, says)),
		chromedp.Click(`#ask-teach button.primary`), becomes(`document.readyState === "complete" && !document.querySelector("dialog[open]")`),
		chromedp.Navigate(d.base+"/corrections"), shows(says))
}

// TestKeysInABrowser works the list of cases by the keyboard, and keeps the focus while cases change.
func TestKeysInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	d.until("Still serving")
	d.asksAbove100()
	live := becomes(`document.getElementById("live").textContent === "live"`)
	row := func(n int) chromedp.Action[chromedp.Void] {
		return becomes(fmt.Sprintf(`document.activeElement === document.querySelectorAll("[data-row]")[%d]`, n))
	}
	b.step("sign in by the link", chromedp.Navigate(d.link+"&next=/cases"), live)
	b.step("j and k move, x chooses", press("j"), row(0), press("j"), row(1), press("k"), row(0), press("x"), becomes(`!document.querySelector("[data-bar]").hidden`), press("x"), becomes(`document.querySelector("[data-bar]").hidden`))
	b.step("? tells the keys, Escape leaves them", press("?"), becomes(`document.querySelector("#keys").matches(":modal")`))
	b.accessible("keys")
	b.step("Escape", press("\u001b"), becomes(`!document.querySelector("#keys").open`))
	b.step("/ finds", ignored[any](`document.activeElement.blur()`), press("/"), becomes(`document.activeElement.type === "search"`), ignored[any](`document.activeElement.blur()`))

	b.step("a status picked by its key filters, and has the focus again", ignored[any](`document.querySelector("#f-q").value = ""; document.querySelector("#filter [value=resolved]").focus()`), press(" "),
		becomes(`location.search === "?status=resolved" && document.readyState === "complete" && document.activeElement === document.querySelector("#filter [value=resolved]")`))
	b.step("save what is filtered as a view", ignored[any](`document.querySelector("[data-opens=save-view]").click()`), becomes(`document.querySelector("#save-view").matches(":modal")`))
	b.onPhone("dialog-save-view", "#save-view")
	b.step("name it", chromedp.SendKeys("#view-name", "Well done"), chromedp.Click("#save-view button.primary"), becomes(`document.querySelector(".views [aria-current]")?.textContent.includes("Well done") && document.readyState === "complete"`))
	b.step("and forget it", ignored[any](`document.querySelector("[name=forget]").form.requestSubmit()`), becomes(`location.search === "" && !document.querySelector(".views").textContent.includes("Well done") && document.readyState === "complete"`))
	b.step("back to all", chromedp.Navigate(d.base+"/cases"), live)
	b.step("the row that has the focus", press("j"), row(0), ignored[any](`window.kept = document.activeElement; window.stood = kept.getBoundingClientRect().top`))
	id := d.signal("ticket.created", "T-1", "The desk arrived with one leg snapped off, I want a new one.")
	b.step("stays where it is when a case arrives", becomes(`document.querySelector("#fresh a") !== null`), becomes(stays))
	b.step("Enter opens it", press("\r"), becomes(`document.querySelector("#case-head") !== null && document.readyState === "complete"`))

	b.step("open the new case", chromedp.Navigate(d.base+"/cases/"+id), status("waiting"), live,
		ignored[any](`window.kept = document.querySelector("#case-stop [data-opens=ask-takeover]"); kept.focus(); window.stood = kept.getBoundingClientRect().top`))
	d.signal("customer.replied", "T-2", "Sorry, it is ORD-1012.")
	b.step("its head should change, and the button that has the focus stay", status("approval"), becomes(`document.querySelector("#case-stop .outdated") !== null`), becomes(stays))
	b.step("it is shown anew once it isn't used", ignored[any](`document.getElementById("main").focus()`), shows("Waits for an operator"))

	b.step("g a leads to the approvals", press("g"), press("a"), becomes(`location.pathname === "/approvals" && document.readyState === "complete"`))

	b.step("open the overview", chromedp.Navigate(d.base+"/"), live, ignored[any](`window.kept = document.querySelector("#today a"); kept.focus(); window.stood = kept.getBoundingClientRect().top;
		window.lines = () => [...document.querySelectorAll("h1, h2, .people a, .figs a, .well li")].map((e) => Math.round(e.getBoundingClientRect().top)).join(); window.drawn = lines(); window.was = Number(kept.textContent)`))
	d.mail("email.received", "T-3", "CUS-117", "ines.moreau@mail.example", "film-2", "May our theatre group rehearse in your showroom on Sundays?")
	b.step("its figures should follow in place, under the focus, and nothing move", becomes(`Number(kept.textContent) === was + 1 && document.querySelector("#stand .escalated").closest("div").querySelector("a").textContent === "3"`),
		becomes(`document.querySelector("#fresh a") !== null`), becomes(stays), becomes(`lines() === drawn`))
	b.together(d)
	b.quiet()
}

// stays is that what has the focus is the same as before, where it was.
const stays = `kept === document.activeElement && kept.isConnected && kept.getBoundingClientRect().top === stood`

// together decides about several cases at once: those with a person, and approvals that are alike.
func (b *browser) together(d *demonstrated) {
	b.t.Helper()
	done := func(n int) chromedp.Action[chromedp.Void] { return shows(fmt.Sprintf("%d of %d decided", n, n)) }
	b.step("choose all that a person has by the keyboard", chromedp.Navigate(d.base+"/cases?status=escalated"), becomes(`document.querySelectorAll("[data-row]").length === 3 && document.readyState === "complete"`),
		press("j"), press("x"), press("j"), press("x"), press("j"), press("x"), becomes(`document.querySelector("[data-sum]").textContent.startsWith("3 chosen")`))
	b.accessible("chosen")
	b.picture("chosen")
	b.step("close them", chromedp.SendKeys("[data-bar] [name=note]", "asked by phone, settled"), chromedp.Click("[data-bar] [value=close]"), done(3))
	b.accessible("decided-together")
	b.picture("decided-together")

	lamp := d.mail("ticket.created", "T-4", "CUS-109", "grace@mbeki.example", "lamp", "The lamp of ORD-1007 arrived broken, please replace it.")
	b.step("it is asked about as the desk is: equal approvals stand as a table", chromedp.Navigate(d.base+"/approvals"), becomes(`(() => { if (document.querySelectorAll("[data-batch] [name=pick]").length === 2) return true; document.querySelector("#fresh a")?.click(); return false })()`),
		becomes(`document.readyState === "complete"`), ignored[any](`document.querySelectorAll("[data-batch] [name=pick]").forEach((e) => e.click())`), becomes(`document.querySelector("[data-batch] [data-sum]").textContent.startsWith("2 chosen")`))
	b.accessible("alike")
	b.picture("alike")
	b.onPhone("alike", "[data-batch]")
	b.step("approve both", chromedp.Click(`[data-batch] [value=approve]`), done(2))
	b.step("each goes on for itself", chromedp.Navigate(d.base+"/cases/"+lamp), status("resolved"), shows("shop.create_replacement"))
}

// asksAbove100 has a person decide about each replacement of what cost more than 100.00.
func (d *demonstrated) asksAbove100() {
	d.t.Helper()
	archive, err := bundle.Pack(amended(d.t, map[string][2]string{"policies/replacements.yaml": {"facts.order.total_cents > 30000", "facts.order.total_cents > 10000"}}))
	if err != nil {
		d.t.Fatal(err)
	}
	var applied struct{ Version string }
	d.owner("/api/v1/bundles", "application/gzip", archive, http.StatusOK, &applied)
}
