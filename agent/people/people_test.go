package people_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resolute/agent/journal"
	"resolute/agent/people"
)

// house is people over a real store, with a clock that only tests move.
type house struct {
	dir      string
	store    *journal.Bolt
	now      time.Time
	audit    *people.Audit
	accounts *people.Accounts
	door     *people.Door
	tokens   *people.Tokens
	sessions *people.Sessions
	secrets  *people.Secrets
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	h.open(t)
	t.Cleanup(func() { must(t, h.store.Close()) })
	return h
}

func (h *house) options() people.Options {
	return people.Options{Now: func() time.Time { return h.now }}
}

func (h *house) open(t *testing.T) {
	t.Helper()
	var err error
	h.store, err = journal.Open(filepath.Join(h.dir, "journal.db"), journal.Options{})
	must(t, err)
	ctx := context.Background()
	key, err := people.OpenKey(h.dir, h.options())
	must(t, err)
	h.audit = people.NewAudit(h.store, h.options())
	h.tokens, err = people.OpenTokens(ctx, h.store, h.audit, h.options())
	must(t, err)
	h.accounts, err = people.OpenAccounts(ctx, h.store, h.audit, h.options())
	must(t, err)
	h.sessions, err = people.OpenSessions(ctx, h.store, h.accounts, h.options())
	must(t, err)
	h.door, err = people.NewDoor(h.accounts, h.sessions, h.audit, key, h.options())
	must(t, err)
	h.secrets, err = people.OpenSecrets(ctx, h.store, key, h.audit, h.options())
	must(t, err)
}

func (h *house) reopen(t *testing.T) {
	t.Helper()
	must(t, h.store.Close())
	h.open(t)
}

// stored is all that a restart would read, and all that a thief of the file would.
func (h *house) stored(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, "journal.db"))
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTokenLetsInUntilRevoked(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	created, secret, err := h.tokens.Create(ctx, people.NewToken{Name: "shop", Role: people.Ingest, Untrusted: true}, "user:ann")
	must(t, err)
	if !strings.HasPrefix(secret, "rsl_") || len(secret) < 40 {
		t.Fatalf("the token is %q, want rsl_ and 32 random bytes in base64url", secret)
	}
	want := people.Principal{ID: created.ID, Kind: people.KindToken, Name: "shop", Role: people.Ingest, Untrusted: true}
	for _, when := range []string{"created", "read again after a restart"} {
		if got, ok := h.tokens.Principal(secret); !ok || got != want {
			t.Fatalf("%s: the token is of %+v, %v, want %+v", when, got, ok, want)
		}
		h.reopen(t)
	}
	if bytes.Contains(h.stored(t), []byte(strings.TrimPrefix(secret, "rsl_"))) {
		t.Error("the store holds the token itself, want its digest only")
	}
	must(t, h.tokens.Revoke(ctx, created.ID, "user:ann"))
	if _, ok := h.tokens.Principal(secret); ok {
		t.Error("a revoked token lets in")
	}
	h.reopen(t)
	if _, ok := h.tokens.Principal(secret); ok {
		t.Error("a revoked token lets in after a restart")
	}
	if err := h.tokens.Revoke(ctx, created.ID, "user:ann"); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("revoking it again says %v, want ErrNotFound", err)
	}
	for _, guess := range []string{"", "rsl_", secret + "x", strings.TrimPrefix(secret, "rsl_")} {
		if _, ok := h.tokens.Principal(guess); ok {
			t.Errorf("%q lets in", guess)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	_, secret, err := h.tokens.Create(ctx, people.NewToken{Role: people.Viewer, ExpiresAt: h.now.Add(time.Hour)}, "user:ann")
	must(t, err)
	h.now = h.now.Add(time.Hour - time.Second)
	if _, ok := h.tokens.Principal(secret); !ok {
		t.Error("a second before it expires, the token doesn't let in")
	}
	h.now = h.now.Add(time.Second)
	if _, ok := h.tokens.Principal(secret); ok {
		t.Error("the token lets in at the instant it expires")
	}
}

// When a token was used is kept to the minute, and over a restart once it was stored.
func TestTokenSaysWhenItWasUsed(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	_, secret, err := h.tokens.Create(ctx, people.NewToken{Role: people.Viewer}, "user:ann")
	must(t, err)
	used := func() *time.Time { return h.tokens.List()[0].LastUsedAt }
	if used() != nil {
		t.Errorf("before it is used, the token was used at %v", used())
	}
	first := h.now
	for range 3 {
		if _, ok := h.tokens.Principal(secret); !ok {
			t.Fatal("the token doesn't let in")
		}
		h.now = h.now.Add(29 * time.Second)
	}
	must(t, h.tokens.Flush(ctx))
	h.reopen(t)
	if at := used(); at == nil || !at.Equal(first) {
		t.Errorf("used thrice within a minute from %v on, after a restart it was used at %v", first, at)
	}
	h.tokens.Principal(secret)
	if at := used(); at == nil || !at.Equal(h.now) {
		t.Errorf("used again at %v, it says %v", h.now, at)
	}
	must(t, h.tokens.Revoke(ctx, h.tokens.List()[0].ID, "user:ann"))
	if left, err := h.store.List(ctx, "token.used", "", 10); err != nil || len(left) > 0 {
		t.Errorf("of a revoked token %d uses are stored (%v)", len(left), err)
	}
}

func TestTokenRefused(t *testing.T) {
	h := newHouse(t)
	for name, n := range map[string]people.NewToken{
		"no role":               {Name: "x"},
		"an unknown role":       {Role: "root"},
		"an end in the past":    {Role: people.Viewer, ExpiresAt: h.now},
		"a name over two lines": {Role: people.Viewer, Name: "a\nb"},
		"spaces around a name":  {Role: people.Viewer, Name: " a"},
		"a long name":           {Role: people.Viewer, Name: strings.Repeat("a", 101)},
	} {
		if _, secret, err := h.tokens.Create(context.Background(), n, "user:ann"); !errors.Is(err, people.ErrInvalid) || secret != "" {
			t.Errorf("%s: token %q, error %v, want ErrInvalid", name, secret, err)
		}
	}
	if list := h.tokens.List(); len(list) != 0 {
		t.Errorf("refused tokens are listed: %+v", list)
	}
}

func TestRoleOrder(t *testing.T) {
	all := people.Roles()
	for i, r := range all {
		for j, least := range all {
			want := i >= j && i > 0 && j > 0 || i == j // the first is ingest, apart from the others
			if got := r.AtLeast(least); got != want {
				t.Errorf("%s is at least %s: %v, want %v", r, least, got, want)
			}
		}
		if r.AtLeast("root") || people.Role("root").AtLeast(r) || people.Role("").AtLeast(r) {
			t.Errorf("an unknown role compares with %s", r)
		}
	}
	if people.Role("root").AtLeast("root") {
		t.Error("an unknown role reaches itself")
	}
}

func TestSecretsAreSealed(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	const value = "sk_live_very_secret_value"
	must(t, h.secrets.Set(ctx, "shop", value, "user:ann"))
	must(t, h.secrets.Set(ctx, "mail", "other", "user:ann"))
	h.reopen(t)
	if got, ok := h.secrets.Get("shop"); !ok || got != value {
		t.Errorf("the secret is %q, %v after a restart, want %q", got, ok, value)
	}
	if names := h.secrets.Names(); strings.Join(names, " ") != "mail shop" {
		t.Errorf("the names are %q, want mail and shop", names)
	}
	if bytes.Contains(h.stored(t), []byte(value)) {
		t.Error("the store holds the secret in plain")
	}
	must(t, h.secrets.Delete(ctx, "shop", "user:ann"))
	if _, ok := h.secrets.Get("shop"); ok {
		t.Error("a deleted secret is still given")
	}
	if err := h.secrets.Delete(ctx, "shop", "user:ann"); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("deleting it again says %v, want ErrNotFound", err)
	}
	if err := h.secrets.Set(ctx, "../key", "x", "user:ann"); !errors.Is(err, people.ErrInvalid) {
		t.Errorf("a name with a path says %v, want ErrInvalid", err)
	}
}

