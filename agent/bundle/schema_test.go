package bundle_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"resolute/agent/bundle"
	"resolute/plugins/demo"
)

// kinds are the folders whose files each schema is for.
var kinds = map[string]string{"procedures": "procedure", "policies": "policy", "tools": "tools", "monitors": "monitor", "rehearsals": "rehearsal", "resolute.yaml": "resolute", "authority.yaml": "authority"}

func compiledSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	all := map[string]*jsonschema.Schema{}
	for _, kind := range bundle.SchemaKinds() {
		text, err := bundle.Schema(kind)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(kind+".json", doc); err != nil {
			t.Fatal(err)
		}
		if all[kind], err = c.Compile(kind + ".json"); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	return all
}

// asJSON reads YAML as editors do.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	b, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestBundlesThatAreRightFitTheirSchemas(t *testing.T) {
	all := compiledSchemas(t)
	starter, err := bundle.Starter()
	if err != nil {
		t.Fatal(err)
	}
	company, err := demo.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]fs.FS{"starter": starter, "demo": company, "good": files(nil)} {
		seen := map[string]bool{}
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			dir, _, _ := strings.Cut(path, "/")
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || kinds[dir] == "" {
				return err
			}
			text, err := fs.ReadFile(files, path)
			if err != nil {
				return err
			}
			seen[kinds[dir]] = true
			if err := all[kinds[dir]].Validate(asJSON(t, text)); err != nil {
				t.Errorf("%s of the bundle %s: %v", path, name, err)
			}
			return nil
		})
		if err != nil || len(seen) < 5 {
			t.Errorf("of the bundle %s only %v were seen (%v)", name, seen, err)
		}
	}
}

// TestSchemasKnowWhatTheParserKnows: each mapping that the strict parser reads is an object of some
// schema, with the same keys, and the other way round.
func TestSchemasKnowWhatTheParserKnows(t *testing.T) {
	parsed := map[string]bool{}
	for _, dir := range []string{".", "../policy", "../procedure", "../rehearsal/scenario"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			code, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(code, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f, method := call.Fun.(*ast.SelectorExpr)
				i, own := call.Fun.(*ast.Ident)
				if (method && f.Sel.Name == "Mapping" || own && i.Name == "mapping") && !call.Ellipsis.IsValid() {
					var keys []string
					for _, a := range call.Args {
						if lit, ok := a.(*ast.BasicLit); ok {
							key, _ := strconv.Unquote(lit.Value)
							keys = append(keys, key)
						}
					}
					slices.Sort(keys)
					parsed[strings.Join(keys, " ")] = true
				}
				return true
			})
		}
	}
	described := map[string]bool{}
	for _, kind := range bundle.SchemaKinds() {
		text, err := bundle.Schema(kind)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		objects(doc, described)
	}
	for keys := range parsed {
		if !described[keys] {
			t.Errorf("the parser reads a mapping of %q, and no schema has an object of these keys", keys)
		}
	}
	for keys := range described {
		if !parsed[keys] {
			t.Errorf("a schema has an object of %q, and the parser reads no mapping of these keys", keys)
		}
	}
}

// objects gathers the keys of all closed objects in a schema.
func objects(doc any, all map[string]bool) {
	switch v := doc.(type) {
	case []any:
		for _, e := range v {
			objects(e, all)
		}
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == false {
			all[strings.Join(slices.Sorted(maps.Keys(properties)), " ")] = true
		}
		for _, e := range v {
			objects(e, all)
		}
	}
}

func TestSchemasMarkWhatIsWrong(t *testing.T) {
	all := compiledSchemas(t)
	for _, tt := range []struct{ kind, text string }{
		{"policy", "policy: p\napplies_to: [a.b]\nruls: []\n"},
		{"policy", "policy: p\napplies_to: [a.b]\nrules: [{id: r, deny: a, allow: b}]\n"},
		{"policy", "policy: p\napplies_to: [a.b]\nfrom: {x: [tol]}\n"},
		{"policy", "applies_to: [a.b]\n"},
		{"procedure", "procedure: Damaged Item\ngoal: g\nstart: {signals: [a]}\n"},
		{"procedure", "procedure: p\ngoal: g\nstart: {signals: [a]}\nhypotheses: [{name: h, do: [{ask: {text: t, as: a}, wait: {for: x}}], verify: {call: a.b, check: c}}]\n"},
		{"tools", "plugin: p\nurl: u\ntrusted: {get: [id]}\n"},
		{"monitor", "monitor: m\nevery: soon\ncall: {call: a.b, as: x}\neach: a\nkey: b\nsignal: {}\n"},
		{"authority", "default: maybe\n"},
		{"rehearsal", "rehearsal: r\nnow: 2026-03-01T10:00:00Z\nsignals: [{type: a}]\nworld: {a.b: [{result: {}}]}\nfaults: [{tool: a.b, kind: gone}]\nexpect: {status: resolved}\n"},
		{"resolute", "company: C\nthresholds: {triage: 2}\n"},
	} {
		if err := all[tt.kind].Validate(asJSON(t, []byte(tt.text))); err == nil {
			t.Errorf("the schema of %s finds nothing wrong with:\n%s", tt.kind, tt.text)
		}
	}
	if _, err := bundle.Schema("polcy"); err == nil || !strings.Contains(err.Error(), "did you mean policy?") {
		t.Errorf("a kind that isn't there: %v", err)
	}
}
