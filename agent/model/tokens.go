package model

import (
	"unicode/utf8"

	"resolute/agent/model/tokens"
)

// clip gives as much of a text as has at most so many tokens, and whether that is all.
func clip(text string, most int) (string, bool) {
	if tokens.Bound(text) <= most {
		return text, true
	}
	low, high := 0, len(text)
	for low < high { // the longest beginning that fits
		middle := (low + high + 1) / 2
		if tokens.Bound(text[:middle]) <= most {
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
