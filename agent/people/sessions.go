package people

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"resolute/agent/journal"
)

// How long a sign-in link and a session last.
const (
	linkLasts    = 10 * time.Minute
	sessionLasts = 12 * time.Hour
)

// ErrSignedOut is reported of codes and sessions that don't count, or no more.
var ErrSignedOut = errors.New("not signed in")

type session struct {
	Principal Principal `json:"principal"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Sessions are people who are signed in to the pages. Until there are accounts, a link that is made
// by who may read the data folder signs in.
type Sessions struct {
	records Records
	opts    Options
	change  sync.Mutex
	memory  memory[session]
	links   map[digest]session // by code
}

// OpenSessions reads the sessions there are, and forgets those that are over.
func OpenSessions(ctx context.Context, records Records, opts Options) (*Sessions, error) {
	s := &Sessions{records: records, opts: opts.filled(), links: map[digest]session{}}
	all, over := map[digest]session{}, []journal.Record{}
	err := each(ctx, records, recordSession, func(r journal.Record) error {
		var v session
		var d digest
		n, err := hex.Decode(d[:], []byte(r.Key))
		if err != nil || n != len(d) || json.Unmarshal(r.Value, &v) != nil || !s.opts.Now().Before(v.ExpiresAt) {
			over = append(over, journal.Record{Kind: recordSession, Key: r.Key})
			return nil
		}
		all[d] = v
		return nil
	})
	if err == nil && len(over) > 0 {
		err = records.Put(ctx, over...)
	}
	s.memory.m.Store(&all)
	return s, err
}

// Link makes a code that signs somebody in, once, within ten minutes.
func (s *Sessions) Link(who Principal) (code string, err error) {
	b, err := s.opts.random(32)
	if err != nil {
		return "", err
	}
	code = base64.RawURLEncoding.EncodeToString(b)
	now := s.opts.Now()
	s.change.Lock()
	defer s.change.Unlock()
	for d, l := range s.links {
		if !now.Before(l.ExpiresAt) {
			delete(s.links, d)
		}
	}
	s.links[digestOf(code)] = session{Principal: who, ExpiresAt: now.Add(linkLasts)}
	return code, nil
}

// SignIn turns a code into a session.
func (s *Sessions) SignIn(ctx context.Context, code string) (token string, expires time.Time, err error) {
	now := s.opts.Now().UTC()
	d := digestOf(code)
	s.change.Lock()
	defer s.change.Unlock()
	link, ok := s.links[d]
	delete(s.links, d)
	if !ok || !now.Before(link.ExpiresAt) {
		return "", time.Time{}, ErrSignedOut
	}
	b, err := s.opts.random(32)
	if err != nil {
		return "", time.Time{}, err
	}
	token = base64.RawURLEncoding.EncodeToString(b)
	v := session{Principal: link.Principal, ExpiresAt: now.Add(sessionLasts)}
	key := digestOf(token)
	r, err := record(recordSession, hex.EncodeToString(key[:]), v)
	if err == nil {
		err = s.records.Put(ctx, r)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("store the session: %w", err)
	}
	s.memory.change(func(m map[digest]session) { m[key] = v })
	return token, v.ExpiresAt, nil
}

// Session tells whose session it is; ErrSignedOut if it is nobody's or over.
func (s *Sessions) Session(_ context.Context, token string) (Principal, error) {
	v, ok := s.memory.find(token)
	if !ok || !s.opts.Now().Before(v.ExpiresAt) {
		return Principal{}, ErrSignedOut
	}
	return v.Principal, nil
}

// SignOut ends a session.
func (s *Sessions) SignOut(ctx context.Context, token string) error {
	d := digestOf(token)
	s.change.Lock()
	defer s.change.Unlock()
	if _, ok := s.memory.find(token); !ok {
		return nil
	}
	if err := s.records.Put(ctx, journal.Record{Kind: recordSession, Key: hex.EncodeToString(d[:])}); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	s.memory.change(func(m map[digest]session) { delete(m, d) })
	return nil
}
