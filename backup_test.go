package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resolute/agent/journal"
)

// TestBackupUnderLoad: made while signals arrive, it has every entry that was acknowledged before it, as it
// was, and nothing that opens a secret; a server goes on from it, and no effect is doubled.
func TestBackupUnderLoad(t *testing.T) {
	well, url := newWorker(t, "well")
	p := served(t, workBundle("well"), "WELL_URL="+url)
	data := filepath.Join(p.dir, "data")
	secret := exec.Command(os.Args[0], "secret", "set", "shop", "--data", data)
	secret.Env, secret.Stdin = p.env, strings.NewReader("hush-this-is-secret")
	if out, err := secret.CombinedOutput(); err != nil {
		t.Fatalf("secret set: %v %s", err, out)
	}
	p.serve()
	p.command("ingest", filepath.Join("plugins", "demo", "bundle", "knowledge"), "--data", data)

	var mu sync.Mutex
	acked := map[string]string{} // item → case
	var stop atomic.Bool
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for i := 0; !stop.Load(); i++ {
				item := fmt.Sprintf("item-%d-%04d", s, i)
				id := p.work("well", item)
				mu.Lock()
				acked[item] = id
				mu.Unlock()
			}
		})
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		n := len(acked)
		mu.Unlock()
		if n >= 100 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d signals were acknowledged within 30 s", n)
		}
	}
	mu.Lock()
	before := make(map[string]string, len(acked))
	for item, id := range acked {
		before[item] = id
	}
	mu.Unlock()
	file, restored := filepath.Join(p.dir, "backup"), filepath.Join(p.dir, "restored")
	if out := p.command("backup", file, "--data", data); !strings.Contains(out, "not in it: key") {
		t.Errorf("backup doesn't say what is not in it: %s", out)
	}
	mu.Lock()
	t.Logf("%d signals were acknowledged before the backup, %d until it was made", len(before), len(acked))
	mu.Unlock()
	stop.Store(true)
	senders.Wait()

	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(data, "key"))
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string][]byte{"the key": key, "a secret": []byte("hush-this-is-secret"), "a token": []byte(p.token)} {
		if bytes.Contains(content, secret) {
			t.Errorf("the backup has %s in it", what)
		}
	}
	if out, err := p.try("restore", file, "--data", data); err == nil || !strings.Contains(out, "not a new folder") {
		t.Errorf("restore over a folder with data: %v %s, want it refused", err, out)
	}
	if out := p.command("restore", file, "--data", restored); !strings.Contains(out, "not in the backup: key") {
		t.Errorf("restore doesn't say what is missing: %s", out)
	}
	p.compare(filepath.Join(restored, "journal.db"), before)

	p.kill()
	if err := os.WriteFile(filepath.Join(restored, "key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := p.command("verify", "--data", restored); !strings.HasPrefix(out, "whole:") {
		t.Errorf("verify after restore: %s", out)
	}
	if out := p.command("search", "refund", "--data", restored); !strings.Contains(out, "refund") {
		t.Errorf("the restored knowledge doesn't know of refunds: %s", out)
	}
	if err := errors.Join(os.Rename(data, data+".old"), os.Rename(restored, data)); err != nil {
		t.Fatal(err)
	}
	p.serve()
	for item, id := range before {
		if status := p.settled(id); status != "resolved" {
			t.Errorf("the case of %s is %s on the restored server", item, status)
		}
		if n := well.times(item); n != 1 {
			t.Errorf("%s was done %d times, want once", item, n)
		}
	}
}

