package bundle_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// The band of an amount is in the bundle's currency, of whatever the tool's schema says is money.
func TestBandsFollowTheSchema(t *testing.T) {
	b, problems := bundle.Load(t.Context(), files(map[string]string{"resolute.yaml": "company: Acceptance Bank\ncurrency: EUR\n", "authority.yaml": "default: act\nbands: [5000]\n"}), "my/bundle",
		bundle.Options{Fetch: func(context.Context, bundle.Plugin) (m protocol.Manifest, err error) {
			return m, json.Unmarshal([]byte(strings.Replace(bank, `"account_id":{"type":"string"},"amount_cents"`, `"account_id":{"type":"string"},"gross":{"type":"integer","x-resolute":"money"},"amount_cents"`, 1)), &m)
		}})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	if got := b.Authority.Band(casefile.Action{Tool: "bank.credit", Args: casefile.Object{"amount_cents": int64(1), "gross": int64(6000)}}); got != "5001.. EUR" {
		t.Errorf("60.00 gross is in the band %q, want 5001.. EUR", got)
	}
}

func TestQueues(t *testing.T) {
	b, problems := bundle.Load(t.Context(), files(map[string]string{"resolute.yaml": "company: Acceptance Bank\nqueues:\n  desk: {notify: ['http://127.0.0.1:1/hook', desk@example.com], due: 30m}\n"}), "my/bundle", bundle.Options{Fetch: fetch})
	if problems.Failed() {
		t.Fatal(problems.Error())
	}
	if q := b.Config.Queues; len(q) != 2 || q[0].Name != "default" || q[0].Due != 8*time.Hour || q[0].Remind != 2*time.Hour || q[1].Name != "desk" || q[1].Due != 30*time.Minute || len(q[1].Notify) != 2 {
		t.Errorf("the queues are %+v, want default as it is and desk", q)
	}
	for text, want := range map[string]string{
		"{notify: [nobody]}":       "neither the URL of a webhook nor the address",
		"{notify: ['https://']}":   "neither the URL of a webhook nor the address",
		"{due: 0s}":                "due is a time to come",
		"{remind: 1m, noise: 10s}": "noise",
	} {
		_, problems := bundle.Load(t.Context(), files(map[string]string{"resolute.yaml": "company: Acceptance Bank\nqueues: {desk: " + text + "}\n"}), "my/bundle", bundle.Options{Fetch: fetch})
		if !problems.Failed() || !strings.Contains(problems.Error().Error(), want) {
			t.Errorf("a queue %s: %v, want a problem that says %q", text, problems, want)
		}
	}
}
