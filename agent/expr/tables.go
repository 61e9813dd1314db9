package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"resolute/agent/source"
	"resolute/agent/table"
)

// tableRoot is what the names of tables begin with in CEL.
const tableRoot = "tables."

// WithTables gives a compiler of expressions that read tables too, as tables.NAME: a list of rows
// whose columns are typed. A table or a column that isn't there is a compile error.
func (c *Compiler) WithTables(tables *table.Set) (*Compiler, error) {
	if len(tables.Names()) == 0 {
		return c, nil
	}
	out := &Compiler{envs: map[Scope]*cel.Env{}, tables: tables, values: tableValues(tables)}
	var vars []cel.EnvOption
	for _, name := range tables.Names() {
		vars = append(vars, cel.Variable(tableRoot+name, cel.ListType(cel.ObjectType(rowType(name)))))
	}
	for scope, env := range c.envs {
		var err error
		if out.envs[scope], err = env.Extend(append(vars, cel.CustomTypeProvider(rows{env.CELTypeProvider(), tables}))...); err != nil {
			return nil, fmt.Errorf("CEL with tables: %w", err)
		}
	}
	return out, nil
}

// Tables are the values of tables, as expressions see them. They are immutable; the zero value has
// none.
type Tables struct {
	values map[string]ref.Val // by tables.NAME
	hash   string
}

// NewTables makes the values of a set of tables.
func NewTables(set *table.Set) Tables { return Tables{values: tableValues(set), hash: set.Hash()} }

// Hash is that of the tables' content, "" for none.
func (t Tables) Hash() string { return t.hash }

// tableValues are made once: evaluating an expression copies no table.
func tableValues(set *table.Set) map[string]ref.Val {
	values := map[string]ref.Val{}
	for _, name := range set.Names() {
		t, _ := set.Table(name)
		list := make([]ref.Val, len(t.Rows))
		for i, row := range t.Rows {
			cells := make(map[string]any, len(row))
			for column, v := range row {
				cells[column] = types.DefaultTypeAdapter.NativeToValue(v)
			}
			list[i] = types.NewStringInterfaceMap(types.DefaultTypeAdapter, cells)
		}
		values[tableRoot+name] = types.NewRefValList(types.DefaultTypeAdapter, list)
	}
	return values
}

// explainTable says what is wrong with naming a table.
func (c *Compiler) explainTable(name string) string {
	known := c.tables.Names()
	if len(known) == 0 {
		return "the bundle has no tables; a table is a file tables/NAME.csv"
	}
	return "there is no table " + name + "; a table is named tables.NAME, and there are " + strings.Join(known, ", ") + source.Nearest(name, known)
}

func rowType(table string) string { return "resolute.row." + table }

// rows tells CEL the columns of tables.
type rows struct {
	types.Provider
	tables *table.Set
}

func (r rows) find(structType string) (*table.Table, bool) {
	i := slices.IndexFunc(r.tables.Names(), func(name string) bool { return rowType(name) == structType })
	if i < 0 {
		return nil, false
	}
	return r.tables.Table(r.tables.Names()[i])
}

// FindStructType knows the rows of tables.
func (r rows) FindStructType(structType string) (*types.Type, bool) {
	if _, ok := r.find(structType); ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(structType)), true
	}
	return r.Provider.FindStructType(structType)
}

// FindStructFieldNames gives the columns of a table.
func (r rows) FindStructFieldNames(structType string) ([]string, bool) {
	if t, ok := r.find(structType); ok {
		return t.Names(), true
	}
	return r.Provider.FindStructFieldNames(structType)
}

// FindStructFieldType gives the type of a column.
func (r rows) FindStructFieldType(structType, fieldName string) (*types.FieldType, bool) {
	t, ok := r.find(structType)
	if !ok {
		return r.Provider.FindStructFieldType(structType, fieldName)
	}
	c, ok := t.Column(fieldName)
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: columnTypes[c.Type],
		IsSet: func(row any) bool { _, ok := cell(row, fieldName); return ok },
		GetFrom: func(row any) (any, error) {
			if v, ok := cell(row, fieldName); ok {
				return v, nil
			}
			return nil, fmt.Errorf("no such key: %s; the cell is empty", fieldName)
		}}, true
}

func cell(row any, column string) (any, bool) {
	cells, ok := row.(map[string]any)
	if !ok {
		return nil, false
	}
	v, ok := cells[column]
	return v, ok
}

// columnTypes are CEL's types of columns.
var columnTypes = map[table.Type]*types.Type{table.String: types.StringType, table.Int: types.IntType, table.Number: types.DoubleType,
	table.Bool: types.BoolType, table.Timestamp: types.TimestampType}
