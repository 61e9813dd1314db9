package people

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"resolute/agent/journal"
)

// Key is the data folder's key, from which all others are derived.
type Key struct{ root [32]byte }

// keyFile is where a data folder's key is.
func keyFile(data string) string { return filepath.Join(data, "key") }

// OpenKey reads DATA/key, or makes it. A key file that others can read is an error.
func OpenKey(data string, opts Options) (*Key, error) {
	k, err := ReadKey(data)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k = &Key{}
	b, err := opts.filled().random(len(k.root))
	if err != nil {
		return nil, err
	}
	copy(k.root[:], b)
	if err := writeKey(keyFile(data), b); err != nil {
		return nil, fmt.Errorf("%w: make %s: %w", ErrKey, keyFile(data), err)
	}
	return k, nil
}

// ReadKey reads DATA/key as OpenKey does, and makes none.
func ReadKey(data string) (*Key, error) {
	k, file := &Key{}, keyFile(data)
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s can be read by others; make it private: chmod 600 %s", ErrKey, file, file)
	}
	b, err := os.ReadFile(file)
	if err != nil || len(b) != len(k.root) {
		return nil, fmt.Errorf("%w: %s is not a key of %d bytes; put back the one that belongs to this folder (%v)", ErrKey, file, len(k.root), err)
	}
	copy(k.root[:], b)
	return k, nil
}

// writeKey makes the key durable before anything is sealed with it: a file that a crash leaves empty
// would cost every secret.
func writeKey(file string, b []byte) error {
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, ".key-*") // its mode is 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Derive gives 32 bytes for one purpose.
func (k *Key) Derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.root[:], nil, "resolute "+purpose, 32)
}

// Secrets are what bundles name as ${secret.NAME}, encrypted at rest.
type Secrets struct {
	records Records
	audit   *Audit
	opts    Options
	seal    cipher.AEAD
	mu      sync.RWMutex
	plain   map[string]string
}

var secretName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,99}$`)

// OpenSecrets reads the secrets there are.
func OpenSecrets(ctx context.Context, records Records, key *Key, audit *Audit, opts Options) (*Secrets, error) {
	derived, err := key.Derive("secrets")
	if err != nil {
		return nil, err
	}
	s := &Secrets{records: records, audit: audit, opts: opts.filled(), plain: map[string]string{}}
	if s.seal, err = chacha20poly1305.NewX(derived); err != nil {
		return nil, err
	}
	err = each(ctx, records, recordSecret, func(r journal.Record) error {
		var sealed []byte
		if err := json.Unmarshal(r.Value, &sealed); err != nil || len(sealed) < s.seal.NonceSize() {
			return fmt.Errorf("secret %s is damaged; set it again", r.Key)
		}
		nonce, box := sealed[:s.seal.NonceSize()], sealed[s.seal.NonceSize():]
		plain, err := s.seal.Open(nil, nonce, box, []byte(r.Key))
		if err != nil {
			return fmt.Errorf("%w: secret %s was sealed with another key; put back the key file that belongs to this folder", ErrKey, r.Key)
		}
		s.plain[r.Key] = string(plain)
		return nil
	})
	return s, err
}

// Set keeps a secret.
func (s *Secrets) Set(ctx context.Context, name, value, by string) error {
	if !secretName.MatchString(name) {
		return fmt.Errorf("%w: the name of a secret has letters, digits, _ and -, and begins with a letter", ErrInvalid)
	}
	nonce, err := s.opts.random(s.seal.NonceSize())
	if err != nil {
		return err
	}
	r, err := record(recordSecret, name, s.seal.Seal(nonce, nonce, []byte(value), []byte(name)))
	if err == nil {
		err = s.put(ctx, r, "secret.set", by)
	}
	if err != nil {
		return fmt.Errorf("set secret %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain[name] = value
	return nil
}

func (s *Secrets) put(ctx context.Context, r journal.Record, action, by string) error {
	said, err := s.audit.Event(by, action, r.Key, nil)
	if err != nil {
		return err
	}
	return s.records.Put(ctx, r, said)
}

// Get gives a secret.
func (s *Secrets) Get(name string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.plain[name]
	return v, ok
}

// Names lists the secrets.
func (s *Secrets) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.plain))
}

// Delete forgets a secret. ErrNotFound if there is none of this name.
func (s *Secrets) Delete(ctx context.Context, name, by string) error {
	if _, ok := s.Get(name); !ok {
		return fmt.Errorf("secret %s: %w", name, ErrNotFound)
	}
	if err := s.put(ctx, journal.Record{Kind: recordSecret, Key: name}, "secret.deleted", by); err != nil {
		return fmt.Errorf("delete secret %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.plain, name)
	return nil
}
