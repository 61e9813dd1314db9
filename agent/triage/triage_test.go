package triage_test

import (
	"context"
	"testing"

	"resolute/agent/triage"
	"resolute/embed"
)

var examples = []triage.Example{
	{Procedure: "damaged-item", Text: "my blender arrived smashed"},
	{Procedure: "damaged-item", Text: "the box was crushed and the mug inside is in pieces"},
	{Procedure: "damaged-item", Text: "the lamp came with a crack in the glass and a bent arm"},
	{Procedure: "damaged-item", Text: "what you sent me is broken, I want a new one"},
	{Procedure: "damaged-item", Text: "the kettle leaks, it was dented when it was delivered"},
	{Procedure: "duplicate-charge", Text: "I was charged twice for the same order"},
	{Procedure: "duplicate-charge", Text: "there are two payments on my card statement for one desk"},
	{Procedure: "duplicate-charge", Text: "my bank shows the same amount from you twice"},
	{Procedure: "invoice-wrong", Text: "the address on my invoice is wrong"},
	{Procedure: "invoice-wrong", Text: "please send the invoice again with our new billing address"},
	{Procedure: "invoice-wrong", Text: "our invoice still has the old office on it"},
}

func TestScoresTellTheProcedureAndTheUnknown(t *testing.T) {
	ctx := context.Background()
	c, err := triage.Train(ctx, examples, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	among := []string{"damaged-item", "duplicate-charge", "invoice-wrong"}
	for _, tt := range []struct{ text, want string }{
		{"The glass of the lamp was broken when it arrived, please send a new one.", "damaged-item"},
		{"My bank statement has two payments for the same order, I was charged twice.", "duplicate-charge"},
		{"Could you send our invoice once more? It has the wrong address.", "invoice-wrong"},
		{"Do you ship to Iceland?", ""},
		{"Our theatre group would love to shoot a short scene in your showroom next spring.", ""},
		{"", ""},
	} {
		list, err := c.Classify(ctx, tt.text, among)
		if err != nil {
			t.Fatal(err)
		}
		best := list[0]
		if tt.want == "" && best.Score >= 0.7 {
			t.Errorf("%q is none of these, and is taken for %s with %.2f", tt.text, best.Procedure, best.Score)
		}
		if tt.want != "" && (best.Procedure != tt.want || best.Score < 0.7) {
			t.Errorf("%q: %+v, want %s above 0.7", tt.text, list, tt.want)
		}
	}
}

func TestWhatWasTaughtWordForWordIsCertain(t *testing.T) {
	ctx := context.Background()
	c, err := triage.Train(ctx, examples, embed.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	among := []string{"damaged-item", "duplicate-charge", "invoice-wrong"}
	const odd, twice, none = "the thing is all  Wonky", "please look at it", "my blender arrived smashed"
	taught, err := c.With(ctx, triage.Example{Procedure: "damaged-item", Text: odd}, triage.Example{Text: none},
		triage.Example{Procedure: "damaged-item", Text: twice}, triage.Example{Procedure: "invoice-wrong", Text: twice})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		want float64
	}{{"The thing is all wonky", 1}, {none, 0}} {
		list, err := taught.Classify(ctx, tt.text, among)
		if err != nil {
			t.Fatal(err)
		}
		if list[0].Score != tt.want || tt.want == 1 && list[0].Procedure != "damaged-item" {
			t.Errorf("%q is %+v, want %v of damaged-item", tt.text, list, tt.want)
		}
	}
	list, err := taught.Classify(ctx, twice, among)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Score == 1 {
		t.Errorf("what was taught for two procedures is certain: %+v", list)
	}
}
