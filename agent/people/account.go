package people

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Account is a person who may sign in.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"` // what they sign in with, unique whatever its case
	Role      Role      `json:"role"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // actor
	// Identity is who they are to the identity provider that signs them in, "" for nobody: the
	// issuer, a space, and the subject there.
	Identity string `json:"identity,omitempty"`
}

// Principal is the account as it asks for something.
func (a Account) Principal() Principal {
	return Principal{ID: a.ID, Kind: KindUser, Name: a.Name, Role: a.Role}
}

// Standing is an account with what an admin should know of it.
type Standing struct {
	Account
	HasPassword bool `json:"has_password"`
	// LinkUntil is until when a one-time link that was made for it counts, nil for none.
	LinkUntil *time.Time `json:"link_until"`
}

// stored is an account with what nobody is shown.
type stored struct {
	Account
	Password string `json:"password,omitempty"` // its argon2id hash, "" for none
	// Epoch rises when all sessions end: those of an earlier one don't count.
	Epoch int      `json:"epoch"`
	Link  *oneTime `json:"link,omitempty"`
}

// oneTime is a link that lets its holder choose a password, once.
type oneTime struct {
	Digest  string    `json:"digest"` // SHA-256 of the code, hexadecimal
	Expires time.Time `json:"expires"`
}

func (l *oneTime) is(d digest, now time.Time) bool {
	return l != nil && l.Digest == hex.EncodeToString(d[:]) && now.Before(l.Expires)
}

// enters reports whether there is a way to sign in without a link.
func (s stored) enters() bool { return !s.Disabled && (s.Password != "" || s.Identity != "") }

func (s stored) standing(now time.Time) Standing {
	st := Standing{Account: s.Account, HasPassword: s.Password != ""}
	if s.Link != nil && now.Before(s.Link.Expires) {
		until := s.Link.Expires
		st.LinkUntil = &until
	}
	return st
}

// reserved are names that journal and audit use for others than accounts.
var reserved = [...]string{"local", "system", "agent"}

const maxAccountName = 100

// accountName gives a name as it is kept.
func accountName(name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if name == "" || utf8.RuneCountInString(name) > maxAccountName {
		return "", fmt.Errorf("%w: a name has 1 to %d characters", ErrInvalid, maxAccountName)
	}
	if err := checkName(name); err != nil {
		return "", err
	}
	for _, r := range reserved {
		if folded(name) == r {
			return "", fmt.Errorf("%w: %s is the name of no person here; choose another", ErrInvalid, r)
		}
	}
	return name, nil
}

// folded is a name as it is compared: two that a person takes for the same are.
func folded(name string) string {
	seen := strings.Map(func(r rune) rune {
		if r == nonJoiner || r == joiner {
			return -1
		}
		return r
	}, strings.TrimSpace(name))
	return strings.ToLower(norm.NFKC.String(seen))
}

func personRole(r Role) error {
	if r.rank() == 0 {
		return fmt.Errorf("%w: %q is no role of a person; it is one of viewer, operator, approver, admin", ErrInvalid, r)
	}
	return nil
}
