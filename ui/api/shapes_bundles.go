package api

import "resolute/agent/bundle"

// diffShape is what changes from one version of the bundle to another.
func diffShape() schema {
	change := oneOf("", bundle.Added, bundle.Removed, bundle.Changed)
	return object("What changes from one version to another", schema{"from": text("version"), "to": text("version"),
		"files": arrayOf(object("", schema{"path": text(""), "change": change, "diff": text("unified; empty where it is no text, or too long")})),
		"rules": arrayOf(object("A rule, a binding or a budget", schema{"policy": text(""), "rule": text("id"), "change": change, "was": text(""), "now": text("")})),
		"tools": arrayOf(object("A tool as it is pinned", schema{"tool": text("PLUGIN.TOOL"), "change": change, "what": arrayOf(text("of input_schema, output_schema, effect, idempotent, async, timeout_ms"))}))})
}
