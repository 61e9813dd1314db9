package embed

import "encoding/binary"

const (
	dimensions = 256
	lanes      = 0x00ff00ff00ff00ff
	perFlush   = 256 // rows of bytes that a lane of 16 bits holds: 257 times 255 is 65535
	atOnce     = 4   // rows, a divisor of perFlush
)

// packed is a sum of rows of bytes: of each 8 values the first word holds the even ones, the second
// the odd ones, each in four lanes of 16 bits.
type packed [dimensions / 8][2]uint64

// sum writes the sum of rows to dst.
func (t *table) sum(dst *[dimensions]float32, rows []uint16) {
	var totals [dimensions]uint32
	lifted := 128 * float32(len(rows))
	for len(rows) > 0 {
		n := min(len(rows), perFlush)
		var p packed
		p.add(t.values, rows[:n])
		p.flush(&totals)
		rows = rows[n:]
	}
	for i, total := range totals {
		dst[i] = (float32(total) - lifted) * t.scales[i]
	}
}

func (p *packed) add(values []byte, rows []uint16) {
	row := func(i int) *[dimensions]byte {
		return (*[dimensions]byte)(values[int(rows[i])*dimensions:])
	}
	i := 0
	for ; i+atOnce <= len(rows); i += atOnce {
		p.addFour(row(i), row(i+1), row(i+2), row(i+3))
	}
	for ; i < len(rows); i++ {
		a := row(i)
		for k := range p {
			w := binary.LittleEndian.Uint64(a[8*k : 8*k+8])
			p[k][0] += w & lanes
			p[k][1] += w >> 8 & lanes
		}
	}
}

// addFour adds four rows and so reads and writes the sum once where it else would four times.
func (p *packed) addFour(a, b, c, d *[dimensions]byte) {
	for k := range p {
		w := binary.LittleEndian.Uint64(a[8*k : 8*k+8])
		x := binary.LittleEndian.Uint64(b[8*k : 8*k+8])
		y := binary.LittleEndian.Uint64(c[8*k : 8*k+8])
		z := binary.LittleEndian.Uint64(d[8*k : 8*k+8])
		p[k][0] += w&lanes + x&lanes + y&lanes + z&lanes
		p[k][1] += w>>8&lanes + x>>8&lanes + y>>8&lanes + z>>8&lanes
	}
}

func (p *packed) flush(totals *[dimensions]uint32) {
	for k, words := range p {
		for lane := range 4 {
			totals[8*k+2*lane] += uint32(words[0] >> (16 * lane) & 0xffff)
			totals[8*k+2*lane+1] += uint32(words[1] >> (16 * lane) & 0xffff)
		}
	}
}
