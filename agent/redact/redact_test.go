package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"resolute/agent/redact"
)

func all(t testing.TB) redact.Redactor {
	t.Helper()
	r, err := redact.New(redact.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsTakenOut(t *testing.T) {
	r := all(t)
	for _, c := range []struct{ text, want string }{
		{"My card is 4111 1111 1111 1111, thanks", "My card is [card], thanks"},
		{"4111111111111111", "[card]"},
		{"4111-1111-1111-1111.", "[card]."},
		{"amex 3782 822463 10005 and visa 4242424242424242", "amex [card] and visa [card]"},
		{"４１１１ １１１１ １１１１ １１１１", "[card]"},
		{"٤١١١١١١١١١١١١١١١", "[card]"},
		{"4111\u200B1111\u200B1111\u200B1111", "[card]"},
		{"4111\u00A01111\u00A01111\u00A01111", "[card]"},
		{"order 1002 4111 1111 1111 1111 12/29", "order 1002 [card] 12/29"},
		{"4111 1111 1111 1112", "4111 1111 1111 1112"}, // fails its check
		{"ORD-4111111111111111", "ORD-[card]"},
		{"DE89 3704 0044 0532 0130 00 please", "[iban] please"},
		{"iban:de89370400440532013000", "iban:[iban]"},
		{"GB29NWBK60161331926819", "[iban]"},
		{"NO9386011117947 and MT84MALT011000012345MTLCAST001S", "[iban] and [iban]"},
		{"DE88370400440532013000", "DE88370400440532013000"}, // fails its check
		{"write to tomas.okafor+shop@mail.example!", "write to [email]!"},
		{"<a@b.example>,c@d.example", "<[email]>,[email]"},
		{"müller@bücher.example", "[email]"},
		{"at @support or a@b", "at @support or a@b"},
		{"Call +49 (0)30 123 4567.", "Call [phone]."},
		{"0049 30 1234567", "[phone]"},
		{"030/1234567 or 0170 1234567", "[phone] or [phone]"},
		{"(555) 010-0199, 555-010-0199, 1-800-555-0199", "[phone], [phone], [phone]"},
		{"+15550100199", "[phone]"},
		{"26.02.2026 at 11:30, 2026-02-26T11:30:00Z and 01.02.2026", "26.02.2026 at 11:30, 2026-02-26T11:30:00Z and 01.02.2026"},
		{"ORD-10020030, SKU 12345678, 1,250.00 EUR, 192.168.100.200", "ORD-10020030, SKU 12345678, 1,250.00 EUR, 192.168.100.200"},
		{"ending in 0005, version 1.20.300", "ending in 0005, version 1.20.300"},
		{"", ""},
	} {
		if got := r.Text(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

// Only what is asked for is taken out, and what nobody knows is an error.
func TestKindsAreByThemselves(t *testing.T) {
	const text = "4242424242424242 DE89370400440532013000 a@b.example +4930123456789"
	for kind, want := range map[string]string{
		redact.Card:  "[card] DE89370400440532013000 a@b.example +4930123456789",
		redact.IBAN:  "4242424242424242 [iban] a@b.example +4930123456789",
		redact.Email: "4242424242424242 DE89370400440532013000 [email] +4930123456789",
		redact.Phone: "4242424242424242 DE89370400440532013000 a@b.example [phone]",
	} {
		r, err := redact.New(kind)
		if err != nil || r.Text(text) != want {
			t.Errorf("%s alone makes %q (%v), want %q", kind, r.Text(text), err, want)
		}
	}
	if _, err := redact.New("passport"); err == nil {
		t.Error("passports can't be redacted, and nobody was told")
	}
	if got := (redact.Redactor{}).Text(text); got != text {
		t.Errorf("nothing is to be taken out, and %q is what is left", got)
	}
}

func TestValues(t *testing.T) {
	r := all(t)
	v := map[string]any{
		"card": int64(4242424242424242), "n": int64(42), "share": 0.5, "none": nil, "yes": true,
		"customer":  map[string]any{"email": "a@b.example", "id": "CUS-1"},
		"list":      []any{"x", "+4930123456789", map[string]any{"same": "same"}},
		"a@b.examp": "key",
	}
	was := fmt.Sprint(v)
	want := map[string]any{
		"card": "[card]", "n": int64(42), "share": 0.5, "none": nil, "yes": true,
		"customer": map[string]any{"email": "[email]", "id": "CUS-1"},
		"list":     []any{"x", "[phone]", map[string]any{"same": "same"}},
		"[email]":  "key",
	}
	if got := r.Value(v); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if fmt.Sprint(v) != was {
		t.Errorf("the value itself was changed to %v", v)
	}
}

// Whatever is logged goes through it: messages, attributes, groups, errors.
func TestLogs(t *testing.T) {
	var out bytes.Buffer
	by := all(t)
	log := slog.New(redact.NewHandler(slog.NewJSONHandler(&out, nil), func() redact.Redactor { return by }))
	log.With("who", "a@b.example").WithGroup("g").Error("no answer to a@b.example",
		"err", fmt.Errorf("charge: %w", errors.New("card 4242 4242 4242 4242 was refused")),
		"n", 4242424242424242, slog.Group("in", "tel", "+4930123456789"), "body", map[string]any{"iban": "DE89370400440532013000"})
	for _, secret := range []string{"a@b", "4242", "4930", "DE89"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), `"err":"charge: card [card] was refused"`) {
		t.Errorf("what isn't taken out stays: %s", out.String())
	}
	out.Reset()
	by = redact.Redactor{}
	log.Info("to a@b.example")
	if !strings.Contains(out.String(), "a@b.example") {
		t.Error("what is taken out follows what is asked for now")
	}
}

// A card number is taken out wherever it stands, in the groups of its brand, and nothing else is.
func TestCardsAnywhere(t *testing.T) {
	r := all(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(13, 19).Draw(t, "length")
		digits := make([]byte, n)
		digits[0] = byte(rapid.IntRange(2, 6).Draw(t, "first"))
		for i := 1; i < n-1; i++ {
			digits[i] = byte(rapid.IntRange(0, 9).Draw(t, "digit"))
		}
		sum := 0
		for i := n - 2; i >= 0; i-- {
			d := int(digits[i])
			if (n-2-i)%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		digits[n-1] = byte((10 - sum%10) % 10)
		sign := rapid.SampledFrom([]string{"", " ", "-", "\u00A0", "\u200B"}).Draw(t, "sign")
		var text strings.Builder
		for i, d := range digits {
			if i > 0 && i%4 == 0 {
				text.WriteString(sign)
			}
			text.WriteByte('0' + d)
		}
		before := rapid.SampledFrom([]string{"", "card: ", "(", "no.", "Karte "}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", ".", ", thanks", ")", "\n"}).Draw(t, "after")
		if got := r.Text(before + text.String() + after); got != before+"[card]"+after {
			t.Errorf("%q becomes %q", before+text.String()+after, got)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "a@b.example", "+49 30 1234567", "０１７０ １２３４５６７", "\xff@\x00.", "a@[1.2.3.4]", "+(((0)))"} {
		f.Add(s)
	}
	r := all(f)
	f.Fuzz(func(t *testing.T, s string) {
		once := r.Text(s)
		if twice := r.Text(once); twice != once {
			t.Errorf("%q becomes %q and then %q", s, once, twice)
		}
		if utf8.ValidString(s) && !utf8.ValidString(once) {
			t.Errorf("%q becomes %q, which is cut within a letter", s, once)
		}
	})
}

// What has nothing to take out costs no memory.
func TestNothingIsAllocatedForNothing(t *testing.T) {
	r := all(t)
	var value any = map[string]any{"text": text, "n": int64(12), "list": []any{"a", true}}
	if n := testing.AllocsPerRun(100, func() { _ = r.Text(text) }); n > 0 {
		t.Errorf("%v allocations for a text that stays as it is", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = r.Value(value) }); n > 0 {
		t.Errorf("%v allocations for a value that stays as it is", n)
	}
}

const text = "We are sorry that your stoneware set from order ORD-1002 of 26 February 2026 arrived damaged: we refunded 64.00 USD, and the money is on your account within five working days."

func BenchmarkText(b *testing.B) {
	r := all(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Text(text)
	}
}
