package hostile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var unguarded = flag.String("unguarded", "", "which attacks to run without their guard, a regular expression; without it, only whether the guards are where they were is checked")

// gone names the variable that says which guard is away in a test that was built without guards.
const gone = "RESOLUTE_GUARD_GONE"

// TestWithoutGuards proves the attacks and the guards: with its guard taken away, each attack comes
// through. It builds this test once, with all guards in the real packages made to go by their
// number, and runs each attack without its own. That takes a while, so it is asked for by -unguarded.
func TestWithoutGuards(t *testing.T) {
	changed := takeAway(t)
	if *unguarded == "" {
		return
	}
	binary := build(t, changed)
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^TestAttacksComeThrough$", "-test.v", "-unguarded", *unguarded)
	cmd.Env = append(os.Environ(), gone+"=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", regexp.MustCompile(`(?m)^.*\d+ of \d+ attacks.*$`).Find(out))
}

// TestAttacksComeThrough runs in the test that was built without guards.
func TestAttacksComeThrough(t *testing.T) {
	if os.Getenv(gone) == "" {
		t.Skip("this test has its guards; TestWithoutGuards builds one that has none")
	}
	all, came, tried := guards(), 0, 0
	number := map[*guard]int{}
	for i, g := range all {
		number[g] = i + 1
	}
	for _, r := range rooms() {
		for _, m := range r.mechanisms() {
			if !regexp.MustCompile(*unguarded).MatchString(m.name + " " + m.stops.name) {
				continue
			}
			tried++
			t.Run(m.name, func(t *testing.T) {
				t.Setenv(gone, strconv.Itoa(number[m.stops]))
				h := r.open(t, uint64(tried))
				for range variations {
					if wrong := h.attack(m); len(wrong) > 0 {
						came++
						t.Logf("without %q: %.150s", m.stops.name, wrong[0])
						return
					}
				}
				t.Errorf("nothing came of it without %q: the attack is none, or something else stops it too%s", m.stops.name, h.refusals())
			})
		}
	}
	t.Logf("%d of %d attacks came through without their guard, %d guards", came, tried, len(all))
}

// takeAway gives the files that guards stand in as they are without them, by path; what a file's
// package needs for that is among them. A guard that isn't where it was fails the test.
func takeAway(t *testing.T) map[string]string {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	changed := map[string]string{}
	for i, g := range guards() {
		for _, e := range g.edits {
			file := filepath.Join(root, filepath.FromSlash(e.file))
			text, ok := changed[file]
			if !ok {
				b, err := os.ReadFile(file)
				must(t, err)
				text = string(b)
			}
			if n := strings.Count(text, e.was); n != 1 {
				t.Fatalf("%s has %d times what takes %q away; find the place anew:\n%s", e.file, n, g.name, e.was)
			}
			changed[file] = strings.Replace(text, e.was, strings.ReplaceAll(e.without, "GONE", fmt.Sprintf("guardGone(%d)", i+1)), 1)
			name := regexp.MustCompile(`(?m)^package (\w+)`).FindStringSubmatch(text)[1]
			changed[filepath.Join(filepath.Dir(file), "guard_gone.go")] = fmt.Sprintf(
				"package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nfunc guardGone(n int) bool { return os.Getenv(%q) == strconv.Itoa(n) }\n", name, gone)
		}
	}
	return changed
}

// build makes this test with other texts in files.
func build(t *testing.T, changed map[string]string) (binary string) {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	for file, text := range changed {
		replace[file] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		must(t, os.WriteFile(replace[file], []byte(text), 0o600))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	binary = filepath.Join(dir, "unguarded.test")
	compile := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("the test without guards can't be built: %v\n%s", err, out)
	}
	return binary
}
