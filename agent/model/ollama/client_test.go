package ollama_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/ollama"
	"resolute/agent/model/ollamatest"
)

const schema = `{"type":"object","properties":{"decision":{"enum":["wait","call"]}},"required":["decision"]}`

// at makes a client of a server for its default model.
func at(t *testing.T, address string, change func(*ollama.Options)) *ollama.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	o := ollama.Options{Address: u, Choice: func() ollama.Choice { return ollama.Choice{Name: ollamatest.DefaultModel, Window: 2048} }, Now: time.Now}
	if change != nil {
		change(&o)
	}
	c := ollama.New(o)
	t.Cleanup(c.Close)
	return c
}

func consult(samples int) casefile.Consult {
	return casefile.Consult{Use: casefile.UseDrive, System: "You decide.", Prompt: "Where is it?", Schema: json.RawMessage(schema), Samples: samples, Tokens: 100, Source: "drive.md@0123"}
}

func TestThinkGivesEachSample(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Script: func(c ollamatest.Chat) ollamatest.Answer {
		return ollamatest.Answer{Text: fmt.Sprintf(`{"decision":"wait","n":%d}`, c.Nth), Load: 2 * time.Second}
	}})
	said := at(t, s.URL, func(o *ollama.Options) { o.Threads = 1 }).Think(t.Context(), "c1", consult(3))
	if said.Error != nil || len(said.Answers) != 3 || said.Answers[2].Text != `{"decision":"wait","n":2}` {
		t.Fatalf("answered %+v, want three answers in their order", said)
	}
	if a := said.Answers[0]; a.PromptTokens != 6 || a.Tokens != 7 || a.LoadMS != 2000 || a.Cut {
		t.Errorf("the first answer %+v, want 6 and 7 tokens, 2 s of loading, and whole", a)
	}
	if said.Model != ollamatest.DefaultModel || said.Source != "drive.md@0123" || said.Prompt != "Where is it?" || said.System != "You decide." || said.Use != casefile.UseDrive {
		t.Errorf("it says of the question %+v, want all that was asked", said)
	}
	chats := s.Chats()
	for i, want := range []map[string]any{{"seed": 0.0, "temperature": 0.0}, {"seed": 1.0, "temperature": 0.8}, {"seed": 2.0, "temperature": 0.8}} {
		o := chats[i].Options
		if o["seed"] != want["seed"] || o["temperature"] != want["temperature"] || o["num_ctx"] != 2048.0 || o["num_predict"] != 100.0 || o["num_thread"] != 1.0 {
			t.Errorf("sample %d was asked with %v, want %v, num_ctx 2048, num_predict 100, num_thread 1", i, o, want)
		}
		if string(chats[i].Schema) != schema {
			t.Errorf("sample %d was asked with format %s, want the schema", i, chats[i].Schema)
		}
	}
	if s.Loads() != 1 {
		t.Errorf("the model was loaded %d times, want once", s.Loads())
	}
}

func TestFurtherSamplesAreOthers(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{})
	ask := consult(2)
	ask.Earlier = 1
	if said := at(t, s.URL, nil).Think(t.Context(), "c1", ask); said.Error != nil || len(said.Answers) != 2 {
		t.Fatalf("answered %+v, want two answers", said)
	}
	for i, c := range s.Chats() {
		if c.Options["seed"] != float64(i+1) || c.Options["temperature"] != 0.8 {
			t.Errorf("answer %d behind one was asked for with %v, want seed %d, and not the likeliest again", i, c.Options, i+1)
		}
	}
}

func TestARepairIsATurnOfItsOwn(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{})
	ask := consult(1)
	ask.Repair = &casefile.Repair{Answer: "{}", Wrong: "decision is missing"}
	if said := at(t, s.URL, nil).Think(t.Context(), "c1", ask); said.Error != nil || said.Repair == nil {
		t.Fatalf("answered %+v, want an answer to the repair", said)
	}
	m := s.Chats()[0].Messages
	if len(m) != 4 || m[2].Role != "assistant" || m[2].Content != "{}" || m[3].Role != "user" || !strings.Contains(m[3].Content, "decision is missing") {
		t.Errorf("it was told %+v, want its answer and what is wrong with it", m)
	}
}

func TestAnAnswerThatWasCutSaysSo(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Script: ollamatest.Say(`{"decision":"wait"}`)})
	ask := consult(1)
	ask.Tokens = 2
	said := at(t, s.URL, nil).Think(t.Context(), "c1", ask)
	if said.Error != nil || len(said.Answers) != 1 || !said.Answers[0].Cut || said.Answers[0].Text != `{"decisi` {
		t.Errorf("answered %+v, want what there is, cut", said)
	}
}

