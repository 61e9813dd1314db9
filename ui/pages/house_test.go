package pages

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"resolute/agent/authority"
	"resolute/agent/bundle"
	"resolute/agent/journal"
	"resolute/agent/pauses"
	"resolute/agent/people"
	"resolute/tools"
	"resolute/tools/protocol"
)

// The stories' company: the starter's bundle with what the stories tell of beside it.
var storyFiles = map[string]string{
	"procedures/duplicate-charge.yaml": `procedure: duplicate-charge
goal: The customer is charged once for the invoice
start: {signals: [email.received], examples: [I was charged twice, two identical lines on my card]}
inputs: {invoice_id: {type: string, pattern: 'INV-[0-9-]+', ask: Which invoice is it?}}
gather: {payments: {call: billing.list_payments, with: {invoice_id: =inputs.invoice_id}}}
hypotheses:
  - name: only-a-hold
    when: facts.payments.count == 0
    do: [{checkpoint: {by: operator, show: Is it only a hold?}}]
    verify: {call: billing.list_payments, with: {invoice_id: =inputs.invoice_id}, as: after, check: facts.after.count == 0}
  - name: voidable
    do: [{call: billing.void_payment, with: {payment_id: =facts.payments.duplicate.id}}]
    verify: {call: billing.list_payments, with: {invoice_id: =inputs.invoice_id}, as: after, check: facts.after.count == 1}
  - name: refund-duplicate
    when: facts.payments.count > 1
    do: [{call: billing.refund_payment, with: {payment_id: =facts.payments.duplicate.id, amount_cents: =facts.payments.amount_cents, reason: duplicate}}]
    verify: {call: billing.list_payments, with: {invoice_id: =inputs.invoice_id}, as: after, check: facts.after.count == 1, within: 30s}
    reply: returned
  - name: credit-instead
    do: [{ask: {text: May we credit it?, as: agreed}}, {call: billing.create_credit, with: {amount_cents: =facts.payments.amount_cents}}]
    verify: {call: billing.list_payments, with: {invoice_id: =inputs.invoice_id}, as: after, check: facts.after.credited}
otherwise: {escalate: nothing-fits, to: billing-leads}
replies: {returned: 'You are right about {{ inputs.invoice_id }}: the second charge is returned, {{ facts.after.eta }}.'}
`,
	"policies/payments.yaml": `policy: payments
applies_to: [billing.refund_payment, billing.void_payment]
bind: {payment_id: facts.payments.duplicate.id}
rules:
  - {id: own-payment, deny: 'facts.payments.count < 1', reason: A refund goes to whoever paid.}
  - {id: over-100, approve: action.args.amount_cents > 10000, by: approver, reason: Above 100.00 a person decides.}
budgets:
  - {id: refunds-30d, sum: action.args.amount_cents, per: case.customer.id, window: 720h, max: 20000, beyond: approve}
risk:
  - {id: second-this-month, add: 40, when: 'history.filter(h, h.procedure == "duplicate-charge").size() >= 1'}
examples:
  - {given: {action: {args: {amount_cents: 18600}}, facts: {payments: {count: 2}}}, expect: approve, rule: over-100}
`,
	"tools/billing.yaml":          "plugin: billing\nurl: http://127.0.0.1:9/billing\nallow_hosts: [127.0.0.1]\nmanifest: billing.manifest.json\n",
	"tools/billing.manifest.json": billingManifest,
	"resolute.yaml":               "company: Fernhill Supply\ncurrency: EUR\nqueues: {billing-leads: {due: 2h, notify: [leads@fernhill.example]}, support-leads: {due: 4h}}\n",
}

const billingManifest = `{"name": "billing", "version": "2.3.0", "operations": true, "tools": [
 {"name": "list_payments", "effect": "read", "description": "Payments of an invoice.", "input_schema": {"type": "object", "properties": {"invoice_id": {"type": "string", "pattern": "^INV-"}}, "required": ["invoice_id"], "additionalProperties": false}},
 {"name": "void_payment", "effect": "write", "input_schema": {"type": "object", "properties": {"payment_id": {"type": "string"}}, "required": ["payment_id"]}},
 {"name": "create_credit", "effect": "write", "description": "Credits an account.", "input_schema": {"type": "object", "properties": {"amount_cents": {"type": "integer", "minimum": 1, "maximum": 5000}, "weight": {"type": "number"}, "urgent": {"type": "boolean"}, "lines": {"type": "array", "items": {"type": "string"}}, "why": {"type": "string", "maxLength": 2000}}, "required": ["amount_cents"]}},
 {"name": "refund_payment", "effect": "write", "idempotent": true, "title": "Refund a payment", "input_schema": {"type": "object", "properties": {"payment_id": {"type": "string"}, "amount_cents": {"type": "integer", "minimum": 1, "maximum": 20000, "x-resolute": "money"}, "currency": {"type": "string"}, "reason": {"enum": ["duplicate", "fraudulent", "requested_by_customer"]}}, "required": ["payment_id", "amount_cents"]}}
]}`

// storyBundle is the bundle that the stories play under.
func storyBundle(t *testing.T) fs.FS {
	t.Helper()
	starter, err := bundle.Starter()
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(starter, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(starter, path)
		files[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range storyFiles {
		files[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// shelf keeps versions; a version that the stories name is the active one.
type shelf struct{ *bundle.Library }

func (s shelf) Get(ctx context.Context, version string) (*bundle.Bundle, error) {
	if b, err := s.Library.Get(ctx, version); err == nil {
		return b, nil
	}
	return s.Library.Active()
}

// company is what the pages stand on beside the cases: real parts, on a journal in memory.
type company struct {
	records  *journal.Memory
	library  shelf
	registry *tools.Registry
	keeper   *pauses.Keeper
	earned   *authority.Ledger
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{records: journal.NewMemory(journal.MemoryOptions{}), registry: tools.NewRegistry(tools.Options{})}
	lookup := func(string, string) (string, bool) { return "", false }
	library, err := bundle.OpenLibrary(t.Context(), bundle.LibraryOptions{Records: c.records, Lookup: lookup, Activated: c.activated, Now: func() time.Time { return noon },
		Fetch: func(context.Context, bundle.Plugin) (protocol.Manifest, error) {
			return protocol.Manifest{}, tools.ErrUnreachable
		},
		Audit: people.NewAudit(c.records, people.Options{Now: func() time.Time { return noon }}).Event})
	if err != nil {
		t.Fatal(err)
	}
	c.library = shelf{library}
	if _, err := library.Apply(t.Context(), storyBundle(t), "", "user:ada"); err != nil {
		t.Fatal(err)
	}
	return c
}

// activated makes the plugins live; nothing listens where they are.
func (c *company) activated(_ context.Context, b *bundle.Bundle) error {
	var live []tools.Plugin
	for _, p := range b.Plugins {
		m := b.Manifests[p.Name]
		live = append(live, tools.Plugin{Name: p.Name, URL: p.URL, AllowHosts: p.AllowHosts, Manifest: &m, Effects: p.Effects, Trusted: p.TrustedFields()})
	}
	return c.registry.Set(live)
}
