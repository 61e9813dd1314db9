package demo

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"resolute/tools/protocol"
)

// Fault makes the next calls of a tool fail.
type Fault struct {
	Tool    string         `json:"tool"`               // PLUGIN.TOOL
	Kind    string         `json:"kind"`               // one of FaultKinds
	Count   int            `json:"count"`              // how many calls are still to fail; 0 is taken as 1
	Match   map[string]any `json:"match,omitempty"`    // only calls with these arguments
	DelayMS int            `json:"delay_ms,omitempty"` // of a slow one; 0 is taken as 1000
}

// hangFor is how long a call hangs whose caller doesn't give up.
const hangFor = time.Minute

// FaultKinds lists what can go wrong: no answer, with the effect not done or done; a 500, a 422 or
// an answer that isn't JSON, all without effect; and an answer that takes its time.
func FaultKinds() []string {
	return []string{"timeout", "timeout_after_effect", "error", "reject", "garbage", "slow"}
}

func (f Fault) hits(tool string, args map[string]any) bool {
	if f.Tool != tool {
		return false
	}
	for name, want := range f.Match {
		if !reflect.DeepEqual(args[name], want) {
			return false
		}
	}
	return true
}

// take gives the first fault that hits the call, and counts it down.
func (c *Company) take(tool string, args map[string]any) (hit *Fault, err error) {
	find := func(tx *bbolt.Tx) (key []byte, hit *Fault, err error) {
		cur := tx.Bucket([]byte(faults)).Cursor()
		for k, v := cur.First(); k != nil; k, v = cur.Next() {
			var f Fault
			if err := json.Unmarshal(v, &f); err != nil {
				return nil, nil, fmt.Errorf("read a fault: %w", err)
			}
			if f.hits(tool, args) {
				return k, &f, nil
			}
		}
		return nil, nil, nil
	}
	// most calls meet none, and need no write transaction to find out
	err = c.db.View(func(tx *bbolt.Tx) (err error) {
		_, hit, err = find(tx)
		return err
	})
	if err != nil || hit == nil {
		return nil, err
	}
	err = c.db.Update(func(tx *bbolt.Tx) error {
		var key []byte
		if key, hit, err = find(tx); err != nil || hit == nil {
			return err
		}
		if hit.Count--; hit.Count == 0 {
			return tx.Bucket([]byte(faults)).Delete(key)
		}
		return put(tx, faults, string(key), *hit)
	})
	return hit, err
}

// faulty lets the calls of a plugin fail as the faults say.
func (c *Company) faulty(plugin string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, isCall := strings.CutPrefix(r.URL.Path, "/tools/")
		if !isCall {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
		if err != nil {
			refuse(w, http.StatusBadRequest, "the body is too long or broke off")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var args map[string]any
		_ = json.Unmarshal(body, &args) // what isn't an object matches no arguments; the plugin says so itself
		f, err := c.take(plugin+"."+name, args)
		if err != nil {
			c.fail(w, err)
			return
		}
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		c.opts.Log.Debug("a fault strikes", "tool", f.Tool, "kind", f.Kind)
		switch f.Kind {
		case "timeout":
			c.hang(r, hangFor)
			panic(http.ErrAbortHandler) // cuts the connection; returning would be an empty 200
		case "timeout_after_effect":
			next.ServeHTTP(nowhere{}, r)
			c.hang(r, hangFor)
			panic(http.ErrAbortHandler)
		case "error":
			refuse(w, http.StatusInternalServerError, "a fault was asked for")
		case "reject":
			w.Header().Set("Content-Type", protocol.ContentProblem)
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(protocol.Problem{Status: http.StatusUnprocessableEntity, Detail: "a fault was asked for", Code: "rejected"})
		case "garbage":
			_, _ = io.WriteString(w, "<html>Bad gateway, probably")
		case "slow":
			c.hang(r, time.Duration(f.DelayMS)*time.Millisecond)
			next.ServeHTTP(w, r)
		}
	})
}

// hang keeps the caller waiting for d, or until it gives up or the company closes.
func (c *Company) hang(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-c.closing:
	}
}

// nowhere is where an answer goes that gets lost.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

func (c *Company) serveFaults(w http.ResponseWriter, _ *http.Request) {
	items := []Fault{}
	err := c.db.View(func(tx *bbolt.Tx) error {
		return each(tx, faults, func(f Fault) { items = append(items, f) })
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"items": items})
}

func (c *Company) addFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		refuse(w, http.StatusBadRequest, "a fault is {tool, kind, count, match, delay_ms}: "+err.Error())
		return
	}
	switch {
	case !c.offers(f.Tool):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("there is no tool %q; give it as PLUGIN.TOOL", f.Tool))
		return
	case !slices.Contains(FaultKinds(), f.Kind):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("there is no fault %q, only %s", f.Kind, strings.Join(FaultKinds(), ", ")))
		return
	case f.Count < 0 || f.DelayMS < 0:
		refuse(w, http.StatusBadRequest, "count and delay_ms are at least 0")
		return
	}
	if err := c.db.Update(func(tx *bbolt.Tx) error { return plant(tx, f) }); err != nil {
		c.fail(w, err)
		return
	}
	reply(w, http.StatusCreated, f)
}

// plant keeps f behind the faults that are there.
func plant(tx *bbolt.Tx, f Fault) error {
	if f.Count == 0 {
		f.Count = 1
	}
	if f.Kind == "slow" && f.DelayMS == 0 {
		f.DelayMS = 1000
	}
	seq, err := tx.Bucket([]byte(faults)).NextSequence()
	if err != nil {
		return fmt.Errorf("number the fault: %w", err)
	}
	return put(tx, faults, string(binary.BigEndian.AppendUint64(nil, seq)), f)
}

func (c *Company) clearFaults(w http.ResponseWriter, _ *http.Request) {
	err := c.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte(faults)); err != nil {
			return err
		}
		_, err := tx.CreateBucket([]byte(faults))
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// offers reports whether tool is one of the company's, as PLUGIN.TOOL.
func (c *Company) offers(tool string) bool {
	for _, d := range c.plugins {
		for _, t := range d.server.Manifest().Tools {
			if d.name+"."+t.Name == tool {
				return true
			}
		}
	}
	return false
}
