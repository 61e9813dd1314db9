package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMissingSecretLocksNobodyOut: what the message advises can be done.
func TestMissingSecretLocksNobodyOut(t *testing.T) {
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	data, folder := filepath.Join(dir, "data"), filepath.Join(dir, "b")
	command := func(want int, stdin string, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		none := func(string) (string, bool) { return "", false }
		if code := run(t.Context(), args, none, strings.NewReader(stdin), &out, &out); code != want {
			t.Fatalf("resolute %s: exit %d, want %d: %s", strings.Join(args, " "), code, want, &out)
		}
		return out.String()
	}
	command(0, "", "init", folder)
	file := filepath.Join(folder, "tools", "shop.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "auth: {bearer: '${secret.shop}'}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	command(0, "hush", "secret", "set", "shop", "--data", data)
	command(0, "", "apply", folder, "--data", data)
	command(0, "", "secret", "delete", "shop", "--data", data)
	command(0, "", "verify", "--data", data)
	if out := command(1, "", "serve", "--data", data, "--addr", "127.0.0.1:0"); !strings.Contains(out, "secret.shop") {
		t.Errorf("serve without the secret doesn't say which one is missing: %s", out)
	}
	command(0, "hush", "secret", "set", "shop", "--data", data)
	command(0, "", "cases", "--data", data)
}

// A data folder that can't be worked in is told as that, before anything else is tried.
func TestFoldersThatCantBeServed(t *testing.T) {
	dir := t.TempDir()
	file, locked := filepath.Join(dir, "file"), filepath.Join(dir, "locked")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		locked = "/sys" // where not even root may write
	}
	for name, c := range map[string]struct{ data, want string }{
		"a file":                     {file, "this is a file; name a folder"},
		"below a file":               {filepath.Join(file, "data"), "not a directory"},
		"a missing parent":           {filepath.Join(dir, "no", "data"), "there is no folder " + filepath.Join(dir, "no") + "; make it first"},
		"a folder that is read-only": {locked, "it can't be written to"},
		"below one":                  {filepath.Join(locked, "data"), "it can't be made"},
	} {
		var out, said bytes.Buffer
		code := run(t.Context(), []string{"serve", "--data", c.data, "--addr", "127.0.0.1:0"}, func(string) (string, bool) { return "", false }, strings.NewReader(""), &out, &said)
		if code != 1 || out.Len() > 0 || !strings.Contains(said.String(), "--data "+c.data+": ") || !strings.Contains(said.String(), c.want) {
			t.Errorf("serve --data on %s: exit %d, %q and %q; want 1 and the folder with %q", name, code, &out, &said, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("the missing parent was made")
	}
}

// Whoever comes second is told who holds the folder, and takes nothing from it: not with --fresh either.
func TestSecondOnOneFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "rs") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	none := func(string) (string, bool) { return "", false }
	ctx, stop := context.WithCancel(t.Context())
	data, addr := filepath.Join(dir, "data"), freeAddress(t)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--data", data, "--addr", addr, "--no-browser"}, none, strings.NewReader(""), io.Discard, io.Discard)
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", filepath.Join(data, "admin.sock")); err == nil {
			_ = c.Close() // it listens
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first demo does not listen after 20 s")
		}
	}
	for _, args := range [][]string{{"demo", "--no-browser"}, {"demo", "--no-browser", "--fresh"}, {"serve"}} {
		var out, said bytes.Buffer
		code := run(t.Context(), append(args, "--data", data, "--addr", addr), none, strings.NewReader(""), &out, &said)
		want := fmt.Sprintf("--data %s: process %d (http://%s) works in it; use that one, stop it first, or name another folder", data, os.Getpid(), addr)
		if code != 1 || out.Len() > 0 || !strings.Contains(said.String(), want) {
			t.Errorf("%v beside a demo: exit %d, %q and %q; want 1 and %q", args, code, &out, &said, want)
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the first demo ended with %d, want 0", code)
	}
}
