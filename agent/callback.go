package agent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/tools/protocol"
)

// ErrCallback is reported for a callback whose secret belongs to no operation.
var ErrCallback = errors.New("no operation waits for this callback")

// Callbacks makes and reads the addresses that asynchronous results are posted to. Each holds a
// secret of that one operation: a MAC under Key, so that nothing has to be stored before a request
// is sent.
type Callbacks struct {
	Base string // where Path is reachable for plugins, like http://127.0.0.1:8080/callbacks/
	Key  []byte
}

// URL is where the result of a call is posted.
func (k Callbacks) URL(caseID, callID, key string) string {
	id := base64.RawURLEncoding.EncodeToString([]byte(caseID + "\n" + callID))
	return k.Base + id + "." + k.mac(caseID, callID, key)
}

func (k Callbacks) mac(caseID, callID, key string) string {
	m := hmac.New(sha256.New, k.Key)
	_, _ = fmt.Fprintf(m, "%s\n%s\n%s", caseID, callID, key) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// parse gives whose callback a token is, if its secret is right for the idempotency key.
func (k Callbacks) parse(token, key string) (caseID, callID string, ok bool) {
	id, mac, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return "", "", false
	}
	caseID, callID, _ = strings.Cut(string(b), "\n")
	want := k.mac(caseID, callID, key)
	return caseID, callID, subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1
}

// Complete takes the result of an asynchronous call. It counts once: a repeated one, or one that
// comes when the call is settled already, changes nothing. ErrCallback if the token isn't the
// secret of the operation with the body's key.
func (e *Engine) Complete(ctx context.Context, token string, body protocol.CallbackBody) error {
	caseID, callID, ok := e.Callbacks.parse(token, body.IdempotencyKey)
	if !ok {
		return ErrCallback
	}
	for {
		c, err := e.Load(ctx, caseID)
		if err != nil {
			return err
		}
		p := c.PendingCall(callID)
		if p == nil || p.Key != body.IdempotencyKey {
			return nil
		}
		data := &casefile.CallAnswered{ID: callID, Try: p.Try, Source: casefile.SourceCallback, Undoes: p.Undoes}
		e.fill(data, p.Tool, body)
		entry := casefile.Entry{Seq: c.Seq + 1, Case: caseID, At: e.Now(), Actor: casefile.ActorSystem, Data: data,
			Versions: casefile.Versions{Bundle: c.Bundle, Procedure: c.Procedure}}
		a := journal.Append{CaseID: caseID, After: c.Seq, Entries: []casefile.Entry{entry}, Wake: !c.Status.Ended() && c.Status != casefile.Escalated}
		c.Fold(&entry)
		kept, err := e.weigh(ctx, c, c.ReversedSince(a.After), &a, entry.Versions)
		if err != nil {
			return err
		}
		for range a.Entries {
			a.Salts = append(a.Salts, e.Salt())
		}
		if _, err = e.Store.Append(context.WithoutCancel(ctx), a); err == nil {
			kept()
		}
		if !errors.Is(err, journal.ErrConflict) {
			return err
		}
	}
}

func (e *Engine) fill(d *casefile.CallAnswered, tool string, body protocol.CallbackBody) {
	if p := body.Error; p != nil {
		d.Outcome, d.Code, d.Detail, d.Status = casefile.OutcomeRefused, p.Code, p.Error(), p.Status
		return
	}
	if len(body.Result) == 0 {
		body.Result = json.RawMessage("null")
	}
	v, err := e.Tools.DecodeResult(tool, body.Result)
	if err != nil {
		// it may have been done, so no other remedy may follow
		d.Outcome, d.Code, d.Detail = casefile.OutcomeAbandoned, "garbage", "the result of the callback can't be used: "+err.Error()
		return
	}
	d.Outcome, d.Result = casefile.OutcomeDone, v
}
