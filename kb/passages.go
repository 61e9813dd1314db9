package kb

import (
	"context"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// Sizes of passages, in bytes.
const (
	passageShort = 400  // a shorter one is filled up with its neighbours
	passageMax   = 4000 // neighbours aren't joined beyond
)

// assembly puts passages together from hits on chunks.
type assembly struct {
	tx        *bolt.Tx
	q         Query
	documents map[string]*opened
	found     []*span
}

// opened is a document that hits are in.
type opened struct {
	storedDocument
	contents []string
}

// span is a passage: chunks of one section that follow one another.
type span struct {
	Hit
	of       *opened
	section  string
	from, to int // in of.contents, both included
	size     int
}

// passages fills the first hits from the truth, as many as the query wants. Hits on neighbours in one
// section become one, in the place of the better. One that is no longer there, because an import is
// under way, or that the filter doesn't let be found, is passed over.
func (b *Base) passages(ctx context.Context, hits []Hit, q Query) ([]Hit, error) {
	var found []Hit
	err := b.view(ctx, func(tx *bolt.Tx) error {
		a := assembly{tx: tx, q: q, documents: map[string]*opened{}}
		for _, h := range hits {
			if len(a.found) == q.K {
				break
			}
			if err := a.take(h); err != nil {
				return err
			}
		}
		for _, s := range a.found {
			if err := a.finish(s); err != nil {
				return err
			}
			found = append(found, s.Hit)
		}
		return nil
	})
	if found == nil {
		found = []Hit{}
	}
	return found, err
}

func (a *assembly) take(h Hit) error {
	of, err := a.open(documentOf(h.ChunkID))
	if err != nil || of == nil || !a.q.Filter.lets(of.Metadata) {
		return err
	}
	at := slices.Index(of.contents, h.ChunkID)
	chunk, ok, err := getChunk(a.tx, h.ChunkID)
	if err != nil || !ok || at < 0 {
		return err
	}
	section := strings.Join(chunk.Slugs, "/")
	for _, s := range a.found {
		if s.of != of {
			continue
		}
		if a.q.Each == Documents {
			return nil
		}
		near := at >= s.from-1 && at <= s.to+1
		if near && s.section == section && s.size+len(chunk.Text) <= passageMax {
			s.from, s.to, s.size = min(s.from, at), max(s.to, at), s.size+len(chunk.Text)
			return nil
		}
	}
	h.DocumentID, h.Title, h.Source, h.Metadata = of.ID, of.Title, of.Source, of.Metadata
	h.Headings, h.Text = append([]string{}, chunk.Headings...), chunk.Text
	h.Citation = address(of.Document, chunk)
	a.found = append(a.found, &span{Hit: h, of: of, section: section, from: at, to: at, size: len(chunk.Text)})
	return nil
}

// open gives a document, nil if it isn't there.
func (a *assembly) open(id string) (*opened, error) {
	of, known := a.documents[id]
	if known {
		return of, nil
	}
	d, ok, err := getDocument(a.tx, id)
	if err != nil {
		return nil, err
	}
	if ok {
		of = &opened{d, contents(a.tx, id)}
	}
	a.documents[id] = of
	return of, nil
}

// finish fills up a passage that is too short to be read alone, and writes its text.
func (a *assembly) finish(s *span) error {
	texts := map[int]string{}
	text := func(at int) (string, bool, error) {
		if at < 0 || at >= len(s.of.contents) {
			return "", false, nil
		}
		chunk, ok, err := getChunk(a.tx, s.of.contents[at])
		return chunk.Text, ok && strings.Join(chunk.Slugs, "/") == s.section, err
	}
	for at := s.from; at <= s.to; at++ {
		t, _, err := text(at)
		if err != nil {
			return err
		}
		texts[at] = t
	}
	for grown := a.q.Each == Passages; grown && s.size < passageShort; {
		grown = false
		for _, at := range []int{s.from - 1, s.to + 1} {
			t, same, err := text(at)
			if err != nil {
				return err
			}
			if same && s.size+len(t) <= passageMax && !a.taken(s.of, at) {
				texts[at], grown = t, true
				s.from, s.to, s.size = min(s.from, at), max(s.to, at), s.size+len(t)
			}
		}
	}
	var parts []string
	for at := s.from; at <= s.to; at++ {
		parts = append(parts, texts[at])
		s.Chunks = append(s.Chunks, s.of.contents[at])
	}
	s.Text = strings.Join(parts, "\n\n")
	return nil
}

// taken reports whether another passage has the chunk.
func (a *assembly) taken(of *opened, at int) bool {
	return slices.ContainsFunc(a.found, func(s *span) bool { return s.of == of && s.from <= at && at <= s.to })
}
