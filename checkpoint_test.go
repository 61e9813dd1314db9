package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// command runs a command line on a data folder that no server holds.
func command(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, func(string) (string, bool) { return "", false }, strings.NewReader("s3cret"), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

func TestACheckpointTellsWhatItsFolderLost(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if code, out := command(t, "secret", "set", "shop", "--data", data); code != 0 {
		t.Fatal(out)
	}
	code, note := command(t, "checkpoint", "--data", data)
	if code != 0 || !strings.HasPrefix(note, "resolute checkpoint\n") || !strings.Contains(note, "audit 2 ") {
		t.Fatalf("checkpoint: exit %d, %s; want a note with the audit of the secret and of itself", code, note)
	}
	file := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(file, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func(when string, want int, says string) {
		t.Helper()
		if code, out := command(t, "verify", "--data", data, "--checkpoint", file); code != want || !strings.Contains(out, says) {
			t.Errorf("verify %s: exit %d, %s; want exit %d and %q", when, code, out, want, says)
		}
	}
	verify("at once", 0, "whole")
	if code, out := command(t, "token", "create", "--role", "viewer", "--data", data); code != 0 {
		t.Fatal(out)
	}
	verify("after more was done", 0, "whole")

	// whoever has the file takes out that the checkpoint was made and what came after it, and all fits again
	db, err := bbolt.Open(filepath.Join(data, "journal.db"), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		records, links := tx.Bucket([]byte("records")), tx.Bucket([]byte("audit"))
		for {
			k, v := links.Cursor().Last()
			if k[7] == 1 {
				return nil
			}
			if err := records.Delete(v[4+64:]); err != nil {
				return err
			}
			if err := links.Delete(k); err != nil {
				return err
			}
		}
	})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, "verify", "--data", data); code != 0 {
		t.Errorf("verify alone: exit %d, %s; the file was made to fit", code, out)
	}
	verify("after records of the audit were removed", 1, "the audit: it had 2 records at the checkpoint, and ends at 1")

	if err := os.WriteFile(file, []byte(strings.Replace(note, "audit 2 ", "audit 1 ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	verify("against a note that was changed", 1, "this is no checkpoint that this data folder's key signed")
}

func TestACheckpointIsHeldAgainstARunningServer(t *testing.T) {
	r := newRig(t)
	r.settled(r.send(story(t, "smashed-blender")[0]), "resolved")
	var made map[string]string
	if code := r.do("POST", "/admin/checkpoint", nil, &made); code != 200 {
		t.Fatalf("checkpoint: %d", code)
	}
	r.settled(r.send(story(t, "shattered-stoneware")[0]), "resolved")
	var out struct{ Damage []map[string]string }
	if code := r.do("POST", "/admin/verify", made, &out); code != 200 || len(out.Damage) > 0 {
		t.Errorf("verify: %d %v, want nothing found while more was done", code, out.Damage)
	}
	made["checkpoint"] = strings.Replace(made["checkpoint"], "entries ", "entries 1", 1)
	var refused map[string]any
	if code := r.do("POST", "/admin/verify", made, &refused); code != 422 {
		t.Errorf("verify against a note that was changed: %d %v, want 422", code, refused)
	}
}
