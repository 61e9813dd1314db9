package read

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// unread are elements that aren't part of what a page says.
var unread = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Nav: true, atom.Footer: true, atom.Aside: true,
	atom.Form: true, atom.Svg: true, atom.Iframe: true, atom.Button: true, atom.Object: true, atom.Canvas: true, atom.Dialog: true,
}

// htmlDocument reads a page in whatever encoding it says that it has: its main part if it marks one,
// else its body, without navigation and the like.
func htmlDocument(d *Document, content []byte) error {
	if len(bytes.TrimSpace(content)) == 0 {
		return fmt.Errorf("%w: it is empty", ErrContent)
	}
	decoded, err := charset.NewReader(bytes.NewReader(content), "")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrContent, err)
	}
	root, err := html.Parse(decoded)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrContent, err)
	}
	if err := d.head(root); err != nil {
		return err
	}
	body := first(root, atom.Main)
	if body == nil {
		if body = first(root, atom.Article); body == nil || next(root, body, atom.Article) {
			body = root
		}
	}
	strip(body)
	markdown, err := converter.NewConverter(
		converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()),
		converter.WithEscapeMode(converter.EscapeModeDisabled),
	).ConvertNode(body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrContent, err)
	}
	text, err := readable(markdown)
	if err != nil {
		return fmt.Errorf("%w: there is no text in it", ErrContent)
	}
	var heading string
	heading, d.Blocks = markdownBlocks(text)
	if heading != "" {
		d.Title = heading
	}
	return nil
}

// head reads what the page says of itself: its title, its language, and metadata.
func (d *Document) head(root *html.Node) error {
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			d.Locale = attribute(n, "lang")
		case atom.Title:
			if d.Title == "" && n.FirstChild != nil {
				d.Title = strings.Join(strings.Fields(n.FirstChild.Data), " ")
			}
		case atom.Meta:
			switch name := strings.ToLower(attribute(n, "name")); name {
			case "audience", "product", "valid_from", "valid_until", "version":
				if _, err := d.Set(name, attribute(n, "content")); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// strip removes what isn't read, and puts the description of a picture in its place.
func strip(root *html.Node) {
	var gone []*html.Node
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode, unread[n.DataAtom], hiddenNode(n):
			gone = append(gone, n)
		case n.DataAtom == atom.Img:
			*n = html.Node{Type: html.TextNode, Data: attribute(n, "alt"), Parent: n.Parent, PrevSibling: n.PrevSibling, NextSibling: n.NextSibling}
		}
	}
	for _, n := range gone {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
}

func hiddenNode(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "aria-hidden" && a.Val == "true" {
			return true
		}
	}
	return false
}

func first(root *html.Node, tag atom.Atom) *html.Node {
	for n := range root.Descendants() {
		if n.DataAtom == tag {
			return n
		}
	}
	return nil
}

// next reports whether there is another element of the tag besides found.
func next(root, found *html.Node, tag atom.Atom) bool {
	for n := range root.Descendants() {
		if n.DataAtom == tag && n != found {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