func TestWhatDoesNotFitIsNotSent(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Models: []ollamatest.Model{{Name: ollamatest.DefaultModel, Context: 1024}}})
	c := at(t, s.URL, nil)
	for name, change := range map[string]func(*casefile.Consult){
		"a long prompt": func(a *casefile.Consult) { a.Prompt = strings.Repeat("hello ", 800) },
		"a long answer": func(a *casefile.Consult) { a.Tokens = 1020 },
	} {
		ask := consult(1)
		change(&ask)
		said := c.Think(t.Context(), "c1", ask)
		if e := said.Error; e == nil || e.Code != "refused" || e.Temporary || !strings.Contains(e.Detail, "1024") || !strings.Contains(e.Detail, "model.context") || !strings.Contains(e.Detail, "drive.md@0123") {
			t.Errorf("%s: error %+v, want refused, naming the room, the setting and the prompt", name, e)
		}
	}
	if n := len(s.Chats()); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

func TestAPromptThatTheServerCutIsRefused(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Script: ollamatest.Always(ollamatest.Answer{Text: `{"decision":"wait"}`, Tokens: 2048})})
	said := at(t, s.URL, nil).Think(t.Context(), "c1", consult(1))
	if said.Error == nil || said.Error.Code != "refused" || said.Answers != nil || !strings.Contains(said.Error.Detail, "cut it") {
		t.Errorf("answered %+v, want refused: its prompt filled the context", said)
	}
}

func TestAnOlderServerIsAskedForJSON(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{Old: true, Script: ollamatest.Say(`{"decision":"wait"}`)})
	said := at(t, s.URL, nil).Think(t.Context(), "c1", consult(2))
	if said.Error != nil || len(said.Answers) != 2 {
		t.Fatalf("answered %+v, want two answers", said)
	}
	for _, c := range s.Chats() {
		if c.Format != "json" || !strings.Contains(c.Prompt, schema) || !strings.HasPrefix(c.Prompt, "Where is it?") {
			t.Errorf("it was asked for %q with %q, want json, and the schema in words", c.Format, c.Prompt)
		}
	}
	refusing := ollamatest.Start(t, ollamatest.Config{Script: func(c ollamatest.Chat) ollamatest.Answer {
		if c.Schema != nil {
			return ollamatest.Answer{Error: "invalid JSON schema in format"}
		}
		return ollamatest.Answer{Text: "{}"}
	}})
	if said := at(t, refusing.URL, nil).Think(t.Context(), "c1", consult(1)); said.Error != nil || said.Answers[0].Text != "{}" {
		t.Errorf("a server that says invalid behind a 200: %+v, want it asked for JSON", said)
	}
}

func TestEachFaultHasItsCodeAndWords(t *testing.T) {
	whole := ollamatest.Answer{Text: `{"decision":"wait"}`}
	for name, c := range map[string]struct {
		answers   []ollamatest.Answer
		code      string // "" for an answer
		temporary bool
		detail    string
		asked     int
	}{
		"out of memory":                 {[]ollamatest.Answer{ollamatest.OutOfMemory()}, "memory", true, "smaller model", 1},
		"a runner that was killed":      {[]ollamatest.Answer{{Status: 500, Error: "llama runner process has terminated: signal: killed"}}, "memory", true, "smaller model", 1},
		"too many requests":             {[]ollamatest.Answer{ollamatest.Busy()}, "busy", true, "too many", 1},
		"a bad request":                 {[]ollamatest.Answer{{Status: 400, Error: "it does not support chat"}}, "refused", false, "does not support chat", 1},
		"it wants a sign-in":            {[]ollamatest.Answer{{Status: 401, Error: "unauthorized"}}, "refused", false, "sign in", 1},
		"a runner that died for a time": {[]ollamatest.Answer{ollamatest.Stopped(), whole}, "", false, "", 2},
		"a runner that died":            {[]ollamatest.Answer{ollamatest.Stopped()}, "dropped", true, "unexpectedly stopped", 2},
		"a dropped stream, once":        {[]ollamatest.Answer{{Text: whole.Text, Cut: true}, whole}, "", false, "", 2},
		"a dropped stream":              {[]ollamatest.Answer{{Text: whole.Text, Cut: true}}, "dropped", true, "ended before it was done", 2},
		"no done":                       {[]ollamatest.Answer{{Text: whole.Text, NoDone: true}}, "dropped", true, "ended before it was done", 2},
		"an error line":                 {[]ollamatest.Answer{{Text: whole.Text, Error: "an error was encountered while running the model"}}, "dropped", true, "error was encountered", 2},
		"an error line, of memory":      {[]ollamatest.Answer{{Text: whole.Text, Error: "CUDA error: out of memory"}}, "memory", true, "smaller model", 1},
	} {
		s := ollamatest.Start(t, ollamatest.Config{Script: ollamatest.Each(c.answers...)})
		said := at(t, s.URL, nil).Think(t.Context(), "c1", consult(1))
		if n := len(s.Chats()); n != c.asked {
			t.Errorf("%s: asked %d times, want %d", name, n, c.asked)
		}
		if c.code == "" {
			if said.Error != nil || len(said.Answers) != 1 || said.Answers[0].Text != whole.Text {
				t.Errorf("%s: %+v, %+v, want the answer of the second request, whole", name, said.Answers, said.Error)
			}
			continue
		}
		if e := said.Error; e == nil || e.Code != c.code || e.Temporary != c.temporary || !strings.Contains(e.Detail, c.detail) || said.Answers != nil {
			t.Errorf("%s: %+v, %+v, want code %s, temporary %v, with %q, and no answers", name, said.Answers, e, c.code, c.temporary, c.detail)
		}
	}
}

