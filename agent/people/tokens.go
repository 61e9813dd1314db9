package people

import (
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

const tokenPrefix = "rsl_"

// Token is a token without its secret.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Untrusted bool       `json:"untrusted"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"`
	ExpiresAt *time.Time `json:"expires_at"` // nil for never
}

type storedToken struct {
	Token
	Digest string `json:"digest"` // SHA-256 of the secret, hexadecimal
}

// Tokens are the tokens for the API.
type Tokens struct {
	records Records
	audit   *Audit
	opts    Options
	change  sync.Mutex
	memory  memory[Token]
}

// OpenTokens reads the tokens there are.
func OpenTokens(ctx context.Context, records Records, audit *Audit, opts Options) (*Tokens, error) {
	t := &Tokens{records: records, audit: audit, opts: opts.filled()}
	all := map[digest]Token{}
	err := each(ctx, records, recordToken, func(r journal.Record) error {
		var s storedToken
		var d digest
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return fmt.Errorf("decode token %s: %w", r.Key, err)
		}
		if n, err := hex.Decode(d[:], []byte(s.Digest)); err != nil || n != len(d) {
			return fmt.Errorf("token %s: its digest is damaged", r.Key)
		}
		all[d] = s.Token
		return nil
	})
	t.memory.m.Store(&all)
	return t, err
}

// NewToken is what a token is created from.
type NewToken struct {
	Name      string
	Role      Role
	Untrusted bool
	ExpiresAt time.Time // zero for never
}

// Create makes a token; its secret is given this once.
func (t *Tokens) Create(ctx context.Context, n NewToken, by string) (Token, string, error) {
	now := t.opts.Now().UTC()
	switch {
	case !n.Role.Valid():
		return Token{}, "", fmt.Errorf("%w: %q is no role; it is one of ingest, viewer, operator, approver, admin", ErrInvalid, n.Role)
	case !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now):
		return Token{}, "", fmt.Errorf("%w: it would have expired already", ErrInvalid)
	}
	if err := checkName(n.Name); err != nil {
		return Token{}, "", err
	}
	b, err := t.opts.random(32)
	if err != nil {
		return Token{}, "", err
	}
	id, err := uuid.NewV7FromReader(t.opts.Rand)
	if err != nil {
		return Token{}, "", err
	}
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
	token := Token{ID: id.String(), Name: n.Name, Role: n.Role, Untrusted: n.Untrusted, CreatedAt: now, CreatedBy: by}
	if token.Name == "" {
		token.Name = string(n.Role)
	}
	if !n.ExpiresAt.IsZero() {
		at := n.ExpiresAt.UTC()
		token.ExpiresAt = &at
	}
	d := digestOf(secret)
	t.change.Lock()
	defer t.change.Unlock()
	r, err := record(recordToken, token.ID, storedToken{Token: token, Digest: hex.EncodeToString(d[:])})
	if err != nil {
		return Token{}, "", err
	}
	said, err := t.audit.Event(by, "token.created", token.ID, map[string]any{"name": token.Name, "role": token.Role, "untrusted": token.Untrusted})
	if err != nil {
		return Token{}, "", err
	}
	if err := t.records.Put(ctx, r, said); err != nil {
		return Token{}, "", fmt.Errorf("store the token: %w", err)
	}
	t.memory.change(func(m map[digest]Token) { m[d] = token })
	return token, secret, nil
}

// Principal tells whose a secret is; false if it is nobody's, revoked or expired.
func (t *Tokens) Principal(secret string) (Principal, bool) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return Principal{}, false
	}
	token, ok := t.memory.find(secret)
	if !ok || token.ExpiresAt != nil && !t.opts.Now().Before(*token.ExpiresAt) {
		return Principal{}, false
	}
	return Principal{ID: token.ID, Kind: KindToken, Name: token.Name, Role: token.Role, Untrusted: token.Untrusted}, true
}

// List gives all tokens, oldest first.
func (t *Tokens) List() []Token {
	list := []Token{}
	for _, token := range t.memory.all() {
		list = append(list, token)
	}
	slices.SortFunc(list, func(a, b Token) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Revoke ends a token at once. ErrNotFound if there is none with this id.
func (t *Tokens) Revoke(ctx context.Context, id, by string) error {
	t.change.Lock()
	defer t.change.Unlock()
	for d, token := range t.memory.all() {
		if token.ID != id {
			continue
		}
		said, err := t.audit.Event(by, "token.revoked", id, map[string]any{"name": token.Name})
		if err == nil {
			err = t.records.Put(ctx, journal.Record{Kind: recordToken, Key: id}, said)
		}
		if err != nil {
			return fmt.Errorf("revoke token %s: %w", id, err)
		}
		t.memory.change(func(m map[digest]Token) { delete(m, d) })
		return nil
	}
	return fmt.Errorf("token %s: %w", id, ErrNotFound)
}
