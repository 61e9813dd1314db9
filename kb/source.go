package kb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Source is one file or text to import. It needs an ID or a Path.
type Source struct {
	ID      string // of the document; made from Path if empty
	Path    string // below the folder that is imported; names the document when it is imported again
	Title   string // the first heading, else the file's name, if empty
	Format  string // FormatMarkdown or FormatText; told by the ending of Path if empty
	Content []byte
	Meta    map[string]string
}

// The formats that are understood.
const (
	FormatMarkdown = "markdown" // CommonMark with tables; .md, .markdown, and where nothing is said
	FormatText     = "text"     // plain text in paragraphs; .txt, .text, and files without an ending
)

const understood = "Markdown (.md, .markdown) and plain text (.txt, .text)"

// parsed is a source that was read and cut, but is not stored yet.
type parsed struct {
	source  Source
	title   string
	version string
	chunks  []chunkRecord
}

// name is how messages call the source.
func (s Source) name() string {
	if s.Path != "" {
		return s.Path
	}
	return s.ID
}

// parse reads and cuts one source. A parser's panic costs that source only.
func parse(s Source) (p parsed, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: its parser failed on it: %v", ErrContent, r)
		}
	}()
	if s.Path != "" {
		s.Path = path.Clean(strings.ReplaceAll(s.Path, `\`, "/"))
	}
	if len(s.Path) > maxPath {
		return p, fmt.Errorf("%w: its path is longer than %d bytes", ErrIdentity, maxPath)
	}
	if s.ID == "" && documentID(s.Path) == "" {
		return p, fmt.Errorf("%w: it needs an id, or a path with a letter or digit in it", ErrIdentity)
	}
	if s.ID != "" && (documentIDExact(s.ID) != s.ID || len(s.ID) > maxID) {
		return p, fmt.Errorf("%w: the id %q may have letters, digits, '-', '_' and '.' only, at most %d bytes", ErrIdentity, s.ID, maxID)
	}
	if s.Format, err = formatOf(s); err != nil {
		return p, err
	}
	sum := sha256.Sum256(s.Content)
	text, err := readable(s.Content)
	if err != nil {
		return p, err
	}
	p = parsed{source: s, version: hex.EncodeToString(sum[:6])}
	var blocks []block
	if s.Format == FormatMarkdown {
		p.title, blocks = markdownBlocks(withoutFrontMatter(text))
	} else {
		blocks = textBlocks(text)
	}
	p.chunks = cut(blocks)
	if len(p.chunks) == 0 {
		return p, fmt.Errorf("%w: there is no text in it", ErrContent)
	}
	if s.Title != "" {
		p.title = s.Title
	}
	switch {
	case p.title != "":
	case s.Path != "":
		p.title = strings.TrimSuffix(path.Base(s.Path), path.Ext(s.Path))
	default:
		p.title = s.ID
	}
	return p, nil
}

func formatOf(s Source) (string, error) {
	switch s.Format {
	case FormatMarkdown, FormatText:
		return s.Format, nil
	case "":
	default:
		return "", fmt.Errorf("%w: %q; understood are %s", ErrFormat, s.Format, understood)
	}
	switch ending := strings.ToLower(path.Ext(s.Path)); ending {
	case ".md", ".markdown":
		return FormatMarkdown, nil
	case ".txt", ".text":
		return FormatText, nil
	case "":
		if s.Path == "" {
			return FormatMarkdown, nil
		}
		return FormatText, nil
	default:
		return "", fmt.Errorf("%w: %s; understood are %s", ErrFormat, ending, understood)
	}
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

// withoutFrontMatter leaves out a leading YAML block between lines of three dashes.
func withoutFrontMatter(text []byte) []byte {
	rest, ok := bytes.CutPrefix(text, []byte("---\n"))
	if !ok {
		return text
	}
	for at := 0; at < len(rest); {
		line, _, _ := bytes.Cut(rest[at:], []byte("\n"))
		at = min(at+len(line)+1, len(rest))
		if trimmed := string(bytes.TrimRight(line, " \t")); trimmed == "---" || trimmed == "..." {
			return rest[at:]
		}
	}
	return text
}

// The longest names, in bytes.
const (
	maxID   = 200
	maxPath = 4096
)

// documentID makes an id of a path: policies/Refund Policy.md is policies.refund-policy.
func documentID(p string) string {
	p = strings.ToLower(strings.TrimSuffix(p, path.Ext(p)))
	id := documentIDExact(strings.ReplaceAll(strings.Trim(p, "./"), "/", "."))
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

// documentIDExact replaces what an address has no room for.
func documentIDExact(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, s)
}
