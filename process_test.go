package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// programVar makes a test binary the program.
const programVar = "RESOLUTE_TEST_RUN"

// builds are folders with programs that tests built.
var builds []string

// dyingBinary gives the program built with failpoints: all but its seams is as released.
var dyingBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "rb")
	if err != nil {
		return "", err
	}
	builds = append(builds, dir)
	file := filepath.Join(dir, "resolute")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-tags", "failpoint", "-o", file, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return file, nil
})

// process is the program in a process of its own, over one data folder.
type process struct {
	t      testing.TB
	binary string
	under  []string // the command that it runs under, such as strace
	dir    string   // of bundle, log and, unless told otherwise, data
	data   string
	env    []string
	addr   string
	token  string

	mu   sync.Mutex
	cmd  *exec.Cmd
	died chan struct{} // closed when the process is gone
}

// mortal is a process that can be told to die at a failpoint.
func mortal(t testing.TB, bundle map[string]string) *process {
	t.Helper()
	binary, err := dyingBinary()
	if err != nil {
		t.Fatal(err)
	}
	return newProcess(t, binary, bundle, os.Environ())
}

// served is a process as it is released, with a token to ask it; plugins are found by env.
func served(t testing.TB, bundle map[string]string, env ...string) *process {
	t.Helper()
	p := newProcess(t, os.Args[0], bundle, append(append(os.Environ(), programVar+"=1"), env...))
	p.signIn()
	return p
}

func newProcess(t testing.TB, binary string, bundle map[string]string, env []string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "rk") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, binary: binary, dir: dir, data: filepath.Join(dir, "data"), env: env, addr: freeAddress(t)}
	t.Cleanup(func() {
		p.kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	for name, text := range bundle {
		file := filepath.Join(dir, "bundle", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// freeAddress gives an address to listen on. It stays free while nobody listens there: connections
// from this machine come from 127.0.0.1, and could take a port of that.
func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 1+rand.IntN(200), 1+rand.IntN(200), 1+rand.IntN(200)))
	if err != nil { // not every system has them
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// command runs a command that has to succeed.
func (p *process) command(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("resolute %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// try runs a command, over the process's data folder unless it names another.
func (p *process) try(args ...string) (string, error) {
	if !slices.Contains(args, "--data") {
		args = append(args, "--data", p.data)
	}
	args = append(append(append([]string{}, p.under...), p.binary), args...)
	c := exec.Command(args[0], args[1:]...)
	c.Env = p.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// signIn makes the token that requests are made with.
func (p *process) signIn() {
	p.t.Helper()
	p.token = strings.TrimSpace(p.command("token", "create", "--role", "admin"))
}

// gone waits until nothing is left of a killed process: strace ends before what it traces has let go
// of its files.
func (p *process) gone() {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		l, err := net.Listen("tcp", p.addr)
		if err == nil {
			_ = l.Close() // it never had a connection
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("20 s after its end the process still listens: %v", err)
		}
	}
}

// start starts the program, which then is under way, or dies.
func (p *process) start(env ...string) {
	p.t.Helper()
	p.gone()
	args := append(append([]string{}, p.under...), p.binary, "serve", "--data", p.data, "--bundle", filepath.Join(p.dir, "bundle"), "--addr", p.addr)
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(p.env[:len(p.env):len(p.env)], env...)
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	c.Stderr = log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a kill reaches what it runs under, too
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = log.Close() // the process has it
	died := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.died = c, died
	p.mu.Unlock()
	go func() {
		_ = c.Wait() // its state says how it ended
		close(died)
	}()
}

// serve starts the program and waits until it serves.
func (p *process) serve() {
	p.t.Helper()
	if p.start(); !p.ready() {
		p.t.Fatalf("it does not start: %s", p.log())
	}
}

// settled gives the status that a case comes to.
func (p *process) settled(id string) string {
	var c struct{ Status string }
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		code := p.do("GET", "/api/v1/cases/"+id, "", &c)
		if code == http.StatusOK && (c.Status == "resolved" || c.Status == "escalated" || c.Status == "closed") {
			return c.Status
		}
	}
	return "still " + c.Status
}

// log gives what the process that was started last has said.
func (p *process) log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		p.t.Error(err)
	}
	return string(bytes.TrimSpace(text))
}

// ready waits until the program serves, and reports false if it died.
func (p *process) ready() bool {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if res, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-p.died:
			return false
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not ready after 30 s: %s", p.log())
		}
	}
}

// kill kills the process, if one is under way, and waits until it is gone.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may be gone already
		<-p.died
		p.cmd = nil
	}
}

// do makes a request and gives the status of the answer, 0 for none.
func (p *process) do(method, path, body string, out any) int {
	q, err := http.NewRequest(method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0
	}
	q.Header.Set("Authorization", "Bearer "+p.token)
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if out != nil && json.NewDecoder(res.Body).Decode(out) != nil {
		return 0
	}
	return res.StatusCode
}

// receipt is what a sender is told.
type receipt struct {
	CaseID    string `json:"case_id"`
	Duplicate bool   `json:"duplicate"`
}

// signal sends a signal about an item, and reports whether it was acknowledged.
func (p *process) signal(kind, item, text string) (receipt, bool) {
	var r receipt
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"belt","type":%q,"data":{"item":%q,"text":%q}}`, item, kind, item, text)
	return r, p.do("POST", "/api/v1/signals", body, &r) == http.StatusAccepted && r.CaseID != ""
}