func TestNoServerNoModelNothingConfigured(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{})
	missing := at(t, s.URL, func(o *ollama.Options) { o.Choice = func() ollama.Choice { return ollama.Choice{Name: "qwen3:8b"} } })
	if e := missing.Think(t.Context(), "c1", consult(1)).Error; e == nil || e.Code != "missing" || e.Temporary || !strings.Contains(e.Detail, "resolute model pull qwen3:8b") {
		t.Errorf("a model that isn't there: %+v, want missing, with how to get it", e)
	}
	none := at(t, s.URL, func(o *ollama.Options) { o.Choice = func() ollama.Choice { return ollama.Choice{} } })
	if e := none.Think(t.Context(), "c1", consult(1)).Error; e == nil || e.Code != "none" || e.Temporary || !strings.Contains(e.Detail, "--model ollama/NAME") {
		t.Errorf("no model: %+v, want none, with where to name one", e)
	}
	there := at(t, s.URL, nil)
	s.Close()
	if e := there.Think(t.Context(), "c1", consult(1)).Error; e == nil || e.Code != "unreachable" || !e.Temporary || !strings.Contains(e.Detail, s.URL) || !strings.Contains(e.Detail, "ollama serve") {
		t.Errorf("no server: %+v, want unreachable, with its address and how to start it", e)
	}
}

// ended is a context whose time is over once something happened.
type ended struct {
	context.Context
	done chan struct{}
	once sync.Once
}

func (e *ended) Done() <-chan struct{} { return e.done }
func (e *ended) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
func (e *ended) end() { e.once.Do(func() { close(e.done) }) }

func TestALoadingModelIsToldFromADeadServer(t *testing.T) {
	turn := &ended{Context: t.Context(), done: make(chan struct{})}
	s := ollamatest.Start(t, ollamatest.Config{Script: func(ollamatest.Chat) ollamatest.Answer {
		turn.end()
		return ollamatest.Answer{Wait: make(chan struct{})}
	}})
	if e := at(t, s.URL, nil).Think(turn, "c1", consult(1)).Error; e == nil || e.Code != "loading" || !e.Temporary || !strings.Contains(e.Detail, "being loaded") {
		t.Errorf("a slow load: %+v, want loading", e)
	}
	turn = &ended{Context: t.Context(), done: make(chan struct{})}
	dead := ollamatest.Start(t, ollamatest.Config{
		Script: func(ollamatest.Chat) ollamatest.Answer {
			turn.end()
			return ollamatest.Answer{Wait: make(chan struct{})}
		},
		Broken: func(path string) int {
			if path == "/api/tags" {
				return 500
			}
			return 0
		},
	})
	if e := at(t, dead.URL, nil).Think(turn, "c1", consult(1)).Error; e == nil || e.Code != "unreachable" || !strings.Contains(e.Detail, "hangs") {
		t.Errorf("a server that answers nothing else either: %+v, want unreachable", e)
	}
}

func TestRequestsTakeTurns(t *testing.T) {
	s := ollamatest.Start(t, ollamatest.Config{})
	c := at(t, s.URL, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if said := c.Think(t.Context(), "c1", consult(2)); said.Error != nil {
				t.Errorf("error %+v, want an answer", said.Error)
			}
		})
	}
	all.Wait()
	if s.Most() != 1 || len(s.Chats()) != 16 {
		t.Errorf("%d requests, %d at once, want 16, one at a time", len(s.Chats()), s.Most())
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	held := make(chan struct{})
	began := make(chan struct{})
	slow := ollamatest.Start(t, ollamatest.Config{Script: func(ollamatest.Chat) ollamatest.Answer {
		close(began)
		return ollamatest.Answer{Text: "{}", Wait: held}
	}})
	c = at(t, slow.URL, nil)
	all.Go(func() { c.Think(t.Context(), "c1", consult(1)) })
	<-began
	if e := c.Think(over, "c2", consult(1)).Error; e == nil || e.Code != "busy" || !e.Temporary {
		t.Errorf("while another case has the model: %+v, want busy", e)
	}
	close(held)
	all.Wait()
}
