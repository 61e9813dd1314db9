package bundle

import (
	"maps"
	"path"
	"slices"
	"strings"

	"resolute/agent/expr"
	"resolute/agent/source"
	"resolute/agent/table"
)

// readTables reads the bundle's tables, and makes the compiler one that knows them.
func (l *loader) readTables() {
	var tables []*table.Table
	text := map[string][]byte{}
	for _, file := range slices.Sorted(maps.Keys(l.content)) {
		dir, name, _ := strings.Cut(file, "/")
		if dir != "tables" || !strings.HasSuffix(file, ".csv") {
			continue
		}
		if strings.Contains(name, "/") {
			l.problems.Add(source.Pos{File: l.shown(file)}, "a table is a file right in tables/, not in a folder of it")
			continue
		}
		if t := table.Parse(l.shown(file), l.content[file], &l.problems); t != nil {
			tables, text[t.Name] = append(tables, t), l.content[file]
			if len(t.Rows) == 0 {
				l.problems.Warn(source.Pos{File: l.shown(path.Clean(file))}, "the table %s has no rows, so no rule finds anything in it", t.Name)
			}
		}
	}
	set := table.NewSet(tables, text)
	compiler, err := l.compiler.WithTables(set)
	if err != nil {
		l.problems.Add(source.Pos{File: l.shown("tables")}, "%v", err)
		return
	}
	l.compiler, l.Tables = compiler, expr.NewTables(set)
}
