package read_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resolute/kb/read"
)

// outline is what a test says of a document: "path|id|title|audience", and a line for each block,
// "heading › heading: text", # before headings.
func outline(d read.Document) string {
	lines := []string{strings.Join([]string{d.Path, d.ID, d.Title, string(d.Audience)}, "|")}
	for _, b := range d.Blocks {
		mark := ""
		if b.Kind == read.Heading {
			mark = "#"
		}
		lines = append(lines, mark+strings.Join(b.Headings, " › ")+": "+b.Text)
	}
	return strings.Join(lines, "\n")
}

// outlines reads a file that has nothing broken in it.
func outlines(t *testing.T, f read.File) []string {
	t.Helper()
	var list []string
	for d, err := range read.Documents(t.Context(), f, read.Options{}) {
		if err != nil {
			t.Errorf("reading %s: %v", f.Path, err)
			continue
		}
		list = append(list, outline(d))
	}
	return list
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, path, content string
		want                []string
	}{
		{"markdown with front matter", "a.md", "---\ntitle: Given\nid: own-id\naudience: internal\n---\n# Shown\n\nText.\n",
			[]string{"a.md|own-id|Given|internal\n#Shown: Shown\nShown: Text."}},
		{"html", "guide/a.html", `<!doctype html><html lang="de-CH"><head><title>Tab</title><meta name="audience" content="internal"><style>x{}</style></head>
<body><nav>Home › Help</nav><main><h1>Returns &amp; money</h1><p>Send it <b>back</b>.</p><script>alert(1)</script><p hidden>unseen</p>
<h2>How long</h2><ul><li>thirty days</li><li>sixty at <img src="data:image/png;base64,AAAA" alt="Christmas"></li></ul>
<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></main><footer>imprint</footer></body></html>`,
			[]string{"guide/a.html||Returns & money|internal\n#Returns & money: Returns & money\nReturns & money: Send it **back**.\n#Returns & money › How long: How long\n" +
				"Returns & money › How long: - thirty days\n- sixty at Christmas\nReturns & money › How long: | a | b |\n|---|---|\n| 1 | 2 |"}},
		{"html in another encoding", "l.html", "<meta charset=iso-8859-1><p>Gr\xfc\xdfe</p>", []string{"l.html|||\n: Grüße"}},
		{"questions and answers", "faq.csv", "Question;Answer\nWhere is it?;\"On its way;\nsoon\"\nempty;\n", []string{"faq.csv|||\n#Where is it?: Where is it?\nWhere is it?: On its way;\nsoon"}},
		{"questions with ids and audiences", "faq.csv", "id,question,answer,audience\nq1,Who?,Ann,internal\nq2,What?,Tea,\n",
			[]string{"faq.csv/q1|q1|Who?|internal\n#Who?: Who?\nWho?: Ann", "faq.csv/q2|q2|What?|\n#What?: What?\nWhat?: Tea"}},
		{"mail", "m.eml", "From: ann@example.com\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nIt is too \xdf small.\r\n\r\nOn 1 May 2026, Bob <bob@example.com> wrote:\r\n> Which one?\r\n> Tell us.\r\n",
			[]string{"m.eml||Größe|internal\nGröße: It is too ß small."}},
		{"mail of html alone", "m.eml", "Subject: Hi\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<h1>Deep</h1><p>rich</p>\n--x--\n",
			[]string{"m.eml||Hi|internal\n#Hi › Deep: Deep\nHi › Deep: rich"}},
		{"archive of mail", "all.mbox", "From a Mon\nMessage-ID: <1/x@example.com>\nSubject: One\n\nfirst\n>From here\n\nFrom b Tue\nSubject: Two\n\nsecond\n",
			[]string{"all.mbox/1-x@example.com||One|internal\nOne: first\nFrom here", "all.mbox/cffd5eab08bb||Two|internal\nTwo: second"}},
		{"json lines", "d.jsonl", `{"_id": 7, "title": "Seven", "text": "# A\n\nb", "metadata": {"audience": "internal"}}` + "\n\n" + `{"question": "Q?", "answer": "plain *x*", "format": "text", "path": "sub/q.txt"}`,
			[]string{"d.jsonl/7|7|Seven|internal\n#A: A\nA: b", "sub/q.txt||Q?|\n: plain *x*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outlines(t, read.File{Path: c.path, Content: []byte(c.content)})); diff != "" {
				t.Errorf("it is read otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	const text = "---\nproduct: Mug\nlang: de\nvalid_from: 2026-03-01\nvalid_until: 2026-04-01T12:00:00+02:00\nversion: 3\nsource: https://example.com/x\nelse: {a: b}\n---\ntext"
	for d, err := range read.Documents(t.Context(), read.File{Path: "a.md", Content: []byte(text)}, read.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		want := read.Metadata{Product: "Mug", Locale: "de", ValidFrom: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
			ValidUntil: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Edition: "3", Origin: "https://example.com/x"}
		if diff := cmp.Diff(want, d.Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		given := read.Metadata{Product: "Cup", Audience: read.Customer}
		if got := given.Over(read.Metadata{Product: "Mug", Locale: "de", Audience: read.Internal}); got != (read.Metadata{Product: "Cup", Locale: "de", Audience: read.Internal}) {
			t.Errorf("what is given beside the document and what it says: %+v, want the given, but internal", got)
		}
	}
}

// What can't be read is told by its name, and nothing else is lost by it.
func TestBrokenFiles(t *testing.T) {
	for _, c := range []struct {
		name, path, content string
		group               error
		says                string
	}{
		{"of no format", "a.docx", "PK", read.ErrFormat, ".docx"},
		{"audience that is none", "a.md", "---\naudience: vip\n---\nx", read.ErrContent, `"vip"`},
		{"time that is none", "a.md", "---\nvalid_until: soon\n---\nx", read.ErrContent, "2026-03-01"},
		{"front matter that is no YAML", "a.md", "---\naudience: internal: x\n---\nx", read.ErrContent, "front matter"},
		{"empty html", "a.html", " ", read.ErrContent, "empty"},
		{"html without text", "a.html", "<nav>x</nav>", read.ErrContent, "no text"},
		{"html nested deep", "a.html", strings.Repeat("<div>", 2000), read.ErrContent, "512"},
		{"csv without its columns", "a.csv", "a,b\n1,2", read.ErrContent, "question and answer"},
		{"mail without a header", "a.eml", "\n\nwords", read.ErrContent, "no mail"},
		{"mbox that is none", "a.mbox", "words", read.ErrContent, "no mbox"},
		{"line that is no JSON", "a.jsonl", "{", read.ErrContent, "no JSON object"},
		{"line without text", "a.jsonl", `{"id":"a"}`, read.ErrContent, "no text"},
		{"pdf that is none", "a.pdf", "words", read.ErrContent, "PDF"},
		{"zip that is none", "a.zip", "words", read.ErrContent, "zip"},
		{"pdf cut off", "a.pdf", string(pdfFile("x", "12 Hello")[:200]), read.ErrContent, ""},
		{"pdf nested deep", "a.pdf", "%PDF-1.4\n1 0 obj " + strings.Repeat("[", 1_000_000), read.ErrContent, "nested"},
		{"pdf of nested deep streams", "a.pdf", "%PDF-1.4\nstream\n" + deflated(strings.Repeat("[", 100_000)), read.ErrContent, "nested"},
		{"pdf that unpacks to more than fits", "a.pdf", "%PDF-1.4\nstream\n" + deflated("small") + "\nstream\n" + bomb(), read.ErrContent, "MiB when unpacked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			for d, err := range read.Documents(t.Context(), read.File{Path: c.path, Content: []byte(c.content)}, read.Options{PDF: (&read.PDFReader{MaxInflated: 8 << 20}).Read}) {
				n++
				var failed *read.Failure
				if !errors.As(err, &failed) || !strings.HasPrefix(failed.Name, c.path) || !errors.Is(err, c.group) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("document %q, error %v; want a failure of %s about %q", d.Title, err, c.path, c.says)
				}
			}
			if n != 1 {
				t.Errorf("%d answers, want the failure alone", n)
			}
		})
	}
}

func TestPDF(t *testing.T) {
	content := pdfFile("A manual", "20 Returns", "10 Send the blender back within", "10 thirty days.", "gap", "10 Another paragraph.", "20 Money", "10 It comes back too.")
	want := []string{"m.pdf||A manual|\n#Returns: Returns\nReturns: Send the blender back within\nthirty days.\nReturns: Another paragraph.\n#Money: Money\nMoney: It comes back too."}
	if diff := cmp.Diff(want, outlines(t, read.File{Path: "m.pdf", Content: content})); diff != "" {
		t.Errorf("the PDF is read otherwise (-want +got):\n%s", diff)
	}
}

// A PDF that makes its parser panic, or takes too long, costs that file only.
func TestAPDFParserThatFails(t *testing.T) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for _, name := range []string{"bad.pdf", "good.md"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, "%PDF-1.4 words")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, parser := range map[string]func(context.Context, []byte) (read.PDFText, error){
		"panics": func(context.Context, []byte) (read.PDFText, error) { panic("malformed") },
		"hangs": func(ctx context.Context, _ []byte) (read.PDFText, error) {
			<-ctx.Done()
			return read.PDFText{}, ctx.Err()
		},
	} {
		var good, bad int
		for d, err := range read.Documents(t.Context(), read.File{Path: "x.zip", Content: z.Bytes()}, read.Options{PDF: parser, PDFTimeout: time.Millisecond}) {
			switch {
			case err == nil && d.Path == "good.md":
				good++
			case err != nil && strings.Contains(err.Error(), "bad.pdf"):
				bad++
			default:
				t.Errorf("a parser that %s: document %q, error %v", name, d.Path, err)
			}
		}
		if good != 1 || bad != 1 {
			t.Errorf("a parser that %s: %d good and %d bad, want one each", name, good, bad)
		}
	}
}

