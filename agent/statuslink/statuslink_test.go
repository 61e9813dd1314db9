package statuslink_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"resolute/agent/statuslink"
)

const (
	one = "01890a5d-ac96-774b-bcce-b302099a8057"
	two = "01890a5d-ac96-774b-bcce-b302099a8058"
)

func TestLinkIsOfOneCaseAndEnds(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	l := statuslink.New([]byte("a key"), "https://help.example/", func() time.Time { return now })
	token, ends, err := l.Token(one, now)
	if err != nil {
		t.Fatal(err)
	}
	if url := l.URL(one, now.Add(13*time.Hour)); url != "https://help.example/status/"+token {
		t.Errorf("later on the same day the link is %s, want the same", url)
	}
	if url := l.URL(one, now.Add(14*time.Hour)); strings.HasSuffix(url, token) {
		t.Error("the next day's link is that of today")
	}
	for range 2 {
		if id, err := l.Open(token); err != nil || id != one {
			t.Errorf("the link opens %q, %v, want %s", id, err, one)
		}
		now = ends.Add(-time.Second)
	}
	now = ends
	if _, err := l.Open(token); !errors.Is(err, statuslink.ErrLink) {
		t.Errorf("when it ends, the link says %v", err)
	}
	if ends.Sub(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) < statuslink.Lasts {
		t.Errorf("the link ended at %v, before its time", ends)
	}
	if url := l.URL("x", now); url != "" {
		t.Errorf("a case without an id has the link %s", url)
	}
}

// Whatever is changed in a link, it opens nothing: not another case, not for longer.
func TestForgedLinks(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	l := statuslink.New([]byte("a key"), "", clock)
	token, _, err := l.Token(one, now)
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := statuslink.New([]byte("another key"), "", clock).Token(one, now)
	second, _, _ := l.Token(two, now)
	forged := []string{"", "x", other, token[:len(token)-1], token + "A", token + "=", " " + token, one, second[:22] + token[22:], token[:22] + second[22:], strings.ToUpper(token)}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range token { // each character, by the next one
		at := strings.IndexByte(digits, token[i])
		forged = append(forged, token[:i]+string(digits[(at+1)%64])+token[i+1:])
	}
	for _, f := range forged {
		if id, err := l.Open(f); !errors.Is(err, statuslink.ErrLink) || id != "" {
			t.Errorf("%q opens %q, %v", f, id, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	l := statuslink.New([]byte("a key"), "", func() time.Time { return now })
	token, _, _ := l.Token(one, now)
	f.Add(token)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := l.Open(s); err == nil && s != token {
			t.Errorf("%q opens %s", s, id)
		}
	})
}
