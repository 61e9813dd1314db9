package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var killCount = flag.Int("kills", 0, "how often the program is killed; 0: once at each point, and a few times at random")

// pointNames gives the failpoints, as their source names them.
func pointNames(t testing.TB) (names []string) {
	t.Helper()
	text, err := os.ReadFile("seams_failpoint.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`= "([a-z]+/[a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	if len(names) < 30 {
		t.Fatalf("only %d failpoints are named", len(names))
	}
	return names
}

// killing is the program under load, killed again and again, and what its senders were told.
type killing struct {
	*process
	court court

	mu      sync.Mutex
	made    int               // items
	unsure  []string          // sent, and not acknowledged
	told    map[string]string // item → case
	settled map[string]bool   // items whose case was found resolved
}

// TestKilledAtEachPoint kills the program with SIGKILL at each point of the loop, and at random,
// while signals arrive and people decide. What was acknowledged is there afterwards, and each effect
// happened once.
func TestKilledAtEachPoint(t *testing.T) {
	dir := t.TempDir()
	c := openCourt(t, dir)
	k := &killing{process: mortal(t, judgeBundle(c.url)), court: c, told: map[string]string{}, settled: map[string]bool{}}
	k.signIn()
	points := pointNames(t)
	atRandom := 10
	rounds := len(points) + atRandom
	if *killCount > 0 {
		rounds = *killCount
	}
	begun := time.Now()
	reached := map[string]int{}
	for i := range rounds {
		point := ""
		if turn := i % (len(points) + atRandom); turn < len(points) {
			point = points[turn]
		}
		k.round(point, 1+rand.IntN(min(1+i/(len(points)+atRandom), mostPasses(point))))
		if reached[point]++; t.Failed() {
			t.Fatalf("after %d kills", i+1)
		}
		if (i+1)%(5*(len(points)+atRandom)) == 0 {
			k.settle()
			t.Logf("%d kills, %d signals acknowledged, %v", i+1, len(k.told), time.Since(begun).Round(time.Second))
		}
	}
	k.settle()
	k.judge()
	k.kill()
	if out := k.command("verify"); !strings.HasPrefix(out, "whole:") {
		t.Errorf("verify after %d kills: %s", rounds, out)
	}
	t.Logf("%d kills, %d of them at %d points, in %v: %d signals acknowledged, %d effects",
		rounds, rounds-reached[""], len(reached)-1, time.Since(begun).Round(time.Second), len(k.told), len(k.effects()))
}

// mostPasses is how often a point may have to be passed before the program dies.
func mostPasses(point string) int {
	switch name, _, _ := strings.Cut(point, "/"); name {
	case "restart", "ask":
		return 1 // these follow kills, and a kill leaves few calls under way
	case "monitor":
		return 2 // it looks once a second
	}
	return 12
}

// round starts the program and lets it work until it dies: at a point when it is passed for the
// n-th time, or at any moment.
func (k *killing) round(point string, n int) {
	if point == "" {
		k.start()
		cmd := k.cmd
		time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	} else {
		k.start(fmt.Sprintf("RESOLUTE_FAILPOINT=%s:%d", point, n))
	}
	cmd := k.cmd
	late := time.AfterFunc(30*time.Second, func() {
		k.t.Errorf("%s was not passed %d times in 30 s of work", point, n)
		k.kill()
	})
	k.work(k.died)
	late.Stop()
	if s, _ := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
		k.t.Errorf("at %s the process ended with %v, want killed: %s", point, cmd.ProcessState, k.log())
	}
}

// work sends signals and decides until done is closed.
func (k *killing) work(done <-chan struct{}) {
	var all sync.WaitGroup
	for _, one := range []func(){k.send, k.send, k.send, k.approve} {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(6 * time.Millisecond):
					one()
				}
			}
		})
	}
	all.Wait()
}

// send sends one signal as a sender would: again, until it is acknowledged; now and then once more.
func (k *killing) send() {
	k.mu.Lock()
	var item string
	if n := len(k.unsure); n > 0 {
		item, k.unsure = k.unsure[n-1], k.unsure[:n-1]
	} else {
		item = fmt.Sprintf("item-%06d", k.made)
		k.made++
	}
	k.mu.Unlock()
	k.sendItem(item)
}

func (k *killing) sendItem(item string) {
	kind := "item.seen"
	if strings.HasSuffix(item, "0") || strings.HasSuffix(item, "5") {
		kind = "item.ordered"
	}
	r, ok := k.signal(kind, item, "")
	k.mu.Lock()
	defer k.mu.Unlock()
	before, known := k.told[item]
	switch {
	case !ok && !known:
		k.unsure = append(k.unsure, item)
	case ok && !known:
		k.told[item] = r.CaseID
	case ok && (before != r.CaseID || !r.Duplicate):
		k.t.Errorf("%s was acknowledged for case %s; sent again it gets %+v", item, before, r)
	}
}

