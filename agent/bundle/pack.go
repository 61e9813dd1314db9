package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Pack makes the tar.gz of a bundle's folder; the same content always makes the same archive.
func Pack(files fs.FS) ([]byte, error) {
	all, err := read(files)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(all[name]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(all[name]); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ErrArchive is wrapped by what Unpack reports.
var ErrArchive = errors.New("the archive is no bundle")

// Unpack reads what Pack makes. Paths that leave the folder or are there twice, links, and more
// than a bundle may hold are refused.
func Unpack(archive []byte) (fs.FS, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not gzip: %w", ErrArchive, err)
	}
	files, entries, left := map[string][]byte{}, 0, int64(maxBytes)
	for r := tar.NewReader(zipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		entries++
		if left -= int64(len(h.Name)); h.Size > left || entries > maxFiles {
			return nil, fmt.Errorf("%w: %w", ErrArchive, errTooLarge)
		}
		name := path.Clean(h.Name)
		switch {
		case h.Typeflag == tar.TypeDir:
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("%w: %.100q is neither a file nor a folder", ErrArchive, h.Name)
		case !fs.ValidPath(name) || name == ".":
			return nil, fmt.Errorf("%w: the path %.100q is none of a file in the folder", ErrArchive, h.Name)
		case files[name] != nil:
			return nil, fmt.Errorf("%w: %.100q is there twice", ErrArchive, name)
		}
		b, err := io.ReadAll(io.LimitReader(r, left+1))
		if err != nil {
			return nil, fmt.Errorf("%w: %.100q: %w", ErrArchive, name, err)
		}
		if left -= int64(len(b)); left < 0 {
			return nil, fmt.Errorf("%w: %w", ErrArchive, errTooLarge)
		}
		files[name] = b
	}
	for name := range files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if files[dir] != nil {
				return nil, fmt.Errorf("%w: %.100q is a file and a folder", ErrArchive, dir)
			}
		}
	}
	return memory(files)
}

// memory gives files as a file system: an uncompressed zip in memory is one that the standard
// library reads.
func memory(files map[string][]byte) (fs.FS, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrArchive, name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}
