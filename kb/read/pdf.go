package read

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ledongthuc/pdf"
)

// Limits of one PDF file.
const (
	maxPDF        = 64 << 20  // bytes of the file
	maxPDFPages   = 5000      //
	maxPDFText    = 32 << 20  // bytes of text
	maxPDFInflate = 256 << 20 // bytes that its compressed streams may hold together, where nothing else is said
	pdfTimeout    = 30 * time.Second
	maxPDFStuck   = 4 // parsers that may hang at a time, before no other is begun
)

// PDFText is what a PDF file says.
type PDFText struct {
	Title string    `json:"title"`
	Lines []PDFLine `json:"lines"`
}

// PDFLine is a line of a page.
type PDFLine struct {
	Text string  `json:"text"`
	Size float64 `json:"size"` // of its letters, in points
	Gap  float64 `json:"gap"`  // to the line above it, in line heights; 0 on top of a page
}

var errStopped = errors.New("it was given up")

// PDFReader reads PDF files in this process. It is safe for concurrent use; its zero value is ready.
type PDFReader struct {
	// MaxInflated is how many bytes a file's compressed streams may hold together; 256 MiB if 0.
	MaxInflated int64

	stuck atomic.Int32 // parsers that were given up and haven't ended
}

// Read reads a PDF file's text: a panic of the parser is an error, and so is a file that takes longer
// than ctx allows. A parser that hangs without reading goes on in the background; while there are
// four of them no other is begun.
func (p *PDFReader) Read(ctx context.Context, content []byte) (PDFText, error) {
	if len(content) > maxPDF {
		return PDFText{}, fmt.Errorf("%w: a PDF of more than %d MiB", ErrContent, maxPDF>>20)
	}
	if err := inflatable(content, cmp.Or(p.MaxInflated, maxPDFInflate)); err != nil {
		return PDFText{}, err
	}
	if p.stuck.Load() >= maxPDFStuck {
		return PDFText{}, fmt.Errorf("%w: the parsers of %d other PDF files don't end; start again without those files", ErrContent, maxPDFStuck)
	}
	type result struct {
		text PDFText
		err  error
	}
	file := &stoppable{r: bytes.NewReader(content)}
	done := make(chan result, 1)
	var over atomic.Bool // the first of parser and clock sets it
	go func() {
		var out result
		out.err = guard(func() (err error) {
			out.text, err = pdfText(file, int64(len(content)))
			return err
		})
		if !over.CompareAndSwap(false, true) {
			p.stuck.Add(-1)
		}
		done <- out
	}()
	select {
	case out := <-done:
		return out.text, out.err
	case <-ctx.Done():
		if over.CompareAndSwap(false, true) {
			p.stuck.Add(1)
		}
		file.stop.Store(true)
		return PDFText{}, fmt.Errorf("%w: its parser took too long: %w", ErrContent, ctx.Err())
	}
}

// stoppable is a file that ends its reader by a panic once it is stopped: the parser takes errors for
// missing values and would go on.
type stoppable struct {
	r    *bytes.Reader
	stop atomic.Bool
}

// ReadAt reads as the file does.
func (s *stoppable) ReadAt(p []byte, off int64) (int, error) {
	if s.stop.Load() {
		panic(errStopped)
	}
	return s.r.ReadAt(p, off)
}

// pdf reads a PDF file into paragraphs below headings, which are lines in larger letters.
func (r reader) pdf(d *Document, content []byte) error {
	read, timeout := r.opts.PDF, cmp.Or(r.opts.PDFTimeout, pdfTimeout)
	if read == nil {
		read = new(PDFReader).Read
	}
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	text, err := read(ctx, content)
	if err != nil {
		return err
	}
	d.Title = strings.Join(strings.Fields(strings.ToValidUTF8(text.Title, "")), " ")
	d.Blocks = pdfBlocks(text.Lines)
	if len(d.Blocks) == 0 {
		return fmt.Errorf("%w: there is no text in it; pages that are pictures need a text layer first (OCR)", ErrContent)
	}
	return nil
}

