package bundle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"resolute/agent/bundle"
	"resolute/tools/protocol"
)

// bank is what the plugin of the bundle under test says.
const bank = `{"name":"bank","version":"1.0.0","operations":true,"tools":[
{"name":"get_account","input_schema":{"type":"object","properties":{"account_id":{"type":"string"}},"required":["account_id"],"additionalProperties":false},
 "output_schema":{"type":"object","properties":{"id":{"type":"string"},"owner_email":{"type":"string"},"owed_cents":{"type":"integer"},"credited_cents":{"type":"integer"}}},"effect":"read","idempotent":true},
{"name":"list_accounts","input_schema":{"type":"object","properties":{"status":{"type":"string"}},"additionalProperties":false},
 "output_schema":{"type":"object","properties":{"items":{"type":"array"}}},"effect":"read","idempotent":true},
{"name":"credit","input_schema":{"type":"object","properties":{"account_id":{"type":"string"},"amount_cents":{"type":"integer"}},"required":["account_id","amount_cents"],"additionalProperties":false},
 "output_schema":{"type":"object","properties":{"credit_id":{"type":"string"}}},"effect":"write","idempotent":true}]}`

func fetch(context.Context, bundle.Plugin) (m protocol.Manifest, err error) {
	return m, json.Unmarshal([]byte(bank), &m)
}

// good is a bundle without any problem.
var good = map[string]string{
	"resolute.yaml":   "company: Acceptance Bank\n",
	"authority.yaml":  "default: act\n",
	"tools/bank.yaml": "plugin: bank\nurl: http://127.0.0.1:1\nallow_hosts: [127.0.0.1]\ntrusted: {get_account: [/id, /owner_email, /owed_cents, /credited_cents]}\n",
	"policies/credits.yaml": `policy: credits
applies_to: [bank.credit]
bind: {account_id: facts.account.id}
rules:
  - {id: own-account, deny: facts.account.owner_email != case.customer.email, reason: Only the owner is credited.}
examples:
  - {given: {facts: {account: {owner_email: a@example.com}}, case: {customer: {email: b@example.com}}}, expect: deny, rule: own-account}
`,
	"procedures/credit.yaml": `procedure: pay-credit
goal: The account shows the credit that it is owed
start:
  signals: [test.credit]
inputs:
  account_id: {type: string, from: signal.data.account_id}
gather:
  account: {call: bank.get_account, with: {account_id: =inputs.account_id}}
hypotheses:
  - name: owed
    when: facts.account.credited_cents < facts.account.owed_cents
    do:
      - {call: bank.credit, with: {account_id: =facts.account.id, amount_cents: =facts.account.owed_cents}, as: paid}
    verify: {call: bank.get_account, with: {account_id: =inputs.account_id}, as: after, check: facts.after.credited_cents == facts.account.owed_cents}
    reply: done
otherwise: {escalate: not-paid}
replies:
  done: |
    We credited {{ facts.account.owed_cents }} cents to {{ facts.account.id }}.
`,
	"monitors/owed.yaml": `monitor: owed
every: 1m
call: {call: bank.list_accounts, with: {status: owed}, as: accounts}
each: facts.accounts.items
key: item.id
signal: {customer: {email: =item.owner_email}, account_id: =item.id}
`,
	"knowledge/credits.md": "# Credits\n",
}

// files are those of the good bundle with some changed; "" takes a file out.
func files(changed map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, some := range []map[string]string{good, changed} {
		for name, text := range some {
			m[name] = &fstest.MapFile{Data: []byte(text)}
			if text == "" {
				delete(m, name)
			}
		}
	}
	return m
}

// problems loads a bundle and gives what is wrong, in order.
func problems(t *testing.T, changed map[string]string, o bundle.Options) []string {
	t.Helper()
	_, found := bundle.Load(t.Context(), files(changed), "my/bundle", o)
	lines := []string{}
	for _, p := range found {
		lines = append(lines, p.String())
	}
	return lines
}

func TestAGoodBundleHasNoProblem(t *testing.T) {
	if got := problems(t, nil, bundle.Options{Fetch: fetch, MustFetch: true}); len(got) > 0 {
		t.Errorf("problems of a bundle that is right: %q", got)
	}
}

