package pages

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
	"resolute/agent/people"
)

// messagePage says what went wrong, or what changed.
type messagePage struct {
	Shell   Shell
	Status  int
	Heading string
	Detail  string
	Changed []Pair
	Drift   []DriftView
	Links   []Link
}

// maxForm is how long a decision's form may be.
const maxForm = 64 << 10

// decide takes a decision from a form, and leads on to what comes next.
func (s *site) decide(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	id, form := r.PathValue("id"), r.PostForm
	d, err := s.decision(form)
	if err == nil {
		_, err = s.Engine.Decide(r.Context(), id, d, who)
	}
	switch ref := form.Get("ask"); {
	case errors.Is(err, agent.ErrDecisionConflict):
		return s.conflict(w, r, who, d, err)
	case ref != "" && (errors.Is(err, agent.ErrDecisionInvalid) || errors.Is(err, errRequest)):
		return s.showCase(w, r, http.StatusBadRequest, who, dialog{ref: ref, form: form, wrong: err.Error(), next: nextOf(form)})
	case err != nil:
		return err
	}
	to := "/cases/" + url.PathEscape(id)
	if nextOf(form) != "" {
		to = "/approvals?" + url.Values{"done": {id}, "decision": {string(d.Decision)}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// nextOf is the page to go on with after a decision, "" for the case itself.
func nextOf(form url.Values) string {
	if form.Get("next") == "/approvals" {
		return "/approvals"
	}
	return ""
}

// decision reads what a form decides.
func (s *site) decision(form url.Values) (agent.Decide, error) {
	d := agent.Decide{Decision: casefile.DecisionName(form.Get("decision")), Hash: form.Get("hash"), Note: form.Get("note"), Bundle: form.Get("bundle"),
		Hypothesis: form.Get("hypothesis"), Procedure: form.Get("procedure")}
	var err error
	if d.Seen, err = seenAt(form.Get("seen")); err != nil {
		return d, err
	}
	name := form.Get("tool")
	if name == "" {
		return d, nil
	}
	tool, ok := s.offered()[name]
	if !ok {
		return d, fmt.Errorf("%w: no plugin offers %.60q", errRequest, name)
	}
	args, err := argsOf(tool.Input, form)
	if err != nil {
		return d, err
	}
	if d.Decision == casefile.DecideEdit {
		d.Args = args
	} else {
		d.Action = &casefile.Action{Tool: name, Args: args}
	}
	return d, nil
}

// seenAt reads what seen wrote.
func seenAt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("%w: the form doesn't say which state of the case it is about; open the page again", errRequest)
	}
	return at, nil
}

// conflict says what changed since the page was drawn; the decision changed nothing.
func (s *site) conflict(w http.ResponseWriter, r *http.Request, who people.Principal, d agent.Decide, why error) error {
	id := r.PathValue("id")
	c, entries, err := s.told(r.Context(), id)
	if err != nil {
		return err
	}
	m := conflictPage(c, entries, d, why, s.viewer(who))
	m.Shell = s.shell(r, who, m.Heading, "/cases")
	return s.render(w, m.Status, "message", m)
}

// conflictPage says what became of a case that somebody decided about too late.
func conflictPage(c *casefile.Case, entries []casefile.Entry, d agent.Decide, why error, v viewer) messagePage {
	m := messagePage{Status: http.StatusConflict, Heading: "The case has moved on",
		Detail: "Your decision changed nothing: " + why.Error() + ".",
		Links:  []Link{{Name: "Look at the case", Link: "/cases/" + url.PathEscape(c.ID), Primary: true}, {Name: "Approvals", Link: "/approvals"}}}
	m.Changed = append(m.Changed, Pair{Name: "You decided", Text: string(d.Decision)})
	for i := len(entries) - 1; i >= 0; i-- {
		e := &entries[i]
		if o, ok := e.Data.(*casefile.OperatorDecided); ok {
			at := moment(e.At, v.now)
			m.Changed = append(m.Changed, Pair{Name: "Before that", Text: fmt.Sprintf("%s by %s, %s (%s)", o.Decision, actor(e.Actor), at.Rel, at.Exact)})
			break
		}
	}
	now := chip(c.Status).Name
	if c.Stop != nil {
		now += ": " + cmp.Or(c.Stop.Detail, reasonFor(c).title)
	}
	m.Changed = append(m.Changed, Pair{Name: "The case is", Text: now})
	if c.Approval != nil {
		m.Drift = approvalView(c, c.Approval, v).Drift
	}
	return m
}
