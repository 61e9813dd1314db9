package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fixed is a database that says what it has.
type fixed struct {
	content []byte
	fail    error // after half of it
}

func (f fixed) Snapshot(_ context.Context, use func(int64, func(io.Writer) error) error) error {
	return use(int64(len(f.content)), func(w io.Writer) error {
		n := len(f.content)
		if f.fail != nil {
			n /= 2
		}
		if _, err := w.Write(f.content[:n]); err != nil {
			return err
		}
		return f.fail
	})
}

var (
	journalDB   = fixed{content: bytes.Repeat([]byte("journal "), 150)}
	knowledgeDB = fixed{content: bytes.Repeat([]byte("knowledge "), 70)}
)

func made(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	info := Info{MadeAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), MadeBy: "test"}
	if err := Write(context.Background(), &b, info, journalDB, knowledgeDB); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// taken reads a backup into memory.
func taken(b []byte) (map[string][]byte, error) {
	got := map[string][]byte{}
	_, err := Read(bytes.NewReader(b), func(name string, r io.Reader) (err error) {
		got[name], err = io.ReadAll(r)
		return err
	})
	return got, err
}

func TestRestoreGivesBackWhatWasSaved(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "b"), filepath.Join(dir, "data")
	if _, err := Save(bytes.NewReader(made(t)), file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := Restore(f, data)
	if err != nil || !slices.Contains(info.NotInside, "key") || info.MadeAt.Year() != 2026 {
		t.Fatalf("restore: %+v %v, want no error and the key named as not inside", info, err)
	}
	for name, want := range map[string][]byte{"journal.db": journalDB.content, "knowledge.db": knowledgeDB.content} {
		got, err := os.ReadFile(filepath.Join(data, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes after the restore (%v), want the %d that were saved", name, len(got), err, len(want))
		}
		if s, err := os.Stat(filepath.Join(data, name)); err != nil || s.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want mode 0600", name, s.Mode(), err)
		}
	}
	if list, _ := os.ReadDir(data); len(list) != 2 {
		t.Errorf("the restored folder has %v, want the two databases", list)
	}
}

// TestNoPartOfABackupIsOne: wherever it was cut off.
func TestNoPartOfABackupIsOne(t *testing.T) {
	b := made(t)
	end := bytes.LastIndex(b, []byte("knowledge.db\n")) + len("knowledge.db\n") // what follows is padding
	for n := range end {
		if _, err := taken(b[:n]); !errors.Is(err, ErrRefused) {
			t.Fatalf("the first %d of %d bytes were read as a backup: %v", n, len(b), err)
		}
	}
}

// TestDamageIsFound: a flipped bit is refused, or changes nothing that is taken.
func TestDamageIsFound(t *testing.T) {
	b := made(t)
	harmless := 0
	for i := range b {
		flipped := bytes.Clone(b)
		flipped[i] ^= 1 << (i % 8)
		got, err := taken(flipped)
		if err != nil {
			continue
		}
		harmless++
		if !bytes.Equal(got["journal.db"], journalDB.content) || !bytes.Equal(got["knowledge.db"], knowledgeDB.content) {
			t.Fatalf("with bit %d of byte %d flipped, it is read as a backup of something else", i%8, i)
		}
	}
	if harmless > len(b)/2 {
		t.Errorf("%d of %d flipped bits went unnoticed", harmless, len(b))
	}
	for what, bad := range map[string][]byte{"something behind it": append(bytes.Clone(b), 1), "another one behind it": append(bytes.Clone(b), b...), "nothing": nil} {
		if _, err := taken(bad); !errors.Is(err, ErrRefused) {
			t.Errorf("%s was read as a backup: %v", what, err)
		}
	}
}

// TestWhatFailsOnTheWayIsNoBackup: neither the stream, nor a file; and the file from before stays.
func TestWhatFailsOnTheWayIsNoBackup(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "b")
	before := made(t)
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
	broke := errors.New("the disk can't be read")
	for i, sources := range [][2]Source{{fixed{journalDB.content, broke}, knowledgeDB}, {journalDB, fixed{knowledgeDB.content, broke}}} {
		r, w := io.Pipe()
		go func() {
			err := Write(context.Background(), w, Info{}, sources[0], sources[1])
			if !errors.Is(err, broke) {
				t.Errorf("source %d fails and Write says %v", i, err)
			}
			_ = w.Close() // as a server does that can't say more
		}()
		if _, err := Save(r, file); !errors.Is(err, ErrRefused) {
			t.Errorf("source %d broke off, and Save says %v", i, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Write(ctx, io.Discard, Info{}, journalDB, knowledgeDB); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody wants it any more, and Write says %v", err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, before) {
		t.Errorf("the file from before has %d bytes (%v), want it as it was", len(got), err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("what failed left %v", list)
	}
}

func TestRestoreWantsANewFolder(t *testing.T) {
	for name, ok := range map[string]bool{"key": true, "server.yaml": true, "journal.db.partial": true, "journal.db": false, "knowledge.db": false, "notes.txt": false} {
		data := t.TempDir()
		if err := os.WriteFile(filepath.Join(data, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(bytes.NewReader(made(t)), data)
		if ok != (err == nil) || !ok && !strings.Contains(err.Error(), name) {
			t.Errorf("restore into a folder with %s says %v", name, err)
		}
		got, _ := os.ReadFile(filepath.Join(data, name))
		if want := "mine"; name != "journal.db.partial" && string(got) != want {
			t.Errorf("restore changed %s", name)
		}
	}
	data := t.TempDir()
	if _, err := Restore(bytes.NewReader(made(t)[:3000]), data); !errors.Is(err, ErrRefused) {
		t.Errorf("restore of half a backup says %v", err)
	}
	if list, _ := os.ReadDir(data); len(list) != 0 {
		t.Errorf("restore of half a backup left %v", list)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(made(f))
	f.Add([]byte("backup.json"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := taken(b); err == nil && len(got) != 2 {
			t.Errorf("%d bytes were read as a backup of %d databases", len(b), len(got))
		}
	})
}
