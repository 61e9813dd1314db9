package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// Commit is what one case made durable at once.
type Commit struct {
	Entries [][]byte // as they stand in the journal
	Steps   int      // calls that it begins
}

// Record runs one case in a scratch folder and gives what it wrote, commit by commit.
func Record(ctx context.Context) (commits []Commit, err error) {
	dir, err := os.MkdirTemp("", "rb")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var mu sync.Mutex
	r, err := Open(ctx, dir, Watch{Append: func(a journal.Append) {
		mu.Lock()
		defer mu.Unlock()
		c := Commit{Entries: make([][]byte, len(a.Entries))}
		for i := range a.Entries {
			if _, ok := a.Entries[i].Data.(*casefile.CallIntended); ok {
				c.Steps++
			}
		}
		commits = append(commits, c)
	}})
	if err != nil {
		return nil, err
	}
	r.Drive()
	err = r.Case(ctx, "item-1")
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	entries, err := readJournal(filepath.Join(dir, "journal.db"))
	if err != nil {
		return nil, err
	}
	accepted := len(entries)
	for _, c := range commits {
		accepted -= len(c.Entries)
	}
	commits = append([]Commit{{Entries: make([][]byte, accepted)}}, commits...)
	steps := 0
	for _, c := range commits {
		steps += c.Steps
		entries = entries[copy(c.Entries, entries):]
	}
	if steps != Steps {
		return nil, fmt.Errorf("the case made %d calls in place of %d", steps, Steps)
	}
	return commits, nil
}

// readJournal gives the entries of a journal in their order.
func readJournal(path string) (entries [][]byte, err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return entries, db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("journal"))
		if b == nil {
			return errors.New("the file has no journal")
		}
		return b.ForEach(func(_, v []byte) error {
			entries = append(entries, bytes.Clone(v))
			return nil
		})
	})
}
