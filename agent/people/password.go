package people

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Passwords are kept as argon2id hashes (RFC 9106) with the least cost that OWASP's Password Storage
// Cheat Sheet calls enough, so that a sign-in takes 19 MiB for some tens of milliseconds. A hash names
// its cost: one of another cost is made anew when its password is next shown.
const (
	argonTime   = 2
	argonMemory = 19 * 1024 // KiB
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
)

// hashesAtOnce bounds the memory that guesses can take; who comes when as many wait already is asked to
// come again.
const (
	hashesAtOnce = 2
	hashesWait   = 32
)

// Bounds of a password, in characters and bytes.
const (
	minPassword = 12
	maxPassword = 1024
)

// hasher makes and compares hashes, a few at a time.
type hasher struct {
	opts    Options
	running chan struct{}
	waiting chan struct{}
	nobody  string // a hash of nobody's password: who has none costs as much as who has
}

func newHasher(opts Options) (*hasher, error) {
	h := &hasher{opts: opts, running: make(chan struct{}, hashesAtOnce), waiting: make(chan struct{}, hashesAtOnce+hashesWait)}
	b, err := opts.random(saltBytes + hashBytes)
	if err != nil {
		return nil, err
	}
	h.nobody = phc(cost{argonMemory, argonTime, argonLanes}, b[:saltBytes], b[saltBytes:])
	return h, nil
}

// turn waits until a hash may be made; done ends that.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, &TooManyError{After: slotsAfter}
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.waiting }, nil
	case <-ctx.Done():
		<-h.waiting
		return nil, ctx.Err()
	}
}

// hash makes the hash of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt, err := h.opts.random(saltBytes)
	if err != nil {
		return "", err
	}
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	c := cost{argonMemory, argonTime, argonLanes}
	return phc(c, salt, c.key(password, salt, hashBytes)), nil
}

// matches compares a password with a hash, "" for nobody's. It takes as long either way. weak is
// whether the hash has another cost than new ones.
func (h *hasher) matches(ctx context.Context, password, kept string) (ok, weak bool, err error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	against := kept
	if against == "" {
		against = h.nobody
	}
	c, salt, want, err := parsePHC(against)
	if err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(c.key(password, salt, len(want)), want) == 1
	return same && kept != "", c != cost{argonMemory, argonTime, argonLanes}, nil
}

// cost is what a hash takes.
type cost struct {
	memory uint32 // KiB
	time   uint32
	lanes  uint8
}

func (c cost) key(password string, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.time, c.memory, c.lanes, uint32(size))
}

// phc writes a hash as password hashing's string format has it.
func phc(c cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.lanes, b64(salt), b64(sum))
}

var errHash = errors.New("a stored password is damaged; reset it with a one-time link")

func parsePHC(s string) (c cost, salt, sum []byte, err error) {
	parts := strings.Split(s, "$")
	var version int
	if len(parts) != 6 || parts[1] != "argon2id" {
		return c, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.memory, &c.time, &c.lanes); err != nil || version != argon2.Version ||
		c.time < 1 || c.lanes < 1 || c.memory > 1<<20 || c.time > 100 {
		return c, nil, nil, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(salt) == 0 || len(sum) < 16 {
		return c, nil, nil, errHash
	}
	return c, salt, sum, nil
}

// checkPassword says what is wrong with a password that somebody chose, after NIST SP 800-63B: length
// counts, kinds of characters don't.
func checkPassword(name, password string) error {
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	switch {
	case !utf8.ValidString(password) || len(password) > maxPassword:
		return fmt.Errorf("%w: a password has at most %d bytes of text", ErrInvalid, maxPassword)
	case utf8.RuneCountInString(norm.NFC.String(password)) < minPassword:
		return fmt.Errorf("%w: a password has at least %d characters; a few words are easy to remember", ErrInvalid, minPassword)
	case len(distinct) < 5 || utf8.RuneCountInString(name) > 3 && strings.Contains(folded(password), folded(name)) && utf8.RuneCountInString(password) < utf8.RuneCountInString(name)+8:
		return fmt.Errorf("%w: that password is the first thing somebody would try; choose one that is neither the name nor a few characters again and again", ErrInvalid)
	}
	return nil
}
