package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

var faultCalls = flag.Int("faults", 0, "at each of the first how many calls a fault is injected; 0: at a few of the first 50")

// whatToDo is how each message about a disk or a data file ends.
var whatToDo = regexp.MustCompile(`make room on the disk, then start again|look at the disk and its kernel messages.* then start again|resolute verify --repair|resolute restore`)

// sender sends signals one after the other and remembers which were acknowledged.
type sender struct {
	*process
	text string // that each signal has
	told map[string]string
}

// send sends up to n new signals, each until it is acknowledged, as long as the program lives.
func (s *sender) send(n int) {
	for deadline := time.Now().Add(time.Minute); n > 0 && time.Now().Before(deadline); {
		item := fmt.Sprintf("item-%06d", len(s.told))
		if r, ok := s.signal("item.seen", item, s.text); ok {
			s.told[item] = r.CaseID
			n--
			continue
		}
		select {
		case <-s.died:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keeps checks that the program starts and has all that was acknowledged.
func (s *sender) keeps(what string) {
	s.t.Helper()
	s.start()
	if !s.ready() {
		s.t.Errorf("%s: it does not start again: %s", what, s.log())
		return
	}
	for item, id := range s.told {
		if r, ok := s.signal("item.seen", item, s.text); !ok || !r.Duplicate || r.CaseID != id {
			s.t.Errorf("%s: %s was acknowledged for case %s; sent again it gets %+v, %v", what, item, id, r, ok)
		}
	}
	s.kill()
	if out := s.command("verify"); !strings.HasPrefix(out, "whole:") {
		s.t.Errorf("%s: verify says %s", what, out)
	}
}

// stoppedSaying checks that the program ended by itself and said what to do.
func (s *sender) stoppedSaying(what string, words *regexp.Regexp) {
	s.t.Helper()
	select {
	case <-s.died:
	case <-time.After(20 * time.Second):
		s.t.Errorf("%s: 20 s later the program still runs: %s", what, s.log())
		s.kill()
		return
	}
	if s.cmd.ProcessState.ExitCode() != 1 || strings.Contains(s.log(), "goroutine ") {
		s.t.Errorf("%s: the program ended with %v, want exit 1: %s", what, s.cmd.ProcessState, s.log())
	}
	if !words.MatchString(s.log()) {
		s.t.Errorf("%s: the program doesn't say what to do: %s", what, s.log())
	}
}

// TestFullDisk fills the disk by signals: the program stops and says why, stays away while there is
// no room, and then has all that it acknowledged.
func TestFullDisk(t *testing.T) {
	c := openCourt(t, t.TempDir())
	s := &sender{process: mortal(t, judgeBundle(c.url)), text: strings.Repeat(" and on", 8<<10), told: map[string]string{}}
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); errors.Is(err, syscall.EPERM) {
		t.Skip("only root can mount a small disk")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() {
		s.kill()
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	s.data = filepath.Join(disk, "data")
	s.signIn()
	s.start()
	if !s.ready() {
		t.Fatalf("it does not start: %s", s.log())
	}
	room := regexp.MustCompile(`no space left on device.*make room on the disk, then start again`)
	s.send(5000)
	if len(s.told) == 0 || len(s.told) == 5000 {
		t.Fatalf("%d signals were acknowledged before the disk was full", len(s.told))
	}
	s.stoppedSaying("on a full disk", room)
	s.start()
	if s.ready() {
		t.Log("there was room left to start in")
		s.send(5000)
	}
	s.stoppedSaying("started on a full disk", room)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=256m"); err != nil {
		t.Fatal(err)
	}
	s.keeps("once there is room")
	t.Logf("%d signals acknowledged", len(s.told))
}

// TestFailingDisk lets calls to the disk fail, at each of the first of its threads in turn.
func TestFailingDisk(t *testing.T) {
	if out, err := exec.Command("strace", "-qq", "-e", "trace=none", "true").CombinedOutput(); err != nil {
		t.Skipf("calls fail by strace, which doesn't work here: %v: %s", err, out)
	}
	c := openCourt(t, t.TempDir())
	at := []int{1, 2, 4, 7, 12, 20}
	if *faultCalls > 0 {
		at = at[:0]
		for n := 1; n <= *faultCalls; n++ {
			at = append(at, n)
		}
	}
	stopped, unharmed := 0, 0
	for i, fault := range []string{"fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"} {
		for j, n := range at {
			if *faultCalls == 0 && (i+j)%2 == 1 {
				continue // the others have their turn with another fault
			}
			s := &sender{process: mortal(t, judgeBundle(c.url)), told: map[string]string{}}
			if s.fails(fault, n) {
				stopped++
			} else {
				unharmed++ // no thread came that far
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d runs were stopped, %d were over before the call", stopped, unharmed)
}

// fails makes a folder and serves it while the n-th call of each thread fails, and reports whether that
// stopped the program.
func (s *sender) fails(fault string, n int) bool {
	s.t.Helper()
	what := fmt.Sprintf("%s at call %d", fault, n)
	strace := []string{"strace", "-f", "-qq", "-o", os.DevNull, "--seccomp-bpf", "-e", "trace=fdatasync,pwrite64", "-e", fmt.Sprintf("inject=%s:when=%d", fault, n)}
	s.under = strace
	if out, err := s.try("token", "create", "--role", "viewer"); err != nil && !whatToDo.MatchString(out) {
		s.t.Errorf("%s: a new folder is refused with %v, which doesn't say what to do: %s", what, err, out)
	}
	s.under = nil
	s.signIn()
	s.under = strace
	const signals = 60
	s.start()
	if s.ready() {
		s.send(signals)
	}
	stops := len(s.told) < signals
	if stops {
		s.stoppedSaying(what, whatToDo)
	}
	s.kill()
	s.under = nil
	s.keeps(what)
	return stops
}

// TestDamagedIndexIsRepaired: the message that stops the program names the way out, and it works.
func TestDamagedIndexIsRepaired(t *testing.T) {
	c := openCourt(t, t.TempDir())
	s := &sender{process: mortal(t, judgeBundle(c.url)), told: map[string]string{}}
	s.signIn()
	s.start()
	if !s.ready() {
		t.Fatalf("it does not start: %s", s.log())
	}
	s.send(20)
	if _, err := s.try("verify", "--repair"); err == nil {
		t.Error("verify --repair works on a folder that a server holds")
	}
	s.kill()
	db, err := bbolt.Open(filepath.Join(s.data, "journal.db"), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("runnable")).Put([]byte("no case has it"), []byte("damaged"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s.start()
	if s.ready() {
		t.Fatal("it starts on a damaged index of runnable cases")
	}
	s.stoppedSaying("with a damaged index", regexp.MustCompile("resolute verify --repair"))
	if out, err := s.try("verify"); err == nil || !strings.Contains(out, "runnable") || !strings.Contains(out, "--repair") {
		t.Errorf("verify says %v: %s", err, out)
	}
	if out := s.command("verify", "--repair"); !strings.Contains(out, "journal.db.damaged-") || !strings.Contains(out, "whole: ") {
		t.Errorf("verify --repair says %s", out)
	}
	s.keeps("repaired")
}
