package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// terminate sends SIGTERM and gives the exit code and how long it took.
func (p *process) terminate() (code int, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.died:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // its log says where it stands
		<-p.died
	}
	code, took = p.cmd.ProcessState.ExitCode(), time.Since(start)
	p.cmd = nil
	return code, took
}

// work sends one signal and gives its case.
func (p *process) work(worker, item string) string {
	var ack struct {
		CaseID string `json:"case_id"`
	}
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"shop","type":"%s.work","data":{"item":%q}}`, item, worker, item)
	if code := p.do("POST", "/api/v1/signals", body, &ack); code != http.StatusAccepted {
		p.t.Fatalf("signal %s was not acknowledged: %d", item, code)
	}
	return ack.CaseID
}

// TestSIGTERMWhileAPluginHangs: calls are on the wire and more cases wait behind them, a reader of the
// stream doesn't leave, a sender doesn't get to the end of its signal; it ends all the same, and nothing
// is lost or doubled.
func TestSIGTERMWhileAPluginHangs(t *testing.T) {
	slow, slowURL := newWorker(t, "slow")
	well, wellURL := newWorker(t, "well")
	p := served(t, workBundle("slow", "well"), "SLOW_URL="+slowURL, "WELL_URL="+wellURL)
	p.serve()
	slow.hang()
	var cases []string
	for _, item := range items("item", 30) {
		cases = append(cases, p.work("slow", item))
	}
	for deadline := time.Now().Add(20 * time.Second); slow.stalled() < 30; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of 30 calls are on the wire", slow.stalled())
		}
	}
	for _, item := range items("well", 20) {
		cases = append(cases, p.work("well", item)) // some of them are under way when the signal comes
	}
	stream, err := http.NewRequest("GET", "http://"+p.addr+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream.Header.Set("Authorization", "Bearer "+p.token)
	reader, err := http.DefaultClient.Do(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Body.Close()
	sender, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	if _, err := fmt.Fprintf(sender, "POST /api/v1/signals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", p.token); err != nil {
		t.Fatal(err)
	}
	code, took := p.terminate()
	t.Logf("SIGTERM with 30 calls on the wire: exit %d after %v", code, took.Round(10*time.Millisecond))
	if code != 0 || took > 10*time.Second {
		log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		t.Fatalf("SIGTERM while a plugin hangs: exit %d after %v, want 0 within 10 s: %s", code, took, log)
	}
	slow.answer() // nobody waits for it any more; that it was done is found by asking
	p.serve()
	for i, id := range cases {
		if status := p.settled(id); status != "resolved" {
			t.Errorf("case %d of 50 is %s after the restart", i, status)
		}
	}
	for _, item := range items("item", 30) {
		if n := slow.times(item); n != 1 {
			t.Errorf("%s was done %d times, want once", item, n)
		}
	}
	for _, item := range items("well", 20) {
		if n := well.times(item); n != 1 {
			t.Errorf("%s was done %d times, want once", item, n)
		}
	}
	if code, took := p.terminate(); code != 0 || took > 10*time.Second {
		t.Errorf("SIGTERM at rest: exit %d after %v, want 0 within 10 s", code, took)
	}
}

// TestSIGTERMWhileItStarts: a plugin that is asked for its manifest hangs.
func TestSIGTERMWhileItStarts(t *testing.T) {
	slow, url := newWorker(t, "slow")
	slow.dumb = make(chan struct{})
	p := served(t, workBundle("slow"), "SLOW_URL="+url)
	p.start()
	select {
	case <-slow.dumb:
	case <-time.After(20 * time.Second):
		t.Fatal("the plugin was not asked for its manifest within 20 s")
	}
	if code, took := p.terminate(); code != 0 || took > 10*time.Second {
		t.Errorf("SIGTERM while the bundle is applied: exit %d after %v, want 0 within 10 s", code, took)
	}
}
