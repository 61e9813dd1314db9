package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestOperatorInABrowser runs the demo as a user does, and works with it through a real browser: a
// case resolves before one's eyes, an approval is given, and the company's ledger shows what it did.
// With `go test -artifacts` it leaves pictures of the pages.
func TestOperatorInABrowser(t *testing.T) {
	b := newBrowser(t)
	d := startDemo(t)
	b.step("sign in by the link", chromedp.Navigate(d.link+"&next=/cases"), becomes(`document.getElementById("live").textContent === "live"`))
	d.until("Still serving")

	id := d.signal("ticket.created", "T-1", "The desk arrived with one leg snapped off, I want a new one.")
	b.step("the new case should be announced without a reload", becomes(`(() => { if (document.querySelector('a[href="/cases/`+id+`"]')) return true; document.querySelector("#fresh a")?.click(); return false })()`))
	b.step("open it", chromedp.Click(`a[href="/cases/`+id+`"]`), status("waiting"), becomes(`document.getElementById("live").textContent === "live"`),
		ignored[bool](`window.stayed = true`))
	d.signal("customer.replied", "T-2", "Sorry, it is ORD-1012.")
	b.step("the open page should show it resolved, and why, without a reload", status("resolved"), becomes(`document.querySelector("section.proof") !== null && window.stayed`))

	b.step("open what waits", chromedp.Navigate(d.base+"/approvals"), shows("Hannah Brooks"), shows("189.00"))
	waits := b.read(`document.querySelector(".case-h a").getAttribute("href")`)
	if done := d.refunds(); done != 0 {
		t.Fatalf("nothing should be refunded before somebody approves, but the ledger has %d", done)
	}
	b.looks("approving", d.base+"/approvals")
	b.looks("case-approving", d.base+waits)
	approve := `button[name=decision][value=approve]`
	b.step("go back to it", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(d.base+"/approvals"), shows("Hannah Brooks"))
	b.step("approve by two clicks at once", ignored[bool](`(() => { const b = document.querySelector("`+approve+`"); b.click(); b.click(); return true })()`),
		becomes(`document.querySelector("`+approve+`") === null && document.readyState === "complete"`))
	b.step("the case should be resolved by it", chromedp.Navigate(d.base+waits), status("resolved"), shows("refund_payment"))
	if done := d.refunds(); done != 1 {
		t.Errorf("the approval should have led to one refund_payment in the company's ledger, not %d", done)
	}

	pages := b.linked(d.base)
	maps.Copy(pages, map[string]string{"case": waits, "found": "/cases?text=desk&status=resolved", "passages": "/knowledge?q=refund", "tool": "/tools/billing.refund_payment", "bundle": "/bundles/active", "edit": "/bundles/active/edit?path=policies%2Frefunds.yaml", "nowhere": "/nowhere"})
	for name, at := range pages {
		b.looks(name, d.base+at)
	}
	b.quiet("/nowhere") // that there is no such page is so
}

// browser is a headless one, which keeps what the console says.
type browser struct {
	t          *testing.T
	ctx        context.Context
	axe        string // the script that checks a page, "" for none
	mu         sync.Mutex
	complaints []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("RESOLUTE_TEST_BROWSER")
	for _, name := range []string{"chromium", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Skip("not tried in a browser: there is neither chromium nor google-chrome; install one, or name one by RESOLUTE_TEST_BROWSER")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // ends it before its folder is removed
	b := &browser{t: t, ctx: ctx, axe: axeSource(t)}
	focused := func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // as a window in front is
		return v, err
	}
	if err := chromedp.Do(ctx, focused); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *log.EventEntryAdded:
			b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			b.complaints = append(b.complaints, fmt.Sprint("console.", e.Type))
		}
	})
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return b
}

