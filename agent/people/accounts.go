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

// Links of accounts last this long. They are durable, unlike those that the terminal shows.
const (
	inviteLasts = 72 * time.Hour
	resetLasts  = 24 * time.Hour
)

// FirstAdmin is what the first account is called until its holder says otherwise.
const FirstAdmin = "owner"

// Accounts are the people who may sign in. What changes counts at once: sessions ask here.
type Accounts struct {
	records Records
	audit   *Audit
	opts    Options
	hasher  *hasher
	change  sync.Mutex
	memory  memory[stored] // by the digest of the id
}

// OpenAccounts reads the accounts there are.
func OpenAccounts(ctx context.Context, records Records, audit *Audit, opts Options) (*Accounts, error) {
	a := &Accounts{records: records, audit: audit, opts: opts.filled()}
	var err error
	if a.hasher, err = newHasher(a.opts); err != nil {
		return nil, err
	}
	all := map[digest]stored{}
	err = each(ctx, records, recordAccount, func(r journal.Record) error {
		var s stored
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return fmt.Errorf("decode account %s: %w", r.Key, err)
		}
		all[digestOf(s.ID)] = s
		return nil
	})
	a.memory.m.Store(&all)
	return a, err
}

// List gives all accounts, oldest first.
func (a *Accounts) List() []Standing {
	list := []Standing{}
	for _, s := range a.memory.all() {
		list = append(list, s.standing(a.opts.Now()))
	}
	slices.SortFunc(list, func(x, y Standing) int { return strings.Compare(x.ID, y.ID) })
	return list
}

// Get gives one account. ErrNotFound if there is none with this id.
func (a *Accounts) Get(id string) (Standing, error) {
	s, err := a.get(id)
	return s.standing(a.opts.Now()), err
}

func (a *Accounts) get(id string) (stored, error) {
	s, ok := a.memory.find(id)
	if !ok {
		return stored{}, fmt.Errorf("person %s: %w", id, ErrNotFound)
	}
	return s, nil
}

// where gives the account that a test holds for.
func (a *Accounts) where(test func(stored) bool) (stored, bool) {
	for _, s := range a.memory.all() {
		if test(s) {
			return s, true
		}
	}
	return stored{}, false
}

func (a *Accounts) named(name string) (stored, bool) {
	name = folded(name)
	return a.where(func(s stored) bool { return folded(s.Name) == name })
}

// Entered reports whether an admin can sign in without a link: until then the terminal shows one.
func (a *Accounts) Entered() bool {
	_, ok := a.where(func(s stored) bool { return s.Role == Admin && s.enters() })
	return ok
}

// First gives the oldest admin, and makes one if there is none.
func (a *Accounts) First(ctx context.Context, by string) (Account, error) {
	for _, s := range a.List() {
		if s.Role == Admin && !s.Disabled {
			return s.Account, nil
		}
	}
	return a.create(ctx, FirstAdmin, Admin, "", by)
}

// Invite makes an account and the code of the link by which its holder chooses a password.
func (a *Accounts) Invite(ctx context.Context, name string, role Role, by string) (Standing, string, error) {
	account, err := a.create(ctx, name, role, "", by)
	if err != nil {
		return Standing{}, "", err
	}
	code, err := a.link(ctx, account.ID, inviteLasts, by)
	if err != nil {
		return Standing{}, "", err
	}
	s, err := a.Get(account.ID)
	return s, code, err
}

func (a *Accounts) create(ctx context.Context, name string, role Role, identity, by string) (Account, error) {
	name, err := accountName(name)
	if err == nil {
		err = personRole(role)
	}
	if err != nil {
		return Account{}, err
	}
	id, err := uuid.NewV7FromReader(a.opts.Rand)
	if err != nil {
		return Account{}, err
	}
	s := stored{Account: Account{ID: id.String(), Name: name, Role: role, CreatedAt: a.opts.Now().UTC(), CreatedBy: by, Identity: identity}}
	a.change.Lock()
	defer a.change.Unlock()
	if _, taken := a.named(name); taken {
		return Account{}, fmt.Errorf("%w: %s", ErrTaken, name)
	}
	return s.Account, a.put(ctx, s, by, "account.created", map[string]any{"name": name, "role": role})
}

