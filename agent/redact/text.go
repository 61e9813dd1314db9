package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// address finds the address of mail around an @, no further back than from.
func address(s string, from, at int) (start, end int) {
	start = at
	for start > from {
		r, size := utf8.DecodeLastRuneInString(s[from:start])
		if !local(r) {
			break
		}
		start -= size
	}
	for start < at && s[start] == '.' {
		start++
	}
	if start == at {
		return 0, 0
	}
	end, label, dot := at+1, at+1, 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		switch {
		case r == '.' && end > label && named(s[end+1:]):
			label, dot = end+1, dot+1
		case r == '-' || unicode.IsLetter(r) || unicode.Is(unicode.M, r) || decimal(r) >= 0 || unseen(r):
		default:
			size = 0
		}
		if size == 0 {
			break
		}
		end += size
	}
	if end == at+1 || dot == 0 {
		return 0, 0
	}
	return start, end
}

// named reports whether a label of a domain begins a text.
func named(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && (unicode.IsLetter(r) || decimal(r) >= 0)
}

func local(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.M, r) || decimal(r) >= 0 || unseen(r) || strings.ContainsRune("._%+-!#$&'*/=?^`{|}~", r)
}

// accountMost is the longest that an IBAN is (ISO 13616).
const accountMost = 34

// account gives how long the IBAN that a text begins with is, in bytes, 0 for none.
func account(s string) int {
	var chars [accountMost]byte
	var ends [accountMost]int
	n, gap := 0, 0
	stops := [accountMost + 1]bool{} // nothing goes on behind so many
	for i := 0; i < len(s) && n <= accountMost; {
		c, size := utf8.DecodeRuneInString(s[i:])
		d := decimal(c)
		switch {
		case d >= 0 || letter(c):
			if n == accountMost {
				i = len(s)
				continue
			}
			if gap > 0 {
				stops[n] = true
			}
			b := byte(c)
			if d >= 0 {
				b = '0' + byte(d)
			} else if b >= 'a' {
				b -= 'a' - 'A'
			}
			if n < 2 && d >= 0 || (n == 2 || n == 3) && d < 0 || gap > 0 && n < 4 {
				return 0
			}
			chars[n], ends[n] = b, i+size
			n, gap = n+1, 0
		case unseen(c):
		case (c == ' ' || c == '-' || c == 0xA0 || c == 0x202F) && gap == 0 && n > 0:
			gap = 1
		case part(c):
			i = len(s)
			continue
		default:
			stops[n], gap = true, 2
			i = len(s)
			continue
		}
		i += size
		if i >= len(s) {
			stops[n] = true
		}
	}
	if n < 15 {
		return 0
	}
	want := lengthOf(chars[0], chars[1])
	for k := n; k >= 15; k-- {
		if (want == 0 || want == k) && stops[k] && mod97(chars[:k]) {
			return ends[k-1]
		}
	}
	return 0
}

// mod97 reports whether the check digits are right (ISO 7064).
func mod97(chars []byte) bool {
	rest := 0
	add := func(c byte) {
		if c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	for _, c := range chars[4:] {
		add(c)
	}
	for _, c := range chars[:4] {
		add(c)
	}
	return rest == 1
}

// lengths are how long an IBAN is in each country (SWIFT's registry).
const lengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SD18SE24SI19SK24SM27SV28TL23TN24TR26UA29VA22VG24XK20"

func lengthOf(a, b byte) int {
	for i := 0; i < len(lengths); i += 4 {
		if lengths[i] == a && lengths[i+1] == b {
			return int(lengths[i+2]-'0')*10 + int(lengths[i+3]-'0')
		}
	}
	return 0
}
