package read

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mail that isn't UTF-8
	"github.com/emersion/go-message/mail"
)

// Limits of one mail.
const (
	maxMailParts = 200
	maxMailText  = 4 << 20 // bytes of one text part
)

// mailDocument reads one mail: its subject as title, its text, else its HTML, without what it quotes
// of the mails before it. Mail is internal unless somebody says otherwise: it is one customer's, and
// never to be quoted to another.
func mailDocument(d *Document, content []byte) error {
	r, err := mail.CreateReader(bytes.NewReader(content))
	if err != nil && (r == nil || !message.IsUnknownCharset(err)) {
		return fmt.Errorf("%w: it is no mail: %w", ErrContent, err)
	}
	defer func() { _ = r.Close() }() // nothing is held
	if r.Header.Len() == 0 {
		return fmt.Errorf("%w: it is no mail, there is no header in it", ErrContent)
	}
	d.Audience = Internal
	if d.Title, err = r.Header.Subject(); err != nil {
		d.Title = r.Header.Get("Subject")
	}
	d.Title = strings.Join(strings.Fields(strings.ToValidUTF8(d.Title, "")), " ")
	plain, rich, err := texts(r)
	if err != nil {
		return err
	}
	if plain = unquoted(plain); strings.TrimSpace(plain) != "" {
		d.Blocks = textBlocks([]byte(plain))
	} else if strings.TrimSpace(rich) != "" {
		page := Document{}
		if err := htmlDocument(&page, []byte(`<meta charset="utf-8">`+rich)); err != nil {
			return err
		}
		d.Blocks = page.Blocks
	} else {
		return fmt.Errorf("%w: there is no text in it", ErrContent)
	}
	if d.Title != "" {
		under(d.Blocks, d.Title)
	}
	return nil
}

// texts gives a mail's first plain text and its first HTML.
func texts(r *mail.Reader) (plain, rich string, err error) {
	for range maxMailParts {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return plain, rich, nil
		}
		if err != nil && (p == nil || !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) {
			if plain != "" || rich != "" {
				return plain, rich, nil // what came before the damage is there
			}
			return "", "", fmt.Errorf("%w: %w", ErrContent, err)
		}
		h, ok := p.Header.(*mail.InlineHeader)
		if !ok {
			continue
		}
		media, _, _ := h.ContentType() // an unreadable one is plain text, by RFC 2045
		body, err := io.ReadAll(io.LimitReader(p.Body, maxMailText))
		if err != nil && len(body) == 0 {
			continue
		}
		text := strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\x00", ""), "\r\n", "\n")
		switch {
		case media == "text/html" && rich == "":
			rich = text
		case (media == "text/plain" || media == "") && plain == "":
			plain = text
		}
	}
	return plain, rich, nil
}

// unquoted leaves out lines quoted from an earlier mail, with the line that introduces them, unless
// nothing would be left.
func unquoted(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, ">") {
			for n := len(kept); n > 0; n = len(kept) {
				last := strings.TrimSpace(kept[n-1])
				if last != "" && !(strings.HasSuffix(last, ":") && strings.ContainsAny(last, "@<,0123456789")) {
					break
				}
				kept = kept[:n-1]
				if last != "" {
					break
				}
			}
			continue
		}
		kept = append(kept, line)
	}
	if left := strings.Join(kept, "\n"); strings.TrimSpace(left) != "" {
		return left
	}
	return text
}

// under puts blocks below a heading that isn't one of theirs.
func under(blocks []Block, title string) {
	at := slug(title)
	for i := range blocks {
		blocks[i].Headings = append([]string{title}, blocks[i].Headings...)
		blocks[i].Slugs = append([]string{at}, blocks[i].Slugs...)
	}
}
