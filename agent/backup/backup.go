// Package backup keeps a data folder in one file: a tar of backup.json, which says what it is, the
// database files as they were at one moment, and SHA256SUMS, which is written last. A file that was cut
// off, or changed anywhere, lacks that or contradicts it, and is refused.
//
// The key file isn't in it, so that whoever finds a backup can't read the secrets; nor are the settings
// of the machine (server.yaml), nor the indexes that are built anew.
package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
)

// ErrRefused is wrapped where a file isn't a whole backup.
var ErrRefused = errors.New("this is not a whole backup")

// Info says what a backup is.
type Info struct {
	Format    int       `json:"format"`
	MadeAt    time.Time `json:"made_at"`
	MadeBy    string    `json:"made_by"` // the program's version
	NotInside []string  `json:"not_inside"`
}

// format is what this program writes, and the only one that it reads.
const format = 1

const (
	nameInfo      = "backup.json"
	nameJournal   = "journal.db"
	nameKnowledge = "knowledge.db"
	nameSums      = "SHA256SUMS"
)

// notInside are the files of a data folder that have to be kept apart.
func notInside() []string { return []string{"key", "server.yaml"} }

// Source is a database that can be copied while it is written to.
type Source interface {
	// Snapshot calls use with the size in bytes, and with what writes the content as it is at that
	// moment. Nothing of it changes until use returns.
	Snapshot(ctx context.Context, use func(size int64, write func(io.Writer) error) error) error
}

// Write writes a backup. The journal's moment is the earlier one, so that the knowledge has every passage
// that the journal cites.
func Write(ctx context.Context, w io.Writer, info Info, journal, knowledge Source) error {
	info.Format, info.NotInside = format, notInside()
	about, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	return journal.Snapshot(ctx, func(journalSize int64, writeJournal func(io.Writer) error) error {
		return knowledge.Snapshot(ctx, func(knowledgeSize int64, writeKnowledge func(io.Writer) error) error {
			a := archive{tar: tar.NewWriter(&untilDone{ctx, w}), at: info.MadeAt}
			a.add(nameInfo, int64(len(about)), func(w io.Writer) error { _, err := w.Write(about); return err })
			a.add(nameJournal, journalSize, writeJournal)
			a.add(nameKnowledge, knowledgeSize, writeKnowledge)
			return a.close()
		})
	})
}

// archive is a tar that is being written. It keeps the first error.
type archive struct {
	tar  *tar.Writer
	at   time.Time
	sums bytes.Buffer
	err  error
}

func (a *archive) add(name string, size int64, write func(io.Writer) error) {
	if a.err != nil {
		return
	}
	sum := sha256.New()
	a.err = a.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: a.at, Typeflag: tar.TypeReg})
	if a.err == nil {
		a.err = write(io.MultiWriter(a.tar, sum))
	}
	if a.err == nil {
		a.err = a.tar.Flush() // fails if it was shorter
	}
	if a.err != nil {
		a.err = fmt.Errorf("write %s: %w", name, a.err)
	}
	writeSum(&a.sums, sum, name)
}

func (a *archive) close() error {
	sums := a.sums.Bytes()
	a.add(nameSums, int64(len(sums)), func(w io.Writer) error { _, err := w.Write(sums); return err })
	if a.err != nil {
		return a.err
	}
	return a.tar.Close()
}

// writeSum writes a line that the program sha256sum understands.
func writeSum(w *bytes.Buffer, sum hash.Hash, name string) {
	fmt.Fprintf(w, "%s  %s\n", hex.EncodeToString(sum.Sum(nil)), name)
}

// untilDone is a writer that ends with its context.
type untilDone struct {
	ctx context.Context
	w   io.Writer
}

// Write writes, unless the context has ended.
func (u *untilDone) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// Read reads a backup to its end and gives each database to take, by its name in the folder. Only when
// Read gives no error was it whole; everything taken is worthless otherwise.
func Read(r io.Reader, take func(name string, content io.Reader) error) (Info, error) {
	info, err := read(r, take)
	if err == nil {
		var n int64
		if n, err = io.Copy(io.Discard, r); err == nil && n > 0 {
			err = fmt.Errorf("%w: %d bytes follow its end", ErrRefused, n)
		}
	}
	return info, err
}

func read(r io.Reader, take func(name string, content io.Reader) error) (info Info, err error) {
	t := tar.NewReader(r)
	var sums bytes.Buffer
	for _, name := range []string{nameInfo, nameJournal, nameKnowledge, nameSums} {
		h, err := t.Next()
		if err != nil {
			return info, fmt.Errorf("%w: it ends or breaks off before %s: %w", ErrRefused, name, err)
		}
		if h.Name != name || h.Typeflag != tar.TypeReg {
			return info, fmt.Errorf("%w: it has %.60q where %s belongs", ErrRefused, h.Name, name)
		}
		sum := sha256.New()
		content := &broken{r: io.TeeReader(t, sum)}
		switch name {
		case nameInfo:
			err = readInfo(content, &info)
		case nameSums:
			err = compare(content, sums.String())
		default:
			err = take(name, content)
		}
		if content.err != nil {
			err = fmt.Errorf("%w: it breaks off within %s: %w", ErrRefused, name, content.err)
		}
		if err != nil {
			return info, err
		}
		writeSum(&sums, sum, name)
	}
	if h, err := t.Next(); err != io.EOF {
		if err == nil {
			err = fmt.Errorf("it has %.60q, which doesn't belong there", h.Name)
		}
		return info, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return info, nil
}

func readInfo(r io.Reader, info *Info) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err == nil {
		err = json.Unmarshal(b, info)
	}
	if err != nil {
		return fmt.Errorf("%w: %s can't be read: %w", ErrRefused, nameInfo, err)
	}
	if info.Format != format {
		return fmt.Errorf("%w that this resolute knows: it has format %d, made by resolute %s; use that one or a newer one", ErrRefused, info.Format, info.MadeBy)
	}
	return nil
}

func compare(r io.Reader, want string) error {
	got, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return err
	}
	if string(got) == want {
		return nil
	}
	for line := range strings.Lines(want) {
		if !strings.Contains(string(got), line) {
			return fmt.Errorf("%w: the checksum of %s is not that of its content; use another copy", ErrRefused, strings.TrimSpace(line[min(len(line), 64):]))
		}
	}
	return fmt.Errorf("%w: %s says more than it should", ErrRefused, nameSums)
}

// broken is a reader that remembers why it broke off.
type broken struct {
	r   io.Reader
	err error
}

// Read reads.
func (b *broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
