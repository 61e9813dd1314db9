package grounding_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"resolute/agent/casefile"
	"resolute/agent/model/grounding"
)

// file reads a file of a bundle as JSON values.
func file(t testing.TB, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if b, err = json.Marshal(v); err != nil {
		t.Fatal(err)
	}
	d, err := casefile.DecodeValue(b)
	if err != nil {
		t.Fatal(err)
	}
	return d.(map[string]any)
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }
func str(v any) string            { s, _ := v.(string); return s }

// spoken is a reply as the procedure writes it, in a case that a rehearsal ends in.
type spoken struct {
	rehearsal, text string
	sources         grounding.Sources
	ids             []string // all that customers may see
}

// passages are the sections of a bundle's knowledge.
func passages(t testing.TB, bundle string) (all []grounding.Source) {
	paths, err := filepath.Glob(filepath.Join(bundle, "knowledge", "*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no knowledge: %v", bundle, err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		document, rest, _ := strings.Cut(strings.TrimPrefix(string(b), "# "), "\n")
		for i, section := range strings.Split(rest, "\n## ")[1:] {
			title, text, _ := strings.Cut(section, "\n")
			all = append(all, grounding.Source{ID: fmt.Sprintf("kb://%s#%d", filepath.Base(path), i), Kind: grounding.Passage, Title: document + ": " + title, Text: strings.TrimSpace(text)})
		}
	}
	return all
}

var hole = regexp.MustCompile(`{{ *([a-z0-9_.]+) *}}`)

// ended puts together what a case knows once a rehearsal is over, and the replies that its procedure could
// write then.
func ended(t testing.TB, bundle, path string, knowledge []grounding.Source) (replies []spoken) {
	r := file(t, path)
	name := filepath.Base(path)
	var procedure map[string]any
	for _, p := range names(t, filepath.Join(bundle, "procedures", "*.yaml")) {
		if stem := strings.TrimSuffix(filepath.Base(p), ".yaml"); strings.HasPrefix(name, stem) {
			procedure = file(t, p)
		}
	}
	if procedure == nil {
		return nil
	}
	world, expect := object(r["world"]), object(r["expect"])
	now, _ := time.Parse(time.RFC3339, str(r["now"]))
	s := grounding.Sources{Now: now, Currency: "USD", Names: []string{"Fernhill Supply"}}
	seq := 0
	add := func(src grounding.Source) {
		seq++
		src.ID = fmt.Sprintf("entry:%d", seq)
		s.List = append(s.List, src)
	}
	for _, signal := range list(r["signals"]) {
		data := object(object(signal)["data"])
		s.Names = append(s.Names, str(object(data["customer"])["name"]))
		add(grounding.Source{Kind: grounding.Said, Text: str(data["text"]), Value: data})
	}
	facts := map[string]any{}
	learn := func(as string, call map[string]any, last bool) {
		answers := list(world[str(call["call"])])
		if as == "" || len(answers) == 0 {
			return
		}
		at := 0
		if last {
			at = len(answers) - 1
		}
		facts[as] = object(answers[at])["result"]
		add(grounding.Source{Kind: grounding.Told, Value: map[string]any{as: facts[as]}})
	}
	for as, call := range object(procedure["gather"]) {
		learn(as, object(call), false)
	}
	for _, h := range list(procedure["hypotheses"]) {
		for _, step := range list(object(h)["do"]) {
			call := object(step)
			learn(str(call["as"]), call, false)
			if slices.Contains(list(expect["calls"]), any(call["call"])) {
				args := object(object(list(world[str(call["call"])])[0])["args"])
				add(grounding.Source{Kind: grounding.Done, Title: str(call["call"]), Value: args})
			}
		}
		verify := object(object(h)["verify"])
		learn(str(verify["as"]), verify, true)
	}
	s.List = append(s.List, knowledge...)
	var ids []string
	for _, src := range s.List {
		ids = append(ids, src.ID)
	}
	for _, text := range object(procedure["replies"]) {
		whole := true
		filled := hole.ReplaceAllStringFunc(str(text), func(h string) string {
			var v any = map[string]any{"facts": facts}
			for _, part := range strings.Split(hole.FindStringSubmatch(h)[1], ".") {
				v = object(v)[part]
			}
			whole = whole && v != nil && v != ""
			return fmt.Sprint(v)
		})
		told := slices.ContainsFunc(list(expect["reply_contains"]), func(part any) bool { return strings.Contains(filled, str(part)) })
		if whole && told {
			replies = append(replies, spoken{name, strings.TrimSpace(filled), s, ids})
		}
	}
	return replies
}

func names(t testing.TB, pattern string) []string {
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: nothing there (%v)", pattern, err)
	}
	return paths
}

const demo = "../../../plugins/demo/bundle"

func replies(t testing.TB) (all []spoken) {
	knowledge := passages(t, demo)
	for _, path := range names(t, filepath.Join(demo, "rehearsals", "*.yaml")) {
		all = append(all, ended(t, demo, path, knowledge)...)
	}
	if len(all) < 12 {
		t.Fatalf("the demo's rehearsals end in %d replies, want 12 at least", len(all))
	}
	return all
}

// What the demo's procedures write is borne out by what their cases know.
func TestTheDemoRepliesHold(t *testing.T) {
	all := replies(t)
	claims := 0
	for _, r := range all {
		report := grounding.Check(grounding.Split(r.text, r.ids), r.sources)
		claims += report.Claims
		for _, f := range report.Faults {
			t.Errorf("%s: %q\n\t%s", r.rehearsal, r.text, f)
		}
	}
	t.Logf("%d replies, %d claims", len(all), claims)
}
