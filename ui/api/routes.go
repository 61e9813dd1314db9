package api

import (
	"net/http"

	"resolute/agent/people"
	"resolute/tools/protocol"
)

type callbackBody = protocol.CallbackBody

// Roles of routes beside those of people.
const (
	anybody  = "anybody"
	loopback = "loopback" // no token from a loopback address, else a viewer's
)

// route is one line of the API.
type route struct {
	method, path, role string
	admin              bool
	class              class
	about              string   // in the OpenAPI document
	query              []string // parameters
	do                 func(*request) error
}

const base = "/api/v1"

func (s *server) routes() []route {
	viewer, operator, admin, ingest := string(people.Viewer), string(people.Operator), string(people.Admin), string(people.Ingest)
	paged := []string{"limit", "cursor"}
	return []route{
		{method: "POST", path: base + "/signals", role: ingest, class: classSignals, about: "Take signals: CloudEvents 1.0, structured, binary or batched; 202 once durable", do: s.postSignals},
		{method: "GET", path: base + "/cases", role: viewer, about: "Cases, newest first", query: append([]string{"status", "procedure", "customer", "q", "stop"}, paged...), do: s.getCases},
		{method: "GET", path: base + "/cases/:id", role: viewer, about: "One case", do: s.getCase},
		{method: "GET", path: base + "/cases/:id/journal", role: viewer, about: "The journal of a case, ascending", query: paged, do: s.getJournal},
		{method: "POST", path: base + "/cases/:id/decisions", role: operator, about: "Decide about a case", do: s.postDecision},
		{method: "GET", path: base + "/approvals", role: viewer, about: "What waits for a person, oldest first", query: paged, do: s.getApprovals},
		{method: "GET", path: base + "/outbox", role: viewer, about: "Replies and questions, newest first", query: paged, do: s.getOutbox},
		{method: "GET", path: base + "/stream", role: viewer, class: classStreams, about: "Server-sent events: one for each entry of any journal; resumable by Last-Event-ID", do: s.getStream},
		{method: "GET", path: base + "/knowledge/search", role: viewer, about: "Search the knowledge", query: []string{"q", "k", "mode", "each", "floor", "product", "locale", "audience", "procedure", "customer"}, do: s.searchKnowledge},
		{method: "GET", path: base + "/knowledge/passage", role: viewer, about: "The passage that an address kb://document#heading@version leads to, as it was then", query: []string{"address"}, do: s.getPassage},
		{method: "GET", path: base + "/knowledge/gaps", role: viewer, about: "What cases asked for and found nothing about, put together", query: []string{"limit"}, do: s.getGaps},
		{method: "GET", path: base + "/knowledge/:id", role: viewer, about: "One document with its chunks and where it was used", do: s.getDocument},
		{method: "GET", path: base + "/knowledge", role: viewer, about: "Documents", query: paged, do: s.getKnowledge},
		{method: "POST", path: base + "/knowledge", role: admin, class: classLarge, about: "Import documents: JSON {documents: [{source, text}]}, or multipart files; the stream tells progress as knowledge.progress", do: s.postKnowledge},
		{method: "DELETE", path: base + "/knowledge/:id", role: admin, about: "Delete a document; with erase, what was cited of it as well", query: []string{"erase"}, do: s.deleteKnowledge},
		{method: "POST", path: base + "/corrections", role: operator, about: "Teach a correction; one that contradicts another is held for an admin", do: s.postCorrection},
		{method: "GET", path: base + "/corrections", role: viewer, about: "Corrections, newest first, with where they were used", query: paged, do: s.getCorrections},
		{method: "GET", path: base + "/corrections/:id", role: viewer, about: "One correction", do: s.getCorrection},
		{method: "DELETE", path: base + "/corrections/:id", role: operator, about: "Revoke a correction", do: s.deleteCorrection},
		{method: "POST", path: base + "/corrections/:id/accept", role: admin, about: "Let a held correction count in place of those that it contradicts", do: s.acceptCorrection},
		{method: "POST", path: base + "/bundles", role: admin, class: classLarge, about: "Store a bundle (tar.gz) and activate it", do: s.postBundle},
		{method: "GET", path: base + "/bundles", role: viewer, about: "Versions", do: s.getBundles},
		{method: "GET", path: base + "/bundles/:version", role: viewer, about: "One version", do: s.getBundle},
		{method: "POST", path: base + "/bundles/:version/activate", role: admin, about: "Activate a stored version", do: s.activateBundle},
		{method: "GET", path: base + "/tokens", role: admin, about: "Tokens, without their secrets", do: s.getTokens},
		{method: "POST", path: base + "/tokens", role: admin, about: "Create a token; its secret is shown this once", do: s.postToken},
		{method: "DELETE", path: base + "/tokens/:id", role: admin, about: "Revoke a token", do: s.deleteToken},
		{method: "GET", path: base + "/audit", role: admin, about: "Everything that anybody did", query: append([]string{"from", "to"}, paged...), do: s.getAudit},
		{method: "GET", path: base + "/openapi.json", role: anybody, class: classPublic, about: "This document", do: s.getOpenAPI},
		{method: "POST", path: "/callbacks/:token", role: anybody, class: classPublic, about: "The result of an asynchronous call; the address holds its secret", do: s.postCallback},
		{method: "GET", path: "/healthz", role: loopback, class: classProbes, about: "Alive", do: func(r *request) error { return answer(r, http.StatusOK, map[string]string{"status": "ok"}) }},
		{method: "GET", path: "/readyz", role: loopback, class: classProbes, about: "Ready for signals", do: s.getReady},
		{method: "GET", path: "/metrics", role: loopback, class: classProbes, about: "Prometheus", do: s.getMetrics},
		{method: "GET", path: "/admin/secrets", admin: true, about: "Names of secrets", do: s.getSecrets},
		{method: "PUT", path: "/admin/secrets/:name", admin: true, about: "Set a secret", do: s.putSecret},
		{method: "DELETE", path: "/admin/secrets/:name", admin: true, about: "Delete a secret", do: s.deleteSecret},
		{method: "POST", path: "/admin/verify", admin: true, about: "Walk the journal", do: s.postVerify},
		{method: "POST", path: "/admin/backup", admin: true, class: classStreams, about: "Stream a backup of the data folder", do: s.postBackup},
		{method: "POST", path: "/admin/signin", admin: true, about: "Make a one-time sign-in code", do: s.postSignIn},
	}
}