// A sealed value that is moved under another name, or read with another key, is refused.
func TestSecretsAreBound(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	must(t, h.secrets.Set(ctx, "shop", "value", "user:ann"))
	sealed, err := h.store.Get(ctx, "secret", "shop")
	must(t, err)
	open := func() error {
		key, err := people.OpenKey(h.dir, h.options())
		if err == nil {
			_, err = people.OpenSecrets(ctx, h.store, key, h.audit, h.options())
		}
		return err
	}
	must(t, h.store.Put(ctx, journal.Record{Kind: "secret", Key: "mail", Value: sealed}))
	if err := open(); !errors.Is(err, people.ErrKey) {
		t.Errorf("a secret moved to another name says %v, want ErrKey", err)
	}
	must(t, h.store.Put(ctx, journal.Record{Kind: "secret", Key: "mail"}))
	must(t, open())
	must(t, os.Remove(filepath.Join(h.dir, "key")))
	if err := open(); !errors.Is(err, people.ErrKey) {
		t.Errorf("another key file says %v, want ErrKey", err)
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	first, err := people.OpenKey(dir, people.Options{})
	must(t, err)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v, want mode 0600", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v, want the key alone", left, err)
	}
	second, err := people.OpenKey(dir, people.Options{})
	must(t, err)
	derive := func(k *people.Key, purpose string) string {
		b, err := k.Derive(purpose)
		must(t, err)
		return string(b)
	}
	if a, b := derive(first, "callbacks"), derive(second, "callbacks"); a != b || len(a) != 32 {
		t.Error("the same file gives different keys for the same purpose, want the same 32 bytes")
	}
	if derive(first, "callbacks") == derive(first, "secrets") {
		t.Error("two purposes have the same key")
	}
	must(t, os.Chmod(file, 0o640))
	if _, err := people.OpenKey(dir, people.Options{}); !errors.Is(err, people.ErrKey) {
		t.Errorf("a key that the group can read says %v, want ErrKey", err)
	}
	must(t, os.Chmod(file, 0o600))
	must(t, os.WriteFile(file, []byte("short"), 0o600))
	if _, err := people.OpenKey(dir, people.Options{}); !errors.Is(err, people.ErrKey) {
		t.Errorf("a cut key says %v, want ErrKey", err)
	}
}

