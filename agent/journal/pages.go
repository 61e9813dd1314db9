package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// pageWalk checks the tree of bbolt's pages without following it blindly, as bbolt does: each page
// is where it says, is used once, and its keys ascend within the bounds that its parent gives.
//
// A page, in the machine's byte order: id 8, flags 2, count 2, overflow 4, then elements of 16
// bytes: in a branch, position 4 from the element, key size 4, page 8; in a leaf, flags 4, position
// 4, key size 4, value size 4. A leaf's element with flag 1 is a bucket: root page 8, sequence 8, and
// where the root is 0 a leaf page inline.
type pageWalk struct {
	file   *os.File
	report func(Damage)
	enter  func(foundBucket) // instead of walking a bucket that stands in the tree; nil: it is walked
	size   int64             // of a page
	pages  uint64            // in use
	seen   map[uint64]bool
	broken bool // something that bbolt can't walk safely
}

const (
	pageHeader  = 16
	pageElement = 16
	pageBranch  = 1
	pageLeaf    = 2
	leafBucket  = 1
	maxOverflow = 1 << 19 // pages: 2 GiB, bbolt's largest value
)

func newPageWalk(tx *bbolt.Tx, file *os.File, report func(Damage)) *pageWalk {
	size := int64(tx.DB().Info().PageSize)
	return &pageWalk{file: file, report: report, size: size, pages: uint64(tx.Size() / size), seen: map[uint64]bool{}}
}

// walkAll reports whether the tree can be followed to its end.
func (p *pageWalk) walkAll(tx *bbolt.Tx) bool {
	p.tree("the root", uint64(tx.Cursor().Bucket().Root()), nil, nil)
	return !p.broken
}

// foundBucket is a bucket with its value, as it stands in a page of the tree above.
type foundBucket struct {
	name  string
	page  uint64
	value []byte
}

// soundBuckets gives the buckets that can be followed to their end, all keys in their places. Each
// is walked as if it were alone in the file, so that a damaged one speaks for no other.
func soundBuckets(tx *bbolt.Tx, file *os.File) (map[string]bool, error) {
	var found []foundBucket
	var bad []Damage
	top := newPageWalk(tx, file, func(d Damage) { bad = append(bad, d) })
	top.enter = func(b foundBucket) { found = append(found, b) }
	if !top.walkAll(tx) {
		return nil, damaged(bad[0].Where, errors.New(bad[0].What))
	}
	sound := map[string]bool{}
	for _, b := range found {
		whole := true
		newPageWalk(tx, file, func(Damage) { whole = false }).bucket(b.name, b.page, b.value)
		sound[b.name] = whole
	}
	return sound, nil
}

func (p *pageWalk) bad(where string, page uint64, err error) {
	p.broken = true
	p.report(Damage{Where: fmt.Sprintf("page %d of %s", page, where), What: err.Error()})
}

// tree walks from a page down; its keys are at or above low and below high, where those are given.
func (p *pageWalk) tree(where string, id uint64, low, high []byte) {
	if id < 2 || id >= p.pages {
		p.bad(where, id, errors.New("it lies outside of the file"))
		return
	}
	if p.seen[id] {
		p.bad(where, id, errors.New("it is used twice"))
		return
	}
	p.seen[id] = true
	page, err := p.read(id)
	if err != nil {
		p.bad(where, id, err)
		return
	}
	if got := binary.NativeEndian.Uint64(page); got != id {
		p.bad(where, id, fmt.Errorf("it says that it is page %d", got))
		return
	}
	for i := range uint64(len(page))/uint64(p.size) - 1 {
		p.seen[id+i+1] = true
	}
	p.elements(where, id, page, low, high)
}

// read gives a page with its overflow.
func (p *pageWalk) read(id uint64) ([]byte, error) {
	page := make([]byte, p.size)
	if _, err := p.file.ReadAt(page, int64(id)*p.size); err != nil {
		return nil, err
	}
	over := binary.NativeEndian.Uint32(page[12:])
	if over == 0 {
		return page, nil
	}
	if over > maxOverflow || id+uint64(over) >= p.pages {
		return nil, fmt.Errorf("it says that it goes on for %d pages", over)
	}
	page = append(page, make([]byte, int64(over)*p.size)...)
	_, err := p.file.ReadAt(page[p.size:], int64(id+1)*p.size)
	return page, err
}

func (p *pageWalk) elements(where string, id uint64, page, low, high []byte) {
	flags, count := binary.NativeEndian.Uint16(page[8:]), int(binary.NativeEndian.Uint16(page[10:]))
	if flags != pageBranch && flags != pageLeaf {
		p.bad(where, id, fmt.Errorf("it is neither branch nor leaf (flags %#x)", flags))
		return
	}
	if pageHeader+count*pageElement > len(page) || count == 0 && flags == pageBranch {
		p.bad(where, id, fmt.Errorf("it says that it has %d elements", count))
		return
	}
	type element struct {
		key, value []byte
		page       uint64
		bucket     bool
	}
	list := make([]element, count)
	for i := range list {
		at := pageHeader + i*pageElement
		e := page[at : at+pageElement]
		var pos, keySize, valueSize uint64
		if flags == pageBranch {
			pos, keySize = uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:]))
			list[i].page = binary.NativeEndian.Uint64(e[8:])
		} else {
			pos, keySize, valueSize = uint64(binary.NativeEndian.Uint32(e[4:])), uint64(binary.NativeEndian.Uint32(e[8:])), uint64(binary.NativeEndian.Uint32(e[12:]))
			list[i].bucket = binary.NativeEndian.Uint32(e)&leafBucket != 0
		}
		from := uint64(at) + pos
		if from+keySize+valueSize > uint64(len(page)) {
			p.bad(where, id, fmt.Errorf("element %d lies outside of it", i))
			return
		}
		list[i].key, list[i].value = page[from:from+keySize], page[from+keySize:from+keySize+valueSize]
		if i > 0 && bytes.Compare(list[i-1].key, list[i].key) >= 0 ||
			low != nil && bytes.Compare(list[i].key, low) < 0 || high != nil && bytes.Compare(list[i].key, high) >= 0 {
			p.report(Damage{Where: fmt.Sprintf("page %d of %s", id, where), What: fmt.Sprintf("key %d, %.40x, is not in its place", i, list[i].key)})
		}
	}
	for i, e := range list {
		switch {
		case flags == pageBranch:
			above := high
			if i+1 < len(list) {
				above = list[i+1].key
			}
			p.tree(where, e.page, e.key, above)
		case e.bucket && p.enter != nil:
			p.enter(foundBucket{string(e.key), id, e.value})
		case e.bucket:
			p.bucket(fmt.Sprintf("bucket %.40q", e.key), id, e.value)
		}
	}
}

// bucket walks a bucket that stands in page id.
func (p *pageWalk) bucket(where string, id uint64, value []byte) {
	if len(value) < 16 {
		p.bad(where, id, errShort)
		return
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		p.tree(where, root, nil, nil)
		return
	}
	if len(value) < 16+pageHeader {
		p.bad(where, id, errShort)
		return
	}
	p.elements(where, id, value[16:], nil, nil)
}