// linked is each page that the navigation leads to, by the last part of its path.
func (b *browser) linked(base string) map[string]string {
	b.t.Helper()
	b.step("open the overview", chromedp.Navigate(base+"/"), becomes(`document.readyState === "complete"`))
	links, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("#nav a[href]")].map((a) => a.getAttribute("href"))`))
	if err != nil || len(links) < 14 {
		b.t.Fatalf("the navigation leads to %q (%v)", links, err)
	}
	pages := map[string]string{}
	for _, at := range links {
		pages[cmp.Or(strings.TrimPrefix(at, "/"), "overview")] = at
	}
	return pages
}

func (b *browser) step(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`)) // as far as it can say
		b.t.Fatalf("%s: %v; the page is %s", what, err, text)
	}
}

// looks opens a page on a phone and on a desk, light and dark.
func (b *browser) looks(name, at string) {
	b.t.Helper()
	for _, width := range []int64{375, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(fmt.Sprintf("%s-%s-%d", name, scheme, width), at, scheme, width)
		}
	}
}

// look opens a page in a width and a colour scheme, and sees that it fits, has the scheme and is accessible.
func (b *browser) look(name, at, scheme string, width int64) {
	b.t.Helper()
	b.step("open "+name, prefers(scheme), chromedp.EmulateViewport(width, 900), chromedp.Navigate(at), becomes(`document.readyState === "complete"`))
	b.fits(name, width)
	if width > between && scheme == "light" {
		b.step("make it narrower", chromedp.EmulateViewport(between, 900))
		b.fits(name, between)
		b.step("and as wide as it was", chromedp.EmulateViewport(width, 900))
	}
	if size, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`performance.getEntriesByType("navigation")[0].decodedBodySize`)); err != nil || size > largestPage {
		b.t.Errorf("%s has %d bytes of HTML, want at most %d (%v)", name, size, largestPage, err)
	}
	// sRGB of the body's background and text, drawn, whatever notation the style has
	const luminance = `["backgroundColor", "color"].map((p) => { const c = document.createElement("canvas").getContext("2d"); c.fillStyle = getComputedStyle(document.body)[p]; c.fillRect(0, 0, 1, 1); const [r, g, b] = c.getImageData(0, 0, 1, 1).data; return (r + g + b) / 765; })`
	if lum, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](luminance)); err != nil || (lum[0] < lum[1]) != (scheme == "dark") {
		b.t.Errorf("%s should be %s, but its background and text have the luminances %v (%v)", name, scheme, lum, err)
	}
	b.accessible(name)
	b.picture(name)
}

// between is how wide a window is that is neither a phone's nor a desk's.
const between = 1000

// fits wants that nothing is cut off at the right.
func (b *browser) fits(name string, width int64) {
	b.t.Helper()
	if wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); err != nil || wide > width {
		b.t.Errorf("%s should fit into %d pixels, but is %d wide (%v)", name, width, wide, err)
	}
}

// onPhone looks at a part of the page that is open on a dark phone, and comes back.
func (b *browser) onPhone(name, selector string) {
	b.t.Helper()
	b.step("look at "+name+" on a phone", prefers("dark"), chromedp.EmulateViewport(375, 800))
	b.fits(name, 375)
	b.accessibleWithin(name+" on a dark phone", fmt.Sprintf("document.querySelector(%q)", selector))
	b.picture(name + "-dark-375")
	b.step("come back", prefers("light"), chromedp.EmulateViewport(1280, 900))
}

// prefers emulates a colour scheme.
func prefers(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return v, err
	}
}

// picture leaves one of the whole page, where the tests are to leave any.
func (b *browser) picture(name string) {
	b.t.Helper()
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// read is what an expression says of the page.
func (b *browser) read(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// quiet wants that the browser complained of nothing, but for what ends with one of the exceptions.
func (b *browser) quiet(except ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		if !slices.ContainsFunc(except, func(end string) bool { return strings.HasSuffix(c, end) }) {
			b.t.Errorf("the browser should have nothing to complain about, but says: %s", c)
		}
	}
}

// becomes waits for an expression to hold, over navigations too.
func becomes(expression string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		for {
			if _, err = chromedp.Poll[bool](expression)(ctx, target); err == nil || ctx.Err() != nil {
				return v, err
			}
		}
	}
}

func shows(text string) chromedp.Action[chromedp.Void] {
	return becomes(`document.querySelector("main").innerText.includes(` + "`" + text + "`" + `)`)
}

