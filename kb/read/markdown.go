package read

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// markdownBlocks reads the blocks of a Markdown document as they are written, below the headings
// that lead to them, and the document's title: its first heading of the highest level there is.
// Comments and link definitions, which a reader doesn't see, are left out.
func markdownBlocks(source []byte) (title string, blocks []Block) {
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	var path headingPath
	titleLevel := 7
	end := 0 // of what was read so far
	for node := root.FirstChild(); node != nil; node = node.NextSibling() {
		from := max(end, lineStart(source, node.Pos()))
		to := len(source)
		if next := node.NextSibling(); next != nil {
			to = lineStart(source, next.Pos())
		}
		end = max(from, to)
		if h, ok := node.(*ast.Heading); ok {
			words := inlineText(h, source)
			if h.Level < titleLevel && words != "" {
				title, titleLevel = words, h.Level
			}
			path.enter(h.Level, words)
			blocks = append(blocks, Block{Kind: Heading, Headings: path.titles(), Slugs: path.slugs(), Text: words})
			continue
		}
		// goldmark gives a table right after a paragraph the paragraph's place: the two stay one block.
		if next := node.NextSibling(); next != nil && to <= from {
			end = from
			continue
		}
		kind := blockKind(node)
		written := strings.Trim(string(source[from:end]), "\n")
		if kind == hidden || strings.TrimSpace(written) == "" {
			continue
		}
		blocks = append(blocks, Block{Kind: kind, Headings: path.titles(), Slugs: path.slugs(), Text: strings.TrimRight(written, " \t\n")})
	}
	return title, blocks
}

func blockKind(node ast.Node) Kind {
	switch n := node.(type) {
	case *ast.Paragraph:
		return Prose
	case *ast.ThematicBreak:
		return hidden
	case *ast.HTMLBlock:
		if n.HTMLBlockType == ast.HTMLBlockType2 {
			return hidden
		}
	case *ast.LinkReferenceDefinition:
		return hidden
	}
	return Whole
}

// lineStart is where the line that holds at begins.
func lineStart(source []byte, at int) int {
	at = min(max(at, 0), len(source))
	return bytes.LastIndexByte(source[:at], '\n') + 1
}

// inlineText is what a reader sees of a heading.
func inlineText(node ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(out.String()), " ")
}

// headingPath is the headings that lead to where a document is being read.
type headingPath struct {
	open  []openHeading
	given map[string]int // slugs given so far, with the number that the next one alike tries
}

type openHeading struct {
	level       int
	title, slug string
}

func (p *headingPath) enter(level int, title string) {
	for len(p.open) > 0 && p.open[len(p.open)-1].level >= level {
		p.open = p.open[:len(p.open)-1]
	}
	p.open = append(p.open[:len(p.open):len(p.open)], openHeading{level, title, p.slug(title)})
}

// slug makes the address of a heading in the way of GitHub: lowercase, and dashes for spaces.
func slug(title string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		case unicode.IsSpace(r):
			return '-'
		}
		return -1
	}, title)
	if slug == "" {
		return "section"
	}
	return slug
}

// slug gives a heading's address, with a number for one that was given before.
func (p *headingPath) slug(title string) string {
	slug := slug(title)
	if p.given == nil {
		p.given = map[string]int{}
	}
	unique, n := slug, p.given[slug]
	for ; p.given[unique] > 0; n++ {
		unique = slug + "-" + strconv.Itoa(n)
	}
	p.given[unique] = 1
	p.given[slug] = max(n, 1)
	return unique
}

func (p *headingPath) titles() []string {
	titles := make([]string, len(p.open))
	for i, h := range p.open {
		titles[i] = h.title
	}
	return titles
}

func (p *headingPath) slugs() []string {
	slugs := make([]string, len(p.open))
	for i, h := range p.open {
		slugs[i] = h.slug
	}
	return slugs
}
