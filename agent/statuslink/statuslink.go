// Package statuslink makes the links by which a customer sees where their case stands, and answers.
//
// A link is the case, when it ends, and a MAC of both: it opens that case's page and nothing else, and
// is kept nowhere. Each message to the customer carries a link of its own, so whoever still writes has
// one that counts, and an old mail opens nothing. Whoever has a link reads what the customer was told of
// this one case, and may write to it, until it ends or all links of the case are taken back: what is kept
// is how often that was done.
package statuslink

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Purpose is what the key is derived for.
const Purpose = "status links"

// Lasts is how long a link counts, at least.
const Lasts = 30 * 24 * time.Hour

// ErrLink is reported of what is no link, was changed, or is over. It doesn't say which.
var ErrLink = errors.New("this link doesn't count, or no more")

// A token is the case's id, the end in hours since 1970, how often links of the case had been taken back,
// where they had, and the MAC of these.
const (
	idBytes    = 16
	endBytes   = 4
	roundBytes = 4
	signed     = idBytes + endBytes
)

// Path is where links lead, below the public address.
const Path = "/status/"

// Links makes and knows links.
type Links struct {
	key     []byte
	base    string
	records Records
	now     func() time.Time
}

// New makes links below base, the public address, signed with key; records keep what was taken back.
func New(key []byte, base string, records Records, now func() time.Time) *Links {
	return &Links{key: key, base: strings.TrimRight(base, "/"), records: records, now: now}
}

// Token makes the secret part of a link to a case that counts for 30 days from the end of the day on: the
// same day gives the same, until links are taken back.
func (l *Links) Token(ctx context.Context, caseID string, from time.Time) (token string, ends time.Time, err error) {
	id, err := uuid.Parse(caseID)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("case %q has no id that a link can name: %w", caseID, err)
	}
	taken, err := l.Revoked(ctx, caseID)
	if err != nil {
		return "", time.Time{}, err
	}
	ends = from.UTC().Truncate(24 * time.Hour).Add(24*time.Hour + Lasts)
	b := append(make([]byte, 0, signed+sha256.Size), id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(ends.Unix()/3600))
	if taken.Times > 0 {
		b = binary.BigEndian.AppendUint32(b, taken.Times)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, l.mac(b)...)), ends, nil
}

// URL is the link of a message that was written at a time, "" where it can have none.
func (l *Links) URL(ctx context.Context, caseID string, at time.Time) string {
	token, _, err := l.Token(ctx, caseID, at)
	if err != nil {
		return ""
	}
	return l.base + Path + token
}

// Open gives the case of a link. ErrLink if it doesn't count, ErrRevoked if it was taken back.
func (l *Links) Open(ctx context.Context, token string) (caseID string, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != signed+sha256.Size && len(b) != signed+roundBytes+sha256.Size {
		return "", ErrLink
	}
	said, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if !hmac.Equal(mac, l.mac(said)) {
		return "", ErrLink
	}
	if ends := int64(binary.BigEndian.Uint32(b[idBytes:signed])) * 3600; l.now().Unix() >= ends {
		return "", ErrLink
	}
	caseID = uuid.UUID(b[:idBytes]).String()
	taken, err := l.Revoked(ctx, caseID)
	if err != nil {
		return "", err
	}
	var times uint32
	if len(said) > signed {
		times = binary.BigEndian.Uint32(said[signed:])
	}
	if times != taken.Times {
		return "", ErrRevoked
	}
	return caseID, nil
}

func (l *Links) mac(b []byte) []byte {
	m := hmac.New(sha256.New, l.key)
	m.Write(b)
	return m.Sum(nil)
}
