package model

import "unicode/utf8"

// Tokens gives how many tokens a text has at most, by any tokenizer in use: letters and spaces come
// three to a token, digits and signs alone, and of other scripts each byte counts.
func Tokens(text string) int {
	thirds := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r >= utf8.RuneSelf:
			thirds += 3 * size
		case r == ' ' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			thirds++
		default:
			thirds += 3
		}
		i += size
	}
	return (thirds + 2) / 3
}

// clip gives as much of a text as has at most so many tokens, and whether that is all.
func clip(text string, most int) (string, bool) {
	if Tokens(text) <= most {
		return text, true
	}
	low, high := 0, len(text)
	for low < high { // the longest beginning that fits
		middle := (low + high + 1) / 2
		if Tokens(text[:middle]) <= most {
			low = middle
		} else {
			high = middle - 1
		}
	}
	for low > 0 && !utf8.RuneStart(text[low]) {
		low--
	}
	return text[:low], false
}
