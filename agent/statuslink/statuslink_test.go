package statuslink_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"resolute/agent/journal"
	"resolute/agent/statuslink"
)

const (
	one = "01890a5d-ac96-774b-bcce-b302099a8057"
	two = "01890a5d-ac96-774b-bcce-b302099a8058"
)

func TestLinkIsOfOneCaseAndEnds(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	l := statuslink.New([]byte("a key"), "https://help.example/", journal.NewMemory(journal.MemoryOptions{}), func() time.Time { return now })
	token, ends, err := l.Token(t.Context(), one, now)
	if err != nil {
		t.Fatal(err)
	}
	if url := l.URL(t.Context(), one, now.Add(13*time.Hour)); url != "https://help.example/status/"+token {
		t.Errorf("later on the same day the link is %s, want the same", url)
	}
	if url := l.URL(t.Context(), one, now.Add(14*time.Hour)); strings.HasSuffix(url, token) {
		t.Error("the next day's link is that of today")
	}
	for range 2 {
		if id, err := l.Open(t.Context(), token); err != nil || id != one {
			t.Errorf("the link opens %q, %v, want %s", id, err, one)
		}
		now = ends.Add(-time.Second)
	}
	now = ends
	if _, err := l.Open(t.Context(), token); !errors.Is(err, statuslink.ErrLink) {
		t.Errorf("when it ends, the link says %v", err)
	}
	if ends.Sub(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) < statuslink.Lasts {
		t.Errorf("the link ended at %v, before its time", ends)
	}
	if url := l.URL(t.Context(), "x", now); url != "" {
		t.Errorf("a case without an id has the link %s", url)
	}
}

// Whatever is changed in a link, it opens nothing: not another case, not for longer.
func TestForgedLinks(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	records := journal.NewMemory(journal.MemoryOptions{})
	clock := func() time.Time { return now }
	l := statuslink.New([]byte("a key"), "", records, clock)
	token, _, err := l.Token(t.Context(), one, now)
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := statuslink.New([]byte("another key"), "", records, clock).Token(t.Context(), one, now)
	second, _, _ := l.Token(t.Context(), two, now)
	forged := []string{"", "x", other, token[:len(token)-1], token + "A", token + "=", " " + token, one, second[:22] + token[22:], token[:22] + second[22:], strings.ToUpper(token)}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range token { // each character, by the next one
		at := strings.IndexByte(digits, token[i])
		forged = append(forged, token[:i]+string(digits[(at+1)%64])+token[i+1:])
	}
	for _, f := range forged {
		if id, err := l.Open(t.Context(), f); !errors.Is(err, statuslink.ErrLink) || id != "" {
			t.Errorf("%q opens %q, %v", f, id, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	l := statuslink.New([]byte("a key"), "", journal.NewMemory(journal.MemoryOptions{}), func() time.Time { return now })
	token, _, _ := l.Token(f.Context(), one, now)
	f.Add(token)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := l.Open(t.Context(), s); err == nil && s != token {
			t.Errorf("%q opens %s", s, id)
		}
	})
}

// All links of a case are taken back together, and say so; what is made from then on counts, and other cases
// keep theirs.
func TestLinksAreTakenBack(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	records := journal.NewMemory(journal.MemoryOptions{})
	l := statuslink.New([]byte("a key"), "", records, func() time.Time { return now })
	token := func(id string) string {
		t.Helper()
		token, _, err := l.Token(t.Context(), id, now)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	said := func() (journal.Record, error) {
		return journal.Record{Kind: journal.KindAudit, Key: uuid.NewString(), Value: []byte("said")}, nil
	}
	first, other := token(one), token(two)
	for range 2 {
		if err := l.Revoke(t.Context(), one, "user:kim", said); err != nil {
			t.Fatal(err)
		}
	}
	second := token(one)
	if id, err := l.Open(t.Context(), first); !errors.Is(err, statuslink.ErrRevoked) || id != "" {
		t.Errorf("what was taken back opens %q, %v", id, err)
	}
	for id, token := range map[string]string{one: second, two: other} {
		if got, err := l.Open(t.Context(), token); err != nil || got != id {
			t.Errorf("a link that counts opens %q, %v, want %s", got, err, id)
		}
	}
	if r, err := l.Revoked(t.Context(), one); err != nil || r.Times != 2 || r.By != "user:kim" || !r.At.Equal(now) {
		t.Errorf("it was taken back: %+v, %v", r, err)
	}
	if list, err := records.List(t.Context(), journal.KindAudit, "", 10); err != nil || len(list) != 2 {
		t.Errorf("the audit has %d (%v), want two", len(list), err)
	}
}
