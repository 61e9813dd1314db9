package suggest

import (
	"maps"
	"slices"
	"strings"

	"resolute/agent/source"
)

// file finds the file of a folder whose key names it so: "procedures", "procedure", "damaged-item".
func (v *View) file(folder, key, name string) (path string, root source.Node, ok bool) {
	for _, path := range slices.Sorted(maps.Keys(v.Files)) {
		if !strings.HasPrefix(path, folder+"/") || !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml") {
			continue
		}
		var problems source.Problems
		n := source.Parse(path, v.Files[path], &problems)
		if !problems.Failed() && word(n, key) == name {
			return path, n, true
		}
	}
	return "", source.Node{}, false
}

// get gives a value of a mapping, and whether it is there.
func get(n source.Node, key string) (source.Node, bool) {
	if !n.IsMapping() {
		return source.Node{}, false
	}
	for _, e := range n.Entries() {
		if e.Key.Value == key {
			return e.Value, true
		}
	}
	return source.Node{}, false
}

// word gives a scalar of a mapping, "" where there is none.
func word(n source.Node, key string) string {
	if v, ok := get(n, key); ok && v.IsScalar() {
		return v.String()
	}
	return ""
}

// named gives the index of the mapping in a list whose key says so, -1 for none.
func named(list source.Node, key, name string) int {
	if list.IsScalar() || list.IsMapping() {
		return -1
	}
	return slices.IndexFunc(list.List(), func(n source.Node) bool { return word(n, key) == name })
}

// flow writes a node on one line.
func flow(n source.Node) string {
	switch {
	case n.IsMapping():
		var parts []string
		for _, e := range n.Entries() {
			parts = append(parts, e.Key.Value+": "+flow(e.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case !n.IsScalar():
		var parts []string
		for _, e := range n.List() {
			parts = append(parts, flow(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if _, text := n.Scalar().(string); !text {
		return n.String()
	}
	return quote(n.String())
}

// quote writes a text so that YAML takes it for nothing else.
func quote(s string) string { return "'" + strings.ReplaceAll(oneLine(s), "'", "''") + "'" }
