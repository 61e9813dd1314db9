package people

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"regexp"

	"golang.org/x/crypto/chacha20poly1305"

	"resolute/agent/journal"
)

// Secrets keeps what bundles name as ${secret.NAME}, sealed with XChaCha20-Poly1305. A value is
// bound to its name: moved to another, it can't be opened.
type Secrets struct {
	records Records
	audit   *Audit
	opts    Options
	seal    cipher.AEAD
}

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 64 << 10

var secretName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// NewSecrets keeps secrets among records, sealed with key.
func NewSecrets(records Records, key *Key, audit *Audit, opts Options) (*Secrets, error) {
	seal, err := chacha20poly1305.NewX(key.Derive("secrets"))
	if err != nil {
		return nil, fmt.Errorf("the cipher for secrets: %w", err)
	}
	return &Secrets{records: records, audit: audit, opts: opts.filled(), seal: seal}, nil
}

// Set keeps a value under a name, in place of the one before. It reports ErrInvalid.
func (s *Secrets) Set(ctx context.Context, by Principal, name, value string) error {
	switch {
	case !secretName.MatchString(name):
		return fmt.Errorf("%w: the name %q of a secret may have letters, digits, '-' and '_' only, at most 64", ErrInvalid, name)
	case value == "" || len(value) > maxSecret:
		return fmt.Errorf("%w: the secret %s has %d bytes; it may have 1 to %d", ErrInvalid, name, len(value), maxSecret)
	}
	nonce, err := s.opts.random(s.seal.NonceSize())
	if err != nil {
		return err
	}
	event, err := s.audit.event(by.Actor(), "secret.set", name, nil)
	if err != nil {
		return err
	}
	sealed := s.seal.Seal(nonce, nonce, []byte(value), []byte(name))
	if err := s.records.Put(ctx, journal.Record{Kind: recordSecret, Key: name, Value: sealed}, event); err != nil {
		return fmt.Errorf("store the secret %s: %w", name, err)
	}
	return nil
}

// Get gives a secret in plain. It reports ErrNotFound, and ErrKey if it was sealed with another key.
func (s *Secrets) Get(ctx context.Context, name string) (string, error) {
	sealed, err := s.sealed(ctx, name)
	if err != nil {
		return "", err
	}
	n := s.seal.NonceSize()
	if len(sealed) < n {
		return "", fmt.Errorf("secret %s is damaged; set it anew", name)
	}
	value, err := s.seal.Open(nil, sealed[:n], sealed[n:], []byte(name))
	if err != nil {
		return "", fmt.Errorf("secret %s: %w: it was sealed with another key; put the right key file back, or set it anew", name, ErrKey)
	}
	return string(value), nil
}

func (s *Secrets) sealed(ctx context.Context, name string) ([]byte, error) {
	sealed, err := s.records.Get(ctx, recordSecret, name)
	if errors.Is(err, journal.ErrNotFound) || err == nil && sealed == nil {
		return nil, fmt.Errorf("secret %q: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret %s: %w", name, err)
	}
	return sealed, nil
}

// Delete forgets a secret. It reports ErrNotFound.
func (s *Secrets) Delete(ctx context.Context, by Principal, name string) error {
	if _, err := s.sealed(ctx, name); err != nil {
		return err
	}
	event, err := s.audit.event(by.Actor(), "secret.deleted", name, nil)
	if err != nil {
		return err
	}
	if err := s.records.Put(ctx, journal.Record{Kind: recordSecret, Key: name}, event); err != nil {
		return fmt.Errorf("delete the secret %s: %w", name, err)
	}
	return nil
}

// Names lists the names of all secrets, ascending.
func (s *Secrets) Names(ctx context.Context) ([]string, error) {
	names := []string{}
	err := each(ctx, s.records, recordSecret, func(r journal.Record) error {
		names = append(names, r.Key)
		return nil
	})
	return names, err
}
