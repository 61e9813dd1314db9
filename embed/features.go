package embed

import (
	"unicode"
	"unicode/utf8"
)

const (
	minTable       = 1 << 12
	maxPooledTable = 1 << 16 // one huge text must not keep its table for good
	minPiece       = 3       // characters
	maxPiece       = 5
)

// Seeds keep the classes apart: the word "ring" and the piece "ring" are two features.
const (
	wordSeed  = 0xcbf29ce484222325
	pairSeed  = 0x9ae16a3b2f90404f
	pieceSeed = 0xc3a5c85c97cb3127
)

// feature is one counted feature of a text.
type feature struct {
	key    uint64
	weight float32
	count  uint32 // 0 marks a free slot
}

// features counts the features of one text in an open-addressing table that is used again and
// again. used keeps the order of first sight, so that sums are rounded the same way every time.
type features struct {
	table []feature
	used  []uint32
	word  []rune
	bytes []byte
}

func newFeatures() *features {
	return &features{table: make([]feature, minTable), used: make([]uint32, 0, minTable/2)}
}

func (f *features) reset() {
	for _, slot := range f.used {
		f.table[slot] = feature{}
	}
	f.used = f.used[:0]
}

// read counts the features of text.
func (f *features) read(text string) {
	var previous uint64
	previousStops := false
	f.word = f.word[:0]
	for i := 0; i <= len(text); {
		r, size := rune(' '), 1
		if i < len(text) {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			f.word = append(f.word, unicode.ToLower(r))
			continue
		case (r == '\'' || r == '’') && len(f.word) > 0 && i < len(text):
			continue // don't and dont are one word
		case len(f.word) == 0:
			continue
		}
		hash, stops := f.addWord()
		if previous != 0 {
			weight := float32(pairWeight)
			if stops || previousStops {
				weight *= stopDamping
			}
			f.add(mix((previous*31)^hash^pairSeed), weight)
		}
		previous, previousStops = hash, stops
		f.word = f.word[:0]
	}
}

// addWord counts f.word and its pieces, and returns the hash of its stem and whether it is a stop
// word.
func (f *features) addWord() (hash uint64, stops bool) {
	f.bytes = f.bytes[:0]
	for _, r := range f.word {
		f.bytes = utf8.AppendRune(f.bytes, r)
	}
	stops = isStopWord(f.bytes)
	hash = wordSeed
	for _, b := range stem(f.bytes) {
		hash = (hash ^ uint64(b)) * fnvPrime
	}
	hash = mix(hash)
	if stops {
		f.add(hash, wordWeight*stopDamping)
		return hash, true
	}
	f.add(hash, wordWeight)

	// The word's ends count as characters, so that a piece knows whether it begins or ends a word.
	n := len(f.word) + 2
	for from := 0; from+minPiece <= n; from++ {
		piece := uint64(pieceSeed)
		for k := 0; k < maxPiece && from+k < n; k++ {
			r := ' '
			if at := from + k; at > 0 && at < n-1 {
				r = f.word[at-1]
			}
			piece = (piece ^ uint64(r)) * fnvPrime
			if k+1 >= minPiece {
				f.add(mix(piece), pieceWeight)
			}
		}
	}
	return hash, false
}

func (f *features) add(key uint64, weight float32) {
	if len(f.used)*2 >= len(f.table) {
		f.grow()
	}
	slot := f.find(key)
	e := &f.table[slot]
	if e.count == 0 {
		e.key, e.weight = key, weight
		f.used = append(f.used, slot)
	}
	e.count++
}

func (f *features) find(key uint64) uint32 {
	mask := uint64(len(f.table) - 1)
	slot := (key >> 20) & mask
	for f.table[slot].count != 0 && f.table[slot].key != key {
		slot = (slot + 1) & mask
	}
	return uint32(slot)
}

func (f *features) grow() {
	old := f.table
	f.table = make([]feature, 2*len(old))
	for i, slot := range f.used {
		e := old[slot]
		f.used[i] = f.find(e.key)
		f.table[f.used[i]] = e
	}
}

const fnvPrime = 1099511628211

// mix spreads the bits of a hash: the finalizer of splitmix64 (Steele et al. 2014).
func mix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
