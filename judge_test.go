package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// judge is a plugin that counts what is done, and takes replies. It runs in a process of its own,
// and each deed is in its ledger, synced, before anybody is told.
type judge struct {
	mu     sync.Mutex
	ledger *os.File
	n      map[string]int    // effects by item
	state  map[string]string // of operations, by key
	found  []string          // what its monitor finds
}

// deed is a line of the ledger: an effect, or a message that arrived.
type deed struct {
	Tool string // add, ship or message
	Item string
	Case string
	Key  string
}

const judgeManifest = `{"name":"counter","version":"1","operations":true,"tools":[
{"name":"get","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"output_schema":{"type":"object","properties":{"item":{"type":"string"},"count":{"type":"integer"}},"required":["item","count"]},"effect":"read","idempotent":true,"async":false,"timeout_ms":1000},
{"name":"list","input_schema":{"type":"object","properties":{}},"output_schema":{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}}},"required":["items"]},"effect":"read","idempotent":true,"async":false,"timeout_ms":1000},
{"name":"add","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"effect":"write","idempotent":false,"async":false,"timeout_ms":500},
{"name":"ship","input_schema":{"type":"object","properties":{"item":{"type":"string"}},"required":["item"]},"effect":"write","idempotent":false,"async":true,"timeout_ms":500}]}`

func judgeBundle(url string) map[string]string {
	return map[string]string{
		"resolute.yaml":      "company: Counting House\nreplies: {webhook: " + url + "/messages}\n",
		"authority.yaml":     "default: act\n",
		"tools/counter.yaml": "plugin: counter\nurl: " + url + "\nallow_hosts: [127.0.0.1]\n",
		"policies/count.yaml": `policy: count
applies_to: [counter.*]
bind: {item: facts.now_it_is.item}
rules:
  - {id: shipping, approve: action.tool == "counter.ship", reason: A person lets it go.}
`,
		"monitors/lying.yaml": `monitor: lying-about
every: 1s
call: {call: counter.list, as: lying}
each: facts.lying.items
key: item.id
signal: {item: =item.id}
`,
		"procedures/count.yaml": `procedure: count
goal: The item is counted once
start: {signals: [item.seen, monitor.found]}
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
    reply: counted
otherwise: {escalate: counted-before}
replies:
  counted: It is counted.
`,
		"procedures/ship.yaml": `procedure: ship
goal: The item is on its way once
start: {signals: [item.ordered]}
inputs:
  item: {type: string, from: signal.data.item}
gather:
  now_it_is: {call: counter.get, with: {item: =inputs.item}}
hypotheses:
  - name: here
    when: facts.now_it_is.count == 0
    do:
      - {call: counter.ship, with: {item: =inputs.item}}
    verify: {call: counter.get, with: {item: =inputs.item}, as: after, check: facts.after.count == 1}
    reply: shipped
otherwise: {escalate: shipped-before}
replies:
  shipped: It is on its way.
`,
	}
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	var in struct {
		Item   string
		CaseID string `json:"case_id"`
	}
	if r.Method == http.MethodPost {
		_ = json.NewDecoder(r.Body).Decode(&in) // a request that broke off has no item
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch path := r.URL.Path; path {
	case "/manifest":
		_, _ = io.WriteString(w, judgeManifest)
	case "/messages":
		j.write(deed{Tool: "message", Case: in.CaseID, Key: key})
	case "/tools/get":
		_, _ = fmt.Fprintf(w, `{"item":%q,"count":%d}`, in.Item, j.n[in.Item])
	case "/tools/list":
		j.found = append(j.found, fmt.Sprintf("found-%d", time.Now().UnixNano()))
		var items []map[string]string
		for _, id := range j.found[max(0, len(j.found)-5):] {
			items = append(items, map[string]string{"id": id})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
	case "/tools/add", "/tools/ship":
		if in.Item == "" {
			return
		}
		// a second request with the same key counts again: it is not idempotent
		j.write(deed{strings.TrimPrefix(path, "/tools/"), in.Item, r.Header.Get("Resolute-Case"), key})
		j.n[in.Item]++
		if path == "/tools/add" {
			j.state[key] = `{"status":"done","result":{}}`
			_, _ = io.WriteString(w, "{}")
			return
		}
		j.state[key] = `{"status":"pending"}`
		go j.ship(r.Header.Get("Resolute-Callback"), key)
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, `{"operation":%q}`, key)
	default:
		state, ok := j.state[strings.TrimPrefix(path, "/operations/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, state)
	}
}

func (j *judge) write(d deed) {
	line, err := json.Marshal(d)
	if err == nil {
		_, err = j.ledger.Write(append(line, '\n'))
	}
	if err == nil {
		err = j.ledger.Sync()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the judge can't write its ledger:", err)
		os.Exit(1)
	}
}

// ship ends an operation a little later, and says so once; whoever is dead then has to ask.
func (j *judge) ship(callback, key string) {
	time.Sleep(3 * time.Millisecond)
	j.mu.Lock()
	j.state[key] = `{"status":"done","result":{}}`
	j.mu.Unlock()
	res, err := http.Post(callback, "application/json", strings.NewReader(fmt.Sprintf(`{"idempotency_key":%q,"result":{}}`, key)))
	if err == nil {
		_ = res.Body.Close()
	}
}

// judgeVar makes the test binary a judge with the ledger that it names.
const judgeVar = "RESOLUTE_TEST_JUDGE"

// beJudge serves until standard input ends.
func beJudge(path string) error {
	ledger, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(l, &judge{ledger: ledger, n: map[string]int{}, state: map[string]string{}})
}

// court is the judge's process, as its test sees it.
type court struct {
	url    string
	ledger string
}

func openCourt(t *testing.T, dir string) court {
	t.Helper()
	c := court{ledger: filepath.Join(dir, "ledger")}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), judgeVar+"="+c.ledger)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(in.Close(), cmd.Wait()) })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the judge did not start")
	}
	c.url = lines.Text()
	return c
}

// deeds reads the ledger.
func (c court) deeds(t testing.TB) (list []deed) {
	t.Helper()
	text, err := os.ReadFile(c.ledger)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var d deed
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatalf("the ledger says %q: %v", line, err)
		}
		list = append(list, d)
	}
	return list
}
