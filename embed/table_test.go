package embed

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestTheTableIsWhole(t *testing.T) {
	if len(builtinTable) > 9e6 {
		t.Errorf("the table has %d bytes, want at most 9 MB", len(builtinTable))
	}
	digest := sha256.Sum256(builtinTable[16:])
	if got, want := hex.EncodeToString(builtinTable[8:16]), hex.EncodeToString(digest[:8]); got != want {
		t.Errorf("the table says its digest is %s, and it is %s", got, want)
	}
	if b := Builtin(); b.Dimensions() != 256 {
		t.Errorf("%d dimensions, want 256", b.Dimensions())
	}
}

func TestBrokenTablesAreRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":             nil,
		"another file":      []byte(strings.Repeat("x", 1000)),
		"cut off":           builtinTable[:len(builtinTable)-1],
		"header alone":      builtinTable[:headerSize],
		"longer":            append(slices.Clone(builtinTable), 0),
		"more dimensions":   changed(16, 0xff),
		"fewer tokens":      changed(20, 1),
		"a row beyond":      changed(headerSize+4*256+2*2003, 0xfe, 0xff),
		"a token unspelled": changed(len(builtinTable)-3, '\n'),
	} {
		if _, err := parseTable(data); err == nil {
			t.Errorf("%s: the table is taken", name)
		}
	}
}

func changed(at int, to ...byte) []byte {
	data := slices.Clone(builtinTable)
	copy(data[at:], to)
	return data
}

func TestPackedSumsAreSums(t *testing.T) {
	s := Builtin()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 5, perFlush, perFlush + 1, perFlush + 3, 5000} {
		rows := make([]uint16, n)
		for i := range rows {
			rows[i] = uint16(random.IntN(len(s.table.values) / dimensions))
		}
		var got [dimensions]float32
		s.table.sum(&got, rows)
		for d := range got {
			var sum int
			for _, row := range rows {
				sum += int(s.table.values[int(row)*dimensions+d]) - 128
			}
			if want := float32(sum) * s.table.scales[d]; math.Abs(float64(got[d]-want)) > 1e-3*math.Abs(float64(want))+1e-6 {
				t.Fatalf("%d rows: value %d is %v, one by one it is %v", n, d, got[d], want)
			}
		}
	}
	highest, got := table{values: slices.Repeat([]byte{255}, dimensions)}, [dimensions]float32{}
	for i := range highest.scales {
		highest.scales[i] = 1
	}
	const n = 3 * perFlush
	if highest.sum(&got, make([]uint16, n)); slices.Min(got[:]) != 127*n || slices.Max(got[:]) != 127*n {
		t.Errorf("the highest values, %d times: %v, want %d", n, got, 127*n)
	}
}

func TestPairsCountOnlySideBySide(t *testing.T) {
	s := Builtin()
	n := 0
	for _, slot := range s.table.pairs.slots {
		if !slot.used {
			continue
		}
		first, second := uint16(slot.key>>16), uint16(slot.key)
		rows := s.table.appendRows(nil, []uint16{first, second})
		if want := []uint16{s.table.rowOfToken[first], s.table.rowOfToken[second], slot.row}; !slices.Equal(rows, want) {
			t.Fatalf("tokens %d %d: rows %v, want %v", first, second, rows, want)
		}
		if rows := s.table.appendRows(nil, []uint16{first, tokenUnknown, second}); len(rows) != 2 {
			t.Fatalf("tokens %d and %d with one between: rows %v, want theirs alone", first, second, rows)
		}
		n++
	}
	if n == 0 {
		t.Error("no pair has a row")
	}
}

// passage has 200 words.
func passage() string {
	words := strings.Fields("A parcel that arrives damaged is replaced when the item is in stock, and refunded when it isn't; " +
		"ask for a photo only if its value is above $100.00, and tell the customer when to expect the money: " +
		"banks take up to 5 working days. Undeliverable shipments return to the warehouse in Rotterdam.")
	var b strings.Builder
	for i := range 200 {
		b.WriteString(words[i%len(words)] + " ")
	}
	return b.String()
}

func BenchmarkBuiltin(b *testing.B) {
	s, text := Builtin(), passage()
	dst := make([]float32, s.Dimensions())
	b.ReportAllocs()
	for b.Loop() {
		s.EmbedInto(dst, text)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "passages/s")
}

func BenchmarkBuiltinParts(b *testing.B) {
	s, text := Builtin(), passage()
	var dst [dimensions]float32
	r := new(reader)
	tokens := slices.Clone(s.table.vocabulary.read(r, text))
	rows := s.table.appendRows(nil, tokens)
	b.Run("tokens", func(b *testing.B) {
		for b.Loop() {
			s.table.vocabulary.read(r, text)
		}
		b.ReportMetric(float64(len(tokens)), "tokens")
	})
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			rows = s.table.appendRows(rows[:0], tokens)
		}
	})
	b.Run("sum", func(b *testing.B) {
		for b.Loop() {
			s.table.sum(&dst, rows)
		}
		b.ReportMetric(float64(len(rows)), "rows")
	})
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		Builtin()
	}
}
