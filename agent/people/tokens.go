package people

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"resolute/agent/journal"
)

// tokenPrefix tells people and secret scanners what a token is for.
const tokenPrefix = "rsl_"

// Token is what is known of a token; the token itself is shown once and kept by nobody.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Untrusted bool       `json:"untrusted"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"` // actor
	ExpiresAt *time.Time `json:"expires_at"` // nil for never
}

// Principal is who shows the token.
func (t Token) Principal() Principal {
	return Principal{ID: t.ID, Kind: KindToken, Name: t.Name, Role: t.Role, Untrusted: t.Untrusted}
}

type storedToken struct {
	Token
	Hash string `json:"hash"` // hexadecimal SHA-256 of the token
}

// NewToken says what token to create.
type NewToken struct {
	Role      Role
	Name      string    // made from role and id if empty; need not be unique
	Untrusted bool      // its signals vouch for nobody
	ExpiresAt time.Time // zero for never
}

// Tokens keeps the tokens of programs.
type Tokens struct {
	records Records
	audit   *Audit
	opts    Options

	mu    sync.Mutex // held by changes, so that store and memory change in one order
	known memory[Token]
}

// OpenTokens reads the tokens that records hold.
func OpenTokens(ctx context.Context, records Records, audit *Audit, opts Options) (*Tokens, error) {
	t := &Tokens{records: records, audit: audit, opts: opts.filled()}
	known := map[digest]Token{}
	err := each(ctx, records, recordToken, func(r journal.Record) error {
		var s storedToken
		var d digest
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return fmt.Errorf("decode token %s: %w", r.Key, err)
		}
		if n, err := hex.Decode(d[:], []byte(s.Hash)); err != nil || n != len(d) {
			return fmt.Errorf("token %s: its hash can't be read", r.Key)
		}
		known[d] = s.Token
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.known.m.Store(&known)
	return t, nil
}

// Create makes a token and gives it in plain, this once. It reports ErrInvalid.
func (t *Tokens) Create(ctx context.Context, by Principal, n NewToken) (plain string, created Token, err error) {
	now := t.opts.Now().UTC()
	if !n.Role.Valid() {
		return "", created, fmt.Errorf("%w: role %q is none of ingest, viewer, operator, approver, admin", ErrInvalid, n.Role)
	}
	if err := checkName(n.Name); err != nil {
		return "", created, err
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		return "", created, fmt.Errorf("%w: it would expire at %s, which is over", ErrInvalid, n.ExpiresAt.Format(time.RFC3339))
	}
	id, err := uuid.NewRandomFromReader(t.opts.Rand)
	if err != nil {
		return "", created, fmt.Errorf("read randomness: %w", err)
	}
	secret, err := t.opts.random(32)
	if err != nil {
		return "", created, err
	}
	plain = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	created = Token{ID: id.String(), Role: n.Role, Untrusted: n.Untrusted, CreatedAt: now, CreatedBy: by.Actor(),
		Name: cmp.Or(n.Name, string(n.Role)+"-"+id.String()[:8])}
	if !n.ExpiresAt.IsZero() {
		at := n.ExpiresAt.UTC()
		created.ExpiresAt = &at
	}
	d := digestOf(plain)
	stored, err := record(recordToken, created.ID, storedToken{Token: created, Hash: hex.EncodeToString(d[:])})
	if err != nil {
		return "", created, err
	}
	event, err := t.audit.event(by.Actor(), "token.created", created.ID, map[string]any{"name": created.Name, "role": created.Role, "untrusted": created.Untrusted, "expires_at": created.ExpiresAt})
	if err != nil {
		return "", created, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.records.Put(ctx, stored, event); err != nil {
		return "", created, fmt.Errorf("store the token %s: %w", created.Name, err)
	}
	t.known.change(func(m map[digest]Token) { m[d] = created })
	return plain, created, nil
}

// Revoke ends a token: once it returns, nobody is let in with it. It reports ErrNotFound.
func (t *Tokens) Revoke(ctx context.Context, by Principal, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for d, k := range t.known.all() {
		if k.ID != id {
			continue
		}
		event, err := t.audit.event(by.Actor(), "token.revoked", id, map[string]any{"name": k.Name, "role": k.Role})
		if err != nil {
			return err
		}
		if err := t.records.Put(ctx, journal.Record{Kind: recordToken, Key: id}, event); err != nil {
			return fmt.Errorf("revoke the token %s: %w", k.Name, err)
		}
		t.known.change(func(m map[digest]Token) { delete(m, d) })
		return nil
	}
	return fmt.Errorf("token %q: %w", id, ErrNotFound)
}

// List gives all tokens, the oldest first, expired ones too.
func (t *Tokens) List() []Token {
	list := []Token{}
	for _, k := range t.known.all() {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Token) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Find tells who shows a token; false if it is unknown, revoked or expired. It reads no store and
// takes no lock.
func (t *Tokens) Find(plain string) (Principal, bool) {
	k, ok := t.known.find(plain)
	if !ok || k.ExpiresAt != nil && !t.opts.Now().Before(*k.ExpiresAt) {
		return Principal{}, false
	}
	return k.Principal(), true
}
