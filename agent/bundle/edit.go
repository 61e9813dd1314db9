package bundle

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
)

// Edit gives the files of a stored version with the content of one changed, or added.
func (l *Library) Edit(ctx context.Context, version, path string, text []byte) (fs.FS, error) {
	files, err := l.Files(ctx, version)
	if err != nil {
		return nil, err
	}
	if !fs.ValidPath(path) || path == "." {
		return nil, fmt.Errorf("%w: %.100q is no path of a file in a bundle", ErrVersion, path)
	}
	files = maps.Clone(files)
	files[path] = text
	return memory(files)
}
