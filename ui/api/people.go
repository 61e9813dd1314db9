package api

import (
	"net/http"
	"net/url"
	"strings"

	"resolute/agent/people"
)

func (s *server) getPeople(r *request) error {
	return answer(r, http.StatusOK, listOf(s.Accounts.List(), ""))
}

// linked is a person with a link that is shown this once.
type linked struct {
	people.Standing
	Link string `json:"link"`
}

func (s *server) postPerson(r *request) error {
	var in struct {
		Name string      `json:"name"`
		Role people.Role `json:"role"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	p, code, err := s.Accounts.Invite(r.Request.Context(), in.Name, in.Role, r.who.Actor())
	if err != nil {
		return err
	}
	return answer(r, http.StatusCreated, linked{p, s.joinLink(code)})
}

func (s *server) postPersonLink(r *request) error {
	code, err := s.Accounts.Link(r.Request.Context(), r.Param("id"), r.who.Actor())
	if err != nil {
		return err
	}
	p, err := s.Accounts.Get(r.Param("id"))
	if err != nil {
		return err
	}
	return answer(r, http.StatusCreated, linked{p, s.joinLink(code)})
}

// joinLink is where a code chooses a password.
func (s *server) joinLink(code string) string {
	return strings.TrimRight(s.PublicURL, "/") + "/join?" + url.Values{"code": {code}}.Encode()
}

func (s *server) patchPerson(r *request) error {
	var in struct {
		Role     *people.Role `json:"role"`
		Disabled *bool        `json:"disabled"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	ctx, id, by := r.Request.Context(), r.Param("id"), r.who.Actor()
	if in.Role != nil {
		if err := s.Accounts.ChangeRole(ctx, id, *in.Role, by); err != nil {
			return err
		}
	}
	if in.Disabled != nil {
		change := s.Accounts.Enable
		if *in.Disabled {
			change = s.Accounts.Disable
		}
		if err := change(ctx, id, by); err != nil {
			return err
		}
	}
	p, err := s.Accounts.Get(id)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, p)
}

func (s *server) deletePerson(r *request) error {
	if err := s.Accounts.Delete(r.Request.Context(), r.Param("id"), r.who.Actor()); err != nil {
		return err
	}
	return nothing(r)
}

// deletePersonSessions signs a person out everywhere.
func (s *server) deletePersonSessions(r *request) error {
	if err := s.Accounts.SignOutEverywhere(r.Request.Context(), r.Param("id"), r.who.Actor()); err != nil {
		return err
	}
	return nothing(r)
}

// nothing answers 204.
func nothing(r *request) error {
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

// getSignIn says whether the terminal should show a link.
func (s *server) getSignIn(r *request) error {
	return answer(r, http.StatusOK, map[string]bool{"needed": !s.Accounts.Entered()})
}

// postSignIn makes a code that signs in as the first admin, who is made if there is none.
func (s *server) postSignIn(r *request) error {
	first, err := s.Accounts.First(r.Request.Context(), r.who.Actor())
	if err != nil {
		return err
	}
	code, err := s.Sessions.Link(first.ID)
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "signin.linked", first.ID, map[string]any{"name": first.Name}); err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]string{"code": code})
}

func peopleRoutes(s *server) []route {
	admin := string(people.Admin)
	return []route{
		{method: "GET", path: base + "/people", role: admin, about: "People who may sign in to the console", gives: inJSON(page(ref("Person"))), do: s.getPeople},
		{method: "POST", path: base + "/people", role: admin, about: "Invite somebody: they choose a password by a link, which is shown this once and counts for 72 hours", takes: inJSON(ref("NewPerson")), status: http.StatusCreated, gives: inJSON(ref("LinkedPerson")), do: s.postPerson},
		{method: "PATCH", path: base + "/people/:id", role: admin, about: "Change a role, or keep somebody out; it counts at once. 409 for the last admin", takes: inJSON(ref("PersonChange")), gives: inJSON(ref("Person")), do: s.patchPerson},
		{method: "DELETE", path: base + "/people/:id", role: admin, about: "Delete an account; what it did stays in journal and audit. 409 for the last admin", status: http.StatusNoContent, do: s.deletePerson},
		{method: "POST", path: base + "/people/:id/link", role: admin, about: "Make a link by which somebody chooses another password; it is shown this once and counts for 24 hours", status: http.StatusCreated, gives: inJSON(ref("LinkedPerson")), do: s.postPersonLink},
		{method: "DELETE", path: base + "/people/:id/sessions", role: admin, about: "Sign somebody out everywhere", status: http.StatusNoContent, do: s.deletePersonSessions},
		{method: "GET", path: "/admin/signin", admin: true, about: "Whether no admin can sign in without a link", do: s.getSignIn},
		{method: "POST", path: "/admin/signin", admin: true, about: "Make a one-time sign-in code", do: s.postSignIn},
	}
}

func peopleShapes() schema {
	roles := oneOf("", people.Viewer, people.Operator, people.Approver, people.Admin)
	person := func(more schema) schema {
		members := schema{"id": text(""), "name": text("what they sign in with"), "role": roles, "disabled": boolean("kept out"), "created_at": moment(""), "created_by": text("actor"),
			"identity": text("who they are to the identity provider: issuer and subject"), "has_password": boolean(""), "link_until": orNull(moment("until when a link that was made for them counts"))}
		for name, s := range more {
			members[name] = s
		}
		return object("", members, "identity")
	}
	return schema{
		"Person":       person(nil),
		"LinkedPerson": person(schema{"link": text("to give to them; shown this once")}),
		"NewPerson":    closed(object("", schema{"name": text("what they sign in with"), "role": roles})),
		"PersonChange": closed(object("", schema{"role": roles, "disabled": boolean("true keeps out and signs out everywhere")}, "role", "disabled")),
	}
}
