package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answered is what came back for a request.
type answered struct {
	status     int
	kind       string
	retryAfter int
	body       []byte
}

func (p *process) ask(method, path, body string) answered {
	p.t.Helper()
	q, err := http.NewRequest(method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+p.token)
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answered{status: res.StatusCode, kind: res.Header.Get("Content-Type")}
	a.retryAfter, _ = strconv.Atoi(res.Header.Get("Retry-After"))
	if a.body, err = io.ReadAll(res.Body); err != nil {
		p.t.Fatal(err)
	}
	return a
}

// refused fails the test unless the answer is a 429 that says when to come again.
func (a answered) refused(t *testing.T, what string) {
	t.Helper()
	var problem struct {
		Status int
		Detail string
	}
	if err := json.Unmarshal(a.body, &problem); err != nil || a.status != http.StatusTooManyRequests || a.kind != "application/problem+json" || a.retryAfter < 1 || problem.Status != a.status || problem.Detail == "" {
		t.Errorf("%s: %d %s, Retry-After %d, %s; want a problem document with 429 and a Retry-After", what, a.status, a.kind, a.retryAfter, a.body)
	}
}

// TestTooManySignalsGet429: more is sent than may wait; each signal is acknowledged or refused, the rest of
// the API works meanwhile, and who comes again is served.
func TestTooManySignalsGet429(t *testing.T) {
	const backlog = 20
	slow, url := newWorker(t, "slow")
	p := served(t, workBundle("slow"), "SLOW_URL="+url, fmt.Sprint("RESOLUTE_MAX_BACKLOG=", backlog))
	p.serve()
	slow.hang()
	event := func(item string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"shop","type":"slow.work","data":{"item":%q}}`, item, item)
	}
	var taken []string
	var again []string
	for _, item := range items("item", 2*backlog) {
		a := p.ask("POST", "/api/v1/signals", event(item))
		if a.status != http.StatusAccepted {
			a.refused(t, "a signal beyond the backlog")
			again = append(again, item)
			continue
		}
		var ack struct {
			CaseID string `json:"case_id"`
		}
		if err := json.Unmarshal(a.body, &ack); err != nil || ack.CaseID == "" {
			t.Fatalf("an acknowledgement without a case: %s", a.body)
		}
		taken = append(taken, ack.CaseID)
	}
	if len(taken) != backlog || len(again) != backlog {
		t.Errorf("%d signals were taken and %d refused, want %d each", len(taken), len(again), backlog)
	}
	var list struct{ Items []struct{ ID string } }
	if a := p.ask("GET", "/api/v1/cases?limit=200", ""); a.status != http.StatusOK || json.Unmarshal(a.body, &list) != nil || len(list.Items) != len(taken) {
		t.Errorf("the list of cases meanwhile: %d %.200s, want the %d cases that were acknowledged", a.status, a.body, len(taken))
	}
	if a := p.ask("POST", "/api/v1/cases/"+taken[0]+"/decisions", `{"decision":"takeover","note":"I'll see to it"}`); a.status != http.StatusOK {
		t.Errorf("a decision meanwhile: %d %s, want 200", a.status, a.body)
	}
	if a := p.ask("GET", "/readyz", ""); a.status != http.StatusOK {
		t.Errorf("/readyz meanwhile: %d %s, want 200", a.status, a.body)
	}
	slow.answer()
	for _, item := range again {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			a := p.ask("POST", "/api/v1/signals", event(item))
			if a.status == http.StatusAccepted {
				var ack struct {
					CaseID    string `json:"case_id"`
					Duplicate bool
				}
				if err := json.Unmarshal(a.body, &ack); err != nil || ack.Duplicate {
					t.Errorf("a refused signal that is sent again: %s, want it taken as new", a.body)
				}
				taken = append(taken, ack.CaseID)
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("30 s after the plugin answers again, signals are still refused: %s", a.body)
			}
		}
	}
	for _, id := range taken[1:] {
		if status := p.settled(id); status != "resolved" {
			t.Errorf("case %s is %s", id, status)
		}
	}
}

// TestSendersThatDontEndHoldUpNobodyElse: signals that arrive slowly use up what signals may take of the
// memory; the next is refused, other calls aren't, and once they are gone signals are taken again.
func TestSendersThatDontEndHoldUpNobodyElse(t *testing.T) {
	_, url := newWorker(t, "well")
	p := served(t, workBundle("well"), "WELL_URL="+url)
	p.serve()
	var senders []net.Conn
	for range 6 { // of 10 MiB each, of 64 in all
		c, err := net.Dial("tcp", p.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "POST /api/v1/signals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", p.token, 10<<20); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(c).ReadString('\n') // it is being read
		if err != nil || !strings.Contains(line, "100") {
			t.Fatalf("a large signal is answered %q %v before it is sent", line, err)
		}
		senders = append(senders, c)
	}
	large := `{"specversion":"1.0","id":"large","source":"shop","type":"well.work","data":{"item":"large","text":"` + strings.Repeat("x", 5<<20) + `"}}`
	p.ask("POST", "/api/v1/signals", large).refused(t, "a large signal beside six of 10 MiB that don't end")
	small := `{"specversion":"1.0","id":"small","source":"shop","type":"well.work","data":{"item":"small"}}`
	if a := p.ask("POST", "/api/v1/signals", small); a.status != http.StatusAccepted {
		t.Errorf("a small signal, for which there is room: %d %s, want 202", a.status, a.body)
	}
	if a := p.ask("GET", "/api/v1/cases", ""); a.status != http.StatusOK {
		t.Errorf("the list of cases meanwhile: %d %s, want 200", a.status, a.body)
	}
	for _, c := range senders {
		_ = c.Close()
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		a := p.ask("POST", "/api/v1/signals", large)
		if a.status == http.StatusAccepted {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("20 s after the slow senders left, a large signal is answered %d %s", a.status, a.body)
		}
	}
}
