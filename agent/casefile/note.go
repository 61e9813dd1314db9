package casefile

import "fmt"

// MaxNote is how long a person's note may be, in bytes.
const MaxNote = 4000

// CheckNote reports a note that is too long to be kept with a decision.
func CheckNote(note string) error {
	if len(note) > MaxNote {
		return fmt.Errorf("a note has at most %d bytes, and this one has %d", MaxNote, len(note))
	}
	return nil
}
