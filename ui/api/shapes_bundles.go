package api

import (
	"resolute/agent/bundle"
	"resolute/agent/casefile"
)

// diffShape is what changes from one version of the bundle to another.
func diffShape() schema {
	change := oneOf("", bundle.Added, bundle.Removed, bundle.Changed)
	return object("What changes from one version to another", schema{"from": text("version"), "to": text("version"),
		"files": arrayOf(object("", schema{"path": text(""), "change": change, "diff": text("unified; empty where it is no text, or too long")})),
		"rules": arrayOf(object("A rule, a binding or a budget", schema{"policy": text(""), "rule": text("id"), "change": change, "was": text(""), "now": text("")})),
		"tools": arrayOf(object("A tool as it is pinned", schema{"tool": text("PLUGIN.TOOL"), "change": change, "what": arrayOf(text("of input_schema, output_schema, effect, idempotent, async, timeout_ms"))}))})
}

// impactShape is what would have been decided otherwise.
func impactShape() schema {
	outcome := oneOf("", casefile.Allow, casefile.Approve, casefile.Deny)
	return object("What would have been decided otherwise", schema{"version": text("that judged"), "from": orNull(moment("")), "to": orNull(moment("")), "decisions": integer("judged again"), "changed": integer("of them"),
		"changes": arrayOf(object("Verdicts that would have been others, the most frequent first", schema{"tool": text("PLUGIN.TOOL"), "was": outcome, "was_rule": text("that decided; empty for a level of authority, or none"), "now": outcome, "now_rule": text(""),
			"blind": boolean("the rule can't be evaluated on what these cases knew"), "count": integer(""),
			"amounts":  arrayOf(object("", schema{"currency": text("ISO 4217"), "amount_cents": integer("the sum of each action's largest *_cents argument")})),
			"examples": arrayOf(object("", schema{"case_id": text(""), "seq": integer("of the entry")}))}))})
}
