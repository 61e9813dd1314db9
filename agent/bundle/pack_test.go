package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"resolute/agent/bundle"
)

// entry is one of an archive.
type entry struct {
	name string
	kind byte
	text string
}

// archive makes a tar.gz of any entries, bad ones too.
func archive(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: 0o644, Size: int64(len(e.text))}
		if e.kind == tar.TypeSymlink || e.kind == tar.TypeLink {
			h.Linkname = "/etc/passwd"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name, text string) entry { return entry{name, tar.TypeReg, text} }

func TestUnpackGivesWhatWasPacked(t *testing.T) {
	packed, err := bundle.Pack(files(nil))
	if err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Pack(files(nil))
	if err != nil || !bytes.Equal(packed, again) {
		t.Errorf("the same folder packed twice makes two archives (%v)", err)
	}
	unpacked, err := bundle.Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range good {
		if b, err := fs.ReadFile(unpacked, name); err != nil || string(b) != text {
			t.Errorf("%s is %q after packing and unpacking (%v), want %q", name, b, err, text)
		}
	}
	a, _ := bundle.Load(t.Context(), files(nil), "", bundle.Options{Fetch: fetch})
	b, problems := bundle.Load(t.Context(), unpacked, "", bundle.Options{Fetch: fetch})
	if a.Version != b.Version || len(problems) > 0 {
		t.Errorf("version %s is %s after packing and unpacking, with problems %v", a.Version, b.Version, problems)
	}
}

func TestUnpackTakesWhatTarMakes(t *testing.T) {
	got, err := bundle.Unpack(archive(t, entry{"./", tar.TypeDir, ""}, file("./resolute.yaml", "company: C\n"), entry{"./knowledge/", tar.TypeDir, ""}, file("./knowledge/a.md", "")))
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(got, "resolute.yaml", "knowledge/a.md"); err != nil {
		t.Error(err)
	}
}

func TestUnpackRefusesAttacks(t *testing.T) {
	many := func(kind byte) (list []entry) {
		for i := range 10_001 {
			list = append(list, entry{fmt.Sprintf("f%d", i), kind, ""})
		}
		return list
	}
	whole := archive(t, file("a", strings.Repeat("text ", 1000)))
	random := make([]byte, 2000)
	for i := range random {
		random[i] = byte(rand.IntN(256))
	}
	for name, packed := range map[string][]byte{
		"nothing":                  nil,
		"no gzip":                  []byte("company: C\n"),
		"no tar":                   gzipped(t, random),
		"half of one":              whole[:len(whole)/2],
		"a path out":               archive(t, file("../resolute.yaml", "a")),
		"a hidden path out":        archive(t, file("a/../../b", "a")),
		"a path from the root":     archive(t, file("/etc/cron.d/x", "a")),
		"the folder itself":        archive(t, file(".", "a")),
		"the folder, a longer way": archive(t, file("a/..", "a")),
		"a path twice":             archive(t, file("a", "1"), file("a", "2")),
		"a path twice in two ways": archive(t, file("a", "1"), file("./a", "2")),
		"a file that is a folder":  archive(t, file("a/b", "1"), file("a", "2")),
		"a symbolic link":          archive(t, entry{"a", tar.TypeSymlink, ""}),
		"a hard link":              archive(t, entry{"a", tar.TypeLink, ""}),
		"a device":                 archive(t, entry{"a", tar.TypeChar, ""}),
		"too many files":           archive(t, many(tar.TypeReg)...),
		"too many folders":         archive(t, many(tar.TypeDir)...),
		"too many bytes":           archive(t, file("a", strings.Repeat("\x00", 33<<20)), file("b", strings.Repeat("\x00", 33<<20))),
	} {
		if _, err := bundle.Unpack(packed); !errors.Is(err, bundle.ErrArchive) {
			t.Errorf("unpacking an archive with %s: %v, want that it is refused", name, err)
		}
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// huge is a file whose size is known and that nobody may read.
type huge struct {
	fs.FS
	t *testing.T
}

func (h huge) ReadFile(name string) ([]byte, error) {
	h.t.Errorf("%s was read although it is larger than a bundle may be", name)
	return nil, fs.ErrInvalid
}

func (h huge) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(h.FS, name)
	for i := range list {
		list[i] = hugeEntry{list[i]}
	}
	return list, err
}

type hugeEntry struct{ fs.DirEntry }

func (e hugeEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return hugeInfo{info}, err
}

type hugeInfo struct{ fs.FileInfo }

func (hugeInfo) Size() int64 { return 1 << 40 }

func TestAHugeFileIsRefusedUnread(t *testing.T) {
	_, err := bundle.Pack(huge{fstest.MapFS{"resolute.yaml": {Data: []byte("company: C\n")}}, t})
	if err == nil || !strings.Contains(err.Error(), "and resolute.yaml is beyond that") {
		t.Errorf("packing a terabyte: %v, want which file is too much", err)
	}
}
