package people

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"resolute/agent/journal"
)

// How long things last: a link of the terminal, a session in all, and one that nobody uses.
const (
	linkLasts    = 10 * time.Minute
	sessionLasts = 12 * time.Hour
	idleLasts    = 2 * time.Hour
)

// seenEvery is how often it is stored that a session is used.
const seenEvery = 5 * time.Minute

// ErrSignedOut is reported of codes and sessions that don't count, or no more.
var ErrSignedOut = errors.New("not signed in")

// Visitor is who signs in, as far as the connection tells.
type Visitor struct {
	Address string // IP address
	Agent   string // what the browser calls itself
	Known   string // what Entry.Known was when this browser last signed in, "" for never
	Session string // the session it has until now; it ends
}

// Session is somebody who is signed in at one browser.
type Session struct {
	ID        string    `json:"id"` // not what signs in
	AccountID string    `json:"account_id"`
	How       How       `json:"how"`
	Agent     string    `json:"agent,omitempty"`
	Address   string    `json:"address,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// How is how somebody signed in.
type How string

// The ways to sign in.
const (
	ByLink     How = "link"
	ByPassword How = "password"
	ByIdentity How = "identity"
)

type session struct {
	Session
	Epoch int           `json:"epoch"`
	seen  *atomic.Int64 // Unix nanoseconds
}

// over reports whether a session has ended by itself.
func (s *session) over(now time.Time) bool {
	return !now.Before(s.ExpiresAt) || now.Sub(time.Unix(0, s.seen.Load())) >= idleLasts
}

func (s *session) shown() Session {
	v := s.Session
	v.SeenAt = time.Unix(0, s.seen.Load()).UTC()
	return v
}

// Sessions are people who are signed in to the pages.
type Sessions struct {
	records  Records
	accounts *Accounts
	opts     Options
	change   sync.Mutex
	memory   memory[*session]
	links    map[digest]termLink // by code
}

// termLink is a link of the terminal.
type termLink struct {
	account string
	expires time.Time
}

// OpenSessions reads the sessions there are, and forgets those that are over.
func OpenSessions(ctx context.Context, records Records, accounts *Accounts, opts Options) (*Sessions, error) {
	s := &Sessions{records: records, accounts: accounts, opts: opts.filled(), links: map[digest]termLink{}}
	all, over := map[digest]*session{}, []journal.Record{}
	err := each(ctx, records, recordSession, func(r journal.Record) error {
		v := &session{seen: &atomic.Int64{}}
		var d digest
		n, err := hex.Decode(d[:], []byte(r.Key))
		if err == nil && n == len(d) && json.Unmarshal(r.Value, v) == nil {
			v.seen.Store(v.SeenAt.UnixNano())
			if _, ok := s.whose(v); ok {
				all[d] = v
				return nil
			}
		}
		over = append(over, journal.Record{Kind: recordSession, Key: r.Key})
		return nil
	})
	if err == nil && len(over) > 0 {
		err = records.Put(ctx, over...)
	}
	s.memory.m.Store(&all)
	return s, err
}

// whose gives the account that a session is of, if it still counts.
func (s *Sessions) whose(v *session) (stored, bool) {
	a, err := s.accounts.get(v.AccountID)
	return a, err == nil && !a.Disabled && a.Epoch == v.Epoch && !v.over(s.opts.Now())
}

// Link makes a code that signs in to an account, once, within ten minutes.
func (s *Sessions) Link(accountID string) (code string, err error) {
	b, err := s.opts.random(32)
	if err != nil {
		return "", err
	}
	code = base64.RawURLEncoding.EncodeToString(b)
	now := s.opts.Now()
	s.change.Lock()
	defer s.change.Unlock()
	for d, l := range s.links {
		if !now.Before(l.expires) {
			delete(s.links, d)
		}
	}
	s.links[digestOf(code)] = termLink{accountID, now.Add(linkLasts)}
	return code, nil
}

// redeem gives the account of a code, this once.
func (s *Sessions) redeem(code string) (stored, error) {
	d := digestOf(code)
	s.change.Lock()
	l, ok := s.links[d]
	delete(s.links, d)
	s.change.Unlock()
	if !ok || !s.opts.Now().Before(l.expires) {
		return stored{}, ErrSignedOut
	}
	a, err := s.accounts.get(l.account)
	if err != nil || a.Disabled {
		return stored{}, ErrSignedOut
	}
	return a, nil
}

// begin signs an account in at a browser, under a token that nobody had before. The session that the
// browser had ends in the same transaction.
func (s *Sessions) begin(ctx context.Context, a stored, how How, v Visitor, along journal.Record) (token string, begun Session, err error) {
	now := s.opts.Now().UTC()
	b, err := s.opts.random(32 + 8)
	if err != nil {
		return "", Session{}, err
	}
	token = base64.RawURLEncoding.EncodeToString(b[:32])
	n := &session{Epoch: a.Epoch, seen: &atomic.Int64{}, Session: Session{ID: hex.EncodeToString(b[32:]), AccountID: a.ID, How: how, Agent: oneLine(v.Agent, 200), Address: v.Address,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(sessionLasts)}}
	n.seen.Store(now.UnixNano())
	key, old := digestOf(token), digestOf(v.Session)
	r, err := record(recordSession, hex.EncodeToString(key[:]), n)
	if err != nil {
		return "", Session{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	records := []journal.Record{r, along}
	_, had := s.memory.all()[old]
	if had {
		records = append(records, journal.Record{Kind: recordSession, Key: hex.EncodeToString(old[:])})
	}
	if err := s.records.Put(ctx, records...); err != nil {
		return "", Session{}, fmt.Errorf("store the session: %w", err)
	}
	s.memory.change(func(m map[digest]*session) {
		m[key] = n
		if had {
			delete(m, old)
		}
	})
	return token, n.shown(), nil
}

// oneLine is a text of the outside, as far as a line has room for it.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// Session tells whose session it is; ErrSignedOut if it is nobody's or over. It counts as used.
func (s *Sessions) Session(ctx context.Context, token string) (Principal, error) {
	p, _, err := s.Current(ctx, token)
	return p, err
}

// Current is Session with the session itself.
func (s *Sessions) Current(ctx context.Context, token string) (Principal, Session, error) {
	v, a, ok := s.lookup(token)
	if !ok {
		return Principal{}, Session{}, ErrSignedOut
	}
	now := s.opts.Now()
	if before := v.seen.Load(); now.Sub(time.Unix(0, before)) >= seenEvery && v.seen.CompareAndSwap(before, now.UnixNano()) {
		d := digestOf(token)
		used := *v
		used.Session = v.shown()
		if r, err := record(recordSession, hex.EncodeToString(d[:]), &used); err == nil {
			_ = s.use(ctx, d, r) // if it can't be stored, it ends sooner than it had to
		}
	}
	return a.Principal(), v.shown(), nil
}

// use stores that a session is used, unless it has ended meanwhile.
func (s *Sessions) use(ctx context.Context, d digest, r journal.Record) error {
	s.change.Lock()
	defer s.change.Unlock()
	if _, ok := s.memory.all()[d]; !ok {
		return nil
	}
	return s.records.Put(ctx, r)
}

// Still tells whose session it is, and doesn't count as a use of it.
func (s *Sessions) Still(token string) (Principal, error) {
	_, a, ok := s.lookup(token)
	if !ok {
		return Principal{}, ErrSignedOut
	}
	return a.Principal(), nil
}

func (s *Sessions) lookup(token string) (*session, stored, bool) {
	v, ok := s.memory.find(token)
	if !ok {
		return nil, stored{}, false
	}
	a, ok := s.whose(v)
	return v, a, ok
}

// Of lists the sessions of an account, the one used last first.
func (s *Sessions) Of(accountID string) []Session {
	list := []Session{}
	for _, v := range s.memory.all() {
		if _, ok := s.whose(v); ok && v.AccountID == accountID {
			list = append(list, v.shown())
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.SeenAt.Compare(a.SeenAt), strings.Compare(a.ID, b.ID)) })
	return list
}

// SignOut ends a session.
func (s *Sessions) SignOut(ctx context.Context, token string) error {
	return s.end(ctx, func(d digest, _ *session) bool { return d == digestOf(token) })
}

// End ends one session of an account by its id. ErrNotFound if there is none.
func (s *Sessions) End(ctx context.Context, accountID, id string) error {
	if !slices.ContainsFunc(s.Of(accountID), func(v Session) bool { return v.ID == id }) {
		return fmt.Errorf("session %s: %w", id, ErrNotFound)
	}
	return s.end(ctx, func(_ digest, v *session) bool { return v.AccountID == accountID && v.ID == id })
}

// end ends the sessions that a test holds for, and forgets those that are over.
func (s *Sessions) end(ctx context.Context, test func(digest, *session) bool) error {
	s.change.Lock()
	defer s.change.Unlock()
	var gone []digest
	var records []journal.Record
	for d, v := range s.memory.all() {
		if _, counts := s.whose(v); !counts || test(d, v) {
			gone = append(gone, d)
			records = append(records, journal.Record{Kind: recordSession, Key: hex.EncodeToString(d[:])})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.records.Put(ctx, records...); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	s.memory.change(func(m map[digest]*session) {
		for _, d := range gone {
			delete(m, d)
		}
	})
	return nil
}
