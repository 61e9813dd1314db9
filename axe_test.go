package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What checks pages for accessibility: a package of npm's registry.
const (
	axePackage = "axe-core"
	axeVersion = "4.10.3"
	axeSum     = "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292" // SHA-256 of its archive
)

// axeSource is axe-core's script. The archive is fetched by npm once and kept in the user's cache folder;
// without npm, or without a way to its registry, the script is "" and pages go unchecked.
func axeSource(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	kept := filepath.Join(cache, "resolute-tests", axePackage+"-"+axeVersion+".tgz")
	archive, err := os.ReadFile(kept)
	if errors.Is(err, fs.ErrNotExist) || err == nil && sum(archive) != axeSum {
		archive, err = fetchAxe(t.Context(), kept)
	}
	if err != nil {
		t.Logf("pages are not checked for accessibility: %s %s can't be fetched: %v", axePackage, axeVersion, err)
		return ""
	}
	if got := sum(archive); got != axeSum {
		t.Fatalf("%s has the SHA-256 %s, want %s", kept, got, axeSum)
	}
	script, err := fileOf(archive, "package/axe.min.js")
	if err != nil {
		t.Fatalf("%s: %v", kept, err)
	}
	return string(script)
}

// fetchAxe has npm fetch the archive, and keeps it under a path.
func fetchAxe(ctx context.Context, kept string) ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(kept), "fetch")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	fetch := exec.CommandContext(ctx, npm, "pack", axePackage+"@"+axeVersion, "--silent")
	fetch.Dir = dir
	if said, err := fetch.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack: %w: %s", err, said)
	}
	fetched := filepath.Join(dir, filepath.Base(kept))
	archive, err := os.ReadFile(fetched)
	if err != nil {
		return nil, err
	}
	return archive, os.Rename(fetched, kept)
}

func sum(archive []byte) string {
	s := sha256.Sum256(archive)
	return hex.EncodeToString(s[:])
}

// fileOf is one file of a .tgz.
func fileOf(archive []byte, name string) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if h.Name == name {
			return io.ReadAll(r)
		}
	}
}

// accessible checks the page that is open by the rules of WCAG 2.2, levels A and AA.
func (b *browser) accessible(name string) {
	b.t.Helper()
	b.accessibleWithin(name, "document")
}

// accessibleWithin checks what an expression gives of the page that is open.
func (b *browser) accessibleWithin(name, part string) {
	b.t.Helper()
	if b.axe == "" {
		return
	}
	check := `axe.run(` + part + `, {preload: false, resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
		.then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 5).map((n) => n.target.join(" ") + " (" + n.failureSummary + ")").join("; "))),
			(e) => JSON.stringify(["axe failed: " + e]))
		.then((found) => { window.axeFound = found }), true`
	// by the protocol, not by a script element: the pages' own policy lets in no script but theirs
	b.step("check "+name, ignored[bool](b.axe+"\n;true"), ignored[bool](check), becomes(`typeof window.axeFound === "string"`))
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`window.axeFound`))
	var found []string
	if err == nil {
		err = json.Unmarshal([]byte(text), &found)
	}
	if err != nil {
		b.t.Errorf("check %s: %v", name, err)
	}
	if len(found) > 0 {
		b.t.Errorf("%s breaks WCAG 2.2 AA:\n%s", name, strings.Join(found, "\n"))
	}
}
