package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

var bg = context.Background

func arrival(event string) journal.Arrival {
	return journal.Arrival{
		Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "test", EventID: event, Type: "ticket.created",
			Time: time.Unix(1, 0).UTC(), Data: casefile.Object{"text": "my order " + event + " of ACC-0001 did not arrive"}},
		Actor: "token:test", At: time.Unix(1, 0).UTC(), CaseID: uuid.Must(uuid.NewV7()).String(), Bundle: "v1",
		Salts: make([]journal.Salt, journal.MaxArrivalEntries),
	}
}

func mustAccept(t testing.TB, s journal.Store, event string) journal.Receipt {
	t.Helper()
	r, err := s.Accept(bg(), []journal.Arrival{arrival(event)})
	if err != nil {
		t.Fatalf("Accept: %v", err)
	}
	return r[0]
}

func damages(t testing.TB, s journal.Store) []journal.Damage {
	t.Helper()
	var list []journal.Damage
	if _, err := s.Verify(bg(), func(d journal.Damage) { list = append(list, d) }); err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return list
}

func TestFailedCommitStopsTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	disk := errors.New("input/output error")
	for name, fail := range map[string]func(*bbolt.Tx) error{
		"before": func(*bbolt.Tx) error { return disk },
		"after":  func(tx *bbolt.Tx) error { return errors.Join(tx.Commit(), disk) },
		"panic":  func(*bbolt.Tx) error { panic(disk) },
	} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			b := openAt(t, path, journal.Options{Commit: func(tx *bbolt.Tx) error {
				if broken.Load() {
					return fail(tx)
				}
				return tx.Commit()
			}})
			first := mustAccept(t, b, "first "+name)
			broken.Store(true)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					if _, err := b.Accept(bg(), []journal.Arrival{arrival(fmt.Sprint(name, i))}); !errors.Is(err, journal.ErrStopped) || !strings.Contains(err.Error(), disk.Error()) {
						t.Errorf("Accept on a broken disk gave %v, want ErrStopped with the reason", err)
					}
				})
			}
			wg.Wait()
			<-b.Failed()
			broken.Store(false)
			if _, err := b.Accept(bg(), []journal.Arrival{arrival("later")}); !errors.Is(err, journal.ErrStopped) {
				t.Errorf("the disk works again and Accept gave %v, want ErrStopped for ever", err)
			}
			if err := b.Put(bg(), journal.Record{Kind: "k", Key: "k", Value: []byte("v")}); !errors.Is(err, journal.ErrStopped) {
				t.Errorf("Put after the stop gave %v, want ErrStopped", err)
			}
			if _, err := b.Claim(bg(), "w", 1, time.Now(), time.Minute); !errors.Is(err, journal.ErrStopped) {
				t.Errorf("Claim after the stop gave %v, want ErrStopped", err)
			}
			if _, tail, err := b.Load(bg(), first.CaseID); err != nil || len(tail) != 2 {
				t.Errorf("reads must go on after the stop; Load gave %d entries, %v", len(tail), err)
			}
			if err := b.Close(); err != nil {
				t.Errorf("Close after the stop: %v", err)
			}
			again := openAt(t, path, journal.Options{})
			if r := mustAccept(t, again, "first "+name); !r.Duplicate {
				t.Errorf("what was acknowledged before the stop is gone after a restart")
			}
			if d := damages(t, again); len(d) > 0 {
				t.Errorf("after the restart Verify reports %v", d)
			}
			again.Close()
		})
	}
}

func TestGroupCommit(t *testing.T) {
	var commits atomic.Int64
	b := openAt(t, filepath.Join(t.TempDir(), "journal.db"), journal.Options{Commit: func(tx *bbolt.Tx) error {
		commits.Add(1)
		return tx.Commit()
	}})
	const writers, each = 64, 20
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				mustAccept(t, b, fmt.Sprint(i, "-", j))
			}
		})
	}
	wg.Wait()
	if n := commits.Load(); n > writers*each/8 {
		t.Errorf("%d signals of %d writers took %d commits, want at least 8 signals in one", writers*each, writers, n)
	}
}

