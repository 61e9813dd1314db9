package pages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// driven is a case in which a model says what comes next: its first answer can't be used, the second is a refund that
// is sent, and then it says nothing.
func driven() *story {
	s := begin(0xa10009, 30*time.Minute)
	s.agent(0, email(9, "Ada Lindgren", "ada@lindgren.example", "cus_9", "Broken", "My order ORD-7 came broken, I want my money.", casefile.AssuranceAuthenticated))
	s.agent(0, &casefile.CaseOpened{Bundle: "b7e41c0955aa"})
	s.agent(time.Millisecond, &casefile.ProcedureChosen{Procedure: "anything", Goal: "The customer has what was promised"})
	asked := casefile.ModelAnswered{Use: casefile.UseDrive, Model: "qwen3:8b", Source: "drive.md@0123456789ab", System: "You own one case until its goal is reached.", Prompt: "What is known now: ORD-7 is paid.", Samples: 2,
		Answers: []casefile.ModelAnswer{{Text: `{"decision":"refund"}`, PromptTokens: 1400, Tokens: 60, DurationMS: 2000, LoadMS: 1500}, {Text: `{"decision":"call"`, PromptTokens: 1400, Tokens: 700, DurationMS: 1000, Cut: true}}}
	s.agent(3*time.Second, &asked)
	s.agent(0, &casefile.ModelProposed{Use: casefile.UseDrive, Problem: "refund is no decision", Repairable: true})
	again := casefile.ModelAnswered{Use: casefile.UseDrive, Model: "qwen3:8b", Source: asked.Source, Prompt: asked.Prompt, Repair: &casefile.Repair{Answer: `{"decision":"refund"}`, Wrong: "refund is no decision"},
		Answers: []casefile.ModelAnswer{{Text: `{"decision":"call","tool":"shop.refund_order"}`, PromptTokens: 1500, Tokens: 80, DurationMS: 900}}}
	s.agent(time.Second, &again)
	s.agent(0, &casefile.ModelProposed{Use: casefile.UseDrive, Proposal: casefile.ModelProposal{Decision: casefile.WantCall, Hypothesis: "It broke on the way", Tool: "shop.refund_order", Args: object("order_id", "ORD-7", "amount_cents", int64(3400)), Evidence: []string{"entry:4"}},
		Confidence: casefile.Confidence{Value: .81, Raw: .9, Agreement: 1, Retrieval: .6, Coverage: .9, Stated: .95}})
	s.agent(0, &casefile.HypothesisChosen{Hypothesis: "driven", Statement: "It broke on the way"})
	s.call(casefile.Call{ID: "do/driven/0/e0", Purpose: casefile.ForDo, Hypothesis: "driven", Key: "cc11", Action: casefile.Action{Tool: "shop.refund_order", Args: object("order_id", "ORD-7", "amount_cents", int64(3400)), Effect: "write"}},
		40*time.Millisecond, casefile.CallAnswered{Outcome: casefile.OutcomeDone, Status: 200, Result: casefile.Value{V: plain("refunded_cents", int64(3400))}})
	s.agent(time.Second, &casefile.ModelAnswered{Use: casefile.UseDrive, Prompt: "What is known now: it is refunded.", Error: &casefile.ModelError{Code: "unreachable", Detail: "nothing answers at 127.0.0.1:11434; start ollama serve", Temporary: true, NextAt: s.at.Add(2 * time.Second)}})
	return s.agent(time.Second, &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: casefile.StopModelUnavailable, Detail: "the model said nothing for 10 minutes"}})
}

// A decision that a model proposed leads to the proposal, and that stands beside the prompt and the answer, what they
// took, and what was wrong with an answer that could not be used.
func TestDecisionOfAModelOpensToPromptAndAnswer(t *testing.T) {
	s := driven()
	b := signIn(t, newWorld(s))
	html := b.get("/cases/"+s.id, http.StatusOK)
	b.wants(html, "model: what comes next", "model: what comes next, again", "You own one case until its goal is reached.", "[the instructions are those of entry 4]", "What is known now: ORD-7 is paid.",
		`{&#34;decision&#34;:&#34;call&#34;,&#34;tool&#34;:&#34;shop.refund_order&#34;}`, "qwen3:8b", "drive.md@0123456789ab", "2,800 read, 760 written", "of which 1.50 s loading the model", "cut off at the most that it may have",
		"refund is no decision", "not taken, asked again", "0.81; 0.90 before calibration", "said nothing: unreachable", "start ollama serve", "It broke on the way</b>")
	_, row, _ := strings.Cut(html, `id="call-do/driven/0/e0"`)
	row, _, _ = strings.Cut(row, "</details>")
	if !strings.Contains(row, `<a class="quiet" href="#entry-7">by the model, entry 7</a>`) || !strings.Contains(html, `id="entry-7"`) {
		t.Errorf("the call should lead to the proposal that it was made of: %s", row)
	}
	_, stopped, _ := strings.Cut(html, `id="entry-12"`)
	if stopped, _, _ = strings.Cut(stopped, "</details>"); strings.Contains(stopped, "by the model") {
		t.Error("what the model didn't propose should not be said to be its proposal")
	}
}
