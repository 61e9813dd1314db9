package projection_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// A process that is killed leaves views that go on from where they stand.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("PROJECTION_TEST_DIR"); dir != "" {
		victim(t, dir)
		return
	}
	h := &house{T: t, dir: t.TempDir(), log: &bytes.Buffer{}, list: []projection.Projection{chain("both", 1, both...), chain("opened", 1, casefile.KindCaseOpened)}}
	for round := range 6 {
		c := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		c.Env = append(os.Environ(), "PROJECTION_TEST_DIR="+h.dir, fmt.Sprint("PROJECTION_TEST_FROM=", round*1_000_000))
		out, err := c.StdoutPipe()
		h.must(err)
		h.must(c.Start())
		lines := bufio.NewScanner(out)
		for range 1 + rand.N(30) {
			if !lines.Scan() {
				t.Fatal("the process ended by itself")
			}
		}
		h.must(c.Process.Kill())
		_ = c.Wait() // it was killed
		h.open()
		h.sees("both", both...)
		h.sees("opened", casefile.KindCaseOpened)
		h.close()
	}
	if strings.Contains(h.log.String(), "anew") {
		t.Errorf("views were made anew after a kill, where they could go on: %s", h.log)
	}
}

// victim accepts signals until it is killed, a line each.
func victim(t *testing.T, dir string) {
	h := &house{T: t, dir: dir, log: &bytes.Buffer{}, list: []projection.Projection{chain("both", 1, both...), chain("opened", 1, casefile.KindCaseOpened)}}
	h.open()
	_, err := fmt.Sscan(os.Getenv("PROJECTION_TEST_FROM"), &h.sent)
	h.must(err)
	for {
		h.send(20)
		fmt.Println(h.sent)
	}
}