func pdfText(file io.ReaderAt, size int64) (PDFText, error) {
	r, err := pdf.NewReader(file, size)
	if err != nil {
		if errors.Is(err, pdf.ErrInvalidPassword) {
			return PDFText{}, fmt.Errorf("%w: it is encrypted; store it without a password", ErrContent)
		}
		return PDFText{}, fmt.Errorf("%w: %w", ErrContent, err)
	}
	pages := r.NumPage()
	if pages > maxPDFPages {
		return PDFText{}, fmt.Errorf("%w: it has %d pages; divide it into parts of at most %d", ErrContent, pages, maxPDFPages)
	}
	out := PDFText{Title: r.Trailer().Key("Info").Key("Title").Text()}
	total := 0
	for i := 1; i <= pages; i++ {
		p := r.Page(i)
		if p.V.IsNull() {
			continue
		}
		lines := pdfLines(p.Content().Text)
		for _, l := range lines {
			total += len(l.Text)
		}
		if total > maxPDFText {
			return PDFText{}, fmt.Errorf("%w: more than %d MiB of text", ErrContent, maxPDFText>>20)
		}
		out.Lines = append(out.Lines, lines...)
	}
	return out, nil
}

// pdfLines puts the letters of a page together by where they stand.
func pdfLines(letters []pdf.Text) []PDFLine {
	letters = slices.DeleteFunc(slices.Clone(letters), func(t pdf.Text) bool { return t.S == "" || t.S == "\n" })
	slices.SortStableFunc(letters, func(a, b pdf.Text) int { return cmp.Compare(math.Round(b.Y), math.Round(a.Y)) })
	var lines []PDFLine
	above := math.NaN()
	for len(letters) > 0 {
		n := 1
		for n < len(letters) && math.Abs(letters[n].Y-letters[0].Y) < max(1, letters[0].FontSize*0.3) {
			n++
		}
		line := letters[:n]
		letters = letters[n:]
		slices.SortStableFunc(line, func(a, b pdf.Text) int { return cmp.Compare(a.X, b.X) })
		l := PDFLine{Text: joined(line)}
		for _, t := range line {
			l.Size = max(l.Size, math.Abs(t.FontSize))
		}
		if !math.IsNaN(above) && l.Size > 0 {
			l.Gap = (above - line[0].Y) / l.Size
		}
		if l.Text != "" {
			above = line[0].Y
			lines = append(lines, l)
		}
	}
	return lines
}

// joined is the text of a line, with a space where its letters stand apart.
func joined(line []pdf.Text) string {
	var out strings.Builder
	end := math.NaN()
	for _, t := range line {
		if !math.IsNaN(end) && t.X-end > max(1, math.Abs(t.FontSize)*0.18) {
			out.WriteByte(' ')
		}
		out.WriteString(t.S)
		end = t.X + t.W
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(out.String(), "\x00", ""), "")
	return strings.Join(strings.Fields(text), " ")
}

// pdfBlocks makes paragraphs of lines that stand close together, and headings of short lines in
// letters clearly larger than most.
func pdfBlocks(lines []PDFLine) []Block {
	sizes := map[float64]int{}
	for _, l := range lines {
		sizes[math.Round(l.Size*2)/2] += len(l.Text)
	}
	body, most := 0.0, 0
	for size, n := range sizes {
		if n > most || n == most && size < body {
			body, most = size, n
		}
	}
	var larger []float64
	for size := range sizes {
		if size >= body*1.15 {
			larger = append(larger, size)
		}
	}
	slices.Sort(larger)
	slices.Reverse(larger)

	var blocks []Block
	var paragraph []string
	var path headingPath
	flush := func() {
		if len(paragraph) > 0 {
			blocks = append(blocks, Block{Kind: Prose, Headings: path.titles(), Slugs: path.slugs(), Text: strings.Join(paragraph, "\n")})
			paragraph = nil
		}
	}
	for _, l := range lines {
		level := slices.Index(larger, math.Round(l.Size*2)/2) + 1
		if level > 0 && len(l.Text) < 150 {
			flush()
			path.enter(min(level, 6), l.Text)
			blocks = append(blocks, Block{Kind: Heading, Headings: path.titles(), Slugs: path.slugs(), Text: l.Text})
			continue
		}
		if l.Gap > 1.7 {
			flush()
		}
		if l.Text != "" {
			paragraph = append(paragraph, l.Text)
		}
	}
	flush()
	return blocks
}
