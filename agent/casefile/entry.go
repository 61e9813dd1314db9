package casefile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Hash is a SHA-256.
type Hash [32]byte

// String gives the hash in hexadecimal, "" for the zero hash.
func (h Hash) String() string {
	if h == (Hash{}) {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText writes String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*h = Hash{}
		return nil
	}
	if n, err := hex.Decode(h[:], b); err != nil || n != len(h) {
		return fmt.Errorf("%q is not a hash", b)
	}
	return nil
}

// Entry is one record of a case's journal.
type Entry struct {
	Offset   uint64    // over all cases, ascending; given by the store
	Seq      uint64    // in its case, from 1 without gaps
	Case     string    // id
	At       time.Time // when it was decided
	Actor    string    // agent, system, user:NAME or token:NAME
	Data     Data      // what happened
	Evidence []string  // what it rests on: entry:SEQ, kb://..., signal:ID
	Versions Versions  // what it was decided under
	Hash     Hash      // given by the store
	Prev     Hash      // of the entry before it in the case, zero for the first
}

// Actors that are not people.
const (
	ActorAgent  = "agent"
	ActorSystem = "system"
)

// Versions names what a decision was made under; empty where it doesn't matter.
type Versions struct {
	Bundle    string `json:"bundle,omitempty"`
	Procedure string `json:"procedure,omitempty"`
	Policy    string `json:"policy,omitempty"`
	Prompt    string `json:"prompt,omitempty"` // of all prompts of the bundle
	Manifest  string `json:"manifest,omitempty"`
}

// Kind names what an entry says.
type Kind string

// Data is the content of an entry; each kind has its type.
type Data interface{ Kind() Kind }

// payload is an entry's content as it is stored.
type payload struct {
	Data     Data     `json:"data"`
	Evidence []string `json:"evidence"`
	Versions Versions `json:"versions"`
}

// AppendPayload appends the bytes that the store keeps for the entry's content.
func AppendPayload(b []byte, e *Entry) ([]byte, error) {
	w := writer{b: b}
	w.open()
	w.name("data")
	w.data(e.Data)
	w.someTexts("evidence", e.Evidence)
	if v := e.Versions; v != (Versions{}) {
		w.name("versions")
		w.open()
		w.someText("bundle", v.Bundle)
		w.someText("procedure", v.Procedure)
		w.someText("policy", v.Policy)
		w.someText("prompt", v.Prompt)
		w.someText("manifest", v.Manifest)
		w.close()
	}
	w.close()
	if w.err != nil {
		return nil, fmt.Errorf("encode %s of case %s: %w", e.Data.Kind(), e.Case, w.err)
	}
	return w.b, nil
}

// ErrKind is wrapped by what DecodePayload reports of an entry of an unknown kind.
var ErrKind = errors.New("unknown kind of entry; this resolute is older than the data folder")

// DecodePayload fills Data, Evidence and Versions from what AppendPayload gave.
func DecodePayload(e *Entry, kind Kind, b []byte) error {
	data := newData(kind)
	if data == nil {
		return fmt.Errorf("%w: %q", ErrKind, kind)
	}
	p := payload{Data: data}
	if err := json.Unmarshal(b, &p); err != nil {
		return fmt.Errorf("decode %s: %w", kind, err)
	}
	e.Data, e.Evidence, e.Versions = data, p.Evidence, p.Versions
	return nil
}

// EvidenceEntry names an entry that a decision rests on.
func EvidenceEntry(seq uint64) string { return "entry:" + strconv.FormatUint(seq, 10) }

// EvidenceSignal names a signal that a decision rests on.
func EvidenceSignal(id string) string { return "signal:" + id }
