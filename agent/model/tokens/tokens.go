// Package tokens says how much of a model's context a text takes, without asking the model.
package tokens

import (
	"unicode"
	"unicode/utf8"
)

// Bound is a number of tokens that a text hardly exceeds in any model: it counts generously, since a
// prompt that is too long is cut by the server without a word. Of letters that make no words a model
// may still need more.
func Bound(text string) int {
	n := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		end := i + size
		switch kind := kindOf(r); kind {
		case small, large:
			end, kind = run(text, end, kind)
			n += ofLetters(end-i, kind)
		case blank:
			if end, _ = run(text, end, kind); end-i > 1 {
				n++ // a single one is a part of the word behind it
			}
		default:
			n += max(1, size-1)
		}
		i = end
	}
	return n
}

type kind int

const (
	other kind = iota
	small
	large
	blank
)

func kindOf(r rune) kind {
	switch {
	case r == ' ' || r == '\t':
		return blank
	case r >= utf8.RuneSelf:
		return other
	case unicode.IsLower(r):
		return small
	case unicode.IsUpper(r):
		return large
	}
	return other
}

// run is where the letters or blanks end that go on at i, and of what kind they are: a large letter may
// begin a word of small ones.
func run(text string, i int, of kind) (end int, is kind) {
	if of == large && i < len(text) && kindOf(rune(text[i])) == small {
		of = small
	}
	for i < len(text) && kindOf(rune(text[i])) == of {
		i++
	}
	return i, of
}

// ofLetters counts common words of up to four letters as one token, and three letters as one in longer
// ones; names in capitals, such as those of orders, take more.
func ofLetters(n int, of kind) int {
	switch {
	case of == large:
		return (n + 1) / 2
	case n <= 4:
		return 1
	}
	return (n + 2) / 3
}
