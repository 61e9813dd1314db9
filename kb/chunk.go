package kb

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"resolute/kb/read"
)

// cutRules is the version of how documents are cut. When it rises, importing a document again cuts it
// anew even if its content is the same.
const cutRules = 1

// Sizes of chunks, in bytes.
const (
	chunkTarget = 1200 // blocks below one heading are put together up to here
	proseMax    = 2400 // a longer paragraph is cut between sentences
	wholeMax    = 8000 // a longer list, table or code block is cut between lines
)

// cut puts blocks together into chunks. No chunk reaches over a heading; a heading with nothing below
// it, not even another heading, is a chunk itself.
func cut(blocks []read.Block) []chunkRecord {
	var chunks []chunkRecord
	var open *chunkRecord
	flush := func() {
		if open != nil {
			chunks = append(chunks, *open)
			open = nil
		}
	}
	for i, b := range blocks {
		if b.Kind == read.Heading {
			flush()
			last := i+1 == len(blocks)
			if b.Text != "" && (last || blocks[i+1].Kind == read.Heading && len(blocks[i+1].Headings) <= len(b.Headings)) {
				chunks = append(chunks, chunkRecord{Headings: b.Headings, Slugs: b.Slugs, Text: b.Text})
			}
			continue
		}
		for _, piece := range pieces(b) {
			if open != nil && len(open.Text)+len(piece) > chunkTarget && !introduces(open.Text) {
				flush()
			}
			if open == nil {
				open = &chunkRecord{Headings: b.Headings, Slugs: b.Slugs, Text: piece}
				continue
			}
			open.Text += "\n\n" + piece
		}
	}
	flush()
	return chunks
}

// introduces reports whether text is a line that means nothing without the list or table after it.
func introduces(text string) bool {
	return len(text) < chunkTarget/4 && strings.HasSuffix(text, ":")
}

// pieces cuts a block that is too long for one chunk.
func pieces(b read.Block) []string {
	if b.Kind == read.Whole {
		return split(b.Text, wholeMax, "\n")
	}
	return split(b.Text, proseMax, ". ", "! ", "? ", ".\n", "!\n", "?\n", "\n")
}

// split cuts text into pieces of at most limit bytes, each as long as it can be, after the last of
// ends in it, else after a space, else between two characters.
func split(text string, limit int, ends ...string) []string {
	var out []string
	for len(text) > limit {
		at := 0
		for _, end := range ends {
			if i := strings.LastIndex(text[:limit], end); i >= 0 {
				at = max(at, i+len(end))
			}
		}
		if at < limit/4 {
			at = strings.LastIndexByte(text[:limit], ' ') + 1
		}
		if at < limit/4 {
			for at = limit; !utf8.RuneStart(text[at]); at-- {
			}
		}
		out = append(out, text[:at])
		text = text[at:]
	}
	out = append(out, text)
	for i, piece := range out {
		out[i] = strings.TrimRight(strings.TrimLeft(piece, "\n"), "\n ")
	}
	return slices.DeleteFunc(out, func(piece string) bool { return strings.TrimSpace(piece) == "" })
}

// chunkIDs names chunks after the document and what they hold, so that a chunk keeps its id as long as
// its text and its place among headings stay, wherever in the document it moves.
func chunkIDs(document string, chunks []chunkRecord) []string {
	ids := make([]string, len(chunks))
	seen := make(map[string]int, len(chunks))
	for i, c := range chunks {
		h := sha256.New()
		for _, part := range slices.Concat(c.Headings, c.Slugs, []string{c.Text}) {
			h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
		}
		id := document + ":" + hex.EncodeToString(h.Sum(nil)[:6])
		seen[id]++
		if n := seen[id]; n > 1 { // the same text twice in one section
			id += "." + strconv.Itoa(n)
		}
		ids[i] = id
	}
	return ids
}

// meaning is the text of a chunk that is embedded: the headings say what the passage is about.
func (c chunkRecord) meaning() string {
	if len(c.Headings) == 0 {
		return c.Text
	}
	return strings.Join(c.Headings, " › ") + "\n" + c.Text
}
