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
	"sync/atomic"
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
	// LastUsedAt is when it last let somebody in, to the minute; nil for never.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// kept is a token in memory.
type kept struct {
	Token
	used   atomic.Int64 // Unix nanoseconds, 0 for never
	stored int64        // what of it is stored; only Run changes it
}

func (k *kept) shown() Token {
	t := k.Token
	if n := k.used.Load(); n != 0 {
		at := time.Unix(0, n).UTC()
		t.LastUsedAt = &at
	}
	return t
}

// usedEvery is how exactly it is kept when a token was used.
const usedEvery = time.Minute

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
	memory  memory[*kept]
}

// OpenTokens reads the tokens there are.
func OpenTokens(ctx context.Context, records Records, audit *Audit, opts Options) (*Tokens, error) {
	t := &Tokens{records: records, audit: audit, opts: opts.filled()}
	all, byID := map[digest]*kept{}, map[string]*kept{}
	err := each(ctx, records, recordToken, func(r journal.Record) error {
		var s storedToken
		var d digest
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return fmt.Errorf("decode token %s: %w", r.Key, err)
		}
		if n, err := hex.Decode(d[:], []byte(s.Digest)); err != nil || n != len(d) {
			return fmt.Errorf("token %s: its digest is damaged", r.Key)
		}
		k := &kept{Token: s.Token}
		all[d], byID[s.ID] = k, k
		return nil
	})
	if err == nil {
		err = each(ctx, records, recordTokenUse, func(r journal.Record) error {
			var at time.Time
			if k := byID[r.Key]; k != nil && json.Unmarshal(r.Value, &at) == nil {
				k.stored = at.UnixNano()
				k.used.Store(k.stored)
			}
			return nil
		})
	}
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
	t.memory.change(func(m map[digest]*kept) { m[d] = &kept{Token: token} })
	return token, secret, nil
}

// Principal tells whose a secret is; false if it is nobody's, revoked or expired.
func (t *Tokens) Principal(secret string) (Principal, bool) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return Principal{}, false
	}
	token, ok := t.memory.find(secret)
	if !ok {
		return Principal{}, false
	}
	now := t.opts.Now()
	if token.ExpiresAt != nil && !now.Before(*token.ExpiresAt) {
		return Principal{}, false
	}
	if n := now.UnixNano(); n-token.used.Load() >= int64(usedEvery) {
		token.used.Store(n)
	}
	return Principal{ID: token.ID, Kind: KindToken, Name: token.Name, Role: token.Role, Untrusted: token.Untrusted}, true
}

// List gives all tokens, oldest first.
func (t *Tokens) List() []Token {
	list := []Token{}
	for _, token := range t.memory.all() {
		list = append(list, token.shown())
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
			err = t.records.Put(ctx, journal.Record{Kind: recordToken, Key: id}, journal.Record{Kind: recordTokenUse, Key: id}, said)
		}
		if err != nil {
			return fmt.Errorf("revoke token %s: %w", id, err)
		}
		t.memory.change(func(m map[digest]*kept) { delete(m, d) })
		return nil
	}
	return fmt.Errorf("token %s: %w", id, ErrNotFound)
}

// Run stores when tokens were used, every minute, until ctx ends.
func (t *Tokens) Run(ctx context.Context) {
	tick := time.NewTicker(usedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = t.Flush(context.WithoutCancel(ctx)) // a minute of it may be lost
			return
		case <-tick.C:
			_ = t.Flush(ctx) // the next one has it too
		}
	}
}

// Flush stores when tokens were used, those that were since it was last stored.
func (t *Tokens) Flush(ctx context.Context) error {
	t.change.Lock()
	defer t.change.Unlock()
	var records []journal.Record
	var done []func()
	for _, k := range t.memory.all() {
		n := k.used.Load()
		if n == k.stored {
			continue
		}
		r, err := record(recordTokenUse, k.ID, time.Unix(0, n).UTC())
		if err != nil {
			return err
		}
		records = append(records, r)
		done = append(done, func() { k.stored = n })
	}
	if len(records) == 0 {
		return nil
	}
	if err := t.records.Put(ctx, records...); err != nil {
		return fmt.Errorf("store when tokens were used: %w", err)
	}
	for _, d := range done {
		d()
	}
	return nil
}
