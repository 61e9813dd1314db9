package api

import (
	"maps"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// houseShapes are the schemas of everything but cases.
func houseShapes() schema {
	token := func(more schema) schema {
		members := schema{"id": text(""), "name": text(""), "role": oneOf("", people.Roles()...), "untrusted": boolean("its signals vouch for nobody"),
			"created_at": moment(""), "created_by": text("actor"), "expires_at": orNull(moment("null for never")), "last_used_at": orNull(moment("to the minute; null for never"))}
		for name, s := range more {
			members[name] = s
		}
		return object("", members)
	}
	levels := oneOf("", casefile.LevelShadow, casefile.LevelPropose, casefile.LevelAct)
	shapes := schema{
		"Problem": object("RFC 9457", schema{"type": text(""), "title": text(""), "status": integer("HTTP status"), "detail": text(""), "instance": text("path of the request"),
			"errors": arrayOf(object("One thing that is wrong", schema{"pointer": text("JSON pointer into the body, or file:line:col of a bundle"), "parameter": text("of the query"), "detail": text("")}, "pointer", "parameter"))}, "detail", "instance", "errors"),
		"Event":    eventShape(),
		"Receipt":  object("", schema{"signal_id": text(""), "case_id": text("the case that it belongs to"), "duplicate": boolean("its source and id were accepted before")}),
		"Decision": decisionShape(),
		"Callback": object("", schema{"idempotency_key": text("the call's"), "result": anything("what the tool gives"), "error": object("or a problem: the business says no", schema{"type": text(""), "title": text(""), "status": integer(""), "detail": text(""), "instance": text(""), "code": text("")},
			"type", "title", "status", "detail", "instance", "code")}, "result", "error"),
		"Version":      object("", schema{"version": text("SHA-256 of its content"), "active": boolean(""), "company": text(""), "applied_at": moment(""), "applied_by": text("actor"), "draft": boolean("stored to be tried, and never active")}, "draft"),
		"Activated":    object("", schema{"version": text(""), "active": boolean(""), "rehearsed": orNull(ref("Evidence")), "shadow": orNull(ref("Shadow"))}),
		"Bundle":       object("", schema{"version": text(""), "active": boolean(""), "draft": boolean("stored to be tried, and never active"), "company": text(""), "procedures": arrayOf(text("name")), "rehearsals": arrayOf(text("name")), "rehearsed": orNull(ref("Evidence")), "shadow": orNull(ref("Shadow"))}),
		"Diff":         diffShape(),
		"Impact":       impactShape(),
		"Drift":        object("A plugin that says another thing of itself than the active bundle has", schema{"plugin": text(""), "pinned": text("hash of the manifest that the bundle has"), "now": text("hash of the one that the plugin gives"), "version": text("the plugin's own"), "tools": arrayOf(text("PLUGIN.TOOL whose writes are held")), "seen_at": moment("")}),
		"Token":        token(nil),
		"NewToken":     closed(object("", schema{"role": oneOf("", people.Roles()...), "name": text(""), "untrusted": boolean("its signals vouch for nobody"), "expires_at": moment("never, if absent")}, "name", "untrusted", "expires_at")),
		"CreatedToken": token(schema{"token": text("the secret, shown this once")}),
		"Deed":         object("Something that somebody did", schema{"id": text("ascends with time"), "at": moment(""), "actor": text(""), "action": text("what was done, as in token.created"), "subject": text("to what"), "detail": open("")}, "detail"),
		"State":        object("", schema{"status": text(""), "knowledge": text("what is wrong with the knowledge base, and what answers meanwhile"), "model": text("what is wrong with the model; procedures go on without it")}, "knowledge", "model"),
		"Level": object("How far the agent may go for a procedure, a tool and a band of amounts", schema{"procedure": text(""), "tool": text("PLUGIN.TOOL"), "band": text("bounds in minor units and the currency; empty where there is no amount"),
			"level": levels, "given": levels, "why": text(""), "since": moment("when counting began"), "evidence": ref("Judgements"), "lower_bound": number("of agreement between proposals and people; it holds at every look"), "promotion": orNull(ref("Promotion")), "lowered": orNull(ref("Lowered"))}),
		"Lowered":    object("A level that an admin took away; it holds until more is earned from then on and accepted, or an admin restores it", schema{"to": levels, "by": text("actor"), "at": moment(""), "note": text("why")}),
		"Judgements": object("Proposals by what people said", schema{"agreed": integer(""), "edited": integer(""), "rejected": integer(""), "reversed": integer("taken back or found wrong later")}),
		"Promotion": object("A level that was earned and waits for an admin", schema{"base": levels, "from": levels, "to": levels, "proposed_at": moment(""), "case_id": text("whose decision tipped the scales"), "evidence": ref("Judgements"),
			"lower_bound": number(""), "why": text("")}),
		"PromotionAnswer": closed(object("", schema{"procedure": text(""), "tool": text("PLUGIN.TOOL"), "band": text("as GET shows it; * in demote and restore: whatever the action moves"), "decision": oneOf("", "accept", "refuse", "demote", "restore"), "to": oneOf("accept: the level that was shown, another one that waits meanwhile isn't meant; demote: the level it falls to, needed", casefile.LevelShadow, casefile.LevelPropose, casefile.LevelAct), "note": text("why; needed to demote and restore")}, "procedure", "band", "to", "note")),
	}
	maps.Copy(shapes, knowledgeShapes())
	maps.Copy(shapes, pauseShapes())
	maps.Copy(shapes, insightShapes())
	maps.Copy(shapes, rehearsalShapes())
	maps.Copy(shapes, peopleShapes())
	maps.Copy(shapes, triageShapes())
	maps.Copy(shapes, suggestionShapes())
	shapes["Precedent"] = precedentShape()
	maps.Copy(shapes, shadowShapes())
	maps.Copy(shapes, statusShapes())
	maps.Copy(shapes, modelShapes())
	return shapes
}

// eventShape is a CloudEvents 1.0 event, as far as resolute reads it.
func eventShape() schema {
	known := object("Known fields; anything else is the sender's", schema{"customer": object("A claim", schema{"id": text(""), "email": text(""), "name": text("")}, "id", "email", "name"),
		"text": text(""), "subject": text(""), "thread": text("the conversation that it belongs to"), "attachments": schema{"type": "array"}, "reply_to": text("")},
		"customer", "text", "subject", "thread", "attachments", "reply_to")
	return object("CloudEvents 1.0. source and id are its identity: a second one changes nothing", schema{"specversion": schema{"const": "1.0"}, "id": text(""), "source": text(""), "type": text(""), "subject": text(""),
		"time": moment("when it happened; when it arrives, if absent"), "datacontenttype": text("JSON, if absent"), "data": known}, "subject", "time", "datacontenttype", "data")
}

func decisionShape() schema {
	return closed(object("What a person decides about a case", schema{
		"decision": oneOf("", casefile.DecideApprove, casefile.DecideReject, casefile.DecideEdit, casefile.DecideOverride, casefile.DecideRetry, casefile.DecideTakeover, casefile.DecideHandback, casefile.DecideClose, casefile.DecideReopen),
		"hash":     text("of the approval that was shown: approve, edit; reject checks it where it is given"), "action": closed(object("override: in place of the next one", schema{"tool": text("PLUGIN.TOOL"), "args": open(""), "effect": text("the tool's own, whatever is said here")}, "args", "effect")),
		"hypothesis": text("override: to go on with"), "procedure": text("override: that is to handle the case from the start; close: that it was for, or none"), "args": open("edit: other arguments"), "note": text("why"), "correction": ref("NewCorrection"), "bundle": text("retry, reopen: active, or a version, to move the case to"),
		"seen": moment("updated_at of the case that was looked at: where somebody decided after it, all but a takeover changes nothing (409)")},
		"hash", "action", "hypothesis", "procedure", "args", "note", "correction", "bundle", "seen"))
}
