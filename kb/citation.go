package kb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// scheme begins every address of a passage: kb://document#heading@version.
const scheme = "kb://"

// Passage is what an address leads to: all that stands below a heading of a document, or the whole
// document where the address names no heading.
type Passage struct {
	Address  string   `json:"address"` // the full one, with the version
	Document Document `json:"document"`
	Headings []string `json:"headings"`
	Text     string   `json:"text"`
	// Now is the version that the document has now, where the passage is of an earlier one; empty if
	// the document is gone. Past tells whether the passage is of an earlier version.
	Past bool   `json:"past"`
	Now  string `json:"now,omitempty"`

	Correction *Correction `json:"correction,omitempty"` // where the address leads to one
}

// Passage resolves an address as hits carry it, or a short one as bundles write it: the scheme and the
// version may be left out, and then the document as it is now is meant. With a version the passage is
// as it was then, whatever became of the document since. A version that there never was, like a
// heading that isn't there, is ErrNotFound.
func (b *Base) Passage(ctx context.Context, address string) (Passage, error) {
	rest := strings.TrimPrefix(address, scheme)
	rest, version, versioned := strings.Cut(rest, "@")
	id, slug, headed := strings.Cut(rest, "#")
	if id == "" || headed && slug == "" || versioned && version == "" {
		return Passage{}, fmt.Errorf("the passage %q %w: an address is kb://document#heading@version", address, ErrQuery)
	}
	var p Passage
	err := b.view(ctx, func(tx *bolt.Tx) error {
		d, ok, err := getDocument(tx, id)
		if err != nil {
			return err
		}
		ids := contents(tx, id)
		if versioned && (!ok || version != d.Version) {
			past, kept, err := versionOf(tx, id, version)
			if err != nil {
				return err
			}
			if !kept && ok {
				return fmt.Errorf("passage %q: version %w; the document is at version %s now", address, ErrNotFound, d.Version)
			}
			if p.Past, p.Now = kept, d.Version; kept {
				d, ok, ids = past.storedDocument, true, past.Contents
			}
		}
		if taught, is := strings.CutPrefix(id, correctionPrefix); is && !ok {
			return p.correction(tx, address, taught, b.now())
		}
		if !ok {
			return fmt.Errorf("passage %q: document %w", address, ErrNotFound)
		}
		var texts []string
		for _, chunk := range ids {
			record, _, err := cited(tx, chunk)
			if err != nil {
				return err
			}
			level := slices.Index(record.Slugs, slug)
			if headed && level < 0 {
				continue
			}
			if headed {
				p.Headings = record.Headings[:level+1]
			}
			texts = append(texts, record.Text)
		}
		if len(texts) == 0 {
			return fmt.Errorf("passage %q: heading %w", address, ErrNotFound)
		}
		p.Document, p.Text = d.Document, strings.Join(texts, "\n\n")
		p.Address = addressOf(d.Document, slug)
		return nil
	})
	if err != nil {
		return Passage{}, err
	}
	return p, nil
}

// correction makes p the correction of this id.
func (p *Passage) correction(tx *bolt.Tx, address, id string, now time.Time) error {
	c, err := getCorrection(tx, id)
	if err != nil {
		return fmt.Errorf("passage %q: %w", address, err)
	}
	c = c.at(now)
	p.Correction, p.Text, p.Address, p.Headings = &c, c.Says, c.Address(), []string{}
	p.Document = Document{ID: correctionPrefix + c.ID, Title: "Correction", ImportedAt: c.At}
	return nil
}

// address is where a chunk can be found again.
func address(d Document, c chunkRecord) string {
	if len(c.Slugs) == 0 {
		return addressOf(d, "")
	}
	return addressOf(d, c.Slugs[len(c.Slugs)-1])
}

func addressOf(d Document, slug string) string {
	if slug != "" {
		slug = "#" + slug
	}
	return scheme + d.ID + slug + "@" + d.Version
}

// documentOf is the document of a chunk, by its id.
func documentOf(chunk string) string {
	id, _, _ := strings.Cut(chunk, ":")
	return id
}
