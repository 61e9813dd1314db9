package api

import (
	"context"
	"net/http"
	"slices"

	"resolute/agent/learner"
)

// Learner is what triage has learned.
type Learner interface {
	Standing(ctx context.Context) (learner.Standing, error)
	// Versions gives what was learned, the newest first.
	Versions() []learner.Version
	Activate(ctx context.Context, version, by string) (learner.Version, error)
}

// versionView is a version in the list.
type versionView struct {
	learner.Version
	Active bool `json:"active"`
}

func (s *server) getTriage(r *request) error {
	limit, cursor := r.page()
	standing, err := s.Learner.Standing(r.Request.Context())
	if err != nil {
		return err
	}
	versions, next := s.Learner.Versions(), ""
	if i := slices.IndexFunc(versions, func(v learner.Version) bool { return v.Version == cursor }); i >= 0 {
		versions = versions[i+1:]
	}
	if len(versions) > limit {
		versions, next = versions[:limit], versions[limit-1].Version
	}
	views := make([]versionView, len(versions))
	for i, v := range versions {
		views[i] = versionView{v, v.Version == standing.Version && v.Bundle == standing.Bundle}
	}
	return answer(r, http.StatusOK, struct {
		list
		State learner.Standing `json:"state"`
	}{listOf(views, next), standing})
}

func (s *server) activateTriage(r *request) error {
	v, err := s.Learner.Activate(r.Request.Context(), r.Param("version"), r.who.Actor())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, versionView{v, true})
}

func triageShapes() schema {
	score := func(about string) schema {
		return object(about, schema{"texts": integer(""), "authors": integer("of which the bundle's authors wrote, asked about while they were held back in turn"), "told": integer("of which the surest procedure is the right one, however sure"), "right": integer("taken on for the procedure that they are for"), "wrong": integer("taken on for another, or though they are for none"), "people": integer("left to a person"), "threshold": number("score from which on it takes on"), "surprise": number("how little it expected what those that were held back are for: its mean logarithmic loss")})
	}
	version := schema{"version": text("names what it was made of"), "active": boolean("it decides"), "bundle": text("version that it belongs to"), "trained_at": moment(""), "seconds": number("that training took"),
		"examples": integer("texts of the bundle's authors"), "evidence": integer("texts of cases"), "strangers": integer("texts that are for none of the procedures"), "procedures": integer("that have a text"), "digest": text("of the evidence"),
		"held": score("How it does on texts that were held back from learning"), "replaces": text("version that it was compared with"), "before": score("That one, on the same texts"),
		"chance": number("how probable so uneven a result is if both are as good: McNemar's exact test, two-sided"), "worse": text("in what it is worse; it isn't activated by itself"), "lowers": text("which rehearsals fail with it that pass with what it would replace, and where; it isn't activated by itself"),
		"activated": arrayOf(object("", schema{"at": moment(""), "by": text("actor")}))}
	return schema{
		"TriageVersion": object("Something that triage has learned", version, "worse", "lowers"),
		"TriageState": object("How triage stands", schema{"bundle": text("version that is active"), "version": text("of triage that decides, without what corrections say"), "pinned_by": text("actor who went back to it, so that only a person goes on from it; empty for nobody"),
			"learned": integer("texts of cases that may be learned from by now"), "held": integer("texts that are held back to judge by"), "taught": integer("texts that corrections say the procedure of"),
			"left_out": arrayOf(object("Texts that don't count", schema{"procedure": text("empty for none of them"), "texts": integer(""), "cases": arrayOf(text("id, of some")), "why": text("")})),
			"doubts":   arrayOf(text("what is odd about the authors' examples"))}),
	}
}

// triageList is a page of versions, with how triage stands.
func triageList() schema {
	list := page(ref("TriageVersion"))
	list["properties"].(schema)["state"] = ref("TriageState")
	list["required"] = append(list["required"].([]any), "state")
	return list
}