func TestZip(t *testing.T) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for _, f := range [][2]string{{"a.md", "# A\n\na"}, {"sub/b.txt", "b"}, {"../../evil.md", "x"}, {"/abs.md", "x"}, {`c:\win.md`, "x"}, {"__MACOSX/._a.md", "x"}, {".hidden/x.md", "x"},
		{"inner.zip", "PK"}, {"sub/m.mbox", "From x\nSubject: s\n\nt\n"}, {"broken.jsonl", "{"}} {
		e, err := w.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(e, f[1])
	}
	link := &zip.FileHeader{Name: "link.md"}
	link.SetMode(0o777 | 1<<27) // a symbolic link
	e, err := w.CreateHeader(link)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(e, "/etc/passwd")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for path, prefix := range map[string]string{"docs.zip": "", "kept/docs.zip": "kept/docs/"} {
		var read_ []string
		failed := 0
		for d, err := range read.Documents(t.Context(), read.File{Path: path, Content: z.Bytes()}, read.Options{}) {
			if err != nil {
				failed++
				continue
			}
			read_ = append(read_, strings.TrimPrefix(d.Path, prefix))
		}
		if want := []string{"a.md", "sub/b.txt", "sub/m.mbox/a3e8b59bd29d"}; len(read_) != 3 || read_[0] != want[0] || read_[1] != want[1] || !strings.HasPrefix(read_[2], "sub/m.mbox/") {
			t.Errorf("%s: read %q, want %q", path, read_, want)
		}
		if failed != 6 {
			t.Errorf("%s: %d failures, want 6: three names that lead out, a link, an archive within, and a broken file", path, failed)
		}
	}
}