func TestWhatIsWrongIsSaidWhereItStands(t *testing.T) {
	monitor := func(old, with string) map[string]string {
		return map[string]string{"monitors/owed.yaml": strings.Replace(good["monitors/owed.yaml"], old, with, 1)}
	}
	rule := func(text string) map[string]string {
		return map[string]string{"policies/x.yaml": "policy: x\napplies_to: [bank.credit]\n" + text}
	}
	for _, c := range []struct {
		name    string
		changed map[string]string
		want    []string
	}{
		{"no resolute.yaml", map[string]string{"resolute.yaml": ""}, []string{"my/bundle/resolute.yaml:1:1: the bundle has no resolute.yaml; resolute init DIR writes one to begin with"}},
		{"settings", map[string]string{"resolute.yaml": "company: C\ntime_zone: Mars\ncurrency: eur\nthresholds: {triage: 2, risk_deny: 101}\nlimits: {steps: many}\n"},
			[]string{`my/bundle/resolute.yaml:2:12: "Mars" is no time zone; write it like Europe/Berlin`, `my/bundle/resolute.yaml:3:11: "eur" is no currency; write its ISO 4217 code, like EUR`,
				"my/bundle/resolute.yaml:4:22: triage is from 0 to 1", "my/bundle/resolute.yaml:4:36: risk_deny is from 0 to 100", `my/bundle/resolute.yaml:5:17: "many" is not a whole number of 0 or more`}},

		{"an unknown key", map[string]string{"procedures/x.yaml": "procedure: x\ngoal: g\nstrat: {}\n"},
			[]string{"my/bundle/procedures/x.yaml:1:1: start is missing; add for example start: {signals: [ticket.created]}",
				"my/bundle/procedures/x.yaml:1:1: hypotheses is missing; add for example hypotheses: [{name: replaceable, do: [...], verify: {...}}]",
				"my/bundle/procedures/x.yaml:1:1: warning: there is no hypothesis and no otherwise: every case ends as hypotheses.exhausted",
				"my/bundle/procedures/x.yaml:3:1: unknown key strat; did you mean start?"}},
		{"an expression that ends too early", rule("rules:\n  - {id: r, deny: 'action.args.amount_cents >', reason: r}\n"),
			[]string{"my/bundle/policies/x.yaml:4:46: CEL: Syntax error: mismatched input '<EOF>'"}},
		{"an expression on an unknown name", rule("rules:\n  - {id: r, deny: 'acton.args.amount_cents > 1', reason: r}\n"),
			[]string{"my/bundle/policies/x.yaml:4:20: CEL: unknown name acton; did you mean action?"}},
		{"an unknown tool", map[string]string{"procedures/x.yaml": "procedure: x\ngoal: g\nstart: {signals: [t]}\ngather:\n  a: {call: bank.nothing, with: {}}\nhypotheses: []\notherwise: {escalate: e}\n"},
			[]string{"my/bundle/procedures/x.yaml:5:13: bank has no tool bank.nothing; it has bank.get_account, bank.list_accounts, bank.credit"}},
		{"an unknown reply", map[string]string{"procedures/x.yaml": "procedure: x\ngoal: g\nstart: {signals: [t]}\nhypotheses:\n  - name: h\n    do: []\n    reply: nowhere\notherwise: {escalate: e}\n"},
			[]string{"my/bundle/procedures/x.yaml:5:5: verify is missing; add for example verify: {call: shop.get_order, with: {...}, as: after, check: facts.after.replacement_id != \"\"}",
				"my/bundle/procedures/x.yaml:5:5: there is no reply nowhere"}},
		{"a procedure twice", map[string]string{"procedures/x.yaml": good["procedures/credit.yaml"]},
			[]string{"my/bundle/procedures/x.yaml:1:1: procedure pay-credit is there twice; the other one is at my/bundle/procedures/credit.yaml:1:1"}},

		{"a policy twice", map[string]string{"policies/x.yaml": good["policies/credits.yaml"]},
			[]string{"my/bundle/policies/x.yaml:1:1: policy credits is there twice; the other one is at my/bundle/policies/credits.yaml:1:1"}},
		{"names that name nothing", rule("rules:\n  - {id: '', deny: 'false'}\n  - {id: 'bind:account_id', deny: 'false'}\n"),
			[]string{`my/bundle/policies/x.yaml:4:10: "" is no name; give it one that verdicts can call it by, without a colon`,
				`my/bundle/policies/x.yaml:5:10: "bind:account_id" is no name; give it one that verdicts can call it by, without a colon`}},
		{"a condition and a sum of the wrong type", rule("rules:\n  - {id: r, deny: 1 + 1}\nbudgets:\n  - {id: b, sum: '[1]', window: 1h, max: 1, beyond: deny}\nrisk:\n  - {id: f, add: 1, when: '\"x\"'}\n"),
			[]string{"my/bundle/policies/x.yaml:4:19: a condition is true or false, and this is a int", "my/bundle/policies/x.yaml:6:18: a budget counts whole numbers, and this is a list(int)",
				"my/bundle/policies/x.yaml:8:27: a condition is true or false, and this is a string"}},

		{"a failing example", rule("rules:\n  - {id: r, deny: 'action.args.amount_cents > 5', reason: r}\nexamples:\n  - {given: {action: {args: {amount_cents: 10}}}, expect: allow}\n"),
			[]string{"my/bundle/policies/x.yaml:6:5: this example expects allow, and the rules say deny by r (r)"}},
		{"a failing example beside other files' errors", map[string]string{
			"policies/x.yaml": "policy: x\napplies_to: [bank.credit]\nrules:\n  - {id: r, deny: 'action.args.amount_cents > 5', reason: r}\nexamples:\n  - {given: {action: {args: {amount_cents: 10}}}, expect: allow}\n",
			"policies/y.yaml": "policy: y\napplies_to: [bank.credit]\nrules:\n  - {id: r, deny: 'nonsense', reason: r}\nexamples:\n  - {given: {}, expect: allow}\n"},
			[]string{"my/bundle/policies/x.yaml:6:5: this example expects allow, and the rules say deny by r (r)",
				"my/bundle/policies/y.yaml:4:20: CEL: unknown name nonsense; known are now, facts, action, signal, case, inputs, attempts, history"}},
		{"a binding of an argument that isn't there", rule("bind: {acount_id: facts.account.id}\n"),
			[]string{"my/bundle/policies/x.yaml:3:8: bank.credit has no argument acount_id; did you mean account_id?"}},

		{"a monitor's tool", monitor("bank.list_accounts", "bank.list"), []string{"my/bundle/monitors/owed.yaml:3:14: bank has no tool bank.list; it has bank.get_account, bank.list_accounts, bank.credit"}},
		{"a monitor's plugin", monitor("bank.list_accounts", "bnk.list_accounts"), []string{"my/bundle/monitors/owed.yaml:3:14: no file in tools/ is the plugin bnk; did you mean bank?"}},
		{"a monitor that writes", monitor("call: {call: bank.list_accounts, with: {status: owed}", "call: {call: bank.credit, with: {account_id: a, amount_cents: 1}"),
			[]string{"my/bundle/monitors/owed.yaml:3:14: bank.credit changes something (its effect is write); gather, verify and monitors only read",
				"my/bundle/monitors/owed.yaml:4:7: accounts has no field items by its tool's output schema; it has credit_id"}},
		{"a monitor's argument", monitor("status: owed", "stauts: owed"), []string{"my/bundle/monitors/owed.yaml:3:41: bank.list_accounts has no argument stauts; did you mean status?"}},
		{"a monitor's argument of another type", monitor("status: owed", "status: 1"), []string{"my/bundle/monitors/owed.yaml:3:41: status of bank.list_accounts takes a value of type string, and this one is of type integer"}},
		{"a monitor's argument that is missing", monitor("bank.list_accounts, with: {status: owed}", "bank.get_account"),
			[]string{"my/bundle/monitors/owed.yaml:3:14: bank.get_account needs the argument account_id", "my/bundle/monitors/owed.yaml:4:7: accounts has no field items by its tool's output schema; it has credited_cents, id, owed_cents, owner_email"}},
		{"a monitor's argument that reads what isn't there yet", monitor("status: owed", "status: =facts.accounts.items"), []string{"my/bundle/monitors/owed.yaml:3:14: nothing gives the fact accounts before it is read"}},
		{"a monitor that reads another fact", monitor("facts.accounts.items", "facts.acounts.items"), []string{"my/bundle/monitors/owed.yaml:4:7: nothing gives the fact acounts before it is read; did you mean accounts?"}},
		{"a monitor's signal of another fact", monitor("account_id: =item.id", "account_id: =facts.account.id"), []string{"my/bundle/monitors/owed.yaml:6:9: nothing gives the fact account before it is read; did you mean accounts?"}},
		{"a monitor twice", map[string]string{"monitors/x.yaml": good["monitors/owed.yaml"]}, []string{"my/bundle/monitors/x.yaml:1:1: monitor owed is there twice"}},

		{"a plugin twice", map[string]string{"tools/x.yaml": good["tools/bank.yaml"]}, []string{"my/bundle/tools/x.yaml:1:1: plugin bank is there twice"}},
		{"a snapshot that isn't there", map[string]string{"tools/bank.yaml": good["tools/bank.yaml"] + "manifest: bank.json\n"},
			[]string{"my/bundle/tools/bank.yaml:1:1: manifest bank.json: open tools/bank.json: file does not exist"}},
		{"an address that will be refused", map[string]string{"tools/bank.yaml": "plugin: bank\nurl: http://10.0.0.1\ntrusted: {get_account: [/id, /owner_email, /owed_cents, /credited_cents]}\n"},
			[]string{"my/bundle/tools/bank.yaml:2:6: warning: 10.0.0.1 is a loopback or private address, and calls to it are refused unless allow_hosts lists it: allow_hosts: [10.0.0.1]"}},
		{"a variable that isn't set", map[string]string{"tools/bank.yaml": "plugin: bank\nurl: http://example.com\nauth: {bearer: '${secret.bank}'}\n"},
			[]string{"my/bundle/tools/bank.yaml:1:1: what plugin bank offers can't be read: plugin bank: ${secret.bank} is not set; set the variable, or the secret with: resolute secret set NAME"}},
		{"a grant for nobody", map[string]string{"authority.yaml": "grants: [{procedure: pay-crdit, tool: bank.credit, level: act}]\n"},
			[]string{"my/bundle/authority.yaml:1:1: warning: a grant names the procedure pay-crdit, which isn't there; did you mean pay-credit?"}},
		{"a file that means nothing", map[string]string{"procedure/x.yaml": "a: b\n"}, []string{"my/bundle/procedure/x.yaml:1:1: warning: this file is no part of a bundle, and has no effect"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(t, c.changed, bundle.Options{Fetch: fetch, MustFetch: true, Lookup: func(string, string) (string, bool) { return "", false }})
			for i := range got { // what CEL says behind its first clause is its own
				got[i], _, _ = strings.Cut(got[i], " expecting ")
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("problems, - as they should be, + as they are:\n%s", d)
			}
		})
	}
}

