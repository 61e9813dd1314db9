package kb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Document is one imported document.
type Document struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Source     string            `json:"source"`  // path it was imported from, with slashes; may be empty
	Version    string            `json:"version"` // the edition that it names, else 12 hex digits of its content's SHA-256
	ImportedAt time.Time         `json:"imported_at"`
	Chunks     int               `json:"chunks"`
	Meta       map[string]string `json:"meta,omitempty"`
	Metadata
}

// Quotable reports whether a customer may be shown what the document says.
func (d Document) Quotable() bool { return d.Audience != Internal }

// Sizes of a page of Documents.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// Documents lists documents by ascending id, at most limit of them (50 if 0, never above 200), after
// the one that cursor names. next is the cursor of the page after it, empty on the last.
func (b *Base) Documents(ctx context.Context, limit int, cursor string) (documents []Document, next string, err error) {
	if limit < 0 {
		return nil, "", fmt.Errorf("a page of %d documents %w", limit, ErrQuery)
	}
	if limit == 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	documents = []Document{}
	err = b.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketDocuments).Cursor()
		k, v := c.Seek([]byte(cursor))
		if cursor != "" && string(k) == cursor {
			k, v = c.Next()
		}
		for ; k != nil; k, v = c.Next() {
			if len(documents) == limit {
				next = documents[limit-1].ID
				return nil
			}
			var d storedDocument
			if err := json.Unmarshal(v, &d); err != nil {
				return fmt.Errorf("%w: reading document %s: %w", errRecord, k, err)
			}
			documents = append(documents, d.Document)
		}
		return nil
	})
	return documents, next, err
}

// Document returns one document, or ErrNotFound.
func (b *Base) Document(ctx context.Context, id string) (Document, error) {
	var found Document
	err := b.view(ctx, func(tx *bolt.Tx) error {
		d, ok, err := getDocument(tx, id)
		if err == nil && !ok {
			err = fmt.Errorf("document %q: %w", id, ErrNotFound)
		}
		found = d.Document
		return err
	})
	return found, err
}

// Chunk is a piece of a document as it is searched.
type Chunk struct {
	ID       string   `json:"id"`
	Headings []string `json:"headings"`
	Text     string   `json:"text"`
	Citation string   `json:"citation"`
}

// Contents answers the chunks of a document in reading order, or ErrNotFound.
func (b *Base) Contents(ctx context.Context, id string) ([]Chunk, error) {
	var chunks []Chunk
	err := b.view(ctx, func(tx *bolt.Tx) error {
		d, ok, err := getDocument(tx, id)
		if err == nil && !ok {
			err = fmt.Errorf("document %q: %w", id, ErrNotFound)
		}
		if err != nil {
			return err
		}
		for _, chunk := range contents(tx, id) {
			record, _, err := getChunk(tx, chunk)
			if err != nil {
				return err
			}
			chunks = append(chunks, Chunk{chunk, append([]string{}, record.Headings...), record.Text, address(d.Document, record)})
		}
		return nil
	})
	return chunks, err
}

// Delete removes a document with all its chunks, or answers ErrNotFound. What was cited of it can
// still be read; Erase takes that away too.
func (b *Base) Delete(ctx context.Context, id string) error {
	if err := b.await(ctx); err != nil {
		return err
	}
	return b.change(func(tx *bolt.Tx, c *changes) error {
		d, ok, err := getDocument(tx, id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("document %q: %w", id, ErrNotFound)
		}
		return errors.Join(keep(tx, d), b.removeDocument(tx, d, c))
	})
}

// Erase removes a document, if it is still there, with all that history holds of it: addresses that
// were cited lead nowhere afterwards. It answers ErrNotFound if there is nothing of it.
func (b *Base) Erase(ctx context.Context, id string) error {
	if err := b.await(ctx); err != nil {
		return err
	}
	return b.change(func(tx *bolt.Tx, c *changes) error {
		d, ok, err := getDocument(tx, id)
		if err == nil && ok {
			err = b.removeDocument(tx, d, c)
		}
		if err != nil {
			return err
		}
		found, err := forget(tx, id)
		if err == nil && !ok && !found {
			err = fmt.Errorf("document %q: %w", id, ErrNotFound)
		}
		return err
	})
}
