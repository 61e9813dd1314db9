package embed

import "bytes"

// stem takes the commonest English endings off a word, so that "refunds", "refunded" and
// "refunding" meet. It is far lighter than Porter's stemmer: what it gets wrong it gets wrong the
// same way for query and passage. The result shares word's memory.
func stem(word []byte) []byte {
	switch {
	case len(word) > 4 && bytes.HasSuffix(word, []byte("ies")):
		word = word[:len(word)-2] // parties, party: parti
	case len(word) > 4 && bytes.HasSuffix(word, []byte("sses")):
		word = word[:len(word)-2]
	case len(word) > 3 && word[len(word)-1] == 's' && word[len(word)-2] != 's' && word[len(word)-2] != 'u':
		word = word[:len(word)-1]
	}
	switch {
	case len(word) > 5 && bytes.HasSuffix(word, []byte("ing")):
		word = undouble(word[:len(word)-3])
	case len(word) > 4 && bytes.HasSuffix(word, []byte("ed")):
		word = undouble(word[:len(word)-2])
	case len(word) > 5 && bytes.HasSuffix(word, []byte("ly")):
		word = word[:len(word)-2]
	}
	switch {
	case len(word) > 3 && word[len(word)-1] == 'e':
		word = word[:len(word)-1]
	case len(word) > 3 && word[len(word)-1] == 'y':
		word[len(word)-1] = 'i'
	}
	return word
}

// undouble makes "shipp" of "shipped" the "ship" that it came from.
func undouble(word []byte) []byte {
	n := len(word)
	if n > 3 && word[n-1] == word[n-2] && !bytes.ContainsRune([]byte("aeiouls"), rune(word[n-1])) {
		return word[:n-1]
	}
	return word
}

// isStopWord reports whether word is so common in English that it says next to nothing.
func isStopWord(word []byte) bool {
	switch string(word) {
	case "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at",
		"be", "because", "been", "but", "by", "can", "could", "did", "do", "does", "for", "from",
		"had", "has", "have", "he", "her", "here", "him", "his", "how", "i", "if", "im", "in", "into",
		"is", "it", "its", "ive", "just", "may", "me", "my", "of", "on", "or", "our", "please",
		"she", "should", "so", "some", "than", "that", "the", "their", "them", "then", "there",
		"these", "they", "this", "to", "was", "we", "were", "what", "when", "where", "which", "who",
		"will", "with", "would", "you", "your":
		return true
	}
	return false
}
