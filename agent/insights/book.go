package insights

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"resolute/agent/projection"
)

// The buckets of the view.
var (
	bucketCases       = []byte("cases")       // opening, case: record
	bucketIDs         = []byte("ids")         // case: opening
	bucketWords       = []byte("words")       // word: text
	bucketTexts       = []byte("texts")       // text: word
	bucketResolved    = []byte("resolved")    // customer, procedure: the case resolved last
	bucketEffects     = []byte("effects")     // time, case, seq: effect
	bucketEscalations = []byte("escalations") // time, case, seq: happening
	bucketHandlings   = []byte("handlings")   // time of the end, case, seq: happening
	bucketFeedback    = []byte("feedback")    // time, case, seq: happening
	bucketChurn       = []byte("churn")       // time, case, seq: happening
	bucketAuthority   = []byte("authority")   // time, case, seq: change, as JSON
	buckets           = [...][]byte{bucketCases, bucketIDs, bucketWords, bucketTexts, bucketResolved, bucketEffects, bucketEscalations, bucketHandlings, bucketFeedback, bucketChurn, bucketAuthority}
)

// book is the view while entries are added to it. Records are read once and written at the end.
type book struct {
	view  *projection.Bucket
	cases map[uuid.UUID]*record
	words map[string]word
}

func openBook(view *projection.Bucket) (*book, error) {
	for _, name := range buckets {
		if _, err := view.CreateBucketIfNotExists(name); err != nil {
			return nil, err
		}
	}
	return &book{view: view, cases: map[uuid.UUID]*record{}, words: map[string]word{}}, nil
}

// close writes the records.
func (b *book) close() error {
	cases := b.view.Bucket(bucketCases)
	for _, r := range b.cases {
		if err := cases.Put(caseKey(r.opened, r.id), r.encode()); err != nil {
			return err
		}
	}
	return nil
}

// find gives a case's record, nil for one that is unknown.
func (b *book) find(id uuid.UUID) (*record, error) {
	if r := b.cases[id]; r != nil {
		return r, nil
	}
	opened := b.view.Bucket(bucketIDs).Get(id[:])
	if opened == nil {
		return nil, nil
	}
	key := append(bytes.Clone(opened), id[:]...)
	r, err := decode(key, b.view.Bucket(bucketCases).Get(key))
	if err == nil {
		b.cases[id] = r
	}
	return r, err
}

// open begins the record of a case.
func (b *book) open(id uuid.UUID, at int64) (*record, error) {
	r := &record{id: id, opened: max(at, 0)}
	b.cases[id] = r
	return r, b.view.Bucket(bucketIDs).Put(id[:], timeKey(r.opened))
}

// longest is how many bytes of a name are kept.
const longest = 200

// word gives the number of a text; a new one gets the next.
func (b *book) word(text string) (word, error) {
	if text == "" {
		return 0, nil
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "")
	}
	if w, known := b.words[text]; known {
		return w, nil
	}
	texts := b.view.Bucket(bucketTexts)
	if n := texts.Get([]byte(text)); n != nil {
		b.words[text] = wordAt(n, 0)
		return b.words[text], nil
	}
	words := b.view.Bucket(bucketWords)
	next, err := words.NextSequence()
	if err != nil {
		return 0, err
	}
	n := binary.BigEndian.AppendUint32(nil, uint32(next))
	if words.Get(n) != nil {
		return 0, fmt.Errorf("%w: word %d again", errRecord, next)
	}
	b.words[text] = word(next)
	if err := words.Put(n, []byte(text)); err != nil {
		return 0, err
	}
	return word(next), texts.Put([]byte(text), n)
}

// note puts what happened in a case.
func (b *book) note(bucket []byte, r *record, at int64, seq uint64, h happening) error {
	h.procedure, h.bundle = r.procedure, r.bundle
	return b.view.Bucket(bucket).Put(eventKey(at, r.id, seq), h.encode())
}

// dictionary is all words.
type dictionary []string

func readDictionary(view *projection.Bucket) (dictionary, error) {
	d := dictionary{""}
	words := view.Bucket(bucketWords)
	if words == nil {
		return d, nil // nothing was followed yet
	}
	err := words.ForEach(func(k, v []byte) error {
		if len(k) != 4 || int(wordAt(k, 0)) != len(d) {
			return fmt.Errorf("%w: word %x", errRecord, k)
		}
		d = append(d, string(v))
		return nil
	})
	return d, err
}

// text gives what a word says.
func (d dictionary) text(w word) string {
	if int(w) < len(d) {
		return d[w]
	}
	return ""
}

// find gives the word of a text that is known.
func (d dictionary) find(text string) (word, bool) {
	for i, t := range d {
		if t == text && i > 0 {
			return word(i), true
		}
	}
	return 0, false
}

// hashOf names a customer without saying who it is; 0 for nobody.
func hashOf(kind, who string) uint64 {
	if who == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(kind + "\x00" + who))
	return binary.BigEndian.Uint64(sum[:])
}
