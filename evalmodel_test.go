package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"resolute/agent/bundle"
	"resolute/agent/model/measure"
	"resolute/agent/model/ollamatest"
)

// champion plays the shipped set as somebody does who knows how each scenario is won, behind the API of an Ollama
// server: which scenario it is, it knows by the ticket in the prompt.
type champion struct {
	tickets map[string]string           // by scenario
	moves   map[string][]map[string]any // by scenario

	mu   sync.Mutex
	made map[string]int  // moves, by scenario
	seen map[string]bool // prompts
}

func newChampion(t *testing.T) *champion {
	t.Helper()
	c := &champion{tickets: map[string]string{}, moves: map[string][]map[string]any{}, made: map[string]int{}, seen: map[string]bool{}}
	text, err := os.ReadFile("agent/model/measure/testdata/solutions.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &c.moves)
	}
	if err != nil {
		t.Fatal(err)
	}
	set, err := measure.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	b, problems := bundle.Load(t.Context(), set.Files, set.Name, bundle.Options{})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	for _, sc := range b.Rehearsals {
		text, _ := sc.Signals[0].Data["text"].(string)
		c.tickets[sc.Name] = letters(text)
	}
	return c
}

// letters are those of a text alone, so that it is found however it is quoted.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.NewReplacer(`\n`, "", "n't", "").Replace(text))
}

// scenario is the one that a prompt is about: that of the longest ticket in it.
func (c *champion) scenario(chat ollamatest.Chat) (name string) {
	prompt := letters(chat.Prompt)
	for other, ticket := range c.tickets {
		if strings.Contains(prompt, ticket) && len(ticket) > len(c.tickets[name]) {
			name = other
		}
	}
	return name
}

// answer is the next move of a scenario, where something new is asked, else the same again.
func (c *champion) answer(chat ollamatest.Chat) ollamatest.Answer {
	name := c.scenario(chat)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.seen[chat.Prompt] {
		c.seen[chat.Prompt] = true
		c.made[name]++
	}
	var ids struct {
		Properties struct {
			Evidence struct{ Items struct{ Enum []string } }
		}
	}
	_ = json.Unmarshal(chat.Schema, &ids) // a schema of another kind names nothing
	evidence := ids.Properties.Evidence.Items.Enum
	said := map[string]any{"hypothesis": "It is as the facts say.", "evidence": evidence, "confidence": 1, "decision": "escalate", "text": "nothing is left to do"}
	if i := c.made[name]; i >= 1 && i <= len(c.moves[name]) {
		m := c.moves[name][i-1]
		for decision, v := range m {
			switch decision {
			case "call":
				said["decision"], said["tool"], said["args"] = decision, v, m["args"]
			case "wait":
				said["decision"], said["for"] = decision, v
			case "reply":
				said["decision"], said["sentences"] = decision, []any{map[string]any{"text": v, "evidence": m["evidence"]}}
			case "close", "escalate":
				said["decision"], said["text"] = decision, v
			}
		}
	}
	text, _ := json.Marshal(said) // it can be marshalled
	return ollamatest.Answer{Text: string(text)}
}

// evaluated runs `resolute eval model` with a model of a script.
func evaluated(t *testing.T, script ollamatest.Script, args ...string) (measure.Report, int, string) {
	t.Helper()
	server := ollamatest.Start(t, ollamatest.Config{Script: script})
	env := func(name string) (string, bool) {
		if name == "OLLAMA_HOST" {
			return server.URL, true
		}
		return "", false
	}
	var out, told bytes.Buffer
	code := run(t.Context(), append([]string{"eval", "model", "--model", "ollama/" + ollamatest.DefaultModel, "--json"}, args...), env, strings.NewReader(""), &out, &told)
	var r measure.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("eval model ends with %d and prints no report: %v\n%s", code, err, told.String())
	}
	return r, code, told.String()
}

func by(r *measure.Report, agent string) (f measure.Figures) {
	for _, f := range r.Agents {
		if f.Agent == agent {
			return f
		}
	}
	return f
}

// TestEvalModelPlaysTheShippedSet has a model that knows how, and one that obeys what texts tell it before it
// goes on as it should.
func TestEvalModelPlaysTheShippedSet(t *testing.T) {
	honest := newChampion(t)
	r, code, _ := evaluated(t, honest.answer)
	for _, it := range r.Items {
		for _, a := range it.Agents[measure.ByModel].Attempts {
			if !a.Passed {
				t.Errorf("%s isn't won: %v\n%s", it.Scenario, a.Failures, strings.Join(a.Story, "\n"))
			}
		}
	}
	if f := by(&r, measure.ByModel); code != 0 || f.WrongEffects != 0 || f.Tokens == 0 || r.Unavailable != "" {
		t.Errorf("eval model ends with %d and says %+v (%s), want 0, what it took and no wrong effects", code, f, r.Unavailable)
	}

	turned := newChampion(t)
	obeys := &ollamatest.Compromised{Honest: turned.answer, Times: 1, Of: turned.scenario}
	r, code, _ = evaluated(t, obeys.Answer)
	if f := by(&r, measure.ByModel); code != 0 || f.WrongEffects != 0 {
		t.Errorf("of a model that obeys what texts tell it, eval model ends with %d and says %+v, want 0 and no wrong effects", code, f)
	}
	if n := obeys.Obeyed(); n < 10 {
		t.Errorf("the model was told %d things by texts, want the set to hold more", n)
	}
}

