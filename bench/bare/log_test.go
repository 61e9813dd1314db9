package bare_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"resolute/bench/bare"
)

func TestEveryValueThatWasAcknowledgedIsStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l, err := bare.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 10 {
				if err := l.Append(fmt.Appendf(nil, "%d-%d-a", i, j), fmt.Appendf(nil, "%d-%d-b", i, j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	seen := map[string]bool{}
	if err := db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("log")).ForEach(func(_, v []byte) error {
			seen[string(v)] = true
			return nil
		})
	}); err != nil || len(seen) != 400 {
		t.Errorf("%d of 400 values are stored, %v", len(seen), err)
	}
}
