package api

import (
	"net/http"

	"resolute/agent/people"
	"resolute/agent/suggest"
	"resolute/kb"
	"resolute/kb/read"
	"resolute/tools/protocol"
)

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
	about              string // in the OpenAPI document
	query              []parameter
	takes              map[string]schema // body by media type; one of JSON that is decoded has to fit
	status             int               // when all went well; 0 means 200
	gives              map[string]schema // answer by media type, nil for none
	do                 func(*request) error
}

const base = "/api/v1"

// Media types beside those of signals.
const (
	mediaForm    = "multipart/form-data"
	mediaArchive = "application/gzip"
	mediaStream  = "text/event-stream"
	mediaText    = "text/plain"
)

func inJSON(s schema) map[string]schema { return map[string]schema{mediaJSON: s} }

func (s *server) routes() []route {
	viewer, operator, admin, ingest := string(people.Viewer), string(people.Operator), string(people.Admin), string(people.Ingest)
	list := func(of string) map[string]schema { return inJSON(page(ref(of))) }
	all := []route{
		{method: "POST", path: base + "/signals", role: ingest, class: classSignals, about: "Take signals: CloudEvents 1.0, structured, binary (data alone, attributes as ce- headers) or batched; 202 once durable", status: http.StatusAccepted,
			takes: map[string]schema{mediaEvent: ref("Event"), mediaJSON: anything("An event, or in binary mode its data"), mediaBatch: arrayOf(ref("Event"))},
			gives: inJSON(schema{"anyOf": []any{ref("Receipt"), arrayOf(ref("Receipt"))}, "description": "A list, in order, for a batch"}), do: s.postSignals},
		{method: "GET", path: base + "/cases", role: viewer, about: "Cases, newest first", do: s.getCases, gives: list("Summary"), query: paged(isID, choice("status", "", statusNames[:]...),
			words("procedure", ""), words("customer", "id or email"), words("q", "words in id, subject, goal, procedure or customer"), choice("stop", "code", stopCodes[:]...), words("queue", "of those that wait for a person"))},
		{method: "GET", path: base + "/cases/:id", role: viewer, about: "One case", gives: inJSON(ref("Case")), do: s.getCase},
		{method: "GET", path: base + "/cases/similar", role: viewer, about: "Cases that are over and like what a customer wrote, what worked first", query: []parameter{words("text", "what a customer wrote"), howMany()}, gives: list("Precedent"), do: s.getSimilarTo},
		{method: "GET", path: base + "/cases/:id/similar", role: viewer, about: "Cases that are over and like this one, what worked first", query: []parameter{howMany()}, gives: list("Precedent"), do: s.getSimilar},
		{method: "GET", path: base + "/cases/:id/journal", role: viewer, about: "The journal of a case, ascending", query: paged(isNumber), gives: list("Entry"), do: s.getJournal},
		{method: "POST", path: base + "/cases/:id/decisions", role: operator, about: "Decide about a case; the answer is the case, which goes on from where it stood", takes: inJSON(ref("Decision")), gives: inJSON(ref("Case")), do: s.postDecision},
		{method: "GET", path: base + "/approvals", role: viewer, about: "What waits for a person, what was asked for first first", query: paged(isPlace), gives: list("Approval"), do: s.getApprovals},
		{method: "POST", path: base + "/pause", role: operator, about: "Keep the agent from acting, at once: through a tool, in a procedure, or at all", takes: inJSON(ref("PauseScope")), gives: inJSON(ref("Pause")), do: s.postPause},
		{method: "POST", path: base + "/resume", role: operator, about: "End a pause; the answer is what is still paused", takes: inJSON(ref("PauseScope")), gives: list("Pause"), do: s.postResume},
		{method: "GET", path: base + "/pauses", role: viewer, about: "What is paused", gives: list("Pause"), do: s.getPauses},
		{method: "GET", path: base + "/outbox", role: viewer, about: "Replies and questions, newest first", query: paged(isNumber), gives: list("Message"), do: s.getOutbox},
		{method: "GET", path: base + "/stream", role: viewer, class: classStreams, about: "Server-sent events: one for each entry of any journal; resumable by Last-Event-ID", gives: map[string]schema{mediaStream: text("data is JSON: case_id, seq, kind, at, actor, and status where the entry changes it")}, do: s.getStream},
		{method: "GET", path: base + "/knowledge/search", role: viewer, about: "Search the knowledge; nothing is found if the best passage is less relevant than the bundle's threshold, or floor, asks for", do: s.searchKnowledge,
			query: []parameter{words("q", ""), count("k", "how many at most", 10, 200), choice("mode", "hybrid, if absent", kb.Hybrid, kb.Keyword, kb.Vector), choice("each", "what a hit is; passages, if absent", kb.Passages, kb.Documents),
				fraction("floor", "how relevant the best has to be, from 0 to 1"), words("product", ""), words("locale", "like en or pt-BR"), choice("audience", "customer leaves out what is internal", read.Internal, read.Customer), words("procedure", "corrections of this scope count"), words("customer", "corrections of this scope count")},
			gives: inJSON(object("", schema{"hits": arrayOf(ref("Hit"))}))},
		{method: "GET", path: base + "/knowledge/passage", role: viewer, about: "The passage that an address leads to, as it was then", query: []parameter{words("address", "kb://document#heading@version")}, gives: inJSON(ref("Found")), do: s.getPassage},
		{method: "GET", path: base + "/knowledge/gaps", role: viewer, about: "What cases asked for and found nothing about, put together", query: []parameter{count("limit", "how many at most", 20, 100)}, gives: list("Gap"), do: s.getGaps},
		{method: "GET", path: base + "/knowledge/:id", role: viewer, about: "One document with its chunks and where it was used", gives: inJSON(ref("Contents")), do: s.getDocument},
		{method: "GET", path: base + "/knowledge", role: viewer, about: "Documents, and how the base stands", query: paged(isAny), gives: inJSON(stateful(page(ref("Document")))), do: s.getKnowledge},
		{method: "POST", path: base + "/knowledge", role: admin, class: classLarge, about: "Import documents; the stream tells progress as knowledge.progress", takes: map[string]schema{mediaJSON: ref("NewDocuments"), mediaForm: open("Files, and before them what holds for all: product, locale, audience, valid_from, valid_until, version, origin")},
			gives: inJSON(object("", schema{"id": text("of the import, as its progress is told under"), "documents": arrayOf(ref("Imported")), "failed": arrayOf(object("", schema{"pointer": text("source of the document"), "detail": text("")}))})), do: s.postKnowledge},
		{method: "DELETE", path: base + "/knowledge/:id", role: admin, about: "Delete a document; with erase, what was cited of it as well", query: []parameter{choice("erase", "", "true", "false")}, status: http.StatusNoContent, do: s.deleteKnowledge},
		{method: "POST", path: base + "/corrections", role: operator, about: "Teach a correction; one that contradicts another is held for an admin", takes: inJSON(ref("NewCorrection")), status: http.StatusCreated, gives: inJSON(ref("Correction")), do: s.postCorrection},
		{method: "GET", path: base + "/corrections", role: viewer, about: "Corrections, newest first, with where they were used", query: paged(isAny), gives: list("Correction"), do: s.getCorrections},
		{method: "GET", path: base + "/corrections/:id", role: viewer, about: "One correction", gives: inJSON(ref("Correction")), do: s.getCorrection},
		{method: "DELETE", path: base + "/corrections/:id", role: operator, about: "Revoke a correction", status: http.StatusNoContent, do: s.deleteCorrection},
		{method: "POST", path: base + "/corrections/:id/accept", role: admin, about: "Let a held correction count in place of those that it contradicts", gives: inJSON(ref("Correction")), do: s.acceptCorrection},
		{method: "POST", path: base + "/bundles", role: admin, class: classLarge, about: "Store a bundle (tar.gz) and activate it, or store it as a draft", query: []parameter{choice("activate", "false stores it as a draft, to be tried first", "true", "false")}, takes: map[string]schema{mediaArchive: {}}, gives: inJSON(ref("Activated")), do: s.postBundle},
		{method: "GET", path: base + "/bundles", role: viewer, about: "Versions", gives: list("Version"), do: s.getBundles},
		{method: "GET", path: base + "/bundles/:version", role: viewer, about: "One version", gives: inJSON(ref("Bundle")), do: s.getBundle},
		{method: "GET", path: base + "/bundles/:version/diff/:other", role: viewer, about: "What changes from one version to another; active names the active one", gives: inJSON(ref("Diff")), do: s.getDiff},
		{method: "POST", path: base + "/bundles/:version/diff", role: admin, class: classLarge, about: "What would change from a version to a bundle (tar.gz) that isn't stored, and isn't by this", takes: map[string]schema{mediaArchive: {}}, gives: inJSON(ref("Diff")), do: s.postDiff},
		{method: "POST", path: base + "/bundles/:version/impact", role: operator, class: classLarge, about: "Judge again, by this version, what was decided in a period; by a bundle (tar.gz) that isn't stored, where candidate stands for the version", query: []parameter{instant("from", "decisions at or after"), instant("to", "and before")},
			takes: map[string]schema{mediaJSON: closed(object("", schema{"from": moment("decisions at or after"), "to": moment("and before")}, "from", "to")), mediaArchive: {}}, gives: inJSON(ref("Impact")), do: s.postImpact},
		{method: "POST", path: base + "/bundles/:version/activate", role: admin, about: "Activate a stored version", gives: inJSON(ref("Activated")), do: s.activateBundle},
		{method: "POST", path: base + "/bundles/:version/shadow", role: operator, about: "Let a stored version run beside the active one, on live signals and without effects", gives: inJSON(ref("Shadow")), do: s.postShadow},
		{method: "DELETE", path: base + "/bundles/:version/shadow", role: operator, about: "End that; what it saw stays", gives: inJSON(ref("Shadow")), do: s.deleteShadow},
		{method: "GET", path: base + "/bundles/:version/shadow", role: viewer, about: "What a version saw beside the active one", gives: inJSON(ref("Shadow")), do: s.getShadow},
		{method: "POST", path: base + "/rehearsals", role: operator, class: classRuns, about: "Rehearse a stored version, or a bundle (tar.gz) that isn't stored, and isn't by this, in the background; where the same is under way, the answer is that", status: http.StatusAccepted,
			query: []parameter{waiting(), seeded(), replaying(), choice("faults", "for a bundle that is sent", "true", "false"), choice("live", "for a bundle that is sent", "true", "false")},
			takes: map[string]schema{mediaJSON: ref("NewRun"), mediaArchive: {}}, gives: inJSON(ref("ToldRun")), do: s.postRehearsal},
		{method: "GET", path: base + "/rehearsals", role: viewer, about: "Rehearsals that were run or are under way, newest first; the stream tells progress as rehearsal.progress", query: paged(isID), gives: list("Run"), do: s.getRehearsals},
		{method: "GET", path: base + "/rehearsals/:id", role: viewer, class: classStreams, about: "One run with what its rehearsals came to", query: []parameter{waiting()}, gives: inJSON(ref("ToldRun")), do: s.getRehearsal},
		{method: "DELETE", path: base + "/rehearsals/:id", role: operator, about: "Stop a run that waits or is under way; one that is over stays as it is", gives: inJSON(ref("ToldRun")), do: s.deleteRehearsal},
		{method: "GET", path: base + "/bundles/:version/archive", role: viewer, about: "The files of a stored version", gives: map[string]schema{mediaArchive: {}}, do: s.getArchive},
		{method: "GET", path: base + "/suggestions", role: viewer, about: "Changes of the active version that follow from what people decided, as diffs with the cases that they rest on", query: []parameter{choice("state", "open, if absent", suggest.Open, suggest.Dismissed)}, gives: list("Suggestion"), do: s.getSuggestions},
		{method: "GET", path: base + "/suggestions/:id", role: viewer, about: "One suggestion; that of a rule with what it would have decided otherwise in the last 30 days", gives: inJSON(ref("Suggestion")), do: s.getSuggestion},
		{method: "POST", path: base + "/suggestions/:id/rehearse", role: operator, class: classRuns, about: "Rehearse the candidate, in the background", status: http.StatusAccepted, query: []parameter{waiting()}, gives: inJSON(ref("ToldRun")), do: s.rehearseSuggestion},
		{method: "POST", path: base + "/suggestions/:id/accept", role: admin, about: "Store the candidate and activate it, if exactly that passed its rehearsals; 409 where the suggestion was made anew since", takes: inJSON(closed(object("", schema{"candidate": text("that was shown; whichever it is now, if absent")}, "candidate"))), gives: inJSON(ref("Accepted")), do: s.acceptSuggestion},
		{method: "POST", path: base + "/suggestions/:id/dismiss", role: operator, about: "Keep it away until far more speaks for it", takes: inJSON(closed(object("", schema{"note": text("why")}))), gives: inJSON(ref("Suggestion")), do: s.dismissSuggestion},
		{method: "GET", path: base + "/authority", role: viewer, about: "How far the agent may go by itself, with the evidence, and the promotions that wait for an admin", query: paged(isAny), gives: list("Level"), do: s.getAuthority},
		{method: "POST", path: base + "/authority", role: admin, about: "Accept or refuse a promotion; demote an action to a lower level at once, for one band or, with the band *, whatever it moves, and restore that. Counting begins anew", takes: inJSON(ref("PromotionAnswer")), gives: inJSON(ref("Level")), do: s.postAuthority},
		{method: "GET", path: base + "/triage", role: viewer, about: "What triage has learned, the newest first, and how it stands", query: paged(isAny), gives: inJSON(triageList()), do: s.getTriage},
		{method: "POST", path: base + "/triage/:version/activate", role: admin, about: "Let a version decide; going back to one also keeps what is learned later from taking its place by itself", gives: inJSON(ref("TriageVersion")), do: s.activateTriage},
		{method: "GET", path: base + "/manifests", role: viewer, about: "Plugins that say another thing of themselves than the active bundle has; writes to the tools that changed are held", gives: list("Drift"), do: s.getManifests},
		{method: "POST", path: base + "/manifests/:plugin/accept", role: admin, about: "Take over what a plugin says, if it is still the manifest that was shown", takes: inJSON(closed(object("", schema{"manifest": text("its hash, `now` in the list")}))), status: http.StatusNoContent, do: s.acceptManifest},
		{method: "GET", path: base + "/tokens", role: admin, about: "Tokens, without their secrets", gives: list("Token"), do: s.getTokens},
		{method: "POST", path: base + "/tokens", role: admin, about: "Create a token; its secret is shown this once", takes: inJSON(ref("NewToken")), status: http.StatusCreated, gives: inJSON(ref("CreatedToken")), do: s.postToken},
		{method: "DELETE", path: base + "/tokens/:id", role: admin, about: "Revoke a token", status: http.StatusNoContent, do: s.deleteToken},
		{method: "GET", path: base + "/audit", role: admin, about: "Everything that anybody did", query: paged(isAudit, instant("from", "at or after"), instant("to", "before")), gives: list("Deed"), do: s.getAudit},
		{method: "GET", path: base + "/openapi.json", role: anybody, class: classPublic, about: "This document", gives: inJSON(open("OpenAPI 3.1")), do: s.getOpenAPI},
		{method: "POST", path: "/callbacks/:token", role: anybody, class: classPublic, about: "The result of an asynchronous call; the address holds its secret", takes: inJSON(ref("Callback")), status: http.StatusNoContent, do: s.postCallback},
		{method: "GET", path: "/healthz", role: loopback, class: classProbes, about: "Alive", gives: inJSON(ref("State")), do: func(r *request) error { return answer(r, http.StatusOK, map[string]string{"status": "ok"}) }},
		{method: "GET", path: "/readyz", role: loopback, class: classProbes, about: "Ready for signals", gives: inJSON(ref("State")), do: s.getReady},
		{method: "GET", path: "/metrics", role: loopback, class: classProbes, about: "Prometheus", gives: map[string]schema{mediaText: text("")}, do: s.getMetrics},
		{method: "GET", path: "/admin/secrets", admin: true, about: "Names of secrets", do: s.getSecrets},
		{method: "PUT", path: "/admin/secrets/:name", admin: true, about: "Set a secret", takes: inJSON(closed(object("", schema{"value": text("")}))), do: s.putSecret},
		{method: "DELETE", path: "/admin/secrets/:name", admin: true, about: "Delete a secret", do: s.deleteSecret},
		{method: "POST", path: "/admin/verify", admin: true, about: "Walk the journal, and hold it against a checkpoint, if one is given", takes: inJSON(closed(object("", schema{"checkpoint": text("as it was made")}, "checkpoint"))), do: s.postVerify},
		{method: "POST", path: "/admin/checkpoint", admin: true, about: "Make a signed checkpoint", do: s.postCheckpoint},
		{method: "POST", path: "/admin/backup", admin: true, class: classStreams, about: "Stream a backup of the data folder", do: s.postBackup},
	}
	return append(append(all, peopleRoutes(s)...), append(statusRoutes(s), modelRoutes(s)...)...)
}

type callbackBody = protocol.CallbackBody
