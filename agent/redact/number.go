package redact

import "unicode/utf8"

// The longest there are: a card number has 19 digits, a telephone number 15 (E.164).
const (
	mostDigits = 24 // that are looked at in a row
	cardLeast  = 13
	cardMost   = 19
	phoneLeast = 7
	phoneMost  = 15
)

// run is digits in groups, as they are written.
type run struct {
	digit  [mostDigits]byte
	end    [mostDigits]int  // behind which byte each ends
	opens  [mostDigits]bool // it begins a group
	parted [mostDigits]rune // by what it is parted from the one before
	n      int
	plus   bool
	more   bool // it goes on behind what is kept
}

// runAt reads digits that begin at a place, parted by a space, a sign or both.
func runAt(s string, at int) (r run) {
	i := at
	if s[i] == '+' {
		r.plus = true
		i++
	}
	between, sign := 0, rune(0)
	for i < len(s) {
		c, size := utf8.DecodeRuneInString(s[i:])
		d := decimal(c)
		switch {
		case d >= 0:
			if r.n == mostDigits {
				r.more = between == 0
				return r
			}
			r.digit[r.n], r.end[r.n], r.opens[r.n], r.parted[r.n] = byte(d), i+size, between > 0 || r.n == 0, sign
			r.n++
			between, sign = 0, 0
		case unseen(c):
		case parts(c) && between < 3:
			between++
			if sign == 0 || c != ' ' {
				sign = c
			}
		default:
			r.more = between == 0 && part(c)
			return r
		}
		i += size
	}
	return r
}

func parts(r rune) bool {
	switch r {
	case ' ', '-', '.', '/', '(', ')', 0xA0, 0x2007, 0x2009, 0x202F, 0x2010, 0x2011, 0x2012, 0x2013:
		return true
	}
	return false
}

// number finds a card or a telephone number at a place.
func (r Redactor) number(s string, at int, before rune) (to int, kind string) {
	digits := runAt(s, at)
	if r.card && !digits.plus && s[at] != '(' {
		if n := digits.card(); n > 0 {
			return digits.end[n-1], Card
		}
	}
	if r.phone && before != '-' && before != '/' && before != '.' && before != '#' && before != ',' {
		if n := digits.phone(s[at] == '('); n > 0 {
			return digits.end[n-1], Phone
		}
	}
	return 0, ""
}

// closes reports whether a group ends behind the first n digits.
func (r *run) closes(n int) bool { return n == r.n && !r.more || n < r.n && r.opens[n] }

// card gives how many digits are a card number, the longest there is, 0 for none.
func (r *run) card() int {
	if r.n < cardLeast || r.digit[0] < 2 || r.digit[0] > 6 {
		return 0
	}
	for n := min(r.n, cardMost); n >= cardLeast; n-- {
		if r.closes(n) && r.even(n) && luhn(r.digit[:n]) {
			return n
		}
	}
	return 0
}

// even reports whether the groups of the first n digits are such as are printed on cards: none but the last
// is shorter than three.
func (r *run) even(n int) bool {
	length := 0
	for i := range n {
		if r.opens[i] && i > 0 {
			if length < 3 || r.parted[i] == '/' || r.parted[i] == '(' || r.parted[i] == ')' {
				return false
			}
			length = 0
		}
		length++
	}
	return true
}

// luhn reports whether the last digit checks the others (ISO/IEC 7812-1).
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// phone gives how many digits are a telephone number, 0 for none.
func (r *run) phone(bracket bool) int {
	if r.n < phoneLeast || r.dated() {
		return 0
	}
	groups := 1
	for i := 1; i < r.n; i++ {
		if r.opens[i] {
			groups++
		}
	}
	for n := min(r.n, phoneMost); n >= phoneLeast; n-- {
		if !r.closes(n) {
			continue
		}
		switch {
		case r.plus, r.digit[0] == 0 && r.digit[1] == 0 && n >= 10:
			return n
		case r.digit[0] == 0 && (groups > 1 || n >= 10):
			return n
		case r.american(n, bracket):
			return n
		}
	}
	return 0
}

// american reports whether the first n digits are parted as 555-010-0199 or 1-800-555-0199 are.
func (r *run) american(n int, bracket bool) bool {
	from := 0
	if n == 11 && r.digit[0] == 1 && r.opens[1] {
		from = 1
	}
	if n-from != 10 {
		return false
	}
	for i := from; i < n; i++ {
		if r.opens[i] != (i == from || i == from+3 || i == from+6) && !(i == from && from == 0) {
			return false
		}
	}
	return bracket || from == 1 || r.parted[3] == '-' || r.parted[3] == '.' && r.parted[6] == '.' || r.parted[6] == '-'
}

// dated reports whether the digits begin with a date, such as 01.02.2026 or 2026-02-01.
func (r *run) dated() bool {
	if r.plus {
		return false
	}
	lengths := [3]int{}
	g := -1
	for i := 0; i < r.n && g < 3; i++ {
		if r.opens[i] {
			if g++; g == 3 {
				break
			}
			if g > 0 && r.parted[i] != '.' && r.parted[i] != '-' && r.parted[i] != '/' {
				return false
			}
		}
		lengths[g]++
	}
	if g < 2 {
		return false
	}
	two := func(n int) bool { return n == 1 || n == 2 }
	return two(lengths[0]) && two(lengths[1]) && (lengths[2] == 4 || lengths[2] == 2) || lengths[0] == 4 && two(lengths[1]) && two(lengths[2])
}
