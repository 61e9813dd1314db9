package checkpoint_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"resolute/agent/checkpoint"
	"resolute/agent/journal"
)

func TestANoteIsItsSignersAlone(t *testing.T) {
	key, err := checkpoint.NewKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	other, err := checkpoint.NewKey(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	c := journal.Checkpoint{Entries: 1000, Cases: 50, Deeds: 0}
	c.Heads[3] = 7
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	signed, err := key.Sign(c, at)
	if err != nil {
		t.Fatal(err)
	}
	if got, made, err := key.Open(signed); err != nil || got != c || !made.Equal(at) {
		t.Errorf("Open gives %+v of %v, %v; want %+v of %v", got, made, err, c, at)
	}
	if got, _, err := key.Open(bytes.ReplaceAll(signed, []byte("\n"), []byte("\r\n"))); err != nil || got != c {
		t.Errorf("a note whose lines end as Windows has them: %+v, %v", got, err)
	}
	for what, text := range map[string][]byte{
		"fewer entries":   bytes.Replace(signed, []byte("entries 1000"), []byte("entries 999"), 1),
		"an earlier time": bytes.Replace(signed, []byte("2026"), []byte("2025"), 1),
		"no signature":    signed[:bytes.Index(signed, []byte("—"))],
		"nothing":         nil,
	} {
		if _, _, err := key.Open(text); !errors.Is(err, checkpoint.ErrNote) {
			t.Errorf("a note with %s: %v, want ErrNote", what, err)
		}
	}
	if _, _, err := other.Open(signed); !errors.Is(err, checkpoint.ErrNote) {
		t.Errorf("a note of another folder: %v, want ErrNote", err)
	}
}
