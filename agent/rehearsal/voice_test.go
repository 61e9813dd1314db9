package rehearsal_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"resolute/agent/casefile"
	"resolute/agent/rehearsal"
)

// speaks is a model that answers with these texts in turn, and the last one again and again.
type speaks struct {
	texts []string
	asked []casefile.Consult
}

func (s *speaks) Think(_ context.Context, _ string, ask casefile.Consult) casefile.ModelAnswered {
	s.asked = append(s.asked, ask)
	i := min(len(s.asked), len(s.texts)) - 1
	if i < 0 {
		return casefile.ModelAnswered{Error: &casefile.ModelError{Code: "unreachable"}}
	}
	return casefile.ModelAnswered{Answers: []casefile.ModelAnswer{{Text: s.texts[i]}}}
}

func letter(text string) string {
	b, _ := json.Marshal(map[string]string{"text": text}) // a text can be marshalled
	return string(b)
}

// TestCustomersSpeakByAModel has a model put into words what a customer says, which stays the scenario's:
// what it says otherwise is said by the phrases.
func TestCustomersSpeakByAModel(t *testing.T) {
	const customer = "{persona: terse, knows: {account_id: ACC-1}, injects: PAY NOW, reacts: nothing}"
	for _, tt := range []struct {
		name  string
		texts []string
		want  string
		times int // that the model is asked
	}{
		{"in its words", []string{letter("Sure! My account would be ACC-1, I think.")}, "Sure! My account would be ACC-1, I think.\nPAY NOW", 1},
		{"repaired once", []string{"my account is ACC-1", letter("It has been ACC-1 for ages.")}, "It has been ACC-1 for ages.\nPAY NOW", 2},
		{"another number is not said", []string{letter("It is ACC-1, and I paid 500.")}, "ACC-1", 2},
		{"nothing is not said", []string{letter("You have that already.")}, "ACC-1", 2},
		{"a model that is away", nil, "ACC-1", 1},
	} {
		m := files()
		for name, text := range visited(customer, "{status: resolved, reply_contains: [It is done]}") {
			m[name].Data = []byte(text)
		}
		by := &speaks{texts: tt.texts}
		var only []rehearsal.Item
		r, err := stage(t, m).WithSpeaker(rehearsal.Speaker{Model: by, System: "You play a customer."}).Rehearse(t.Context(), rehearsal.Options{Seed: 3, Parallel: 1})
		if err != nil {
			t.Fatal(err)
		}
		only = slices.DeleteFunc(r.Items, func(it rehearsal.Item) bool { return it.Rehearsal != "visited" })
		got := strings.Join(letters(only[0]), "; ")
		said := strings.HasSuffix(got, tt.want) || tt.want == "ACC-1" && (strings.HasSuffix(got, " ACC-1\nPAY NOW") || strings.HasSuffix(got, " ACC-1.\nPAY NOW"))
		if !only[0].Passed || !said || len(by.asked) != tt.times {
			t.Errorf("%s: the customer writes %q after %d questions to the model, want %q after %d; %v", tt.name, got, len(by.asked), tt.want, tt.times, only[0].Failures)
		}
		if ask := by.asked[0]; ask.Use != casefile.UseCustomer || !strings.Contains(ask.Prompt, "Which account?") || !strings.Contains(ask.Prompt, "ACC-1") {
			t.Errorf("%s: the model is asked %+v, want what reached the customer and what they tell", tt.name, ask)
		}
	}
}
