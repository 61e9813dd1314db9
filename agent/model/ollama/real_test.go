package ollama_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/ollama"
	"resolute/agent/model/tokens"
)

// real makes a client of the server that .ci/ollama runs, for the model that it names.
func real(t *testing.T, window int) *ollama.Client {
	t.Helper()
	name, host := os.Getenv("RESOLUTE_TEST_OLLAMA"), os.Getenv("OLLAMA_HOST")
	if name == "" || host == "" {
		t.Skip("asks a real server: run .ci/ollama")
	}
	return at(t, "http://"+host, func(o *ollama.Options) {
		o.Choice, o.Threads = func() ollama.Choice { return ollama.Choice{Name: name, Window: window} }, 1
	})
}

const realWindow = 1024

func TestRealModelAnswersBySchema(t *testing.T) {
	c := real(t, realWindow)
	ask := consult(3)
	ask.Schema = json.RawMessage(`{"type":"object","properties":{"decision":{"enum":["wait","call"]},"ids":{"type":"array","items":{"enum":["a","b"]},"maxItems":2}},"required":["decision","ids"]}`)
	said := c.Think(t.Context(), "c1", ask)
	if said.Error != nil || len(said.Answers) != 3 {
		t.Fatalf("answered %+v, %+v, want three answers", said.Answers, said.Error)
	}
	for i, a := range said.Answers {
		var is struct {
			Decision string
			IDs      []string
		}
		if err := json.Unmarshal([]byte(a.Text), &is); !a.Cut && (err != nil || is.Decision != "wait" && is.Decision != "call") {
			t.Errorf("sample %d answered %q, %v, want it to fit the schema", i, a.Text, err)
		}
		if a.PromptTokens == 0 || a.Tokens == 0 {
			t.Errorf("sample %d took %d and %d tokens, want them counted", i, a.PromptTokens, a.Tokens)
		}
	}
	if again := c.Think(t.Context(), "c1", ask); again.Error != nil || again.Answers[0].Text != said.Answers[0].Text {
		t.Errorf("the first sample again: %+v, %+v, want the same", again.Answers, again.Error)
	}
	if is := c.Status(t.Context()); is.State != ollama.StateReady || is.Most != 8192 || is.Window != realWindow {
		t.Errorf("status %+v, want ready, with a context of 8,192 of which %d are used", is, realWindow)
	}
}

func TestRealAnswersAreCut(t *testing.T) {
	ask := consult(1)
	ask.Tokens = 3
	if said := real(t, realWindow).Think(t.Context(), "c1", ask); said.Error != nil || !said.Answers[0].Cut {
		t.Errorf("answered %+v, %+v in 3 tokens, want it cut", said.Answers, said.Error)
	}
}

func TestRealCountsStayBelowTheBound(t *testing.T) {
	c := real(t, realWindow)
	for name, text := range map[string]string{
		"English": "The customer says that the parcel of order R-1042 never arrived. The carrier's page shows it as delivered on 12 March at 14:05, left with a neighbour.",
		"JSON":    `{"order_id":"0198d3c2-7a11-7c3e-9d52-6f0a4be1c9aa","amount_cents":12900,"currency":"EUR","lines":[{"sku":"KET-200-BLK","quantity":2}],"refunded":false}`,
		"German":  "Die Rückerstattung für die Bestellung ist noch nicht auf dem Kundenkonto eingegangen, obwohl die Versandbestätigung vorliegt.",
		"Russian": "Посылка не пришла, верните деньги.",
		"Chinese": "我的包裹没有到，请退款。",
		"emoji":   "Where is it? 😡😡📦 !!!",
		"a table": "| a | b |\n|---|---|\n| 1 | 2 |\n\n    indented\n",
		"capital": "PLEASE REFUND ORDER XKQ-99281-ZZT NOW",
	} {
		ask := casefile.Consult{System: "You decide.", Prompt: strings.Repeat(text+"\n", 3), Tokens: 1}
		said := c.Think(t.Context(), "c1", ask)
		if said.Error != nil {
			t.Errorf("%s: %+v", name, said.Error)
			continue
		}
		is, bound := said.Answers[0].PromptTokens, 16+2*8+tokens.Bound(ask.System)+tokens.Bound(ask.Prompt)
		t.Logf("%s: %d tokens, bound %d", name, is, bound)
		if is > bound {
			t.Errorf("%s: %d tokens, want at most the %d that were counted before", name, is, bound)
		}
	}
}

func TestRealPromptThatIsCutIsRefused(t *testing.T) {
	ask := casefile.Consult{Prompt: strings.Repeat("xqzvkjwp", 175), Tokens: 1} // no words: more tokens than are counted
	said := real(t, realWindow/2).Think(t.Context(), "c1", ask)
	if said.Error == nil || said.Error.Code != "refused" || !strings.Contains(said.Error.Detail, "cut it") {
		t.Errorf("answered %+v, %+v, want refused, since the server cut what it was asked", said.Answers, said.Error)
	}
}

func TestRealModelThatIsMissing(t *testing.T) {
	real(t, realWindow)
	c := at(t, "http://"+os.Getenv("OLLAMA_HOST"), func(o *ollama.Options) {
		o.Choice = func() ollama.Choice { return ollama.Choice{Name: "nobody-has-this:1b"} }
	})
	if e := c.Think(t.Context(), "c1", consult(1)).Error; e == nil || e.Code != "missing" || !strings.Contains(e.Detail, "resolute model pull nobody-has-this:1b") {
		t.Errorf("error %+v, want missing, with how to get it", e)
	}
	if is := c.Status(t.Context()); is.State != ollama.StateMissing || len(is.Models) == 0 || is.Version == "" {
		t.Errorf("status %+v, want missing, with the models there are and the server's version", is)
	}
}

func TestRealRequestThatIsGivenUp(t *testing.T) {
	c := real(t, realWindow)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	ask := consult(1)
	ask.Tokens = 900
	ask.Schema, ask.Prompt = nil, "Tell a long story."
	if e := c.Think(ctx, "c1", ask).Error; e == nil || !e.Temporary {
		t.Errorf("error %+v, want a temporary one: its time was over", e)
	}
	if said := c.Think(t.Context(), "c1", consult(1)); said.Error != nil {
		t.Errorf("the next question: %+v, want an answer", said.Error)
	}
}
