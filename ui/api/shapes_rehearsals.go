package api

import (
	"maps"

	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// rehearsalShapes are the schemas of rehearsals in the server.
func rehearsalShapes() schema {
	number := integer("")
	number["minimum"] = 0
	run := func(more schema, optional ...string) schema {
		members := schema{"id": text("ascends with time"), "version": text("that is rehearsed"), "manifests": text("hash of what its plugins offered"),
			"state": oneOf("", runs.Waiting, runs.Running, runs.Done, runs.Failed, runs.Interrupted), "seed": number, "faults": boolean("each scenario again with each fault at each call"), "live": boolean("live plugins were called"),
			"by": text("actor"), "asked_at": moment(""), "started_at": orNull(moment("")), "ended_at": orNull(moment("")), "begun": integer("rehearsals that were begun"), "total": integer("of so many, once it runs"),
			"passed": boolean("all that were run, and there were some"), "unmet": integer("rehearsals that didn't pass"), "error": text("why it failed or was interrupted"), "left_out": arrayOf(text("scenario that calls live plugins")),
			"cases": text("recorded cases that are replayed in place of the scenarios: all, or ids with a comma between two"), "outcomes": object("Replayed cases by what became of them", schema{"same": integer("decided as they were"), "reworded": integer("as they were, in other words"), "diverged": integer("decided otherwise"), "erased": integer("what they were about was erased"), "unplayed": integer("can't be replayed")})}
		maps.Copy(members, more)
		return object("A rehearsal of a version", members, append(optional, "error", "left_out", "cases", "outcomes")...)
	}
	return schema{
		"Run":     run(nil),
		"ToldRun": run(schema{"items": arrayOf(ref("Rehearsed")), "shortened": text("what of the items wasn't kept")}, "shortened"),
		"Rehearsed": object("What one rehearsal came to", schema{"rehearsal": text("its name"), "passed": boolean(""), "failures": arrayOf(text("with file:line:col of what isn't met")), "file": text(""), "status": ref("Status"), "stop": text("code"),
			"took": text("by its own clock, a duration"), "story": arrayOf(text("what happened, kept of what failed")),
			"faults": object("", schema{"runs": integer(""), "by_kind": open("how often each kind befell a call"), "as_expected": integer(""), "by_people": integer("left to a person, or waiting"), "otherwise": integer("ended as a no of the business lets them"), "broken": integer("broke a promise")}), "replay": ref("Replayed")},
			"file", "status", "stop", "story", "faults", "replay"),
		"Replayed": object("A recorded case that happened again under the version", schema{"case_id": text(""), "outcome": oneOf("", rehearsal.Same, rehearsal.Reworded, rehearsal.Diverged, rehearsal.Erased, rehearsal.Unplayed), "why": text("it can't be replayed"),
			"was": ref("Status"), "stop": text("code, of the record"), "bundle": text("that it was handled under at last"), "open": boolean("it isn't over: so much of it was replayed as happened"),
			"divergence": object("Where it comes otherwise", schema{"seq": integer("of the recorded entry"), "at": moment("of the recorded entry"), "recorded": text("what was decided"), "now": text("what is decided now"), "why": text("")}),
			"reworded":   arrayOf(object("", schema{"seq": integer("of the recorded entry"), "was": text(""), "now": text("")})), "notes": arrayOf(text("what else is otherwise, and decides nothing"))},
			"why", "was", "stop", "bundle", "divergence", "reworded", "notes"),
		"Evidence": object("What a version came to when it was last rehearsed with the tools that it has", schema{"run": text("id"), "at": moment(""), "seed": number, "faults": boolean(""), "ran": integer("rehearsals"), "unmet": arrayOf(text("name of one that didn't pass")), "passed": boolean("none is unmet, and none was left out"), "left_out": arrayOf(text("scenario that calls live plugins and wasn't run"))}),
		"NewRun": closed(object("", schema{"version": text("stored; the active one, if absent"), "faults": boolean("each scenario again with each fault at each call"), "seed": number, "live": boolean("let scenarios call live plugins: what they do to them stays done; an admin's"),
			"cases": arrayOf(text("id of a recorded case to replay in place of the scenarios; all stands for every one"))},
			"version", "faults", "seed", "live", "cases")),
	}
}
