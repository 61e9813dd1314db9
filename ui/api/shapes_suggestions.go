package api

import (
	"resolute/agent/bundle"
	"resolute/agent/suggest"
)

// suggestionShapes are the schemas of what is suggested.
func suggestionShapes() schema {
	return schema{
		"Suggestion": object("A change of the active version that follows from what people decided", schema{"id": text("of what it is about: the same one as evidence grows"),
			"kind":  oneOf("", suggest.Loosen, suggest.Tighten, suggest.Argument, suggest.Order, suggest.Examples, suggest.Remedy, suggest.Procedure),
			"title": text(""), "why": text("in one sentence"), "evidence": integer("cases that it rests on"), "people": arrayOf(text("actor")), "one_person": boolean("nobody else decided so; that person doesn't accept it"),
			"cases": arrayOf(object("A decision that it rests on, the newest first", schema{"case_id": text(""), "seq": integer("of the entry"), "at": moment(""), "actor": text(""), "what": text("")})),
			"state": oneOf("", suggest.Open, suggest.Dismissed), "base": text("version that it changes"), "candidate": text("version that it would become"),
			"files":     arrayOf(object("", schema{"path": text(""), "change": oneOf("", bundle.Added, bundle.Removed, bundle.Changed), "diff": text("unified; empty where it is no text, or too long")})),
			"rehearsal": orNull(ref("Evidence")), "impact": ref("Impact"),
			"dismissal": object("", schema{"by": text("actor"), "at": moment(""), "note": text(""), "evidence": integer("cases that it rested on then")})},
			"impact", "dismissal"),
		"Accepted": object("A suggestion that became the active version", schema{"version": text(""), "active": boolean(""), "archive": text("path of its files (tar.gz)"), "note": text("what is to be done with them")}),
	}
}