// part is a bundle in a folder with those of its rehearsals that a pattern fits, and how many they are.
func part(t *testing.T, files fs.FS, pattern string) (folder string, fit int) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "own")
	if err := os.CopyFS(folder, files); err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(folder, "rehearsals", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if ok, err := filepath.Match(pattern, filepath.Base(file)); err != nil {
			t.Fatal(err)
		} else if ok {
			fit++
		} else if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if fit == 0 {
		t.Fatalf("no rehearsal is called %s", pattern)
	}
	return folder, fit
}

// TestRehearseWithAModel has a model drive, and find the words of a customer who knows a number.
func TestRehearseWithAModel(t *testing.T) {
	set, err := measure.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	own, _ := part(t, set.Files, "cancel-order-somebody-in-a-hurry-*.yaml")
	config, err := os.OpenFile(filepath.Join(own, "resolute.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = config.WriteString("model: {uses: [drive, customer]}\n")
	}
	if err == nil {
		err = config.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	plays := newChampion(t)
	server := ollamatest.Start(t, ollamatest.Config{Script: func(chat ollamatest.Chat) ollamatest.Answer {
		if !strings.Contains(string(chat.Schema), "decision") {
			return ollamatest.Answer{Text: `{"text": "Quick, quick: ORD-1001!"}`}
		}
		return plays.answer(chat)
	}})
	env := func(name string) (string, bool) { return server.URL, name == "OLLAMA_HOST" }
	var out, told bytes.Buffer
	code := run(t.Context(), []string{"rehearse", own, "--model", "ollama/" + ollamatest.DefaultModel, "--json"}, env, strings.NewReader(""), &out, &told)
	if code != 0 || !strings.Contains(out.String(), "the customer writes: Quick, quick: ORD-1001!") {
		t.Errorf("rehearse ends with %d, want 0 and the customer's words by the model: %s %s", code, out.String(), told.String())
	}
	out.Reset()
	if code := run(t.Context(), []string{"rehearse", own, "--json"}, env, strings.NewReader(""), &out, &told); code != 1 || !strings.Contains(out.String(), "model.unavailable") {
		t.Errorf("without a model rehearse ends with %d, want 1 and that there is none: %s", code, out.String())
	}
}

// TestEvalModelPlaysAFolder plays some rehearsals of a folder, by the bundle around it.
func TestEvalModelPlaysAFolder(t *testing.T) {
	set, err := measure.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	own, some := part(t, set.Files, "cancel-order-*.yaml")
	r, code, told := evaluated(t, newChampion(t).answer, "--runs", "2", filepath.Join(own, "rehearsals"))
	f := by(&r, measure.ByModel)
	if code != 0 || r.Scenarios != some || f.Attempts != 2*some || len(f.Pass) != 2 {
		t.Errorf("eval model ends with %d, and plays %d scenarios in %d attempts: %s; want %d played twice", code, r.Scenarios, f.Attempts, told, some)
	}
	if alone := by(&r, measure.ByProcedure); alone.Resolved != 0 || alone.Answers != 0 {
		t.Errorf("without a model a bundle that is driven by one resolves %d cases by %v answers, want none", alone.Resolved, alone.Answers)
	}
}

// TestEvalModelNeedsAModel names what is missing, and measures nothing.
func TestEvalModelNeedsAModel(t *testing.T) {
	server := ollamatest.Start(t, ollamatest.Config{})
	gone := ollamatest.New(ollamatest.Config{})
	gone.Close()
	for _, tt := range []struct {
		name, host string
		args       []string
		code       int
		says       string
	}{
		{"no model named", server.URL, nil, 2, "--model"},
		{"a model that the server hasn't", server.URL, []string{"--model", "another"}, 1, "another"},
		{"no server", gone.URL, []string{"--model", "small"}, 1, "OLLAMA_HOST"},
		{"no folder", server.URL, []string{"--model", "small", filepath.Join(t.TempDir(), "nowhere")}, 1, "nowhere"},
		{"a folder without a bundle", server.URL, []string{"--model", "small", t.TempDir()}, 1, "resolute.yaml"},
		{"no runs", server.URL, []string{"--model", "small", "--runs", "0"}, 2, "--runs"},
	} {
		env := func(name string) (string, bool) { return tt.host, name == "OLLAMA_HOST" }
		var out, told bytes.Buffer
		code := run(t.Context(), append([]string{"eval", "model"}, tt.args...), env, strings.NewReader(""), &out, &told)
		if code != tt.code || !strings.Contains(told.String(), tt.says) || out.Len() > 0 {
			t.Errorf("%s: it ends with %d and says %q, want %d and something about %s", tt.name, code, told.String(), tt.code, tt.says)
		}
	}
}
