package embed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// tableMagic begins a table. All numbers in it are little-endian:
//
//	magic        8 bytes
//	digest       8 bytes, the beginning of the SHA-256 of all that follows
//	dimensions   uint32, 256
//	tokens       uint32
//	pairs        uint32
//	rows         uint32
//	spellings    uint32, the length in bytes of the last part
//	scales       float32 each dimension: what one step of its values is worth
//	row of token uint16 each token; 0xffff for one without
//	pairs        uint16, uint16 each: two tokens; the rows of pairs are the last, in this order
//	values       uint8 each row and dimension, 128 above the value
//	spellings    the tokens, each followed by a line feed
const tableMagic = "rsltab01"

const (
	headerSize = 8 + 8 + 5*4
	noRow      = 0xffff
)

// table holds a vector for each token and each frequent pair of neighbours that has one. Its values
// stay where they were loaded.
type table struct {
	fingerprint string
	scales      [dimensions]float32
	rowOfToken  []uint16
	pairs       pairs
	values      []byte
	vocabulary  *vocabulary
}

var errCut = errors.New("it is cut off, or longer than it says")

func parseTable(data []byte) (*table, error) {
	if len(data) < headerSize || string(data[:len(tableMagic)]) != tableMagic {
		return nil, errors.New("it doesn't begin as a table does")
	}
	var header [5]int
	for i := range header {
		header[i] = int(binary.LittleEndian.Uint32(data[16+4*i:]))
	}
	tokens, pairCount, rows, spellings := header[1], header[2], header[3], header[4]
	if header[0] != dimensions || rows >= noRow || pairCount > rows || tokens > maxTokens {
		return nil, fmt.Errorf("it says it has %d dimensions, %d tokens, %d pairs and %d rows", header[0], tokens, pairCount, rows)
	}
	if len(data) != headerSize+4*dimensions+2*tokens+4*pairCount+rows*dimensions+spellings {
		return nil, errCut
	}
	t := &table{
		fingerprint: fmt.Sprintf("static/1/%x", data[8:16]),
		rowOfToken:  make([]uint16, tokens),
	}
	rest := data[headerSize:]
	take := func(n int) []byte {
		part := rest[:n:n]
		rest = rest[n:]
		return part
	}
	for i, part := 0, take(4*dimensions); i < dimensions; i++ {
		t.scales[i] = math.Float32frombits(binary.LittleEndian.Uint32(part[4*i:]))
	}
	for i, part := 0, take(2*tokens); i < tokens; i++ {
		t.rowOfToken[i] = binary.LittleEndian.Uint16(part[2*i:])
		if row := t.rowOfToken[i]; row != noRow && int(row) >= rows-pairCount {
			return nil, fmt.Errorf("token %d has row %d of %d", i, row, rows-pairCount)
		}
	}
	t.pairs = newPairs(take(4*pairCount), rows-pairCount)
	t.values = take(rows * dimensions)
	words := bytes.Split(bytes.TrimSuffix(rest, []byte("\n")), []byte("\n"))
	if len(words) != tokens {
		return nil, fmt.Errorf("it spells %d tokens, and says it has %d", len(words), tokens)
	}
	var err error
	t.vocabulary, err = newVocabulary(words)
	return t, err
}

// appendRows appends the rows of tokens, and of the neighbours among them that have one.
func (t *table) appendRows(rows []uint16, tokens []uint16) []uint16 {
	var before uint16 = noRow
	for _, token := range tokens {
		if row := t.rowOfToken[token]; row != noRow {
			rows = append(rows, row)
		}
		if row, ok := t.pairs.find(before, token); ok {
			rows = append(rows, row)
		}
		before = token
	}
	return rows
}
