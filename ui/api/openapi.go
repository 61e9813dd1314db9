package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var parameterInPath = regexp.MustCompile(`:([a-z]+)`)

// document describes the routes, as OpenAPI 3.1 has it.
func document(routes []route, version string) schema {
	paths := schema{}
	for _, rt := range routes {
		if rt.admin {
			continue
		}
		path := parameterInPath.ReplaceAllString(rt.path, "{$1}")
		if paths[path] == nil {
			paths[path] = schema{}
		}
		paths[path].(schema)[strings.ToLower(rt.method)] = rt.operation()
	}
	shapes := caseShapes()
	maps.Copy(shapes, houseShapes())
	return schema{
		"openapi": "3.1.0",
		"info":    schema{"title": "resolute", "version": version},
		"paths":   paths,
		"components": schema{
			"securitySchemes": schema{"token": schema{"type": "http", "scheme": "bearer"}},
			"schemas":         shapes,
		},
	}
}

func (rt *route) operation() schema {
	var params []any
	for _, m := range parameterInPath.FindAllStringSubmatch(rt.path, -1) {
		params = append(params, schema{"name": m[1], "in": "path", "required": true, "schema": text("")})
	}
	for _, p := range rt.query {
		params = append(params, schema{"name": p.name, "in": "query", "schema": p.schema})
	}
	done := schema{"description": "Done"}
	if rt.gives != nil {
		done["content"] = content(rt.gives)
	}
	op := schema{"summary": rt.about, "responses": schema{
		strconv.Itoa(rt.done()): done,
		"default":               schema{"description": "A problem", "content": schema{"application/problem+json": schema{"schema": ref("Problem")}}},
	}}
	if params != nil {
		op["parameters"] = params
	}
	if rt.takes != nil {
		op["requestBody"] = schema{"required": true, "content": content(rt.takes)}
	}
	switch rt.role {
	case anybody:
	case loopback:
		op["security"] = []any{schema{}, schema{"token": []any{}}}
		op["description"] = "No token is needed on a loopback address; else the role viewer"
	default:
		op["security"] = []any{schema{"token": []any{}}}
		op["description"] = "Role: " + rt.role
	}
	return op
}

// done is the status when all went well.
func (rt *route) done() int {
	if rt.status == 0 {
		return http.StatusOK
	}
	return rt.status
}

func content(by map[string]schema) schema {
	c := schema{}
	for media, s := range by {
		c[media] = schema{"schema": s}
	}
	return c
}

// getOpenAPI answers the document.
func (s *server) getOpenAPI(r *request) error { return answer(r, http.StatusOK, s.document) }

// bodies compiles the schemas of the JSON that routes take, by method and path.
func bodies(routes []route, doc schema) (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	all := schema{}
	for i := range routes {
		if s, ok := routes[i].takes[mediaJSON]; ok {
			all[routes[i].method+" "+routes[i].path] = s
		}
	}
	// Through JSON, since the compiler knows the types of decoded JSON alone.
	b, err := json.Marshal(schema{"$defs": all, "components": doc["components"]})
	if err != nil {
		return nil, err
	}
	decoded, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		return nil, err
	}
	const at = "schema:///api.json"
	if err := c.AddResource(at, decoded); err != nil {
		return nil, err
	}
	compiled := map[string]*jsonschema.Schema{}
	for name := range all {
		s, err := c.Compile(at + "#/$defs/" + strings.NewReplacer("~", "~0", "/", "~1", " ", "%20").Replace(name))
		if err != nil {
			return nil, fmt.Errorf("the schema of %s: %w", name, err)
		}
		compiled[name] = s
	}
	return compiled, nil
}