// compare holds a restored journal against the server that goes on: the entries of each case are those that
// it has, up to where the backup was made.
func (p *process) compare(file string, cases map[string]string) {
	p.t.Helper()
	store, err := journal.Open(file, journal.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer store.Close()
	for item, id := range cases {
		got, err := store.Entries(context.Background(), id, 0, 1000)
		if err != nil || len(got) < 2 {
			p.t.Fatalf("the case of %s was acknowledged before the backup, and has %d entries in it: %v", item, len(got), err)
		}
		var live struct {
			Items []struct{ Hash string }
		}
		if a := p.ask("GET", "/api/v1/cases/"+id+"/journal?limit=200", ""); a.status != http.StatusOK || json.Unmarshal(a.body, &live) != nil || len(live.Items) < len(got) {
			p.t.Fatalf("the journal of %s: %d, %d entries, and %d in the backup", item, a.status, len(live.Items), len(got))
		}
		for i := range got {
			hash, err := got[i].Hash.MarshalText()
			if err != nil || string(hash) != live.Items[i].Hash {
				p.t.Fatalf("entry %d of %s has hash %s in the backup and %s on the server (%v)", i+1, item, hash, live.Items[i].Hash, err)
			}
		}
	}
}

// TestKilledBackupLeavesNone: neither the death of the command nor that of the server leaves a FILE that is
// half a backup, nor anything that restore takes for one.
func TestKilledBackupLeavesNone(t *testing.T) {
	_, url := newWorker(t, "well")
	p := served(t, workBundle("well"), "WELL_URL="+url)
	p.serve()
	for i := range 12 { // so that a backup takes a while
		body := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"shop","type":"nothing.known","data":{"text":%q}}`, i, strings.Repeat("large ", 300_000))
		if a := p.ask("POST", "/api/v1/signals", body); a.status != http.StatusAccepted {
			t.Fatalf("a large signal: %d %s", a.status, a.body)
		}
	}
	data, halves := filepath.Join(p.dir, "data"), 0
	for i := range 6 {
		folder := filepath.Join(p.dir, fmt.Sprint("backups-", i))
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, "backup")
		c := exec.Command(os.Args[0], "backup", file, "--data", data)
		c.Env = p.env
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			if list, _ := os.ReadDir(folder); len(list) > 0 { // it has begun
				break
			} else if time.Now().After(deadline) {
				t.Fatal("no backup began within 20 s")
			}
		}
		time.Sleep(time.Duration(i) * 3 * time.Millisecond) // somewhere on its way
		serverDies := i%2 == 1
		if serverDies {
			p.kill()
		} else {
			_ = c.Process.Kill()
		}
		err := c.Wait()
		whole := false
		if _, statErr := os.Stat(file); statErr == nil {
			whole = true
		}
		if serverDies && (err == nil) != whole {
			t.Errorf("try %d: the server was killed, the command ended with %v, and whether there is a backup: %v", i, err, whole)
		}
		list, _ := os.ReadDir(folder)
		for _, e := range list {
			out, err := p.try("restore", filepath.Join(folder, e.Name()), "--data", filepath.Join(folder, "restored-from-"+e.Name()))
			switch {
			case e.Name() == "backup" && err != nil:
				t.Errorf("try %d: there is a backup, and restore refuses it: %s", i, out)
			case e.Name() != "backup" && err == nil && !strings.Contains(out, "12 cases"):
				t.Errorf("try %d: restore takes %s and gives %s", i, e.Name(), out)
			case e.Name() != "backup" && err != nil:
				halves++
			}
		}
		if serverDies {
			if left := slices.DeleteFunc(list, func(e os.DirEntry) bool { return e.Name() == "backup" }); len(left) > 0 {
				t.Errorf("try %d: a backup that the server broke off left %v", i, left)
			}
			p.serve()
		}
	}
	t.Logf("%d of 6 kills left half a backup under another name, which restore refused", halves)
	if out := p.command("backup", filepath.Join(p.dir, "b"), "--data", data); !strings.Contains(out, "not in it") {
		t.Errorf("a backup after all that: %s", out)
	}
	p.kill()
	// without a server, too
	file := filepath.Join(p.dir, "b2")
	p.command("backup", file, "--data", data)
	if out := p.command("restore", file, "--data", filepath.Join(p.dir, "r2")); !strings.Contains(out, "12 cases") {
		t.Errorf("restore of what was backed up without a server: %s", out)
	}
	if out, err := p.try("backup", filepath.Join(p.dir, "b3"), "--data", filepath.Join(p.dir, "nowhere")); err == nil {
		t.Errorf("a folder that isn't there was backed up: %s", out)
	}
}