func TestCancelledCallerLeaves(t *testing.T) {
	hold, entered := make(chan struct{}), make(chan struct{}, 8)
	b := openAt(t, filepath.Join(t.TempDir(), "journal.db"), journal.Options{Commit: func(tx *bbolt.Tx) error {
		entered <- struct{}{}
		<-hold
		return tx.Commit()
	}})
	ctx, cancel := context.WithCancel(bg())
	go func() { <-entered; cancel() }()
	a := arrival("1")
	if _, err := b.Accept(ctx, []journal.Arrival{a}); !errors.Is(err, context.Canceled) {
		t.Fatalf("Accept gave %v after its context ended, want context.Canceled", err)
	}
	close(hold)
	if r := mustAccept(t, b, "1"); !r.Duplicate || r.CaseID != a.CaseID {
		t.Errorf("the request that was under way gave %+v, want it carried out", r)
	}
}

func TestClosedStoreAnswers(t *testing.T) {
	b := openAt(t, filepath.Join(t.TempDir(), "journal.db"), journal.Options{})
	r := mustAccept(t, b, "1")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Accept(bg(), []journal.Arrival{arrival("2")}); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("Accept on a closed store gave %v, want ErrStopped", err)
	}
	if _, _, err := b.Load(bg(), r.CaseID); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("Load on a closed store gave %v, want ErrStopped", err)
	}
}

// Child processes of the tests below are this binary with the role in the environment.
const roleVar, pathVar = "JOURNAL_TEST_ROLE", "JOURNAL_TEST_PATH"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "holder":
		hold(os.Getenv(pathVar))
	case "writer":
		write(os.Getenv(pathVar))
	default:
		os.Exit(m.Run())
	}
}

func hold(path string) {
	b, err := journal.Open(path, journal.Options{Holder: "resolute serve at http://127.0.0.1:8080"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {
	case <-b.Failed():
	case <-time.After(time.Hour): // somebody kills it long before; without a C compiler, waiting for nothing else is a deadlock
	}
}

// write accepts signals without end and prints each that was acknowledged.
func write(path string) {
	b, err := journal.Open(path, journal.Options{LockWait: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	for i := range 8 {
		go func() {
			for j := 0; ; j++ {
				event := fmt.Sprint(os.Getpid(), "-", i, "-", j)
				r, err := b.Accept(bg(), []journal.Arrival{arrival(event)})
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(event, r[0].CaseID)
				out.Unlock()
			}
		}()
	}
	select {}
}

func child(t *testing.T, role, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, pathVar+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

func TestSecondProcessIsToldWhoHoldsTheFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	cmd, out := child(t, "holder", path)
	if !out.Scan() || out.Text() != "ready" {
		t.Fatalf("the first process did not open the folder: %q", out.Text())
	}
	b, err := journal.Open(path, journal.Options{})
	if err == nil {
		b.Close()
		t.Fatal("two processes have the same folder open")
	}
	if !errors.Is(err, journal.ErrLocked) {
		t.Fatalf("Open gave %v, want ErrLocked", err)
	}
	for _, want := range []string{fmt.Sprint("process ", cmd.Process.Pid), "resolute serve at http://127.0.0.1:8080", filepath.Dir(path)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	openAt(t, path, journal.Options{})
}

func TestKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	acknowledged := map[string]string{}
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		cmd, out := child(t, "writer", path)
		for n := 0; n < 20+37*round && out.Scan(); n++ {
			note(t, acknowledged, out.Text())
		}
		_ = cmd.Process.Kill()
		for out.Scan() { // what it said before it died
			if strings.Count(out.Text(), "-") == 6 {
				note(t, acknowledged, out.Text())
			}
		}
		_ = cmd.Wait()
	}
	b := openAt(t, path, journal.Options{})
	for event, caseID := range acknowledged {
		if r := mustAccept(t, b, event); !r.Duplicate || r.CaseID != caseID {
			t.Errorf("signal %s was acknowledged for case %s; after kills it is %+v", event, caseID, r)
		}
		if _, tail, err := b.Load(bg(), caseID); err != nil || len(tail) != 2 {
			t.Errorf("case %s was acknowledged; after kills it has %d entries, %v", caseID, len(tail), err)
		}
	}
	if d := damages(t, b); len(d) > 0 {
		t.Errorf("after kills Verify reports %v", d)
	}
	t.Logf("%d signals acknowledged over %d kills", len(acknowledged), rounds)
}

func note(t *testing.T, acknowledged map[string]string, line string) {
	t.Helper()
	event, caseID, ok := strings.Cut(line, " ")
	if !ok || len(caseID) != 36 {
		t.Fatalf("the writing process says %q", line)
	}
	acknowledged[event] = caseID
}
