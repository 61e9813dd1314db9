package peer

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a program that was started here and is stopped here.
type Process struct {
	name  string
	cmd   *exec.Cmd
	said  tail
	ended chan struct{}
	err   error // once ended
}

// Start starts a program; what it says is kept for messages.
func Start(c *exec.Cmd) (*Process, error) {
	p := &Process{name: filepath.Base(c.Path), cmd: c, ended: make(chan struct{})}
	if c.Stdout == nil {
		c.Stdout = &p.said
	}
	if c.Stderr == nil {
		c.Stderr = &p.said
	}
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Setpgid = true // an interrupt at the terminal is for the bench, which stops its peers in order
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		p.err = c.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ended is closed when the process is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Said gives the end of what the process wrote.
func (p *Process) Said() string { return p.said.String() }

// Pid gives the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stop tells the process to end by a signal, and makes it end after ten seconds.
func (p *Process) Stop(by os.Signal) error {
	_ = p.cmd.Process.Signal(by) // it may be gone already
	return p.Leave()
}

// Leave lets the process end by itself, and makes it end after ten seconds.
func (p *Process) Leave() error {
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	return p.err
}

// Memory gives the resident memory of the process in MB.
func (p *Process) Memory() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb / 1000 * 1.024, nil
		}
	}
	return 0, fmt.Errorf("the system doesn't tell the memory of %s", p.name)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if over := len(t.b) - 4000; over > 0 {
		t.b = t.b[over:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}
