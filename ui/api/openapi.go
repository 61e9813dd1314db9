package api

import (
	"net/http"
	"regexp"
	"strings"
)

var parameter = regexp.MustCompile(`:([a-z]+)`)

// getOpenAPI makes the document from the table of routes.
func (s *server) getOpenAPI(r *request) error {
	paths := map[string]map[string]any{}
	for _, rt := range s.routes() {
		if rt.admin {
			continue
		}
		path := parameter.ReplaceAllString(rt.path, "{$1}")
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		var params []any
		for _, m := range parameter.FindAllStringSubmatch(rt.path, -1) {
			params = append(params, map[string]any{"name": m[1], "in": "path", "required": true, "schema": map[string]string{"type": "string"}})
		}
		for _, q := range rt.query {
			params = append(params, map[string]any{"name": q, "in": "query", "schema": map[string]string{"type": "string"}})
		}
		op := map[string]any{"summary": rt.about, "responses": map[string]any{
			"2XX":     map[string]any{"description": "Done"},
			"default": map[string]any{"description": "A problem", "content": map[string]any{"application/problem+json": map[string]any{"schema": map[string]string{"$ref": "#/components/schemas/Problem"}}}},
		}}
		if params != nil {
			op["parameters"] = params
		}
		if rt.role != anybody {
			op["security"] = []any{map[string]any{"token": []string{}}}
			op["description"] = "Role: " + rt.role
		}
		paths[path][strings.ToLower(rt.method)] = op
	}
	text := map[string]string{"type": "string"}
	return answer(r, http.StatusOK, map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]string{"title": "resolute", "version": s.Version},
		"paths":   paths,
		"components": map[string]any{
			"securitySchemes": map[string]any{"token": map[string]string{"type": "http", "scheme": "bearer"}},
			"schemas": map[string]any{"Problem": map[string]any{"type": "object", "required": []string{"type", "title", "status"}, "properties": map[string]any{
				"type": text, "title": text, "status": map[string]string{"type": "integer"}, "detail": text, "instance": text,
				"errors": map[string]any{"type": "array", "items": map[string]any{"type": "object", "properties": map[string]any{"pointer": text, "detail": text}}}}}},
		},
	})
}
