package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assets are the stylesheet, the modules and the icon, under a path that names their content.
type assets struct {
	files map[string][]byte
	base  string // "/assets/HASH/"
}

func loadAssets() *assets {
	a := &assets{files: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(assetFiles, "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := assetFiles.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n", path, len(b))
		sum.Write(b)
		a.files[strings.TrimPrefix(path, "assets/")] = b
		return err
	})
	if err != nil {
		panic("the embedded assets can't be read: " + err.Error())
	}
	a.base = "/assets/" + hex.EncodeToString(sum.Sum(nil))[:16] + "/"
	return a
}

// asset serves a file for good: another content has another path.
func (s *site) asset(w http.ResponseWriter, r *http.Request) error {
	name, ok := strings.CutPrefix(r.URL.Path, s.assets.base)
	content, found := s.assets.files[name]
	if !ok || !found {
		return fmt.Errorf("%w: %s", errNoPage, r.URL.Path)
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if strings.HasSuffix(name, ".js") {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return nil
}