func TestAuditSaysWhoDidWhat(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	var from, to time.Time
	step := func() { h.now = h.now.Add(time.Minute) }
	created, secret, err := h.tokens.Create(ctx, people.NewToken{Name: "shop", Role: people.Ingest}, "user:ann")
	must(t, err)
	step()
	from = h.now
	must(t, h.secrets.Set(ctx, "shop", "hidden-value", "user:bob"))
	step()
	must(t, h.audit.Record(ctx, "token:ci", "bundle.activated", "abc", nil))
	step()
	to = h.now
	must(t, h.tokens.Revoke(ctx, created.ID, "user:ann"))

	pages := func(read func(context.Context, time.Time, time.Time, string, int) ([]people.Event, string, error), from, to time.Time, limit int) string {
		var all []string
		cursor := ""
		for {
			list, next, err := read(ctx, from, to, cursor, limit)
			must(t, err)
			for _, e := range list {
				all = append(all, e.Actor+" "+e.Action)
			}
			if next == "" {
				return strings.Join(all, ", ")
			}
			cursor = next
		}
	}
	said := func(from, to time.Time, limit int) string { return pages(h.audit.List, from, to, limit) }
	whole := "user:ann token.created, user:bob secret.set, token:ci bundle.activated, user:ann token.revoked"
	for _, limit := range []int{1, 3, 4, 200} {
		if got := said(time.Time{}, time.Time{}, limit); got != whole {
			t.Errorf("by pages of %d the audit says %q, want %q", limit, got, whole)
		}
	}
	if got, want := said(from, to, 1), "user:bob secret.set, token:ci bundle.activated"; got != want {
		t.Errorf("from %v before %v the audit says %q, want %q", from, to, got, want)
	}
	for _, limit := range []int{1, 3, 4, 200} {
		if got, want := pages(h.audit.Latest, time.Time{}, time.Time{}, limit), "user:ann token.revoked, token:ci bundle.activated, user:bob secret.set, user:ann token.created"; got != want {
			t.Errorf("by pages of %d the audit says, the newest first, %q, want %q", limit, got, want)
		}
		if got, want := pages(h.audit.Latest, from, to, limit), "token:ci bundle.activated, user:bob secret.set"; got != want {
			t.Errorf("from %v before %v the audit says, the newest first, %q, want %q", from, to, got, want)
		}
	}
	records, err := h.store.List(ctx, "audit", "", 100)
	must(t, err)
	for _, r := range records {
		if bytes.Contains(r.Value, []byte("hidden-value")) || bytes.Contains(r.Value, []byte(secret)) {
			t.Errorf("the audit tells a secret: %s", r.Value)
		}
	}
}

// What isn't durable hasn't happened: a change that the store refuses leaves everything as it was.
func TestRefusedChange(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	created, secret, err := h.tokens.Create(ctx, people.NewToken{Role: people.Viewer}, "user:ann")
	must(t, err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	refusing := refusal{h.store}
	tokens, err := people.OpenTokens(ctx, refusing, people.NewAudit(refusing, h.options()), h.options())
	must(t, err)
	if err := tokens.Revoke(gone, created.ID, "user:ann"); err == nil {
		t.Error("revoking succeeds on a store that writes nothing")
	}
	if _, ok := tokens.Principal(secret); !ok {
		t.Error("the token counts no more, yet its revocation isn't stored")
	}
	if _, plain, err := tokens.Create(gone, people.NewToken{Role: people.Admin}, "user:ann"); err == nil || plain != "" {
		t.Errorf("creating gives %q, %v on a store that writes nothing", plain, err)
	}
	if n := len(tokens.List()); n != 1 {
		t.Errorf("%d tokens are listed, want the one that is stored", n)
	}
}

type refusal struct{ *journal.Bolt }

func (refusal) Put(context.Context, ...journal.Record) error { return journal.ErrStopped }

func BenchmarkPrincipal(b *testing.B) {
	store, err := journal.Open(filepath.Join(b.TempDir(), "journal.db"), journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }() // the benchmark is over
	tokens, err := people.OpenTokens(context.Background(), store, people.NewAudit(store, people.Options{}), people.Options{})
	if err != nil {
		b.Fatal(err)
	}
	_, secret, err := tokens.Create(context.Background(), people.NewToken{Role: people.Ingest}, "user:ann")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := tokens.Principal(secret); !ok {
			b.Fatal("the token doesn't let in")
		}
	}
}