func TestBrokenYAMLIsSaidWhereItBreaks(t *testing.T) {
	got := problems(t, map[string]string{"procedures/x.yaml": "procedure: x\n  goal: [g\n"}, bundle.Options{Fetch: fetch})
	if len(got) != 1 || !strings.HasPrefix(got[0], "my/bundle/procedures/x.yaml:") || !strings.Contains(got[0], ": not YAML: ") {
		t.Errorf("problems of a file that is no YAML: %q, want one, at its place", got)
	}
}

func TestAPluginThatIsDownIsAWarningUnlessItIsNeeded(t *testing.T) {
	down := func(context.Context, bundle.Plugin) (protocol.Manifest, error) {
		return protocol.Manifest{}, errors.New("connection refused")
	}
	const place = "my/bundle/tools/bank.yaml:1:1: "
	if got := problems(t, nil, bundle.Options{Fetch: down}); !slices.Equal(got, []string{place + "warning: what plugin bank offers can't be read, so calls of it aren't checked: connection refused"}) {
		t.Errorf("a check with the plugin down says %q", got)
	}
	if got := problems(t, nil, bundle.Options{Fetch: down, MustFetch: true}); !slices.Equal(got, []string{place + "what plugin bank offers can't be read: connection refused"}) {
		t.Errorf("applying with the plugin down says %q", got)
	}
}

