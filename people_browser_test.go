package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPeopleInABrowser opens a new house by the terminal's link, chooses a password, invites somebody who
// then decides less than an admin, and makes a token. With `go test -artifacts` it leaves pictures.
func TestPeopleInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	const secret = "correct horse battery"
	submit := func(form string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(`form[action="` + form + `"] button.primary`)
	}
	b.step("the link should lead to where the first admin chooses a name and a password", chromedp.Navigate(d.link), shows("Welcome"), becomes(`document.activeElement.id === "join-pass"`))
	for _, scheme := range []string{"dark", "light"} {
		b.look("welcome-"+scheme+"-390", d.base+"/welcome", scheme, 390)
	}
	b.step("choose them", chromedp.EmulateViewport(1280, 900), chromedp.SetValue("#join-name", "Robin"), chromedp.SendKeys("#join-pass", secret), submit("/welcome"), becomes(`location.pathname === "/" && document.readyState === "complete"`), becomes(`document.querySelector(".who b").textContent === "Robin"`))
	b.step("sign out, and in again by the password", chromedp.Click(".who button"), shows("Sign in"), becomes(`document.activeElement.matches("#in-name, #in-pass")`), // or typing comes before it, which the browser tells of
		chromedp.SendKeys("#in-name", "robin"), chromedp.SendKeys("#in-pass", "a wrong password\r"), shows("let nobody in"), becomes(`document.activeElement.id === "in-pass"`),
		chromedp.SendKeys("#in-pass", secret), submit("/signin"), becomes(`location.pathname === "/" && document.readyState === "complete"`))
	b.step("invite somebody", chromedp.Navigate(d.base+"/people"), shows("Accounts"), chromedp.SetValue("#inv-name", "Kim"), chromedp.SetValue("#inv-role", "viewer"), submit("/people"), shows("A link for Kim"))
	link := b.read(`document.querySelector("code.secret").textContent`)
	if !strings.HasPrefix(link, d.base+"/join?code=") {
		t.Fatalf("the invitation is %q, want a link to %s/join", link, d.base)
	}
	b.step("make a token", chromedp.Navigate(d.base+"/tokens"), chromedp.SendKeys("#new-name", "shop"), submit("/tokens"), shows("The token shop"), becomes(`document.querySelector("code.secret").textContent.startsWith("rsl_")`))
	b.step("delete asks first, and Leave it changes nothing", chromedp.Navigate(d.base+"/people"), ignored[any](`[...document.querySelectorAll("details")].forEach((e) => { e.open = true })`),
		chromedp.Click(`tr:nth-child(2) [data-opens]`), becomes(`document.querySelector("dialog[open]").innerText.includes("Delete Kim?")`), chromedp.Click(`dialog[open] [formmethod=dialog]`), becomes(`!document.querySelector("dialog[open]")`), shows("Kim"))
	changes := func(button string) chromedp.Action[chromedp.Void] {
		return ignored[any](`(() => { const d = [...document.querySelectorAll("tr")].find((e) => e.innerText.includes("Kim")).querySelector("details"); d.open = true; d.querySelector("select").value = "operator"; d.querySelector("button[value=` + button + `]").click() })()`)
	}
	b.step("give another role, keep out, and let in again", changes("role"), shows("Kim has another role now"), changes("disable"), shows("Kim is kept out"), changes("enable"), shows("Kim may sign in again"),
		changes("link"), shows("A link for Kim")) // the one from before ended with that
	link = b.read(`document.querySelector("code.secret").textContent`)
	b.step("and the role from before",
		ignored[any](`(() => { const d = [...document.querySelectorAll("tr")].find((e) => e.innerText.includes("Kim")).querySelector("details"); d.querySelector("select").value = "viewer"; d.querySelector("button[value=role]").click() })()`), shows("Kim has another role now"))
	b.step("revoke the token", chromedp.Navigate(d.base+"/tokens"), chromedp.Click(`form[action$="/revoke"] button`), shows("is revoked"), shows("There are none"))
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			for name, at := range map[string]string{"account": "/account", "people": "/people", "tokens": "/tokens"} {
				b.look(fmt.Sprintf("%s-%s-%d", name, scheme, width), d.base+at, scheme, width)
			}
		}
	}
	b.step("sign out everywhere", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(d.base+"/account"), chromedp.Click(`button[name=all]`), shows("Sign in"))
	for name, at := range map[string]string{"signin": d.base + "/signin", "join": link} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(name+"-"+scheme+"-390", at, scheme, 390)
		}
	}
	b.step("the invited chooses a password", chromedp.Navigate(link), shows("Choose a password, Kim"), chromedp.SendKeys("#join-pass", secret), submit("/join"), becomes(`location.pathname === "/" && document.readyState === "complete"`), becomes(`document.querySelector(".who").innerText.includes("viewer")`))
	b.step("a viewer finds no way to decide, nor to people and tokens", becomes(`!document.querySelector('nav a[href="/people"], nav a[href="/tokens"]')`),
		chromedp.Navigate(d.base+"/approvals"), shows("Hannah Brooks"), becomes(`!document.querySelector('button[name=decision]')`), chromedp.Navigate(d.base+"/people"), shows("Not for your role"))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints { // the browser tells of each answer that refuses
		if !strings.Contains(c, "the server responded with a status of 403") {
			t.Errorf("the browser complains: %s", c)
		}
	}
}
