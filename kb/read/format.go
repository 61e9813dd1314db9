package read

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// The formats that are understood.
const (
	Markdown  = "markdown" // CommonMark with tables; where nothing is said
	HTML      = "html"
	PDF       = "pdf"
	Text      = "text" // plain text in paragraphs
	CSV       = "csv"  // questions and answers
	Mail      = "eml"
	MBOX      = "mbox"  // an archive of mail
	JSONLines = "jsonl" // a document a line
	Zip       = "zip"
)

// endings says which format a file's ending means; a file without one is plain text.
var endings = map[string]string{
	".md": Markdown, ".markdown": Markdown, ".html": HTML, ".htm": HTML, ".xhtml": HTML, ".pdf": PDF,
	".txt": Text, ".text": Text, "": Text, ".csv": CSV, ".tsv": CSV, ".eml": Mail, ".mbox": MBOX, ".mbx": MBOX,
	".jsonl": JSONLines, ".ndjson": JSONLines, ".zip": Zip,
}

const understood = "Markdown (.md, .markdown), HTML (.html, .htm), PDF (.pdf), plain text (.txt, .text), CSV (.csv, .tsv), mail (.eml, .mbox), JSON Lines (.jsonl) and .zip"

// FormatOf tells the format of a file, or wraps ErrFormat.
func FormatOf(f File) (string, error) {
	if f.Format != "" {
		for _, known := range endings {
			if known == f.Format {
				return known, nil
			}
		}
		return "", fmt.Errorf("%w: %q; understood are %s", ErrFormat, f.Format, understood)
	}
	if f.Path == "" {
		return Markdown, nil
	}
	ending := strings.ToLower(path.Ext(f.Path))
	format, ok := endings[ending]
	switch {
	case !ok:
		return "", fmt.Errorf("%w: %s; understood are %s", ErrFormat, ending, understood)
	case format == Text && bytes.HasPrefix(f.Content, []byte("%PDF-")):
		return PDF, nil
	}
	return format, nil
}

// Many reports whether a file of a format may hold more than one document.
func Many(format string) bool {
	return format == Zip || format == MBOX || format == JSONLines || format == CSV
}
