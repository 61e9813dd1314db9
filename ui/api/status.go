package api

import (
	"net/http"
	"strings"
	"time"

	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/statuslink"
)

// postStatusLink makes the link by which a case's customer sees where it stands, and answers.
func (s *server) postStatusLink(r *request) error {
	c, err := s.Engine.Load(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	token, ends, err := s.Status.Token(r.Request.Context(), c.ID, time.Now())
	if err != nil {
		return notFound("case " + c.ID + " can have no link")
	}
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "case.linked", c.ID, map[string]any{"until": ends}); err != nil {
		return err
	}
	return answer(r, http.StatusCreated, map[string]any{"url": strings.TrimRight(s.PublicURL, "/") + statuslink.Path + token, "expires_at": ends})
}

// deleteStatusLinks takes back all links that the customer of a case was given so far.
func (s *server) deleteStatusLinks(r *request) error {
	c, err := s.Engine.Load(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	by := r.who.Actor()
	if err := s.Status.Revoke(r.Request.Context(), c.ID, by, func() (journal.Record, error) {
		return s.Audit.Event(by, "case.unlinked", c.ID, nil)
	}); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

func statusRoutes(s *server) []route {
	return []route{
		{method: "POST", path: base + "/cases/:id/status-link", role: string(people.Operator), about: "Make the link by which the customer of a case sees where it stands, and answers; messages by the webhook carry one as status_url", status: http.StatusCreated, gives: inJSON(ref("StatusLink")), do: s.postStatusLink},
		{method: "DELETE", path: base + "/cases/:id/status-link", role: string(people.Operator), about: "Take back all links of a case that were given so far: they say so, and open nothing more", status: http.StatusNoContent, do: s.deleteStatusLinks},
	}
}

func statusShapes() schema {
	return schema{"StatusLink": object("For the customer alone: whoever has it may write to the case", schema{"url": text(""), "expires_at": moment("")})}
}
