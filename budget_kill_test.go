package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestKilledProgramKeepsItsBudget: cases race for a budget of sixty while the program is killed, at the
// points around intents and answers and at random. Sixty are done, whatever it died of.
func TestKilledProgramKeepsItsBudget(t *testing.T) {
	const room, items = 60, 150
	bundle := func(url string) map[string]string {
		files := judgeBundle(url)
		files["policies/budget.yaml"] = fmt.Sprintf("policy: bounded\napplies_to: [counter.add]\nbudgets:\n  - {id: most, sum: 1, window: 24h, max: %d, beyond: deny}\n", room)
		delete(files, "monitors/lying.yaml")
		return files
	}
	points := []string{"intent/before-commit", "intent/after-commit", "effect/before-send", "effect/on-the-wire", "effect/answered", "answer/before-commit", "answer/after-commit", ""}
	rounds := max(*killCount/4, 2*len(points))
	c := openCourt(t, t.TempDir())
	p := mortal(t, bundle(c.url))
	p.signIn()
	told := map[string]string{}
	var mu sync.Mutex
	send := func() {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				for i := range items {
					item := fmt.Sprintf("bounded-%03d", i)
					mu.Lock()
					_, done := told[item]
					mu.Unlock()
					if done {
						continue
					}
					r, ok := p.signal("item.seen", item, "")
					if !ok {
						return
					}
					mu.Lock()
					told[item] = r.CaseID
					mu.Unlock()
				}
			})
		}
		all.Wait()
	}
	for i := range rounds {
		// once the budget is full nothing is sent any more, and most points aren't passed
		point, within := points[i%len(points)], 2*time.Second
		if point == "" {
			p.start()
			within = time.Duration(100+rand.IntN(300)) * time.Millisecond
		} else {
			p.start(fmt.Sprintf("RESOLUTE_FAILPOINT=%s:%d", point, 1+rand.IntN(8)))
		}
		cmd := p.cmd
		late := time.AfterFunc(within, func() { _ = cmd.Process.Kill() })
		for alive := true; alive; {
			select {
			case <-p.died:
				alive = false
			case <-time.After(5 * time.Millisecond):
				send()
			}
		}
		late.Stop()
		if s, _ := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
			t.Fatalf("the process ended with %v, want killed: %s", cmd.ProcessState, p.log())
		}
		if n := added(c, t); n > room {
			t.Fatalf("after %d kills %d were done, and the budget is of %d", i+1, n, room)
		}
	}
	p.serve()
	for len(told) < items {
		send()
	}
	over := 0
	for item, id := range told {
		switch status := p.settled(id); status {
		case "resolved":
		case "escalated":
			var c struct{ Stop struct{ Code string } }
			if code := p.do("GET", "/api/v1/cases/"+id, "", &c); code != http.StatusOK || c.Stop.Code != "budget.exceeded" {
				t.Errorf("%s stops with %s, want budget.exceeded", item, c.Stop.Code)
			}
			over++
		default:
			t.Errorf("%s is %s", item, status)
		}
	}
	p.kill()
	if n := added(c, t); n != room || over != items-room {
		t.Errorf("after %d kills %d of %d items were done and %d were over the budget; want %d and %d", rounds, n, items, over, room, items-room)
	}
	if out := p.command("verify"); !strings.HasPrefix(out, "whole:") {
		t.Errorf("verify after %d kills: %s", rounds, out)
	}
	t.Logf("%d kills, %d items for a budget of %d: %d done", rounds, items, room, added(c, t))
}

// added counts what the judge's ledger says was added.
func added(c court, t testing.TB) (n int) {
	for _, d := range c.deeds(t) {
		if d.Tool == "add" {
			n++
		}
	}
	return n
}
