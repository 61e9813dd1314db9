package kb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"unicode"

	"resolute/kb/read"
)

// Metadata says what a document is about, for whom, and when it counts.
type Metadata = read.Metadata

// The audiences of a document.
const (
	Customer = read.Customer
	Internal = read.Internal
)

// Source is one file or text to import. It needs an ID or a Path. A file that holds many documents
// (a zip, an mbox, JSON Lines) has no ID, and its Title isn't used.
type Source struct {
	ID       string // of the document; made from Path if empty
	Path     string // below the folder that is imported; names the document when it is imported again
	Title    string // the document's own, else the file's name, if empty
	Format   string // one of package read's; told by the ending of Path if empty
	Content  []byte
	Metadata Metadata          // goes before what the document says of itself; of two audiences the narrower counts
	Meta     map[string]string // whatever else the caller wants to find beside the document
}

// parsed is a document that was read and cut, but is not stored yet.
type parsed struct {
	id, path string // one of them may be empty
	title    string
	hash     string // 12 hex digits of the SHA-256 of what it was read from
	metadata Metadata
	meta     map[string]string
	chunks   []chunkRecord
}

// name is how messages call the document.
func (p parsed) name() string {
	if p.path != "" {
		return p.path
	}
	return p.id
}

// parse reads and cuts the documents of a source. Each that can't be read is a Failure.
func (b *Base) parse(ctx context.Context, s Source) iter.Seq2[parsed, error] {
	return func(yield func(parsed, error) bool) {
		if s.Path != "" {
			s.Path = path.Clean(strings.ReplaceAll(s.Path, `\`, "/"))
		}
		name := cmp.Or(s.Path, s.ID)
		fail := func(name string, err error) bool {
			return yield(parsed{}, Failure{Source: name, Detail: err.Error(), Err: err})
		}
		if err := s.check(); err != nil {
			fail(name, err)
			return
		}
		for d, err := range read.Documents(ctx, read.File{Path: s.Path, Format: s.Format, Content: s.Content}, b.read) {
			var p parsed
			if err == nil {
				p, err = s.document(d)
			}
			var failed *read.Failure
			switch {
			case err == nil:
				if !yield(p, nil) {
					return
				}
			case errors.As(err, &failed):
				if !fail(cmp.Or(failed.Name, name), failed.Err) {
					return
				}
			case ctx.Err() != nil:
				yield(parsed{}, ctx.Err())
				return
			default:
				if !fail(cmp.Or(d.Path, name), err) {
					return
				}
			}
		}
	}
}

// check looks at what names the source.
func (s Source) check() error {
	if len(s.Path) > maxPath {
		return fmt.Errorf("%w: its path is longer than %d bytes", ErrIdentity, maxPath)
	}
	if s.ID == "" && documentID(s.Path) == "" {
		return fmt.Errorf("%w: it needs an id, or a path with a letter or digit in it", ErrIdentity)
	}
	if s.ID != "" && (DocumentID(s.ID) != s.ID || len(s.ID) > maxID) {
		return fmt.Errorf("%w: the id %q may have letters, digits, '-', '_' and '.' only, at most %d bytes", ErrIdentity, s.ID, maxID)
	}
	format, err := read.FormatOf(read.File{Path: s.Path, Format: s.Format, Content: s.Content})
	if err != nil {
		return err
	}
	if read.Many(format) && format != read.CSV && (s.ID != "" || s.Path == "") {
		return fmt.Errorf("%w: a file of many documents (%s) has a path and no id", ErrIdentity, format)
	}
	return nil
}

// document makes a document of the source ready to be stored.
func (s Source) document(d read.Document) (parsed, error) {
	sum := sha256.Sum256(d.Raw)
	p := parsed{id: DocumentID(d.ID), path: d.Path, title: d.Title, hash: hex.EncodeToString(sum[:6]), metadata: s.Metadata.Over(d.Metadata), meta: s.Meta}
	if d.Path == s.Path { // the file itself is the document
		p.id, p.title = cmp.Or(s.ID, p.id), cmp.Or(s.Title, p.title)
	}
	if len(p.id) > maxID || p.id != "" && strings.Trim(p.id, "-._") == "" {
		return p, fmt.Errorf("%w: the id %q has no letter or digit, or more than %d bytes", ErrIdentity, d.ID, maxID)
	}
	if len(p.path) > maxPath || p.id == "" && documentID(p.path) == "" {
		return p, fmt.Errorf("%w: the path %.60q", ErrIdentity, p.path)
	}
	if m := p.metadata; !m.ValidFrom.IsZero() && !m.ValidUntil.IsZero() && !m.ValidFrom.Before(m.ValidUntil) {
		return p, fmt.Errorf("%w: it is valid until %s, before it begins to be", ErrContent, m.ValidUntil.Format("2006-01-02"))
	}
	if p.chunks = cut(d.Blocks); len(p.chunks) == 0 {
		return p, fmt.Errorf("%w: there is no text in it", ErrContent)
	}
	switch {
	case p.title != "":
	case p.path != "":
		p.title = strings.TrimSuffix(path.Base(p.path), path.Ext(p.path))
	default:
		p.title = p.id
	}
	return p, nil
}

// The longest names, in bytes.
const (
	maxID   = 200
	maxPath = 4096
)

// documentID makes an id of a path: policies/Refund Policy.md is policies.refund-policy.
func documentID(p string) string {
	p = strings.ToLower(strings.TrimSuffix(p, path.Ext(p)))
	id := DocumentID(strings.ReplaceAll(strings.Trim(p, "./"), "/", "."))
	if strings.Trim(id, "-._") == "" {
		return ""
	}
	if len(id) > maxID-idSuffix {
		sum := sha256.Sum256([]byte(p))
		id = strings.ToValidUTF8(id[:maxID-2*idSuffix], "") + "-" + hex.EncodeToString(sum[:3])
	}
	return id
}

// idSuffix is the length of what tells apart two paths that would have the same id.
const idSuffix = 7

// distinctID is the id for a path whose own id is another document's.
func distinctID(p string) string {
	sum := sha256.Sum256([]byte(p))
	return documentID(p) + "-" + hex.EncodeToString(sum[:3])
}

// DocumentID is the id that a document gets which gives itself this one: what an address has no room
// for becomes a dash.
func DocumentID(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, s)
}
