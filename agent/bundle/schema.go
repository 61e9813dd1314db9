package bundle

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"resolute/agent/source"
)

//go:embed schemas/*.json
var schemas embed.FS

// SchemaKinds are the kinds of files that have a JSON Schema: authority, monitor, policy, procedure,
// rehearsal, resolute and tools.
func SchemaKinds() []string {
	var kinds []string
	files, _ := schemas.ReadDir("schemas") // it is compiled in
	for _, f := range files {
		kinds = append(kinds, strings.TrimSuffix(f.Name(), ".json"))
	}
	return kinds
}

// Schema gives the JSON Schema (2020-12) of a kind of file, for editors. It is not what judges a
// bundle: Load is, which also knows what expressions mean and holds files against each other.
func Schema(kind string) ([]byte, error) {
	if kinds := SchemaKinds(); !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("there is no schema of %q; there are those of %s%s", kind, strings.Join(kinds, ", "), source.Nearest(kind, kinds))
	}
	return schemas.ReadFile("schemas/" + kind + ".json")
}
