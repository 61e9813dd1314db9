package people

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Role is what a principal may do.
type Role string

// The roles. Viewer to Admin each may what those before it may; Ingest delivers signals only.
const (
	Ingest   Role = "ingest"
	Viewer   Role = "viewer"
	Operator Role = "operator"
	Approver Role = "approver"
	Admin    Role = "admin"
)

// Roles lists all of them.
func Roles() []Role { return []Role{Ingest, Viewer, Operator, Approver, Admin} }

func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Approver:
		return 3
	case Admin:
		return 4
	}
	return 0
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == Ingest || r.rank() > 0 }

// AtLeast reports whether r may what least may. Ingest and what is unknown reach nothing but
// themselves.
func (r Role) AtLeast(least Role) bool {
	if r.rank() == 0 || least.rank() == 0 {
		return r == least && r.Valid()
	}
	return r.rank() >= least.rank()
}

// Kind is what a principal is.
type Kind string

// The kinds of principals.
const (
	KindToken Kind = "token" // a program
	KindUser  Kind = "user"  // a person
)

// Principal is who asks for something.
type Principal struct {
	ID        string `json:"id"` // never given to another, unlike Name
	Kind      Kind   `json:"kind"`
	Name      string `json:"name"`
	Role      Role   `json:"role"`
	Untrusted bool   `json:"untrusted,omitempty"` // its signals vouch for nobody
}

// Actor names the principal in journal and audit: token:NAME or user:NAME.
func (p Principal) Actor() string {
	if p.Kind == KindUser {
		return "user:" + p.Name
	}
	return "token:" + p.Name
}

// Local is whoever may open the data folder's admin socket: that takes the rights of the server's
// own account.
func Local() Principal {
	return Principal{ID: "local", Kind: KindUser, Name: "local", Role: Admin}
}

// Errors of this package.
var (
	ErrNotFound = errors.New("not found")
	ErrInvalid  = errors.New("not valid") // wrapped with what, and what would be
	ErrKey      = errors.New("the key file can't be used")

	// ErrTaken is wrapped with the name that another account has.
	ErrTaken = errors.New("somebody else has that name")
	// ErrLastAdmin says that nobody would be left who could undo it.
	ErrLastAdmin = errors.New("no other admin can sign in; make one first, so that somebody can undo this")
)

// errUnchanged ends a change that would change nothing.
var errUnchanged = errors.New("nothing to change")

const maxName = 100

func checkName(name string) error {
	switch {
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("%w: the name has more than %d characters", ErrInvalid, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: the name %q has control characters, or spaces around it", ErrInvalid, name)
	case strings.ContainsFunc(name, hides):
		return fmt.Errorf("%w: the name %q has characters that nobody sees, or that turn others around", ErrInvalid, name)
	}
	return nil
}

// Joiners are written between letters of some scripts.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// hides reports whether a character doesn't show, or changes how others do: by it one name looks as another.
func hides(r rune) bool { return unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner }
