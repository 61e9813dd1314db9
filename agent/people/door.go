package people

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrRefused is reported of a name and a password that let nobody in. It doesn't say which was wrong.
var ErrRefused = errors.New("that name and password let nobody in")

// Door lets people in: by a link, by a password, by the word of an identity provider.
type Door struct {
	accounts *Accounts
	sessions *Sessions
	audit    *Audit
	opts     Options
	limits   *Limiter
	browsers []byte // key that knows browsers again
}

// Entry is what a browser is given when somebody signed in.
type Entry struct {
	Token   string // of the session
	Known   string // shows later that this browser signed in before
	Who     Principal
	Session Session
	// Fresh is whether the account has no way in but links.
	Fresh bool
}

// NewDoor makes the door of a house.
func NewDoor(accounts *Accounts, sessions *Sessions, audit *Audit, key *Key, opts Options) (*Door, error) {
	browsers, err := key.Derive("browsers")
	if err != nil {
		return nil, err
	}
	o := opts.filled()
	return &Door{accounts: accounts, sessions: sessions, audit: audit, opts: o, limits: NewLimiter(o.Now), browsers: browsers}, nil
}

// ByCode lets in who opened a link of the terminal.
func (d *Door) ByCode(ctx context.Context, code string, v Visitor) (Entry, error) {
	a, err := d.sessions.redeem(code)
	if err != nil {
		return Entry{}, err
	}
	return d.enter(ctx, a, ByLink, v)
}

// Join lets in who holds an account's link, with the password that they choose.
func (d *Door) Join(ctx context.Context, code, password string, v Visitor) (Entry, error) {
	a, err := d.accounts.choose(ctx, code, password)
	if err != nil {
		return Entry{}, err
	}
	return d.enter(ctx, a, ByPassword, v)
}

// ByPassword lets in who knows a name and its password. Otherwise it is ErrRefused, whatever was
// wrong and as slowly, or a *TooManyError, before anything was looked at.
func (d *Door) ByPassword(ctx context.Context, name, password string, v Visitor) (Entry, error) {
	a, there := d.accounts.named(name)
	tries := d.tries(folded(name), a, v)
	for i, t := range tries {
		if err := d.limits.Take(t.key, t.rate); err != nil {
			d.back(tries[:i])
			return Entry{}, err
		}
	}
	kept := ""
	if there && !a.Disabled {
		kept = a.Password
	}
	ok, weak, err := d.accounts.hasher.matches(ctx, password, kept)
	if err != nil {
		d.back(tries)
		return Entry{}, err
	}
	if !ok {
		return Entry{}, errors.Join(ErrRefused, d.refused(ctx, a, there, v))
	}
	d.back(tries)
	if weak {
		hash, err := d.accounts.hasher.hash(ctx, password)
		if err == nil {
			err = d.accounts.upgrade(ctx, a.ID, a.Password, hash)
		}
		if err != nil {
			return Entry{}, err
		}
	}
	return d.enter(ctx, a, ByPassword, v)
}

// try is a key that a sign-in counts under.
type try struct {
	key  string
	rate Rate
}

func (d *Door) tries(name string, a stored, v Visitor) []try {
	if browser, ok := d.knows(v.Known, a.ID); ok {
		return []try{{"browser " + browser, browserRate}}
	}
	return []try{{"address " + Network(v.Address), addressRate}, {"account " + name, accountRate}}
}

func (d *Door) back(tries []try) {
	for _, t := range tries {
		d.limits.Give(t.key, t.rate)
	}
}

// refused audits a failure. A name that is nobody's isn't written down: it may be a password.
func (d *Door) refused(ctx context.Context, a stored, there bool, v Visitor) error {
	subject, detail := "nobody", map[string]any{"address": v.Address}
	if there {
		subject, detail["name"] = a.ID, a.Name
	}
	return d.audit.Record(ctx, "system", "signin.failed", subject, detail)
}

// Choose sets the password of who is signed in. Who came by a password shows it again; who came by a
// link of the terminal needn't, and one without a password may choose a name as well ("" keeps it). Whom an
// identity provider signs in chooses neither: with a password of their own they would come in after it has
// stopped vouching for them, and by another name they would be somebody else. All other sessions end, and this
// one goes on under another token.
func (d *Door) Choose(ctx context.Context, token, name, current, password string, v Visitor) (Entry, error) {
	s, a, ok := d.sessions.lookup(token)
	if !ok {
		return Entry{}, ErrSignedOut
	}
	switch {
	case s.How == ByIdentity && a.Password == "":
		return Entry{}, fmt.Errorf("%w: %s signs in by the identity provider, which alone says how; an admin can make a link to choose a password by", ErrInvalid, a.Name)
	case s.How != ByLink && name != "" && name != a.Name:
		return Entry{}, fmt.Errorf("%w: a name is chosen once", ErrInvalid)
	case s.How != ByLink && a.Password != "":
		t := try{"password " + a.ID, browserRate}
		if err := d.limits.Take(t.key, t.rate); err != nil {
			return Entry{}, err
		}
		ok, _, err := d.accounts.hasher.matches(ctx, current, a.Password)
		if err != nil {
			return Entry{}, err
		}
		if !ok {
			return Entry{}, fmt.Errorf("%w: the current password is another", ErrInvalid)
		}
		d.limits.Give(t.key, t.rate)
	}
	a, err := d.accounts.setPassword(ctx, a.ID, name, password)
	if err != nil {
		return Entry{}, err
	}
	v.Session = token
	return d.enter(ctx, a, ByPassword, v)
}

// enter begins the session of who was let in, with its audit.
func (d *Door) enter(ctx context.Context, a stored, how How, v Visitor) (Entry, error) {
	who := a.Principal()
	said, err := d.audit.Event(who.Actor(), "signin.done", a.ID, map[string]any{"how": how, "address": v.Address})
	if err != nil {
		return Entry{}, err
	}
	known, err := d.known(a.ID, v)
	if err != nil {
		return Entry{}, err
	}
	token, s, err := d.sessions.begin(ctx, a, how, v, said)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Token: token, Known: known, Who: who, Session: s, Fresh: !a.enters()}, nil
}

// SignOut ends a session, with its audit.
func (d *Door) SignOut(ctx context.Context, token string) error {
	_, a, ok := d.sessions.lookup(token)
	if !ok {
		return nil
	}
	if err := d.sessions.SignOut(ctx, token); err != nil {
		return err
	}
	return d.audit.Record(context.WithoutCancel(ctx), a.Principal().Actor(), "signin.ended", a.ID, nil)
}

// KnownLasts is how long a browser is known again.
const KnownLasts = 365 * 24 * time.Hour

const browserBytes = 16

// known gives what shows that a browser signed in to an account, the same for the same browser.
func (d *Door) known(accountID string, v Visitor) (string, error) {
	if _, ok := d.knows(v.Known, accountID); ok {
		return v.Known, nil
	}
	b, err := d.opts.random(browserBytes)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(b, d.browserMAC(b, accountID)...)), nil
}

// knows gives the browser that signed in to an account before.
func (d *Door) knows(shown, accountID string) (browser string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(shown)
	if err != nil || len(b) != browserBytes+sha256.Size || accountID == "" {
		return "", false
	}
	id, mac := b[:browserBytes], b[browserBytes:]
	return hex.EncodeToString(id), hmac.Equal(mac, d.browserMAC(id, accountID))
}

func (d *Door) browserMAC(browser []byte, accountID string) []byte {
	m := hmac.New(sha256.New, d.browsers)
	m.Write(browser)
	m.Write([]byte(accountID))
	return m.Sum(nil)
}

// Identity is what an identity provider says of somebody, once it was checked.
type Identity struct {
	Issuer, Subject string
	Name            string // a name for the account, such as the verified email
	Role            Role
}

// ByIdentity lets in whom an identity provider vouches for, with the role that it gives them there. Who
// comes for the first time gets an account; one of the same name that was made otherwise isn't theirs.
func (d *Door) ByIdentity(ctx context.Context, id Identity, v Visitor) (Entry, error) {
	if err := personRole(id.Role); err != nil {
		return Entry{}, err
	}
	key := id.Issuer + " " + id.Subject
	if id.Issuer == "" || id.Subject == "" || strings.ContainsAny(id.Issuer, " ") {
		return Entry{}, fmt.Errorf("%w: the identity provider names nobody", ErrInvalid)
	}
	a, there := d.accounts.where(func(s stored) bool { return s.Identity == key })
	if !there {
		created, err := d.accounts.create(ctx, id.Name, id.Role, key, "system")
		if err != nil {
			return Entry{}, err
		}
		if a, err = d.accounts.get(created.ID); err != nil {
			return Entry{}, err
		}
	}
	if a.Disabled {
		return Entry{}, errors.Join(ErrRefused, d.refused(ctx, a, true, v))
	}
	// The last admin keeps the role whatever the provider says, as with any other change of it.
	if err := d.accounts.ChangeRole(ctx, a.ID, id.Role, "system"); err != nil && !errors.Is(err, ErrLastAdmin) {
		return Entry{}, err
	}
	a, err := d.accounts.get(a.ID)
	if err != nil {
		return Entry{}, err
	}
	return d.enter(ctx, a, ByIdentity, v)
}
