package people

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"resolute/agent/journal"
)

// How long what lets a person in is good for.
const (
	LinkLifetime    = 10 * time.Minute
	SessionLifetime = 12 * time.Hour
)

// SessionCookie is the name of the cookie that holds a session's token.
const SessionCookie = "resolute_session"

// Errors of signing in.
var (
	ErrLink    = errors.New("the sign-in link was used already, or its time is over")
	ErrSession = errors.New("the session is over")
)

type session struct {
	Principal Principal `json:"principal"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Sessions lets people in: by a one-time link that becomes a session.
type Sessions struct {
	records Records
	audit   *Audit
	opts    Options

	mu    sync.Mutex // held by changes
	links map[digest]session
	known memory[session]
}

// OpenSessions reads the sessions that records hold, and forgets those that are over.
func OpenSessions(ctx context.Context, records Records, audit *Audit, opts Options) (*Sessions, error) {
	s := &Sessions{records: records, audit: audit, opts: opts.filled(), links: map[digest]session{}}
	known := map[digest]session{}
	err := each(ctx, records, recordSession, func(r journal.Record) error {
		var v session
		var d digest
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return fmt.Errorf("decode a session: %w", err)
		}
		if n, err := hex.Decode(d[:], []byte(r.Key)); err != nil || n != len(d) {
			return fmt.Errorf("a session's key %q can't be read", r.Key)
		}
		known[d] = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.known.m.Store(&known)
	if over := s.over(); len(over) > 0 {
		if err := records.Put(ctx, over...); err != nil {
			return nil, fmt.Errorf("forget sessions that are over: %w", err)
		}
		s.forget(over)
	}
	return s, nil
}

// Link makes the code of a sign-in link: whoever shows it first, within LinkLifetime, is let in as
// the principal.
func (s *Sessions) Link(ctx context.Context, by, as Principal) (code string, expires time.Time, err error) {
	secret, err := s.opts.random(32)
	if err != nil {
		return "", expires, err
	}
	if err := s.audit.Record(ctx, by.Actor(), "link.created", as.Actor(), map[string]any{"role": as.Role}); err != nil {
		return "", expires, err
	}
	code = base64.RawURLEncoding.EncodeToString(secret)
	now := s.opts.Now()
	expires = now.Add(LinkLifetime).UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	for d, l := range s.links {
		if !now.Before(l.ExpiresAt) {
			delete(s.links, d)
		}
	}
	s.links[digestOf(code)] = session{Principal: as, ExpiresAt: expires}
	return code, expires, nil
}

// SignIn turns the code of a link into a session, once, and gives the session's token in plain. It
// reports ErrLink.
func (s *Sessions) SignIn(ctx context.Context, code string) (token string, expires time.Time, err error) {
	secret, err := s.opts.random(32)
	if err != nil {
		return "", expires, err
	}
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	link, ok := s.links[digestOf(code)]
	delete(s.links, digestOf(code))
	if !ok || !now.Before(link.ExpiresAt) {
		return "", expires, ErrLink
	}
	token = base64.RawURLEncoding.EncodeToString(secret)
	d := digestOf(token)
	v := session{Principal: link.Principal, ExpiresAt: now.Add(SessionLifetime).UTC()}
	stored, err := record(recordSession, hex.EncodeToString(d[:]), v)
	if err != nil {
		return "", expires, err
	}
	event, err := s.audit.event(v.Principal.Actor(), "signed.in", v.Principal.Actor(), nil)
	if err != nil {
		return "", expires, err
	}
	over := s.over()
	if err := s.records.Put(ctx, append(over, stored, event)...); err != nil {
		return "", expires, fmt.Errorf("store the session of %s: %w", v.Principal.Actor(), err)
	}
	s.forget(over)
	s.known.change(func(m map[digest]session) { m[d] = v })
	return token, v.ExpiresAt, nil
}

// Session tells whose session a token is, or reports ErrSession. It reads no store.
func (s *Sessions) Session(_ context.Context, token string) (Principal, error) {
	v, ok := s.known.find(token)
	if !ok || !s.opts.Now().Before(v.ExpiresAt) {
		return Principal{}, ErrSession
	}
	return v.Principal, nil
}

// SignOut ends a session. Ending what is no session does nothing.
func (s *Sessions) SignOut(ctx context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.known.find(token)
	if !ok {
		return nil
	}
	d := digestOf(token)
	event, err := s.audit.event(v.Principal.Actor(), "signed.out", v.Principal.Actor(), nil)
	if err != nil {
		return err
	}
	if err := s.records.Put(ctx, journal.Record{Kind: recordSession, Key: hex.EncodeToString(d[:])}, event); err != nil {
		return fmt.Errorf("end the session of %s: %w", v.Principal.Actor(), err)
	}
	s.known.change(func(m map[digest]session) { delete(m, d) })
	return nil
}

// Cookie holds a session's token; secure keeps it to TLS. A link in a mail may open a page with it,
// a form of another site may not post with it.
func Cookie(token string, expires time.Time, secure bool) *http.Cookie {
	return &http.Cookie{Name: SessionCookie, Value: token, Path: "/", Expires: expires, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}

// over gives the records of sessions that are over, to be deleted.
func (s *Sessions) over() (list []journal.Record) {
	now := s.opts.Now()
	for d, v := range s.known.all() {
		if !now.Before(v.ExpiresAt) {
			list = append(list, journal.Record{Kind: recordSession, Key: hex.EncodeToString(d[:])})
		}
	}
	return list
}

func (s *Sessions) forget(list []journal.Record) {
	s.known.change(func(m map[digest]session) {
		for _, r := range list {
			var d digest
			if n, err := hex.Decode(d[:], []byte(r.Key)); err == nil && n == len(d) {
				delete(m, d)
			}
		}
	})
}