// An archive that unpacks to far more than it weighs is left before it fills the memory.
func TestZipBomb(t *testing.T) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	file := bytes.Repeat([]byte("word "), 250_000) // an entry has at most one MiB here
	for i := range 9 {
		e, err := w.Create(fmt.Sprintf("%d.txt", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, err := range read.Documents(t.Context(), read.File{Path: "b.zip", Content: z.Bytes()}, read.Options{MaxEntry: 1 << 20, MaxUnpacked: 8 << 20}) {
		if err == nil {
			t.Fatal("a file of the bomb is read, want none")
		}
		said = append(said, err.Error())
	}
	if len(said) != 8 || !strings.Contains(said[0], "larger than 1 MiB") || !strings.Contains(said[7], "more than 8 MiB") {
		t.Errorf("the bomb (%d bytes) said %q; want seven files too large and then the end", z.Len(), said)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, path := range []string{"a.html", "a.csv", "a.eml", "a.mbox", "a.jsonl", "a.pdf", "a.zip", "a.md"} {
		f.Add(path, []byte("Subject: x\n\n<p>text</p>\nquestion,answer\n1,2"))
		f.Add(path, pdfFile("t", "10 text"))
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		for d, err := range read.Documents(t.Context(), read.File{Path: path, Content: content}, read.Options{PDFTimeout: time.Second}) {
			var failed *read.Failure
			if err != nil && !errors.As(err, &failed) {
				t.Fatalf("%v isn't a failure of a file", err)
			}
			for _, b := range d.Blocks {
				if len(b.Headings) != len(b.Slugs) {
					t.Fatalf("block %q has %d headings and %d addresses", b.Text, len(b.Headings), len(b.Slugs))
				}
			}
		}
	})
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // to memory
	_ = w.Close()
	return b.String()
}

// bomb is a compressed stream of 9 MiB of spaces.
func bomb() string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for range 9 {
		_, _ = w.Write(chunk) // to memory
	}
	_ = w.Close()
	return b.String()
}

// pdfFile writes a page with lines, each "SIZE TEXT", or "gap" for some room.
func pdfFile(title string, lines ...string) []byte {
	var page strings.Builder
	y := 780.0
	for _, l := range lines {
		size, text, _ := strings.Cut(l, " ")
		if l == "gap" {
			y -= 20
			continue
		}
		y -= 14
		fmt.Fprintf(&page, "BT /F1 %s Tf 1 0 0 1 50 %.0f Tm (%s) Tj ET\n", size, y, text)
	}
	widths := strings.Repeat("500 ", 95)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 126 /Widths [" + widths + "] >>",
		"<< /Title (" + title + ") >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return out.Bytes()
}
