package demo

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"go.etcd.io/bbolt"

	"resolute/plugins"
	"resolute/tools/protocol"
)

// Effect is a row of the ledger: something that a tool changed.
type Effect struct {
	Seq            uint64          `json:"seq"`
	At             time.Time       `json:"at"`
	Tool           string          `json:"tool"` // PLUGIN.TOOL
	IdempotencyKey string          `json:"idempotency_key"`
	Case           string          `json:"case"` // as the caller says
	Args           json.RawMessage `json:"args"`
	Result         json.RawMessage `json:"result"`
	AmountCents    int64           `json:"amount_cents"` // money that moved, whichever way; 0 if none
}

// read offers a tool that only looks.
func read[In, Out any](d desk, name, says string, look func(tx *bbolt.Tx, in In) (Out, error)) {
	plugins.Register(d.server, plugins.Tool[In, Out]{
		Name: name, Description: says, Effect: protocol.Read, Timeout: 2 * time.Second,
		Run: func(_ context.Context, in In) (out Out, err error) {
			err = d.c.db.View(func(tx *bbolt.Tx) error {
				out, err = look(tx, in)
				return err
			})
			return out, err
		},
	})
}

// write offers t, whose effect is what change does in the transaction; it gives the result and how
// much money moved. The ledger's row is written in the same transaction.
func write[In, Out any](d desk, t plugins.Tool[In, Out], change func(tx *bbolt.Tx, in In) (Out, int64, error)) {
	t.Effect, t.Atomic, t.Timeout = protocol.Write, true, 2*time.Second
	t.Run = func(ctx context.Context, in In) (Out, error) {
		tx := plugins.Tx(ctx)
		out, cents, err := change(tx, in)
		if err != nil {
			return out, err
		}
		return out, d.record(tx, plugins.CallOf(ctx), in, out, cents)
	}
	plugins.Register(d.server, t)
}

func (d desk) record(tx *bbolt.Tx, call plugins.Call, args, result any, cents int64) error {
	b := tx.Bucket([]byte(ledger))
	seq, err := b.NextSequence()
	if err != nil {
		return fmt.Errorf("number the ledger's row: %w", err)
	}
	e := Effect{
		Seq: seq, At: d.c.opts.Now().UTC(), Tool: d.name + "." + call.Tool,
		IdempotencyKey: call.Key, Case: call.Case, AmountCents: cents,
	}
	if e.Args, err = json.Marshal(args); err != nil {
		return fmt.Errorf("encode the ledger's arguments: %w", err)
	}
	if e.Result, err = json.Marshal(result); err != nil {
		return fmt.Errorf("encode the ledger's result: %w", err)
	}
	row, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode the ledger's row: %w", err)
	}
	return b.Put(binary.BigEndian.AppendUint64(nil, seq), row)
}

// Ledger gives every effect, oldest first.
func (c *Company) Ledger() ([]Effect, error) {
	effects := []Effect{}
	err := c.db.View(func(tx *bbolt.Tx) error {
		return each(tx, ledger, func(e Effect) { effects = append(effects, e) })
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return effects, nil
}

func (c *Company) serveLedger(w http.ResponseWriter, _ *http.Request) {
	effects, err := c.Ledger()
	if err != nil {
		c.fail(w, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"items": effects})
}

// fail answers with what went wrong inside, and logs it.
func (c *Company) fail(w http.ResponseWriter, err error) {
	c.opts.Log.Error("the demo company failed", "error", err)
	refuse(w, http.StatusInternalServerError, "the demo company failed; its log says why")
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", protocol.ContentProblem)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(protocol.Problem{Title: http.StatusText(status), Status: status, Detail: detail})
}
