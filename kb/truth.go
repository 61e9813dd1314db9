package kb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// layouts are the buckets that each schema of knowledge.db brought: the n-th is schema n+1. A file of
// an earlier schema gets what it lacks.
var layouts = [...][][]byte{
	{bucketMeta, bucketDocuments, bucketPaths, bucketContents, bucketChunks, bucketVectors},
	{bucketHistory, bucketRetired, bucketCorrections, bucketUses, bucketGaps},
}

var (
	bucketMeta      = []byte("meta")      // keySchema, keyMark
	bucketDocuments = []byte("documents") // id: storedDocument
	bucketPaths     = []byte("paths")     // source path: document id
	bucketContents  = []byte("contents")  // document id: its chunk ids in reading order, a line each
	bucketChunks    = []byte("chunks")    // chunk id: chunkRecord
	bucketVectors   = []byte("vectors")   // embedder fingerprint: chunk id: little-endian float32s

	bucketHistory     = []byte("history")     // document id@version: storedVersion
	bucketRetired     = []byte("retired")     // chunk id: chunkRecord of one that only history holds
	bucketCorrections = []byte("corrections") // id: Correction
	bucketUses        = []byte("uses")        // document id, a zero byte, offset of the journal: Use
	bucketGaps        = []byte("gaps")        // offset of the journal: Gap

	keySchema = []byte("schema")
	keyMark   = []byte("mark")
)

// storedDocument is a document with what only importing needs to know.
type storedDocument struct {
	Document
	Cut  int    `json:"cut"`            // the cutRules that it was cut by
	Hash string `json:"hash,omitempty"` // of its content: 12 hex digits of its SHA-256; schema 1 had it as Version alone
}

// same reports whether importing now over d would change nothing.
func (d storedDocument) same(now storedDocument) bool {
	return d.Hash == now.Hash && d.Cut == now.Cut && d.Title == now.Title && d.Source == now.Source &&
		d.Metadata == now.Metadata && maps.Equal(d.Meta, now.Meta)
}

// chunkRecord is a chunk as it is stored. Nothing of it changes under one chunk id.
type chunkRecord struct {
	Headings []string `json:"headings,omitempty"` // the path of headings that leads to it, outermost first
	Slugs    []string `json:"slugs,omitempty"`    // their addresses within the document
	Text     string   `json:"text"`
}

// changes is what one transaction did to chunks, in order, for the indexes to follow.
type changes struct {
	mark []byte // of the truth after the transaction; nil while more is to come
	ops  []indexed

	taught []Correction // corrections as they are now
}

// indexed is a chunk as the indexes need it, or the removal of one.
type indexed struct {
	id      string
	removed bool // nothing but the id is set then
	title   string
	class   string // of the document's metadata, see class
	chunkRecord
	vector []float32 // nil if there was nothing to embed
}

// migrate gives the file the buckets of schemas that it doesn't have, and refuses one of a later schema.
func (b *Base) migrate() error {
	has := 0
	err := b.view(context.Background(), func(tx *bolt.Tx) (err error) {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return nil
		}
		got := string(meta.Get(keySchema))
		if has, err = strconv.Atoi(got); err != nil || has > len(layouts) {
			return fmt.Errorf("%s has schema %q, this program knows those up to %d: use the program that wrote it, or a newer one", b.db.Path(), got, len(layouts))
		}
		return nil
	})
	if err != nil || has == len(layouts) {
		return err
	}
	return b.update(func(tx *bolt.Tx) error {
		for _, added := range layouts[has:] {
			for _, name := range added {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return fmt.Errorf("creating the knowledge base: %w", err)
				}
			}
		}
		return tx.Bucket(bucketMeta).Put(keySchema, []byte(strconv.Itoa(len(layouts))))
	})
}