func TestAVersionIsItsContent(t *testing.T) {
	version := func(changed map[string]string) string {
		b, _ := bundle.Load(t.Context(), files(changed), fmt.Sprint(len(changed)), bundle.Options{Fetch: fetch})
		return b.Version
	}
	first := version(nil)
	if again := version(map[string]string{".git/config": "hidden", ".env": "A=b"}); again != first {
		t.Error("files that begin with a dot change the version")
	}
	for name := range maps.Keys(good) {
		if version(map[string]string{name: good[name] + "\n"}) == first {
			t.Errorf("a change of %s leaves the version as it is", name)
		}
	}
	if version(map[string]string{"knowledge/credits.md": "", "knowledge/credit.md": good["knowledge/credits.md"]}) == first {
		t.Error("a file of another name leaves the version as it is")
	}
	const want = "63662dceceaac3caee9e43ac15aa0c4c567225916cd9af28900e1dd71438b73e" // of the lengths and bytes of a, 1, b, 2
	if got := bundle.Version(map[string][]byte{"a": []byte("1"), "b": []byte("2")}); got != want {
		t.Errorf("the version of two small files is %s, and it was always %s", got, want)
	}
	if bundle.Version(map[string][]byte{"ab": []byte("c")}) == bundle.Version(map[string][]byte{"a": []byte("bc")}) {
		t.Error("moving a byte from a path to its content leaves the version as it is")
	}
}
