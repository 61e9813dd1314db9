package people_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"resolute/agent/journal"
	"resolute/agent/people"
)

func TestInviteAndReset(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	ann, code, err := h.accounts.Invite(ctx, "Ann", people.Operator, "user:boss")
	must(t, err)
	if ann.LinkUntil == nil || !ann.LinkUntil.Equal(h.now.Add(72*time.Hour)) || ann.HasPassword {
		t.Errorf("who was invited is %+v, want a link for 72h and no password", ann)
	}
	h.reopen(t) // an invitation outlives the process
	if _, err := h.door.Join(ctx, code, "short", people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
		t.Errorf("a short password says %v, want ErrInvalid", err)
	}
	in, err := h.door.Join(ctx, code, words, people.Visitor{})
	must(t, err)
	if in.Who.Actor() != "user:Ann" || in.Fresh {
		t.Errorf("the invitation let in %+v, want Ann", in)
	}
	if _, err := h.door.Join(ctx, code, words, people.Visitor{}); !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("the invitation again says %v, want ErrSignedOut", err)
	}
	first, err := h.accounts.Link(ctx, ann.ID, "user:boss")
	must(t, err)
	second, err := h.accounts.Link(ctx, ann.ID, "user:boss")
	must(t, err)
	if _, err := h.accounts.Linked(first); !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("a link behind which there is a newer one says %v, want ErrSignedOut", err)
	}
	h.signedIn(t, "before the link is used", in.Token, true)
	_, err = h.door.Join(ctx, second, "another long password", people.Visitor{})
	must(t, err)
	h.signedIn(t, "after the password was reset", in.Token, false)
	if _, err := h.door.ByPassword(ctx, "ann", words, people.Visitor{}); !errors.Is(err, people.ErrRefused) {
		t.Errorf("the old password says %v, want ErrRefused", err)
	}
	late, err := h.accounts.Link(ctx, ann.ID, "user:boss")
	must(t, err)
	h.now = h.now.Add(24 * time.Hour)
	if _, err := h.door.Join(ctx, late, words, people.Visitor{}); !errors.Is(err, people.ErrSignedOut) {
		t.Errorf("a link after a day says %v, want ErrSignedOut", err)
	}
	for _, secret := range []string{code, second, late, words} {
		if bytes.Contains(h.stored(t), []byte(secret)) {
			t.Errorf("the store holds %q in plain", secret)
		}
	}
}

