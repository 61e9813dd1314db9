package kb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// storedVersion is a document as it was before it changed or was deleted.
type storedVersion struct {
	storedDocument
	Contents []string `json:"contents"` // its chunk ids, in reading order
}

func historyKey(id, version string) string { return id + "@" + version }

// keep puts a document aside as it is, for the addresses that name this version of it.
func keep(tx *bolt.Tx, d storedDocument) error {
	return putJSON(tx, bucketHistory, historyKey(d.ID, d.Version), storedVersion{d, contents(tx, d.ID)})
}

// versionOf answers a document as it was in a version that was put aside.
func versionOf(tx *bolt.Tx, id, version string) (v storedVersion, ok bool, err error) {
	data := tx.Bucket(bucketHistory).Get([]byte(historyKey(id, version)))
	if data == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, false, fmt.Errorf("%w: reading version %s of document %s: %w", errRecord, version, id, err)
	}
	return v, true, nil
}

// cited answers a chunk, be it searched still or held by history alone.
func cited(tx *bolt.Tx, id string) (c chunkRecord, ok bool, err error) {
	if c, ok, err = getChunk(tx, id); ok || err != nil {
		return c, ok, err
	}
	data := tx.Bucket(bucketRetired).Get([]byte(id))
	if data == nil {
		return c, false, nil
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, false, fmt.Errorf("%w: reading the retired chunk %s: %w", errRecord, id, err)
	}
	return c, true, nil
}

// forget removes all that history holds of a document, and tells whether that was anything.
func forget(tx *bolt.Tx, id string) (found bool, err error) {
	for bucket, prefix := range map[*bolt.Bucket]string{tx.Bucket(bucketHistory): id + "@", tx.Bucket(bucketRetired): id + ":"} {
		c := bucket.Cursor()
		for k, _ := c.Seek([]byte(prefix)); bytes.HasPrefix(k, []byte(prefix)); k, _ = c.Seek([]byte(prefix)) {
			found = true
			if err := c.Delete(); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// versionFor names the version of d, which is about to be stored in place of old: the edition that the
// document names, if no other content had that name, else a name that tells the contents apart.
func versionFor(tx *bolt.Tx, d, old storedDocument, known bool) (string, error) {
	edition := strings.Trim(DocumentID(d.Edition), "-")
	if len(edition) > maxEdition {
		return "", fmt.Errorf("%w: its version %.80q is longer than %d bytes", ErrContent, d.Edition, maxEdition)
	}
	if edition == "" {
		return d.Hash, nil
	}
	taken := known && old.Version == edition && old.Hash != d.Hash
	if !taken {
		v, kept, err := versionOf(tx, d.ID, edition)
		if err != nil {
			return "", err
		}
		taken = kept && v.Hash != d.Hash
	}
	if taken {
		return edition + "+" + d.Hash[:6], nil
	}
	return edition, nil
}

// maxEdition is the longest name of a version, in bytes.
const maxEdition = 64
