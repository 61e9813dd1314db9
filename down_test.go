package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