func (b *Base) view(ctx context.Context, read func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := b.within(func() error { return b.db.View(read) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

func (b *Base) update(do func(*bolt.Tx) error) error {
	return b.within(func() error { return b.db.Update(do) })
}

// change runs do in one transaction, commits it and brings the indexes up to it. When do fails,
// nothing is changed. When the commit fails the base is broken: after a failed sync what is on disk
// is unknown, and a later commit could succeed on top of it.
func (b *Base) change(do func(*bolt.Tx, *changes) error) error {
	b.write.Lock()
	defer b.write.Unlock()
	if b.broken != nil {
		return b.broken
	}
	return b.within(func() error { return b.commit(do) })
}

func (b *Base) commit(do func(*bolt.Tx, *changes) error) error {
	tx, err := b.db.Begin(true)
	if err != nil {
		return fmt.Errorf("changing the knowledge base: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // of what wasn't committed, also where a page makes no sense
	var c changes
	if err := do(tx, &c); err != nil {
		return err
	}
	if c.mark, err = moveMark(tx, &c); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		b.broken = fmt.Errorf("a commit to the knowledge base failed, it takes no changes until it is opened again: %w", err)
		return b.broken
	}
	if err := b.follow(&c); err != nil {
		b.broken = fmt.Errorf("the knowledge is stored but its index couldn't follow; it is rebuilt when the base is opened again: %w", err)
		return b.broken
	}
	return nil
}

// moveMark gives the truth a new mark: a running hash over all changes to chunks, so that two files
// of the same mark hold the same chunks, even where one was restored from a backup.
func moveMark(tx *bolt.Tx, c *changes) ([]byte, error) {
	meta := tx.Bucket(bucketMeta)
	if len(c.ops) == 0 {
		return bytes.Clone(meta.Get(keyMark)), nil
	}
	h := sha256.New()
	h.Write(meta.Get(keyMark))
	for _, op := range c.ops {
		fmt.Fprintf(h, "%s %t %q %s\n", op.id, op.removed, op.title, op.class)
	}
	mark := h.Sum(nil)
	return mark, meta.Put(keyMark, mark)
}

func getDocument(tx *bolt.Tx, id string) (d storedDocument, ok bool, err error) {
	v := tx.Bucket(bucketDocuments).Get([]byte(id))
	if v == nil {
		return d, false, nil
	}
	if err := json.Unmarshal(v, &d); err != nil {
		return d, false, fmt.Errorf("%w: reading document %s: %w", errRecord, id, err)
	}
	if d.Hash == "" {
		d.Hash = d.Version
	}
	return d, true, nil
}

func getChunk(tx *bolt.Tx, id string) (c chunkRecord, ok bool, err error) {
	v := tx.Bucket(bucketChunks).Get([]byte(id))
	if v == nil {
		return c, false, nil
	}
	if err := json.Unmarshal(v, &c); err != nil {
		return c, false, fmt.Errorf("%w: reading chunk %s: %w", errRecord, id, err)
	}
	return c, true, nil
}

// contents answers the chunk ids of a document, in reading order.
func contents(tx *bolt.Tx, id string) []string {
	lines := string(tx.Bucket(bucketContents).Get([]byte(id)))
	if lines == "" {
		return nil
	}
	return strings.Split(lines, "\n")
}

func putJSON(tx *bolt.Tx, bucket []byte, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", bucket, key, err)
	}
	return tx.Bucket(bucket).Put([]byte(key), data)
}

// removeChunk takes a chunk out of what is searched, and its vectors, whatever embedder they are of.
// History may hold the chunk, so that its record is put aside.
func removeChunk(tx *bolt.Tx, id string, c *changes) error {
	key := []byte(id)
	if err := tx.Bucket(bucketRetired).Put(key, tx.Bucket(bucketChunks).Get(key)); err != nil {
		return err
	}
	if err := tx.Bucket(bucketChunks).Delete(key); err != nil {
		return err
	}
	all := tx.Bucket(bucketVectors)
	err := all.ForEachBucket(func(fingerprint []byte) error { return all.Bucket(fingerprint).Delete(key) })
	c.ops = append(c.ops, indexed{id: id, removed: true})
	return err
}

func (b *Base) removeDocument(tx *bolt.Tx, d storedDocument, c *changes) error {
	for _, id := range contents(tx, d.ID) {
		if err := removeChunk(tx, id, c); err != nil {
			return err
		}
	}
	if d.Source != "" {
		if err := tx.Bucket(bucketPaths).Delete([]byte(d.Source)); err != nil {
			return err
		}
	}
	return errors.Join(tx.Bucket(bucketContents).Delete([]byte(d.ID)), tx.Bucket(bucketDocuments).Delete([]byte(d.ID)))
}

// vectorBytes encodes a vector; no bytes stand for the zero vector, which is like nothing.
func vectorBytes(v []float32) []byte {
	data := make([]byte, 0, 4*len(v))
	for _, x := range v {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return data
}

func vectorOf(data []byte) []float32 {
	if len(data) == 0 {
		return nil
	}
	v := make([]float32, len(data)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return v
}