func status(name string) chromedp.Action[chromedp.Void] {
	return becomes(`document.querySelector("#case-head .tag.` + name + `") !== null`)
}

func press(key string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(key) }

func ignored[T any](expression string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = chromedp.Evaluate[T](expression)(ctx, target)
		return v, err
	}
}

// demonstrated is a running demo.
type demonstrated struct {
	t                   *testing.T
	data                string
	lines               chan string
	said                []string
	link, base, company string
}

// startDemo runs `resolute demo` in this process, until the test ends.
func startDemo(t *testing.T) *demonstrated {
	t.Helper()
	data, err := os.MkdirTemp("", "rb") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	d := &demonstrated{t: t, data: data, lines: make(chan string, 1000), company: "http://127.0.0.1:8099"}
	ctx, stop := context.WithCancel(context.Background())
	out, to := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		args := []string{"demo", "--addr", "127.0.0.1:0", "--data", data, "--no-browser"}
		code := run(ctx, args, func(string) (string, bool) { return "", false }, strings.NewReader(""), to, &errs)
		_ = to.Close() // gives nothing but nil
		ended <- code
	}()
	go func() {
		defer close(d.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			d.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the demo should end with 0 when it is interrupted, not with %d: %s", code, &errs)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Error(err)
		}
	})
	d.link = strings.TrimSpace(d.until("/signin?code="))
	d.base, _, _ = strings.Cut(d.link, "/signin")
	for _, line := range d.said {
		if _, other, busy := strings.Cut(line, "so the demo company listens on "); busy {
			d.company = "http://" + strings.TrimSuffix(other, ".")
		}
	}
	return d
}

// until reads what the demo prints, up to a line that contains part.
func (d *demonstrated) until(part string) string {
	d.t.Helper()
	late := time.After(90 * time.Second)
	for {
		select {
		case line, more := <-d.lines:
			if d.said = append(d.said, line); strings.Contains(line, part) {
				return line
			}
			if !more {
				d.t.Fatalf("the demo ended before it said %q: %q", part, d.said)
			}
		case <-late:
			d.t.Fatalf("the demo should say %q, but says %q", part, d.said)
		}
	}
}

// signal sends a mail of Northlight Architects, and gives its case.
func (d *demonstrated) signal(kind, id, text string) string {
	d.t.Helper()
	return d.mail(kind, id, "CUS-111", "accounts@northlight.example", "desk", text)
}

// mail sends a customer's mail, and gives its case.
func (d *demonstrated) mail(kind, id, customer, address, thread, text string) string {
	d.t.Helper()
	body, err := json.Marshal(map[string]any{"specversion": "1.0", "id": id, "source": "browser", "type": kind, "data": map[string]any{
		"customer": map[string]any{"id": customer, "email": address}, "thread": thread, "text": text}})
	if err != nil {
		d.t.Fatal(err)
	}
	var ack struct {
		CaseID string `json:"case_id"`
	}
	d.owner("/api/v1/signals", "application/cloudevents+json", body, http.StatusAccepted, &ack)
	return ack.CaseID
}

// owner posts something as the folder's owner, and reads the answer.
func (d *demonstrated) owner(path, kind string, body []byte, want int, answer any) {
	d.t.Helper()
	var dialer net.Dialer
	owner := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", filepath.Join(d.data, "admin.sock"))
	}}}
	res, err := owner.Post("http://admin"+path, kind, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(said, answer)
	}
	if err != nil || res.StatusCode != want {
		d.t.Fatalf("POST %s should be answered %d: %s %s %v", path, want, res.Status, said, err)
	}
}

// refunds counts what the company's ledger says of refund_payment.
func (d *demonstrated) refunds() (n int) {
	d.t.Helper()
	res, err := http.Get(d.company + "/ledger")
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if !json.Valid(text) || !bytes.Contains(text, []byte(`"tool"`)) {
		d.t.Fatalf("the ledger should be JSON with what was done, not %s", text)
	}
	return strings.Count(string(text), `"billing.refund_payment"`)
}
