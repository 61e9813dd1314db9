package people

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32

// Key is the appliance's own secret, from the key file beside the data.
type Key struct{ secret [keySize]byte }

// OpenKey reads the key file of a data folder, DATA/key, and makes it where there is none. The file
// is for its owner alone: one that others may read is refused. Errors wrap ErrKey.
func OpenKey(dir string) (*Key, error) {
	path := filepath.Join(dir, "key")
	k, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("%w: make %s: %w", ErrKey, path, err)
	}
	return readKey(path)
}

func readKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s (mode %04o); run chmod 600 on it, and set its secrets anew if somebody did", ErrKey, path, mode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(secret) != keySize {
		return nil, fmt.Errorf("%w: %s doesn't hold %d bytes in base64; put the right file back, or delete it and set all secrets anew", ErrKey, path, keySize)
	}
	return &Key{[keySize]byte(secret)}, nil
}

// makeKey writes a whole, synced file before it gets its name. If another process was faster, that
// one's key stays.
func makeKey(path string) error {
	var secret [keySize]byte
	_, _ = rand.Read(secret[:]) // never fails
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret[:]) + "\n")
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err == nil {
		if err = os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(f.Name()), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Derive gives 32 bytes for one purpose, always the same ones: HKDF (RFC 5869) over SHA-256.
func (k *Key) Derive(purpose string) []byte {
	b, err := hkdf.Key(sha256.New, k.secret[:], nil, "resolute "+purpose, keySize)
	if err != nil {
		panic("people: HKDF gives 32 bytes under every policy: " + err.Error())
	}
	return b
}
