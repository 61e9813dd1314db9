package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// counter is a plugin that counts, in another process than the one that is killed.
type counter struct {
	mu   sync.Mutex
	n    map[string]int    // effects by item
	done map[string]string // result by key
}

const counterManifest = `{"name":"counter","version":"1","operations":true,"tools":[
{"name":"get","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"output_schema":{"type":"object","properties":{"item":{"type":"string"},"count":{"type":"integer"}},"required":["item","count"]},"effect":"read","idempotent":true,"async":false,"timeout_ms":1000},
{"name":"add","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"effect":"write","idempotent":false,"async":false,"timeout_ms":1000}]}`

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var in struct{ Item string }
	switch path := r.URL.Path; {
	case path == "/manifest":
		_, _ = io.WriteString(w, counterManifest)
	case strings.HasPrefix(path, "/operations/"):
		if res, ok := c.done[strings.TrimPrefix(path, "/operations/")]; ok {
			_, _ = fmt.Fprintf(w, `{"status":"done","result":%s}`, res)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	case path == "/tools/get":
		_ = json.NewDecoder(r.Body).Decode(&in)
		_, _ = fmt.Fprintf(w, `{"item":%q,"count":%d}`, in.Item, c.n[in.Item])
	case path == "/tools/add":
		_ = json.NewDecoder(r.Body).Decode(&in)
		c.n[in.Item]++ // a second request with the same key counts again: it is not idempotent
		c.done[r.Header.Get("Idempotency-Key")] = "{}"
		_, _ = io.WriteString(w, "{}")
	}
}

var counterBundle = map[string]string{
	"resolute.yaml":       "company: Counting House\n",
	"authority.yaml":      "default: act\n",
	"tools/counter.yaml":  "plugin: counter\nurl: ${env.COUNTER_URL}\nallow_hosts: [127.0.0.1]\n",
	"policies/count.yaml": "policy: count\napplies_to: [counter.add]\nbind: {item: facts.now_it_is.item}\n",
	"procedures/count.yaml": `procedure: count
goal: The item is counted once
start: {signals: [item.seen]}
inputs:
  item: {type: string, from: signal.data.item}
gather:
  now_it_is: {call: counter.get, with: {item: =inputs.item}}
hypotheses:
  - name: uncounted
    when: facts.now_it_is.count == 0
    do:
      - {call: counter.add, with: {item: =inputs.item}}
    verify: {call: counter.get, with: {item: =inputs.item}, as: after, check: facts.after.count == 1}
otherwise: {escalate: counted-before}
`}

// TestSIGKILLUnderLoad kills the program again and again while signals arrive: what was
// acknowledged is there afterwards, and each effect happened once.
func TestSIGKILLUnderLoad(t *testing.T) {
	kills, items := 8, 120
	if testing.Short() {
		kills, items = 2, 30
	}
	judge := &counter{n: map[string]int{}, done: map[string]string{}}
	plugin := httptest.NewServer(judge)
	defer plugin.Close()
	dir, err := os.MkdirTemp("", "rk") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range counterBundle {
		file := filepath.Join(dir, "bundle", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := &process{t: t, dir: dir, env: append(os.Environ(), "RESOLUTE_TEST_RUN=1", "COUNTER_URL="+plugin.URL), addr: freeAddress(t)}
	p.token = strings.TrimSpace(p.command("token", "create", "--role", "admin", "--data", filepath.Join(dir, "data")))
	p.start()
	defer p.kill()

	cases := make([]string, items)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < items; i += 4 {
				for cases[i] == "" { // as a sender would: again until it is acknowledged
					cases[i] = p.signal(fmt.Sprintf("item-%03d", i))
				}
			}
		})
	}
	for range kills {
		time.Sleep(time.Duration(20+rand.IntN(120)) * time.Millisecond)
		p.kill()
		p.start()
	}
	wg.Wait()
	for i, id := range cases {
		if status := p.settled(id); status != "resolved" {
			t.Errorf("the case of item-%03d is %s", i, status)
		}
		judge.mu.Lock()
		if n := judge.n[fmt.Sprintf("item-%03d", i)]; n != 1 {
			t.Errorf("item-%03d was counted %d times", i, n)
		}
		judge.mu.Unlock()
	}
	p.kill()
	if out := p.command("verify", "--data", filepath.Join(dir, "data")); !strings.HasPrefix(out, "whole:") {
		t.Errorf("verify after %d kills: %s", kills, out)
	}
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// process is the program in a process of its own.
type process struct {
	t     *testing.T
	dir   string
	env   []string
	addr  string
	token string
	cmd   *exec.Cmd
	mu    sync.Mutex
}

func (p *process) command(args ...string) string {
	c := exec.Command(os.Args[0], args...)
	c.Env = p.env
	out, err := c.CombinedOutput()
	if err != nil {
		p.t.Fatalf("resolute %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// launch starts it without waiting until it is ready.
func (p *process) launch() {
	c := exec.Command(os.Args[0], "serve", "--data", filepath.Join(p.dir, "data"), "--bundle", filepath.Join(p.dir, "bundle"), "--addr", p.addr)
	c.Env = p.env
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	c.Stderr = log
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = log.Close() // the process has it
	p.mu.Lock()
	p.cmd = c
	p.mu.Unlock()
}

func (p *process) start() {
	p.launch()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if res, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			p.t.Fatalf("not ready after 20 s: %s", text)
		}
	}
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it was killed
		p.cmd = nil
	}
}

func (p *process) do(method, path, body string, out any) bool {
	q, err := http.NewRequest(method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return false
	}
	q.Header.Set("Authorization", "Bearer "+p.token)
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode < 300 && json.NewDecoder(res.Body).Decode(out) == nil
}

// signal gives the case of an acknowledged signal, "" if it was not acknowledged.
func (p *process) signal(item string) string {
	var ack struct {
		CaseID string `json:"case_id"`
	}
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"belt","type":"item.seen","data":{"item":%q}}`, item, item)
	if !p.do("POST", "/api/v1/signals", body, &ack) {
		time.Sleep(10 * time.Millisecond)
	}
	return ack.CaseID
}

func (p *process) settled(id string) string {
	var c struct{ Status string }
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if p.do("GET", "/api/v1/cases/"+id, "", &c) && (c.Status == "resolved" || c.Status == "escalated" || c.Status == "closed") {
			return c.Status
		}
	}
	return "still " + c.Status
}
