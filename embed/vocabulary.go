package embed

import (
	"bytes"
	"fmt"
)

// vocabulary finds tokens by their spelling. Tokens that begin a word and those that go on one,
// which the teacher's file spells with "##" before them, are two classes.
type vocabulary struct {
	spellings []byte   // one after another, without "##"
	ends      []uint32 // end of each token's spelling
	slots     []uint32 // open addressing: 16 bits of the hash, the class, and 15 bits of token+1; 0 is free
	longest   int      // bytes of the longest spelling
	kinds     [128]uint8
}

// class is a bit of a slot.
type class uint32

const (
	beginsWord class = 0
	goesOn     class = 1 << 15
)

const (
	maxTokens   = 1<<15 - 2
	maxSpelling = 64
	slotBits    = 16
	hashMask    = 0xffff0000 // of a slot
	tokenMask   = 0x7fff
	hashSeed    = 0xcbf29ce484222325 // of FNV-1a, as is the prime
	hashPrime   = 0x100000001b3
)

func newVocabulary(spellings [][]byte) (*vocabulary, error) {
	if len(spellings) > maxTokens {
		return nil, fmt.Errorf("%d tokens are more than %d", len(spellings), maxTokens)
	}
	v := &vocabulary{slots: make([]uint32, 1<<slotBits), ends: make([]uint32, len(spellings)), kinds: asciiKinds()}
	for token, spelling := range spellings {
		of := beginsWord
		if bare, ok := bytes.CutPrefix(spelling, []byte("##")); ok && len(bare) > 0 {
			spelling, of = bare, goesOn
		}
		if len(spelling) == 0 || len(spelling) > maxSpelling {
			return nil, fmt.Errorf("token %d is spelled with %d bytes, want 1 to %d", token, len(spelling), maxSpelling)
		}
		v.spellings = append(v.spellings, spelling...)
		v.ends[token] = uint32(len(v.spellings))
		v.longest = max(v.longest, len(spelling))
		hash := uint64(hashSeed)
		for _, b := range spelling {
			hash = step(hash, b)
		}
		at, entry := place(hash, of)
		for v.slots[at] != 0 {
			at = (at + 1) % uint32(len(v.slots))
		}
		v.slots[at] = entry | uint32(token+1)
	}
	return v, nil
}

func step(hash uint64, b byte) uint64 { return (hash ^ uint64(b)) * hashPrime }

// place returns the slot where to look first, and what there is beside the token.
func place(hash uint64, of class) (at, entry uint32) {
	hash = (hash ^ uint64(of)) * 0xbf58476d1ce4e5b9
	hash ^= hash >> 31
	hash *= 0x94d049bb133111eb
	return uint32(hash >> (64 - slotBits)), uint32(hash)&hashMask | uint32(of)
}

// find returns the token of a class with this spelling, whose hash is given.
func (v *vocabulary) find(spelling []byte, hash uint64, of class) (token uint16, ok bool) {
	at, entry := place(hash, of)
	for slots := v.slots; slots[at] != 0; at = (at + 1) % uint32(len(slots)) {
		if slots[at]&^tokenMask == entry {
			token := slots[at]&tokenMask - 1
			if string(v.spelling(token)) == string(spelling) {
				return uint16(token), true
			}
		}
	}
	return 0, false
}

func (v *vocabulary) spelling(token uint32) []byte {
	begin := uint32(0)
	if token > 0 {
		begin = v.ends[token-1]
	}
	return v.spellings[begin:v.ends[token]]
}

// appendPieces cuts word into the longest pieces that the vocabulary has, from its beginning on; a
// word with a rest that it lacks is unknown as a whole.
func (v *vocabulary) appendPieces(tokens []uint16, word []byte) []uint16 {
	known, of := len(tokens), beginsWord
	var hashes [maxSpelling]uint64 // of the beginnings of what is left of the word
	for len(word) > 0 {
		n := min(len(word), v.longest)
		hash := uint64(hashSeed)
		for i, b := range word[:n] {
			hash = step(hash, b)
			hashes[i] = hash
		}
		for ; n > 0; n-- {
			if token, ok := v.find(word[:n], hashes[n-1], of); ok {
				tokens = append(tokens, token)
				break
			}
		}
		if n == 0 {
			return append(tokens[:known], tokenUnknown)
		}
		word, of = word[n:], goesOn
	}
	return tokens
}
