package embed

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	tokenUnknown = 100
	maxWord      = 100 // characters; a longer word is unknown as a whole
)

// special returns the token that text begins with if it is one of those that stand for themselves
// wherever a text has them, spelled exactly so.
func special(text string) (token uint16, length int) {
	for _, s := range [...]struct {
		spelling string
		token    uint16
	}{{"[PAD]", 0}, {"[UNK]", tokenUnknown}, {"[CLS]", 101}, {"[SEP]", 102}, {"[MASK]", 103}} {
		if strings.HasPrefix(text, s.spelling) {
			return s.token, len(s.spelling)
		}
	}
	return 0, 0
}

// reader turns text into tokens as BERT's uncased tokenizer does: characters of control are left
// out, ideographs and punctuation are words by themselves, accents are taken off, letters lowered,
// and each word is cut into the longest pieces that the vocabulary has (Devlin et al. 2018,
// "BERT"; tested against the teacher's tokenizer). Its memory is used again and again.
type reader struct {
	tokens     []uint16
	word       []byte // of the current word: lowered, accents taken off
	characters int    // in word
	run        []byte // of characters beyond ASCII, before decomposition
	decomposed norm.Iter
}

// What a byte of ASCII is in a text.
const (
	ofWord uint8 = iota
	ofSpace
	ofPunctuation
	ofNothing
)

// asciiKinds sorts the bytes once, so that the common case needs no look into ranges.
func asciiKinds() (kinds [utf8.RuneSelf]uint8) {
	for r := range rune(utf8.RuneSelf) {
		switch {
		case unicode.Is(ignored, r):
			kinds[r] = ofNothing
		case unicode.IsSpace(r):
			kinds[r] = ofSpace
		case unicode.Is(punctuation, r):
			kinds[r] = ofPunctuation
		}
	}
	return kinds
}

// read returns the tokens of text; they share r's memory. Bytes that aren't UTF-8 are left out.
func (v *vocabulary) read(r *reader, text string) []uint16 {
	r.tokens, r.word, r.characters = r.tokens[:0], r.word[:0], 0
	for i := 0; i < len(text); {
		b := text[i]
		if b >= utf8.RuneSelf {
			i += v.readRun(r, text[i:])
			continue
		}
		i++
		switch v.kinds[b] {
		case ofWord:
			if b >= 'A' && b <= 'Z' {
				b += 'a' - 'A'
			}
			r.word = append(r.word, b)
			r.characters++
		case ofSpace:
			v.endWord(r)
		case ofPunctuation:
			v.endWord(r)
			if b == '[' {
				if token, length := special(text[i-1:]); length > 0 {
					r.tokens = append(r.tokens, token)
					i += length - 1
					continue
				}
			}
			r.word = append(r.word, b)
			r.characters = 1
			v.endWord(r)
		}
	}
	v.endWord(r)
	return r.tokens
}

// readRun reads the characters beyond ASCII that text begins with, and returns how many bytes they
// are. ASCII neither decomposes nor changes its place, so decomposition can start anew after it.
func (v *vocabulary) readRun(r *reader, text string) int {
	r.run = r.run[:0]
	end := 0
	for end < len(text) && text[end] >= utf8.RuneSelf {
		c, size := utf8.DecodeRuneInString(text[end:])
		switch {
		case unicode.Is(ignored, c): // and so bytes that aren't UTF-8, which are read as U+FFFD
		case unicode.Is(ideographs, c):
			r.run = append(r.run, ' ')
			r.run = append(r.run, text[end:end+size]...)
			r.run = append(r.run, ' ')
		default:
			r.run = append(r.run, text[end:end+size]...)
		}
		end += size
	}
	r.decomposed.Init(norm.NFD, r.run)
	for !r.decomposed.Done() {
		for part := r.decomposed.Next(); len(part) > 0; {
			c, size := utf8.DecodeRune(part)
			part = part[size:]
			v.readDecomposed(r, c)
		}
	}
	return end
}

func (v *vocabulary) readDecomposed(r *reader, c rune) {
	switch {
	case unicode.Is(marks, c):
	case unicode.IsSpace(c):
		v.endWord(r)
	case unicode.Is(punctuation, c):
		v.endWord(r)
		r.word = utf8.AppendRune(r.word, c)
		r.characters = 1
		v.endWord(r)
	default:
		r.word = utf8.AppendRune(r.word, unicode.ToLower(c))
		r.characters++
	}
}

// endWord adds the pieces of the current word.
func (v *vocabulary) endWord(r *reader) {
	if len(r.word) == 0 {
		return
	}
	if r.characters > maxWord {
		r.tokens = append(r.tokens, tokenUnknown)
	} else {
		r.tokens = v.appendPieces(r.tokens, r.word)
	}
	r.word, r.characters = r.word[:0], 0
}
