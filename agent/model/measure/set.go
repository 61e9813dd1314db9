package measure

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed set
var set embed.FS

// Set is what a model is tried with.
type Set struct {
	Name string
	// Files are the bundle whose procedures the model drives, with the scenarios.
	Files fs.FS
	// Plain are the same without a model: what the procedures come to alone.
	Plain fs.FS
}

// Shipped is the set that comes with resolute: a small company whose problems a model solves, and the
// same ones solved by procedures.
func Shipped() (Set, error) {
	files, err := fs.Sub(set, "set/bundle")
	if err != nil {
		return Set{}, err
	}
	plain, err := fs.Sub(set, "set/plain")
	if err != nil {
		return Set{}, err
	}
	return Set{Name: "shipped", Files: files, Plain: exchanged{files, procedures, plain}}, nil
}

const procedures = "procedures"

// exchanged is a folder, one of whose folders is another's of that name.
type exchanged struct {
	fs.FS
	folder string
	with   fs.FS
}

// Open opens a file.
func (e exchanged) Open(name string) (fs.File, error) {
	if name == e.folder || strings.HasPrefix(name, e.folder+"/") {
		return e.with.Open(name)
	}
	return e.FS.Open(name)
}