// Two who use a link at once: one gets in.
func TestLinkIsWonByOne(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	_, code, err := h.accounts.Invite(ctx, "ann", people.Operator, "user:boss")
	must(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for i := range 4 {
		wg.Go(func() {
			_, err := h.door.Join(ctx, code, fmt.Sprint("password number ", i), people.Visitor{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				in++
			} else if !errors.Is(err, people.ErrSignedOut) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in != 1 {
		t.Errorf("%d got in by one link, want 1", in)
	}
}

func TestNamesAndPasswordsThatWontDo(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.person(t, "Zoë", people.Operator)
	for what, n := range map[string]struct {
		name string
		role people.Role
		err  error
	}{
		"the same name":             {"Zoë", people.Viewer, people.ErrTaken},
		"in other letters":          {"ZOË", people.Viewer, people.ErrTaken},
		"composed otherwise":        {"Zoe\u0308", people.Viewer, people.ErrTaken},
		"full width":                {"Ｚｏë", people.Viewer, people.ErrTaken},
		"with a joiner in it":       {"Zo\u200dë", people.Viewer, people.ErrTaken},
		"with what nobody sees":     {"Zo\u200bë", people.Viewer, people.ErrInvalid},
		"turned around":             {"\u202eëoZ", people.Viewer, people.ErrInvalid},
		"nothing":                   {"  ", people.Viewer, people.ErrInvalid},
		"two lines":                 {"a\nb", people.Viewer, people.ErrInvalid},
		"who reads the data folder": {"Local", people.Admin, people.ErrInvalid},
		"the agent":                 {"agent", people.Admin, people.ErrInvalid},
		"too long":                  {strings.Repeat("a", 101), people.Viewer, people.ErrInvalid},
		"a program's role":          {"ben", people.Ingest, people.ErrInvalid},
		"no role":                   {"ben", "", people.ErrInvalid},
	} {
		if _, _, err := h.accounts.Invite(ctx, n.name, n.role, "user:boss"); !errors.Is(err, n.err) {
			t.Errorf("%s: %v, want %v", what, err, n.err)
		}
	}
	_, code, err := h.accounts.Invite(ctx, "benjamin", people.Viewer, "user:boss")
	must(t, err)
	for _, password := range []string{"", "eleven char", "aaaaaaaaaaaaaaaa", "benjamin1234", "Benjamin 2026", strings.Repeat("long ", 300), "not text \xff\xfe\xfd"} {
		if _, err := h.door.Join(ctx, code, password, people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("the password %.20q says %v, want ErrInvalid", password, err)
		}
	}
	_, err = h.door.Join(ctx, code, "zwo\u0308lf Boxka\u0308mpfer", people.Visitor{})
	must(t, err)
	if _, err := h.door.ByPassword(ctx, "benjamin", "zwölf Boxkämpfer", people.Visitor{}); err != nil {
		t.Errorf("the same password typed on another keyboard says %v, want it to count", err)
	}
}

// The last who could undo it stays an admin.
func TestLastAdminStays(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	boss := h.person(t, "boss", people.Admin)
	_, _, err := h.accounts.Invite(ctx, "invited", people.Admin, "user:boss") // and never came
	must(t, err)
	gone := h.person(t, "gone", people.Admin)
	must(t, h.accounts.Disable(ctx, gone.ID, "user:boss"))
	for what, try := range map[string]func(string) error{
		"demoted":  func(id string) error { return h.accounts.ChangeRole(ctx, id, people.Approver, "user:boss") },
		"disabled": func(id string) error { return h.accounts.Disable(ctx, id, "user:boss") },
		"deleted":  func(id string) error { return h.accounts.Delete(ctx, id, "user:boss") },
	} {
		if err := try(boss.ID); !errors.Is(err, people.ErrLastAdmin) {
			t.Errorf("the last admin is %s: %v, want ErrLastAdmin", what, err)
		}
	}
	other := h.person(t, "other", people.Admin)
	var wg sync.WaitGroup
	for _, id := range []string{boss.ID, other.ID} {
		wg.Go(func() { _ = h.accounts.Delete(ctx, id, "user:boss") }) // one of them is too late
	}
	wg.Wait()
	left := 0
	for _, s := range h.accounts.List() {
		if s.Role == people.Admin && s.HasPassword && !s.Disabled {
			left++
		}
	}
	if left != 1 || !h.accounts.Entered() {
		t.Errorf("two admins who delete each other leave %d, want 1", left)
	}
}

// A name that is nobody's costs what a wrong password does, and says no more.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.person(t, "ann", people.Operator)
	_, _, err := h.accounts.Invite(ctx, "invited", people.Viewer, "user:boss")
	must(t, err)
	var said []string
	for _, name := range []string{"ann", "invited", "nobody", ""} {
		_, err := h.door.ByPassword(ctx, name, "a wrong password", people.Visitor{Address: "192.0.2.1"})
		if !errors.Is(err, people.ErrRefused) {
			t.Fatalf("%q with a wrong password says %v, want ErrRefused", name, err)
		}
		said = append(said, err.Error())
	}
	for _, s := range said {
		if s != said[0] {
			t.Errorf("the answers differ: %q", said)
		}
	}
	for _, name := range []string{"ann", "nobody"} { // the limit says no more either
		tries := 0
		for ; tries < 100; tries++ {
			_, err := h.door.ByPassword(ctx, name, "a wrong password", people.Visitor{Address: fmt.Sprint("192.0.3.", tries)})
			var many *people.TooManyError
			if errors.As(err, &many) {
				break
			}
		}
		if tries != 9 {
			t.Errorf("%s: %d more tries from as many addresses before they are too many, want 9", name, tries)
		}
	}
	if _, err := h.door.ByPassword(ctx, "hunter2 is what i use", "ann", people.Visitor{}); !errors.Is(err, people.ErrRefused) {
		t.Error(err)
	}
	if bytes.Contains(h.stored(t), []byte("hunter2")) || bytes.Contains(h.stored(t), []byte("a wrong password")) {
		t.Error("the store has a name that is nobody's, or a password: somebody may have typed one for the other")
	}
}

// Who guesses at an account is stopped, and its holder isn't: not at the browser they signed in from
// before, and elsewhere not for long.
func TestGuessingLocksNobodyOut(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.person(t, "ann", people.Operator)
	h.person(t, "ben", people.Operator)
	home := h.signIn(t, "ann", people.Visitor{Address: "198.51.100.7"})
	ben := h.signIn(t, "ben", people.Visitor{Address: "203.0.113.9"})
	guess := func(v people.Visitor) error {
		_, err := h.door.ByPassword(ctx, "ann", "a wrong password", v)
		return err
	}
	var many *people.TooManyError
	for i := range 40 {
		if err := guess(people.Visitor{Address: fmt.Sprint("192.0.2.", i), Known: ben.Known}); i >= 10 && !errors.As(err, &many) {
			t.Fatalf("guess %d says %v, want a *TooManyError", i, err)
		}
	}
	away := people.Visitor{Address: "198.51.100.99"}
	if _, err := h.door.ByPassword(ctx, "ann", words, away); !errors.As(err, &many) || many.RetryAfter() > 2*time.Minute {
		t.Errorf("ann at a browser that never signed in says %v, want a *TooManyError of at most 2m", err)
	}
	if _, err := h.door.ByPassword(ctx, "ann", words, people.Visitor{Address: "192.0.2.1", Known: home.Known}); err != nil {
		t.Errorf("ann at the browser that signed in before says %v, want her let in", err)
	}
	h.now = h.now.Add(many.RetryAfter())
	if _, err := h.door.ByPassword(ctx, "ann", words, away); err != nil {
		t.Errorf("ann elsewhere, when she was told to come again, says %v, want her let in", err)
	}
	for i := range 12 { // a known browser has its own limit
		if err := guess(people.Visitor{Known: home.Known}); i >= 10 && !errors.As(err, &many) {
			t.Errorf("guess %d at a known browser says %v, want a *TooManyError", i, err)
		}
	}
}

// One address has so many tries over all accounts; an IPv6 holder's many addresses are one.
func TestAddressIsLimited(t *testing.T) {
	for what, address := range map[string]func(i int) string{
		"IPv4": func(int) string { return "192.0.2.1" },
		"IPv6": func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i+1) },
	} {
		h := newHouse(t)
		for i := range 21 {
			_, err := h.door.ByPassword(t.Context(), fmt.Sprint("name", i), "a wrong password", people.Visitor{Address: address(i)})
			var many *people.TooManyError
			if refused := errors.As(err, &many); refused != (i >= 20) {
				t.Errorf("%s: try %d says %v, want too many from the 21st on", what, i, err)
			}
		}
	}
}

// Guesses that come at once are counted before they are looked at.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	h := newHouse(t)
	h.person(t, "ann", people.Operator)
	var wg sync.WaitGroup
	var mu sync.Mutex
	looked := 0
	for i := range 30 {
		wg.Go(func() {
			_, err := h.door.ByPassword(t.Context(), "ann", "a wrong password", people.Visitor{Address: fmt.Sprint("192.0.2.", i)})
			if errors.Is(err, people.ErrRefused) {
				mu.Lock()
				looked++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if looked != 10 {
		t.Errorf("%d of 30 guesses at once were looked at, want 10", looked)
	}
}

func TestChoosePassword(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	first, err := h.accounts.First(ctx, "user:local")
	must(t, err)
	code, err := h.sessions.Link(first.ID)
	must(t, err)
	in, err := h.door.ByCode(ctx, code, people.Visitor{})
	must(t, err)
	if h.accounts.Entered() {
		t.Error("before a password was chosen, an admin can sign in without a link")
	}
	next, err := h.door.Choose(ctx, in.Token, "Robin", "", words, people.Visitor{})
	must(t, err)
	h.signedIn(t, "the session of before", in.Token, false)
	if p, err := h.sessions.Session(ctx, next.Token); err != nil || p.Name != "Robin" || p.ID != first.ID || !h.accounts.Entered() {
		t.Errorf("the first admin is %+v, %v, want Robin", p, err)
	}
	if _, err := h.door.Choose(ctx, next.Token, "", "a wrong password", "another password", people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
		t.Errorf("a change with a wrong password says %v, want ErrInvalid", err)
	}
	if _, err := h.door.Choose(ctx, next.Token, "Kim", words, "another password", people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
		t.Errorf("another name says %v, want ErrInvalid: what Robin did is Robin's", err)
	}
	other := h.signIn(t, "robin", people.Visitor{})
	last, err := h.door.Choose(ctx, next.Token, "", words, "another password", people.Visitor{})
	must(t, err)
	h.signedIn(t, "at another browser, after the change", other.Token, false)
	h.signedIn(t, "where it was changed", last.Token, true)
}

// A hash of another cost is made anew at the next sign-in, and the password stays.
func TestHashIsUpgraded(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	a := h.person(t, "ann", people.Operator)
	kept := func() (all map[string]any, hash string) {
		b, err := h.store.Get(ctx, "account", a.ID)
		must(t, err)
		must(t, json.Unmarshal(b, &all))
		return all, all["password"].(string)
	}
	all, hash := kept()
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("the password is kept as %s", hash)
	}
	all["password"] = "$argon2id$v=19$m=64,t=1,p=1$c29tZSBzYWx0IGhlcmU$" + weak
	b, err := json.Marshal(all)
	must(t, err)
	must(t, h.store.Put(ctx, journal.Record{Kind: "account", Key: a.ID, Value: b}))
	h.reopen(t)
	h.signIn(t, "ann", people.Visitor{})
	if _, again := kept(); !strings.HasPrefix(again, "$argon2id$v=19$m=19456,t=2,p=1$") || again == hash {
		t.Errorf("after a sign-in the hash is %s, want one of today's cost", again)
	}
	h.signIn(t, "ann", people.Visitor{})
	all["password"] = "$argon2id$nonsense"
	b, err = json.Marshal(all)
	must(t, err)
	must(t, h.store.Put(ctx, journal.Record{Kind: "account", Key: a.ID, Value: b}))
	h.reopen(t)
	if _, err := h.door.ByPassword(ctx, "ann", words, people.Visitor{}); err == nil || errors.Is(err, people.ErrRefused) {
		t.Errorf("a damaged hash says %v, want that it is damaged", err)
	}
}

// weak is the argon2id hash of words by 64 KiB, one pass and the salt "some salt here".
const weak = "kJIo2SD/w1emCa1WReO1ZlC+J+LwrofqEQ+rtlwoeU8"

// Whom a provider vouches for has the role that it gives, except that the last admin stays one.
func TestByIdentity(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	id := people.Identity{Issuer: "https://id.example", Subject: "1", Name: "ann@example.com", Role: people.Admin}
	first, err := h.door.ByIdentity(ctx, id, people.Visitor{})
	must(t, err)
	if first.Fresh || !h.accounts.Entered() || first.Who.Role != people.Admin {
		t.Errorf("who came by a provider is %+v, want an admin who needs no link", first)
	}
	for what, name := range map[string]string{"a password that outlives the provider's word": "", "somebody else's name": "boss"} {
		if _, err := h.door.Choose(ctx, first.Token, name, "", words, people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("whom a provider signs in chose %s: %v, want ErrInvalid", what, err)
		}
	}
	id.Role = people.Viewer
	again, err := h.door.ByIdentity(ctx, id, people.Visitor{})
	must(t, err)
	if again.Who.ID != first.Who.ID || again.Who.Role != people.Admin {
		t.Errorf("the last admin comes back as %+v, want the same, still an admin", again.Who)
	}
	h.person(t, "boss", people.Admin)
	again, err = h.door.ByIdentity(ctx, id, people.Visitor{})
	must(t, err)
	if p, err := h.sessions.Session(ctx, first.Token); err != nil || p.Role != people.Viewer || again.Who.Role != people.Viewer {
		t.Errorf("with another admin there, ann is %+v, %v, want a viewer at once", p, err)
	}
	for what, bad := range map[string]people.Identity{
		"nobody":            {Issuer: "https://id.example", Name: "x", Role: people.Viewer},
		"no issuer":         {Subject: "1", Name: "x", Role: people.Viewer},
		"two in one":        {Issuer: "https://id.example 1", Subject: "2", Name: "x", Role: people.Viewer},
		"no role":           {Issuer: "https://id.example", Subject: "9", Name: "x"},
		"a program's role":  {Issuer: "https://id.example", Subject: "9", Name: "x", Role: people.Ingest},
		"a name of nobody":  {Issuer: "https://id.example", Subject: "9", Name: "local", Role: people.Viewer},
		"a name that isn't": {Issuer: "https://id.example", Subject: "9", Name: "a\nb", Role: people.Viewer},
	} {
		if e, err := h.door.ByIdentity(ctx, bad, people.Visitor{}); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("%s: %+v, %v, want ErrInvalid", what, e.Who, err)
		}
	}
	if _, err := h.door.ByPassword(ctx, "ann@example.com", "", people.Visitor{}); !errors.Is(err, people.ErrRefused) {
		t.Errorf("an account without a password lets in by an empty one: %v", err)
	}
}