// Link makes the code of a link by which an account's holder chooses another password. The one before
// counts no more, nor does the password once the link was used.
func (a *Accounts) Link(ctx context.Context, id, by string) (code string, err error) {
	return a.link(ctx, id, resetLasts, by)
}

func (a *Accounts) link(ctx context.Context, id string, lasts time.Duration, by string) (string, error) {
	b, err := a.opts.random(32)
	if err != nil {
		return "", err
	}
	code := base64.RawURLEncoding.EncodeToString(b)
	d := digestOf(code)
	err = a.edit(ctx, id, by, "account.linked", func(s *stored) (map[string]any, error) {
		if s.Disabled {
			return nil, fmt.Errorf("%w: %s is disabled; enable the account first", ErrInvalid, s.Name)
		}
		s.Link = &oneTime{Digest: hex.EncodeToString(d[:]), Expires: a.opts.Now().UTC().Add(lasts)}
		return map[string]any{"name": s.Name, "until": s.Link.Expires}, nil
	})
	return code, err
}

// Linked tells whose a link's code is. ErrSignedOut if it is nobody's, over, or was used.
func (a *Accounts) Linked(code string) (Standing, error) {
	s, err := a.linked(code)
	return s.standing(a.opts.Now()), err
}

func (a *Accounts) linked(code string) (stored, error) {
	d, now := digestOf(code), a.opts.Now()
	s, ok := a.where(func(s stored) bool { return !s.Disabled && s.Link.is(d, now) })
	if !ok {
		return stored{}, ErrSignedOut
	}
	return s, nil
}

// choose sets the password of who holds a link.
func (a *Accounts) choose(ctx context.Context, code, password string) (stored, error) {
	s, err := a.linked(code)
	if err != nil {
		return stored{}, err
	}
	hash, err := a.acceptable(ctx, s.Name, password)
	if err != nil {
		return stored{}, err
	}
	d := digestOf(code)
	err = a.edit(ctx, s.ID, s.Principal().Actor(), "account.password", func(s *stored) (map[string]any, error) {
		if s.Disabled || !s.Link.is(d, a.opts.Now()) { // another was quicker
			return nil, ErrSignedOut
		}
		s.Password, s.Link = hash, nil
		s.Epoch++
		return map[string]any{"name": s.Name, "by": "link"}, nil
	})
	if err != nil {
		return stored{}, err
	}
	return a.get(s.ID)
}

func (a *Accounts) acceptable(ctx context.Context, name, password string) (hash string, err error) {
	if err := checkPassword(name, password); err != nil {
		return "", err
	}
	return a.hasher.hash(ctx, password)
}

// setPassword sets a password, and ends all sessions. A name other than "" is the account's from then
// on; only who has no password yet can take one.
func (a *Accounts) setPassword(ctx context.Context, id, name, password string) (stored, error) {
	s, err := a.get(id)
	if err != nil {
		return stored{}, err
	}
	if name == "" || name == s.Name {
		name = s.Name
	} else if name, err = accountName(name); err != nil {
		return stored{}, err
	}
	hash, err := a.acceptable(ctx, name, password)
	if err != nil {
		return stored{}, err
	}
	err = a.edit(ctx, id, s.Principal().Actor(), "account.password", func(s *stored) (map[string]any, error) {
		said := map[string]any{"name": name}
		if name != s.Name {
			if s.Password != "" {
				return nil, fmt.Errorf("%w: a name is chosen once", ErrInvalid)
			}
			if other, taken := a.named(name); taken && other.ID != s.ID {
				return nil, fmt.Errorf("%w: %s", ErrTaken, name)
			}
			said["was"] = s.Name
		}
		s.Name, s.Password, s.Link = name, hash, nil
		s.Epoch++
		return said, nil
	})
	if err != nil {
		return stored{}, err
	}
	return a.get(id)
}

// upgrade replaces the hash of a password by one of another cost; it is the same password.
func (a *Accounts) upgrade(ctx context.Context, id, was, hash string) error {
	return a.edit(ctx, id, "system", "account.rehashed", func(s *stored) (map[string]any, error) {
		if s.Password != was {
			return nil, errUnchanged
		}
		s.Password = hash
		return nil, nil
	})
}

