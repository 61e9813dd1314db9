package kb

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
}

// Passage resolves an address as hits carry it, or a short one as bundles write it: the scheme and the
// version may be left out, and then the document as it is now is meant. A version that is no longer
// stored, like a heading that isn't there, is ErrNotFound.
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
		if !ok {
			return fmt.Errorf("passage %q: document %w", address, ErrNotFound)
		}
		if versioned && version != d.Version {
			return fmt.Errorf("passage %q: the document has changed, it is now version %s; the cited one is %w", address, d.Version, ErrNotFound)
		}
		var texts []string
		for _, chunk := range contents(tx, id) {
			record, _, err := getChunk(tx, chunk)
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
