package bundle

import (
	"embed"
	"io/fs"
)

//go:embed starter
var starter embed.FS

// Starter is a small commented bundle that runs as it is against the demo company's shop.
func Starter() (fs.FS, error) { return fs.Sub(starter, "starter") }
