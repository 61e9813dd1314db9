package api

import (
	"maps"
	"slices"

	"resolute/kb"
	"resolute/kb/read"
)

// describedShape are the members that say what a document is about; each may be absent.
func describedShape(edition string) schema {
	return schema{"product": text(""), "locale": text("BCP 47, like en or pt-BR"), "audience": oneOf("customer, if absent; what is internal is cited to no customer", read.Customer, read.Internal),
		"valid_from": moment("before it, it isn't found"), "valid_until": moment("from then on, it isn't found"), edition: text("the version that the document itself names"), "origin": text("where it was taken from")}
}

// knowledgeShapes are the schemas of documents, of what is found in them, and of corrections.
func knowledgeShapes() schema {
	about := func(members schema, optional ...string) schema {
		described := describedShape("edition")
		maps.Copy(members, described)
		return object("", members, slices.AppendSeq(optional, maps.Keys(described))...)
	}
	document := func(more schema) schema {
		members := schema{"id": text(""), "title": text(""), "source": text("path"), "version": text("the edition that it names, else 12 hexadecimal digits of its content's SHA-256"), "imported_at": moment(""), "chunks": integer(""), "meta": open("")}
		maps.Copy(members, more)
		return about(members, "meta")
	}
	given := describedShape("version")
	maps.Copy(given, schema{"id": text(""), "source": text("path; its ending says the format"), "title": text(""), "text": text(""), "content": text("base64, in place of text"), "format": text("in place of the ending, like pdf")})
	uses := schema{"used": integer("how often"), "uses": arrayOf(ref("Use"))}
	return schema{
		"Document":     document(nil),
		"Imported":     document(schema{"state": oneOf("", kb.StateAdded, kb.StateChanged, kb.StateUnchanged), "renewed": integer("chunks that weren't there before"), "removed": integer("chunks that are no longer there")}),
		"Contents":     document(schema{"contents": arrayOf(object("", schema{"id": text(""), "headings": arrayOf(text("")), "text": text(""), "citation": text("kb://document#heading@version")})), "used": uses["used"], "uses": uses["uses"]}),
		"NewDocuments": closed(object("", schema{"documents": arrayOf(closed(object("", given, slices.Collect(maps.Keys(given))...)))})),
		"Hit": about(schema{"document_id": text(""), "chunk_id": text("of the chunk that ranks best"), "chunks": arrayOf(text("")), "title": text("of the document"), "headings": arrayOf(text("")), "text": text(""), "score": number("orders the hits of one search"),
			"relevance": number("how well it fits, from 0 to 1"), "keyword_rank": integer("from 1; 0 if the words didn't find it"), "vector_rank": integer("from 1; 0 if the vectors didn't find it"), "similarity": number("cosine to the query"),
			"matched": arrayOf(text("word of the query, as the index knows it")), "source": text("path"), "citation": text("kb://document#heading@version"), "correction": object("", taught(nil), mayLack[:]...)}, "correction"),
		"Found": object("A passage as it was when it was cited", schema{"address": text("kb://document#heading@version"), "document": ref("Document"), "headings": arrayOf(text("")), "text": text(""),
			"past": boolean("the document changed since"), "now": text("version that it has now"), "correction": object("", taught(nil), mayLack[:]...)}, "now", "correction"),
		"Gap":        object("What cases asked for and found nothing about", schema{"query": text("the one that is most like the others"), "count": integer(""), "last": moment(""), "cases": arrayOf(text("id")), "other": arrayOf(text("how else it was asked"))}),
		"Use":        object("Where a passage was relied on", schema{"case_id": text(""), "at": moment(""), "kind": oneOf("grounded: a case rests on it; replied: a reply cites it", kb.Grounded, kb.Replied), "address": text(""), "query": text("that found it")}, "query"),
		"Correction": object("What an operator taught", taught(schema{"address": text("kb://corrections..."), "used": uses["used"], "uses": uses["uses"]}), mayLack[:]...),
		"NewCorrection": closed(object("What is to be known from now on, where its scope is so", schema{"scope": closed(scope()), "says": text(""), "instead_of": text("what it corrects"), "expires_at": moment("never, if absent"), "from_case": text("id")},
			"scope", "instead_of", "expires_at", "from_case")),
	}
}

var mayLack = [...]string{"instead_of", "expires_at", "from_case", "from_cases", "why", "contradicts", "tried_at", "ended_by", "ended_at"}

func taught(more schema) schema {
	members := schema{"id": text(""), "scope": scope(), "says": text(""), "instead_of": text(""), "expires_at": moment(""), "from_case": text("id"), "by": text("actor"), "at": moment(""),
		"state": oneOf("held: it contradicts another, came in a flood or lowers the rehearsals, and no admin has decided", kb.Active, kb.Held, kb.Expired, kb.Revoked), "from_cases": arrayOf(text("id of a further case")), "why": text("it is held, where it contradicts none"), "contradicts": arrayOf(text("id")), "tried_at": moment("when the rehearsals were found to pass with it as without, or an admin accepted it"), "ended_by": text("actor"), "ended_at": moment("")}
	maps.Copy(members, more)
	return members
}

func scope() schema {
	return object("Where it holds: where all that is named is so", schema{"procedure": text(""), "product": text(""), "customer": text("id or address")}, "procedure", "product", "customer")
}

// stateful adds to a list of documents how the base stands.
func stateful(list schema) schema {
	list["properties"].(schema)["state"] = object("", schema{"documents": integer(""), "chunks": integer(""), "embedder": text("fingerprint of the one that is wanted"), "renewing": boolean("its vectors are still being made"), "embedded": integer("of which so many are there"),
		"answering": text("fingerprint of the embedder that answers meanwhile; empty if words alone do"), "trouble": text("what answers meanwhile, and why the embedder couldn't be asked the last time")}, "embedded", "trouble")
	list["required"] = append(list["required"].([]any), "state")
	return list
}
