package read

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of one zip, where Options names no others.
const (
	maxEntries  = 20_000
	maxEntry    = 32 << 20
	maxUnpacked = 256 << 20
)

// zip reads an archive like the folder that it is: its entries have the paths that they have in it,
// below the folder that the archive is in and, unless it stands alone, below its own name.
func (r reader) zip(f File, yield sink) bool {
	fail := func(name, format string, args ...any) bool {
		return yield(Document{}, &Failure{name, fmt.Errorf("%w: "+format, append([]any{ErrContent}, args...)...)})
	}
	if r.depth > 0 {
		return fail(f.Path, "an archive within an archive isn't opened")
	}
	z, err := zip.NewReader(bytes.NewReader(f.Content), int64(len(f.Content)))
	if err != nil && z == nil {
		return fail(f.Path, "%w", err)
	}
	if len(z.File) > maxEntries {
		return fail(f.Path, "%d files in it; divide it into archives of at most %d", len(z.File), maxEntries)
	}
	inside := r
	inside.depth++
	prefix := ""
	if strings.Contains(f.Path, "/") {
		prefix = strings.TrimSuffix(f.Path, path.Ext(f.Path))
	}
	most, all := cmp.Or(r.opts.MaxEntry, maxEntry), cmp.Or(r.opts.MaxUnpacked, maxUnpacked)
	left := all
	for _, entry := range z.File {
		name := strings.ReplaceAll(entry.Name, `\`, "/")
		switch {
		case r.ctx.Err() != nil:
			yield(Document{}, r.ctx.Err())
			return false
		case entry.FileInfo().IsDir() || hiddenName(name):
			continue
		case !local(name):
			if !fail(f.Path, "the name %q leads out of it", entry.Name) {
				return false
			}
			continue
		case !entry.Mode().IsRegular():
			if !fail(name, "it is no regular file") {
				return false
			}
			continue
		}
		limit := min(left, most)
		content, err := unpack(entry, limit)
		if left -= int64(len(content)); int64(len(content)) > limit {
			if left <= 0 {
				return fail(f.Path, "more than %d MiB when unpacked; what comes after %s is left out", all>>20, name)
			}
			err = fmt.Errorf("larger than %d MiB when unpacked", most>>20)
		}
		if err != nil {
			if !fail(name, "%w", err) {
				return false
			}
			continue
		}
		if !inside.file(File{Path: path.Join(prefix, name), Content: content}, yield) {
			return false
		}
	}
	return true
}

// unpack reads an entry, and one byte more than limit if there is more. What the archive says about
// sizes is only its word.
func unpack(entry *zip.File, limit int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was read
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// local reports whether a name stays within the folder that it is in.
func local(name string) bool {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) || len(name) > 1 && name[1] == ':' {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}

// hiddenName reports whether any part of a name begins with a dot, as what systems leave behind does.
func hiddenName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part != ".." && part != "." && strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return true
		}
	}
	return false
}
