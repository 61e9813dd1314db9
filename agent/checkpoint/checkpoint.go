// Package checkpoint writes a journal's checkpoint as a signed note, to be kept elsewhere, and reads it
// again.
//
// The note is that of golang.org/x/mod/sumdb/note:
//
//	resolute checkpoint
//	made 2026-03-01T10:00:00Z
//	entries 1000
//	cases 50 HASH
//	audit 100 HASH
//
//	— resolute SIGNATURE
//
// # Caveats
//
// What happened after a checkpoint is protected by the next one. The key is that of the data folder:
// whoever has the folder can sign another note, but not change the one that is kept elsewhere. A folder
// whose key was replaced can't tell whether an older note is its own.
package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

const (
	name  = "resolute"
	title = "resolute checkpoint"
)

// ErrNote is wrapped by what Open reports of a text that is no checkpoint of this data folder.
var ErrNote = errors.New("this is no checkpoint that this data folder's key signed")

// Purpose is what the key's seed is derived for.
const Purpose = "checkpoint"

// Key signs checkpoints of one data folder and knows its own again.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
}

// NewKey makes the key of a seed of 32 bytes; it is derived for Purpose.
func NewKey(seed []byte) (*Key, error) {
	s, v, err := keys(seed)
	if err != nil {
		return nil, err
	}
	return &Key{signer: s, verifier: v}, nil
}

// Sign gives the note of a checkpoint that was made at a time.
func (k *Key) Sign(c journal.Checkpoint, at time.Time) ([]byte, error) {
	text := fmt.Sprintf("%s\nmade %s\nentries %d\ncases %d %s\naudit %d %s\n", title, at.UTC().Format(time.RFC3339), c.Entries, c.Cases, shown(c.Heads), c.Deeds, shown(c.Audit))
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return signed, nil
}

// shown is a hash in full: the zero hash too.
func shown(h casefile.Hash) string { return fmt.Sprintf("%x", h[:]) }

// Open gives the checkpoint of a note, and when it was made. Errors wrap ErrNote.
func (k *Key) Open(signed []byte) (c journal.Checkpoint, at time.Time, err error) {
	n, err := note.Open(bytes.ReplaceAll(signed, []byte("\r\n"), []byte("\n")), note.VerifierList(k.verifier))
	if err != nil {
		return c, at, fmt.Errorf("%w: %w", ErrNote, err)
	}
	var made, heads, audit string
	if _, err = fmt.Sscanf(n.Text, title+"\nmade %s\nentries %d\ncases %d %s\naudit %d %s\n", &made, &c.Entries, &c.Cases, &heads, &c.Deeds, &audit); err == nil {
		err = errors.Join(c.Heads.UnmarshalText([]byte(heads)), c.Audit.UnmarshalText([]byte(audit)))
	}
	if err == nil {
		at, err = time.Parse(time.RFC3339, made)
	}
	if err != nil {
		return c, at, fmt.Errorf("%w: %w", ErrNote, err)
	}
	return c, at, nil
}

// keys gives signer and verifier of a seed. Their encodings are those of package note.
func keys(seed []byte) (note.Signer, note.Verifier, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, nil, fmt.Errorf("the seed of a checkpoint's key has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	public, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		return nil, nil, errors.New("the checkpoint's key is none of Ed25519")
	}
	const ed25519Key = 1
	encoded := append([]byte{ed25519Key}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), encoded...))
	id := binary.BigEndian.Uint32(sum[:])
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(append([]byte{ed25519Key}, seed...))))
	if err != nil {
		return nil, nil, fmt.Errorf("the checkpoint's key: %w", err)
	}
	verifier, err := note.NewVerifier(fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(encoded)))
	if err != nil {
		return nil, nil, fmt.Errorf("the checkpoint's key: %w", err)
	}
	return signer, verifier, nil
}
