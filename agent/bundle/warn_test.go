package bundle_test

import (
	"slices"
	"strings"
	"testing"

	"resolute/agent/bundle"
)

// TestWhatDoesNothingIsWarnedOf: each warning names the rule or the argument, at its place, and is the
// only thing to be said.
func TestWhatDoesNothingIsWarnedOf(t *testing.T) {
	rule := func(condition, more string) map[string]string {
		return map[string]string{"policies/x.yaml": "policy: x\napplies_to: [bank.credit]\nrules:\n  - {id: r, deny: '" + condition + "'}\n" + more}
	}
	const fires = "examples:\n  - {given: {action: {args: {amount_cents: 10}}}, expect: deny, rule: r}\n"
	for name, tt := range map[string]struct {
		changed map[string]string
		want    string // "" for nothing
	}{
		"a rule that an example fires":              {rule("action.args.amount_cents > 5", fires), ""},
		"a rule that no example fires":              {rule("action.args.amount_cents > 5", ""), "policies/x.yaml:4:5: warning: no example fires rule r"},
		"a rule that the only example doesn't":      {rule("action.args.amount_cents > 50", strings.Replace(fires, "deny, rule: r", "allow", 1)), "policies/x.yaml:4:5: warning: no example fires rule r"},
		"false":                                     {rule("false", ""), "policies/x.yaml:4:20: warning: rule r can never fire: its condition contradicts itself"},
		"what is false by itself":                   {rule("1 > 2", ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"two bounds with nothing between":           {rule("action.args.amount_cents > 500 && action.args.amount_cents < 100", ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"two bounds that touch":                     {rule("action.args.amount_cents > 500 && 500 >= action.args.amount_cents", ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"two bounds with something between":         {rule("action.args.amount_cents >= 10 && action.args.amount_cents <= 10", fires), ""},
		"two values of one thing":                   {rule(`facts.account.id == "a" && facts.account.id == "b"`, ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"a value beyond a bound":                    {rule("action.args.amount_cents == 7 && action.args.amount_cents > 7.5", ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"a tool that the policy isn't about":        {rule(`action.tool == "bank.get_account"`, ""), "policies/x.yaml:4:20: warning: rule r can never fire: the policy doesn't apply to bank.get_account"},
		"a procedure that isn't there":              {rule(`action.procedure == "pay-credits" && action.args.amount_cents > 1`, ""), "policies/x.yaml:4:20: warning: rule r can never fire: there is no procedure pay-credits; did you mean pay-credit?"},
		"an effect that isn't judged":               {rule(`action.effect == "read"`, ""), "policies/x.yaml:4:20: warning: rule r can never fire"},
		"an argument that no tool has":              {rule("has(action.args.amount_cent) || action.args.amount_cents > 5", fires), "policies/x.yaml:4:20: warning: rule r reads action.args.amount_cent, and no tool that policy x applies to has that argument; did you mean amount_cents?"},
		"a policy for no tool":                      {map[string]string{"policies/x.yaml": "policy: x\napplies_to: [bank.debit]\n"}, "policies/x.yaml:1:1: warning: policy x applies to no tool"},
		"a write that no policy covers":             {map[string]string{"policies/credits.yaml": ""}, "procedures/credit.yaml:13:16: warning: no policy covers bank.credit, which writes: a person has to approve each call"},
		"an irreversible one that none covers":      {map[string]string{"policies/credits.yaml": "", "tools/bank.yaml": good["tools/bank.yaml"] + "effects: {credit: irreversible}\n"}, "procedures/credit.yaml:13:16: warning: no policy covers bank.credit, which writes: it is denied"},
		"an amount from a field that isn't trusted": {map[string]string{"tools/bank.yaml": strings.Replace(good["tools/bank.yaml"], ", /owed_cents", "", 1)}, "procedures/credit.yaml:13:67: warning: amount_cents of bank.credit is made from facts.account.owed_cents, which customers can write"},
		"an amount from a signal":                   {map[string]string{"procedures/credit.yaml": strings.Replace(good["procedures/credit.yaml"], "amount_cents: =facts.account.owed_cents", "amount_cents: =signal.data.cents", 1)}, "procedures/credit.yaml:13:67: warning: amount_cents of bank.credit is made from signal.data.cents"},
		"an amount from a signal, and it is bound": {map[string]string{"procedures/credit.yaml": strings.Replace(good["procedures/credit.yaml"], "amount_cents: =facts.account.owed_cents", "amount_cents: =signal.data.cents", 1),
			"policies/credits.yaml": strings.Replace(good["policies/credits.yaml"], "bind: {", "bind: {amount_cents: facts.account.owed_cents, ", 1)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, tt.changed, bundle.Options{Fetch: fetch, MustFetch: true})
			if tt.want != "" {
				tt.want = "my/bundle/" + tt.want
			}
			if len(got) != min(1, len(tt.want)) || tt.want != "" && !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("check says %q, want %q and nothing else", got, tt.want)
			}
		})
	}
}

// TestTablesAndTrustAreChecked: with the bundle's other files, at their places.
func TestTablesAndTrustAreChecked(t *testing.T) {
	looks := "policy: x\napplies_to: [bank.credit]\nrules:\n  - {id: r, deny: 'tables.limits.exists(l, l.%s < action.args.amount_cents)'}\nexamples:\n  - {given: {action: {args: {amount_cents: 10}}}, expect: deny, rule: r}\n"
	for name, tt := range map[string]struct {
		changed map[string]string
		want    []string
	}{
		"a table that a rule reads":             {map[string]string{"tables/limits.csv": "tier,cents\ngold,5\n", "policies/x.yaml": strings.Replace(looks, "%s", "cents", 1)}, nil},
		"a column that isn't there":             {map[string]string{"tables/limits.csv": "tier,cents\ngold,5\n", "policies/x.yaml": strings.Replace(looks, "%s", "cent", 1)}, []string{"my/bundle/policies/x.yaml:4:45: CEL: undefined field 'cent'"}},
		"a column of another type":              {map[string]string{"tables/limits.csv": "tier,cents\ngold,five\n", "policies/x.yaml": strings.Replace(looks, "%s", "cents + 1", 1)}, []string{"my/bundle/policies/x.yaml:4:"}},
		"an example that the table's rows fail": {map[string]string{"tables/limits.csv": "tier,cents\ngold,50\n", "policies/x.yaml": strings.Replace(looks, "%s", "cents", 1)}, []string{"my/bundle/policies/x.yaml:6:5: this example expects deny by r, and the rules say allow"}},
		"a broken table":                        {map[string]string{"tables/limits.csv": "tier,cents:int\ngold,five\n"}, []string{`my/bundle/tables/limits.csv:2:6: column cents: "five" is no whole number`}},
		"a table without rows":                  {map[string]string{"tables/limits.csv": "tier,cents\n"}, []string{"my/bundle/tables/limits.csv:1:1: warning: the table limits has no rows"}},
		"a table in a folder":                   {map[string]string{"tables/old/limits.csv": "tier\n1\n"}, []string{"my/bundle/tables/old/limits.csv:1:1: a table is a file right in tables/"}},
		"a trusted field that isn't there":      {map[string]string{"tools/bank.yaml": strings.Replace(good["tools/bank.yaml"], "/owner_email", "/owner_mail", 1)}, []string{"my/bundle/tools/bank.yaml:4:30: bank.get_account has no field /owner_mail by its output schema; did you mean owner_email?"}},
		"a trusted field that is no pointer":    {map[string]string{"tools/bank.yaml": strings.Replace(good["tools/bank.yaml"], "/owner_email", "owner_email", 1)}, []string{`my/bundle/tools/bank.yaml:4:30: "owner_email" is no field`}},
		"trust in a tool that isn't there":      {map[string]string{"tools/bank.yaml": strings.Replace(good["tools/bank.yaml"], "get_account", "get_acount", 1)}, []string{"my/bundle/tools/bank.yaml:4:11: plugin bank has no tool get_acount"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, tt.changed, bundle.Options{Fetch: fetch, MustFetch: true})
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("check says %q, want %q", got, tt.want)
			}
		})
	}
}

// TestExamplesThatTeachLittleAreNamed: triage learns from examples what nobody says of it elsewhere.
func TestExamplesThatTeachLittleAreNamed(t *testing.T) {
	examples := func(list string) string {
		return strings.Replace(good["procedures/credit.yaml"], "start:\n", "start:\n  examples: "+list+"\n", 1)
	}
	other := strings.Replace(examples(`["where is  my CREDIT", "what about my credit"]`), "procedure: pay-credit", "procedure: other", 1)
	for name, tt := range map[string]struct {
		changed map[string]string
		want    []string
	}{
		"two of each":       {map[string]string{"procedures/credit.yaml": examples(`["my credit is missing", "I got no credit"]`), "procedures/other.yaml": other}, nil},
		"a single one":      {map[string]string{"procedures/credit.yaml": examples(`["my credit is missing"]`)}, []string{"my/bundle/procedures/credit.yaml:4:15: warning: pay-credit has a single example"}},
		"the same of two":   {map[string]string{"procedures/credit.yaml": examples(`["my credit is missing", "Where is my credit"]`), "procedures/other.yaml": other}, []string{`my/bundle/procedures/credit.yaml:4:39: warning: "Where is my credit" is an example of other too`}},
		"one that is blank": {map[string]string{"procedures/credit.yaml": examples(`["my credit is missing", "  ", x]`)}, []string{"my/bundle/procedures/credit.yaml:4:38: the example says nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := problems(t, tt.changed, bundle.Options{Fetch: fetch, MustFetch: true}); !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("check says %q, want %q", got, tt.want)
			}
		})
	}
}