// ChangeRole gives an account another role, at once. ErrLastAdmin if nobody would be left who may give it
// back.
func (a *Accounts) ChangeRole(ctx context.Context, id string, role Role, by string) error {
	if err := personRole(role); err != nil {
		return err
	}
	return a.edit(ctx, id, by, "account.role", func(s *stored) (map[string]any, error) {
		if s.Role == role {
			return nil, errUnchanged
		}
		if role != Admin && a.last(*s) {
			return nil, ErrLastAdmin
		}
		said := map[string]any{"name": s.Name, "was": s.Role, "role": role}
		s.Role = role
		return said, nil
	})
}

// Disable keeps an account out, and signs it out everywhere. ErrLastAdmin if nobody would be left who may
// let it in again.
func (a *Accounts) Disable(ctx context.Context, id, by string) error {
	return a.edit(ctx, id, by, "account.disabled", func(s *stored) (map[string]any, error) {
		switch {
		case s.Disabled:
			return nil, errUnchanged
		case a.last(*s):
			return nil, ErrLastAdmin
		}
		s.Disabled, s.Link = true, nil
		s.Epoch++
		return map[string]any{"name": s.Name}, nil
	})
}

// Enable lets an account in again.
func (a *Accounts) Enable(ctx context.Context, id, by string) error {
	return a.edit(ctx, id, by, "account.enabled", func(s *stored) (map[string]any, error) {
		if !s.Disabled {
			return nil, errUnchanged
		}
		s.Disabled = false
		return map[string]any{"name": s.Name}, nil
	})
}

// SignOutEverywhere ends all sessions of an account.
func (a *Accounts) SignOutEverywhere(ctx context.Context, id, by string) error {
	return a.edit(ctx, id, by, "signin.ended", func(s *stored) (map[string]any, error) {
		s.Epoch++
		return map[string]any{"name": s.Name, "sessions": "all"}, nil
	})
}

// Delete forgets an account. What it did stays in journal and audit.
func (a *Accounts) Delete(ctx context.Context, id, by string) error {
	a.change.Lock()
	defer a.change.Unlock()
	s, err := a.get(id)
	if err != nil {
		return err
	}
	if a.last(s) {
		return ErrLastAdmin
	}
	said, err := a.audit.Event(by, "account.deleted", id, map[string]any{"name": s.Name})
	if err == nil {
		err = a.records.Put(ctx, journal.Record{Kind: recordAccount, Key: id}, said)
	}
	if err != nil {
		return fmt.Errorf("delete person %s: %w", s.Name, err)
	}
	a.memory.change(func(m map[digest]stored) { delete(m, digestOf(id)) })
	return nil
}

// last reports whether s is an admin and no other one can sign in.
func (a *Accounts) last(s stored) bool {
	if s.Role != Admin || s.Disabled {
		return false
	}
	_, other := a.where(func(o stored) bool { return o.ID != s.ID && o.Role == Admin && o.enters() })
	return !other
}

// edit changes one account with its audit. Whoever finds nothing to change gives errUnchanged.
func (a *Accounts) edit(ctx context.Context, id, by, action string, change func(*stored) (map[string]any, error)) error {
	a.change.Lock()
	defer a.change.Unlock()
	s, err := a.get(id)
	if err != nil {
		return err
	}
	said, err := change(&s)
	if err == errUnchanged {
		return nil
	}
	if err != nil {
		return err
	}
	return a.put(ctx, s, by, action, said)
}

// put stores an account with its audit; the caller holds change.
func (a *Accounts) put(ctx context.Context, s stored, by, action string, said map[string]any) error {
	r, err := record(recordAccount, s.ID, s)
	if err != nil {
		return err
	}
	event, err := a.audit.Event(by, action, s.ID, said)
	if err != nil {
		return err
	}
	if err := a.records.Put(ctx, r, event); err != nil {
		return fmt.Errorf("store person %s: %w", s.Name, err)
	}
	a.memory.change(func(m map[digest]stored) { m[digestOf(s.ID)] = s })
	return nil
}
