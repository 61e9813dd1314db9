package bundle_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
)

// driven is a procedure that a model drives.
const driven = `procedure: anything
goal: The account shows the credit that it is owed
start: {signals: [test.anything]}
inputs:
  account_id: {type: string, from: signal.data.account_id}
gather:
  account: {call: bank.get_account, with: {account_id: =inputs.account_id}}
drive: model
tools: [bank.credit, bank.list_accounts]
done: {call: bank.get_account, with: {account_id: =inputs.account_id}, as: after, check: facts.after.credited_cents == facts.account.owed_cents}
`

func TestModelIsCheckedWithTheRest(t *testing.T) {
	bound := strings.Replace(good["policies/credits.yaml"], "bind: {", "bind: {amount_cents: facts.account.owed_cents, ", 1)
	for _, c := range []struct {
		name    string
		changed map[string]string
		want    []string
	}{
		{"nothing wrong", map[string]string{"procedures/any.yaml": driven, "policies/credits.yaml": bound}, []string{}},
		{"an amount that the model chooses", map[string]string{"procedures/any.yaml": driven},
			[]string{"my/bundle/procedures/any.yaml:9:9: warning: a model chooses amount_cents of bank.credit: unless a trusted fact says the same, the call is denied; bind it in a policy"}},
		{"a read of whatever account it names", map[string]string{"procedures/any.yaml": strings.Replace(driven, "bank.list_accounts", "bank.get_account", 1), "policies/credits.yaml": bound},
			[]string{"my/bundle/procedures/any.yaml:9:22: warning: a model chooses account_id of bank.get_account: whatever it names is read, another customer's too; bind it in a policy"}},
		{"a write that no policy covers", map[string]string{"procedures/any.yaml": driven, "procedures/credit.yaml": "", "policies/credits.yaml": ""},
			[]string{"my/bundle/procedures/any.yaml:9:9: warning: no policy covers bank.credit, which writes: a person has to approve each call",
				"my/bundle/procedures/any.yaml:9:9: warning: a model chooses account_id of bank.credit: unless a trusted fact says the same, the call is denied; bind it in a policy",
				"my/bundle/procedures/any.yaml:9:9: warning: a model chooses amount_cents of bank.credit: unless a trusted fact says the same, the call is denied; bind it in a policy"}},
		{"a use that is off", map[string]string{"procedures/any.yaml": driven, "policies/credits.yaml": bound, "resolute.yaml": "company: C\nmodel: {uses: [reply]}\n"},
			[]string{"my/bundle/procedures/any.yaml:8:8: warning: model.uses in resolute.yaml doesn't have drive, so each case of anything goes to a person as model.unavailable"}},
		{"guidance that leaves no room", map[string]string{"procedures/any.yaml": driven + "guidance: |\n" + strings.Repeat("  Look at everything twice, and then once more.\n", 400), "policies/credits.yaml": bound},
			[]string{"my/bundle/procedures/any.yaml:8:8: warning: the instructions for anything take up to "}},
		{"settings", map[string]string{"resolute.yaml": "company: C\nmodel: {uses: [drive, dream], samples: 0, context: 100}\nthresholds: {model: 2}\nlimits: {model_calls: many}\nredact: [cards]\n"}, []string{
			`my/bundle/resolute.yaml:2:23: "dream" is not one of drive, order, fill, triage, reply, customer`,
			"my/bundle/resolute.yaml:2:40: samples is from 1 to 9: how many answers the model gives to what has consequences",
			"my/bundle/resolute.yaml:2:52: context is 4096 tokens at least: instructions, tools and the case have to fit in it",
			"my/bundle/resolute.yaml:3:21: model is from 0 to 1",
			`my/bundle/resolute.yaml:4:23: "many" is not a whole number of 0 or more`,
			`my/bundle/resolute.yaml:5:10: "cards" is not one of card, email, phone, iban; did you mean card?`}},
		{"prompts", map[string]string{"prompts/drive.md": "Do it for {{ customer }}.\n", "prompts/think.md": "Think.\n", "prompts/reply.md": " \n"}, []string{
			`my/bundle/prompts/drive.md:1:1: "{{ customer }}.\n" is no part of a prompt; only {{ company }} is filled in, and all else is added behind the prompt`,
			"my/bundle/prompts/reply.md:1:1: the prompt says nothing; write what the model is to do, or remove the file: then the one that is compiled in counts",
			"my/bundle/prompts/think.md:1:1: warning: no use has the prompt think.md, so it has no effect; there are drive.md, order.md, fill.md, triage.md, reply.md, customer.md"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(t, c.changed, bundle.Options{Fetch: fetch, MustFetch: true})
			for i := range got {
				if i < len(c.want) && strings.HasSuffix(c.want[i], " ") && strings.HasPrefix(got[i], c.want[i]) {
					got[i] = c.want[i]
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatABundleSaysOfItsModel(t *testing.T) {
	b, found := bundle.Load(t.Context(), files(nil), "b", bundle.Options{Fetch: fetch})
	if found.Failed() {
		t.Fatal(found.Error())
	}
	if m := b.Config.Model; m.Name != "" || len(m.Uses) != 1 || m.Uses[0] != casefile.UseDrive || m.Samples != 3 || m.Context != 8192 || m.Threshold != 0.8 || b.Config.Limits.ModelCalls != 20 || b.Config.Limits.ModelTokens != 60_000 {
		t.Errorf("a bundle that says nothing of a model has %+v with limits %+v", m, b.Config.Limits)
	}
	if got := b.Config.Redact.Text("4111 1111 1111 1111, ann@example.com"); got != "[card], ann@example.com" {
		t.Errorf("a bundle that says nothing of what is hidden hides %q", got)
	}
	said := "company: C\nmodel: {name: ollama/m:1b, uses: [order, reply], samples: 5, context: 16384}\nthresholds: {model: 0.5}\nlimits: {model_calls: 3, model_tokens: 100}\nredact: [email]\n"
	b, found = bundle.Load(t.Context(), files(map[string]string{"resolute.yaml": said, "prompts/reply.md": "Write to customers of {{ company }}.\n"}), "b", bundle.Options{Fetch: fetch})
	if found.Failed() {
		t.Fatal(found.Error())
	}
	o := b.ModelOptions()
	if b.Config.Model.Name != "ollama/m:1b" || len(o.Uses) != 2 || o.Samples != 5 || o.Context != 16384 || o.Threshold != 0.5 || o.Calls != 3 || o.Tokens != 100 || o.Files["reply.md"] == "" || b.Prompts == "" {
		t.Errorf("a bundle that says all of a model has %+v", o)
	}
	if got := o.Redact.Text("4111 1111 1111 1111, ann@example.com"); got != "4111 1111 1111 1111, [email]" {
		t.Errorf("a bundle that hides addresses hides %q", got)
	}
}
