// Package read turns files into documents made of blocks: headings, paragraphs, lists, tables.
//
// A file of one format may hold one document (Markdown, HTML, PDF, plain text, a mail, a CSV of
// questions and answers) or many (a zip, an mbox, JSON Lines). What can't be read costs that document
// only: it is told by name, and reading goes on. A parser's panic is an error like any other.
//
// Caveats: nothing is written to disk, and a name within an archive is never more than a name. A
// parser that neither reads nor ends can't be stopped from within; isolate PDF files in a process of
// their own (Options.PDF) where they come from strangers.
package read

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// File is a file as it came.
type File struct {
	Path    string // with slashes; names the document when it comes again
	Format  string // one of the formats; told by the ending of Path if empty
	Content []byte
}

// Document is one document of a file.
type Document struct {
	ID     string // as the file gives it; may be empty
	Path   string // of the file, or the entry within an archive
	Title  string // as the file gives it; may be empty
	Raw    []byte // what its version is told by
	Blocks []Block
	Metadata
}

// Block is one block of a document: a paragraph, a list, a table, a heading.
type Block struct {
	Kind     Kind
	Headings []string // that lead to it, outermost first; a heading's own is the last
	Slugs    []string // their addresses within the document
	Text     string
}

// Kind says how a block may be cut.
type Kind int

// The kinds of blocks.
const (
	Prose   Kind = iota
	Whole        // a list, table, quotation or code, kept in one piece
	Heading      // where a section begins
	hidden       // nothing that a reader sees
)

// Reading one file or entry.
var (
	// ErrFormat is wrapped when a file isn't of a format that is understood.
	ErrFormat = errors.New("not a format that can be imported")
	// ErrContent is wrapped when a file's content isn't what its format says.
	ErrContent = errors.New("content that can't be read")
)

// Failure is a file, or an entry of an archive, that can't be read. It wraps ErrFormat or ErrContent.
type Failure struct {
	Name string
	Err  error
}

// Error names the file and what is wrong with it.
func (f *Failure) Error() string { return f.Name + ": " + f.Err.Error() }

// Unwrap gives what is wrong.
func (f *Failure) Unwrap() error { return f.Err }

// Options says how files are read; the zero value works.
type Options struct {
	// PDF reads a PDF file; a PDFReader of its own if nil. It is where a caller puts a process between
	// the parser and itself.
	PDF func(ctx context.Context, content []byte) (PDFText, error)
	// PDFTimeout is how long one PDF may take; 30s if 0.
	PDFTimeout time.Duration
	// MaxEntry is how large one file of a zip may be, and MaxUnpacked how large all are together,
	// in bytes and unpacked; 32 MiB and 256 MiB if 0.
	MaxEntry, MaxUnpacked int64
}

// Documents gives the documents of a file, or Failures in their place. It stops when ctx is done,
// with the context's error.
func Documents(ctx context.Context, f File, opts Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		if ctx.Err() != nil {
			yield(Document{}, ctx.Err())
			return
		}
		r := reader{ctx: ctx, opts: opts}
		f.Path = cleanPath(f.Path)
		r.file(f, yield)
	}
}

// reader reads one file, and the entries in it.
type reader struct {
	ctx   context.Context
	opts  Options
	depth int // of archives that were opened on the way
}

type sink = func(Document, error) bool

// file reads a file of any format, and reports whether more is wanted.
func (r reader) file(f File, yield sink) bool {
	format, err := FormatOf(f)
	if err != nil {
		return yield(Document{}, &Failure{f.Path, err})
	}
	switch format {
	case Zip:
		return r.zip(f, yield)
	case MBOX:
		return r.mbox(f, yield)
	case JSONLines:
		return r.lines(f, yield)
	case CSV:
		return r.table(f, yield)
	}
	return r.one(Document{Path: f.Path, Raw: f.Content}, yield, func(d *Document) error { return r.whole(d, format, f.Content) })
}

// one reads one document; a panic on the way is its failure.
func (r reader) one(d Document, yield sink, read func(*Document) error) bool {
	err := guard(func() error { return read(&d) })
	if r.ctx.Err() != nil {
		yield(Document{}, r.ctx.Err())
		return false
	}
	if err != nil {
		name := d.Path
		if name == "" {
			name = d.ID
		}
		return yield(Document{}, &Failure{name, err})
	}
	return yield(d, nil)
}

// guard turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: its parser failed on it: %v", ErrContent, p)
		}
	}()
	return f()
}

// whole reads a file that is one document.
func (r reader) whole(d *Document, format string, content []byte) error {
	switch format {
	case PDF:
		return r.pdf(d, content)
	case Mail:
		return mailDocument(d, content)
	case HTML:
		return htmlDocument(d, content)
	}
	text, err := readable(content)
	if err != nil {
		return err
	}
	if format == Text {
		d.Blocks = textBlocks(text)
		return nil
	}
	body, err := d.matter(text)
	if err != nil {
		return err
	}
	var title string
	title, d.Blocks = markdownBlocks(body)
	if d.Title == "" {
		d.Title = title
	}
	return nil
}

// readable answers content as UTF-8 with plain line ends.
func readable(content []byte) ([]byte, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	switch {
	case len(bytes.TrimSpace(content)) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrContent)
	case bytes.IndexByte(content, 0) >= 0:
		return nil, fmt.Errorf("%w: it is a binary file, not text", ErrContent)
	case !utf8.Valid(content):
		return nil, fmt.Errorf("%w: it is not UTF-8; convert it first", ErrContent)
	}
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(content, []byte("\r"), []byte("\n")), nil
}

// cleanPath is a path with slashes and without detours; "" stays "".
func cleanPath(p string) string {
	if p == "" {
		return ""
	}
	return path.Clean(strings.ReplaceAll(p, `\`, "/"))
}
