package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckPrintsSchemas: to where editors can be pointed, and names the kinds when there is none.
func TestCheckPrintsSchemas(t *testing.T) {
	resolute := func(args ...string) (code int, out, errs string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), args, os.LookupEnv, strings.NewReader(""), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	code, out, errs := resolute("check", "--schema", "policy")
	if code != 0 || !json.Valid([]byte(out)) || !strings.Contains(out, `"applies_to"`) {
		t.Errorf("the schema of policies: %d %.200s %s", code, out, errs)
	}
	if code, out, errs := resolute("check", "--schema", "procedures"); code != 1 || out != "" || !strings.Contains(errs, "procedure, ") {
		t.Errorf("a kind that isn't there: %d %s %s, want it refused with the kinds that are", code, out, errs)
	}
	if code, _, _ := resolute("check"); code != 2 {
		t.Errorf("check of nothing ends with %d, want 2", code)
	}
}

// TestCheckOfTheStarterIsSilent: what init writes is an example of how it should be.
func TestCheckOfTheStarterIsSilent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bundle")
	var out bytes.Buffer
	for _, args := range [][]string{{"init", dir}, {"check", dir}} {
		out.Reset()
		if code := run(t.Context(), args, os.LookupEnv, strings.NewReader(""), &out, &out); code != 0 {
			t.Fatalf("%v: %d %s", args, code, out.String())
		}
	}
	if out.Len() > 0 && strings.Contains(out.String(), dir+"/") {
		t.Errorf("check says of what init wrote: %s", out.String())
	}
}