// approve lets go what waits for a person.
func (k *killing) approve() {
	var list struct {
		Items []struct{ ID string }
	}
	k.do("GET", "/api/v1/cases?status=approval&limit=20", "", &list)
	for _, c := range list.Items {
		var one struct {
			Pending *struct{ Approval struct{ Hash string } }
		}
		if k.do("GET", "/api/v1/cases/"+c.ID, "", &one); one.Pending != nil && one.Pending.Approval.Hash != "" {
			k.do("POST", "/api/v1/cases/"+c.ID+"/decisions", fmt.Sprintf(`{"decision":"approve","hash":%q}`, one.Pending.Approval.Hash), nil)
		}
	}
}

// settle lets the program finish what it was given, and checks that each case came to its end.
func (k *killing) settle() {
	k.t.Helper()
	k.start()
	if !k.ready() {
		k.t.Fatalf("it does not start again: %s", k.log())
	}
	for len(k.unsure) > 0 {
		k.send()
	}
	done := make(chan struct{})
	var person sync.WaitGroup
	person.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				k.approve()
			}
		}
	})
	fewest, since := len(k.told)+1, time.Now()
	for ; ; time.Sleep(100 * time.Millisecond) {
		open := k.open()
		if len(open) == 0 || k.t.Failed() {
			break
		}
		if len(open) < fewest {
			fewest, since = len(open), time.Now()
		} else if time.Since(since) > 60*time.Second {
			k.t.Errorf("for 60 s nothing went on, and %d cases have not come to their end, such as %s", len(open), open[0])
			break
		}
	}
	close(done)
	person.Wait()
	k.kill()
}

// open gives the items whose case is not resolved yet, or whose customer was not told, each with its
// case.
func (k *killing) open() (list []string) {
	for item, id := range k.told {
		if k.settled[item] {
			continue
		}
		var c struct {
			Status string
			Stop   any
		}
		switch code := k.do("GET", "/api/v1/cases/"+id, "", &c); {
		case code != http.StatusOK:
			k.t.Errorf("%s was acknowledged for case %s, and asking for it gives %d", item, id, code)
		case c.Status == "resolved":
			k.settled[item] = true
		case c.Status == "escalated" || c.Status == "closed":
			k.t.Errorf("case %s of %s is %s: %v", id, item, c.Status, c.Stop)
		default:
			list = append(list, fmt.Sprintf("%s %s (%s %v)", item, id, c.Status, c.Stop))
		}
	}
	if len(list) > 0 {
		return list
	}
	messages := k.messages()
	for item, id := range k.told {
		if len(messages[id]) == 0 {
			list = append(list, fmt.Sprintf("%s %s (resolved, and no message)", item, id))
		}
	}
	return list
}

// messages gives what customers were told, each thing once, by case.
func (k *killing) messages() map[string][]string {
	by := map[string][]string{}
	for _, d := range k.court.deeds(k.t) {
		if d.Tool == "message" && !slices.Contains(by[d.Case], d.Key) {
			by[d.Case] = append(by[d.Case], d.Key)
		}
	}
	return by
}

// effects gives what was done, by item.
func (k *killing) effects() map[string][]deed {
	by := map[string][]deed{}
	for _, d := range k.court.deeds(k.t) {
		if d.Tool != "message" {
			by[d.Item] = append(by[d.Item], d)
		}
	}
	return by
}

// judge holds the ledger against what senders were told and what the journal says.
func (k *killing) judge() {
	effects := k.effects()
	for item, list := range effects {
		if len(list) != 1 {
			k.t.Errorf("%s was done %d times: %v", item, len(list), list)
		}
	}
	messages := k.messages()
	for item, id := range k.told {
		if len(effects[item]) == 0 {
			k.t.Errorf("%s was acknowledged and never done", item)
		}
		if len(messages[id]) != 1 {
			k.t.Errorf("case %s told its customer %d different things: %v", id, len(messages[id]), messages[id])
		}
	}
	k.start()
	if !k.ready() {
		k.t.Fatalf("it does not start again: %s", k.log())
	}
	for item, list := range effects {
		k.intended(item, list[0])
	}
	for item := range k.told {
		k.sendItem(item)
	}
}

// intended checks that the journal said what would be done.
func (k *killing) intended(item string, d deed) {
	var j struct {
		Items []struct {
			Kind string
			Data struct {
				Call struct {
					Key string `json:"idempotency_key"`
				}
			}
		}
	}
	if code := k.do("GET", "/api/v1/cases/"+d.Case+"/journal?limit=200", "", &j); code != http.StatusOK {
		k.t.Errorf("the journal of case %s, which did %s, gives %d", d.Case, item, code)
	}
	for _, e := range j.Items {
		if e.Kind == "call.intended" && e.Data.Call.Key == d.Key {
			return
		}
	}
	k.t.Errorf("%s was done, and the journal of case %s doesn't say that it was intended", item, d.Case)
}
