package pages

import (
	"fmt"
	"net/http"
	"strings"

	"resolute/agent/casefile"
	"resolute/agent/people"
)

// pauseOf reads what a form is about: everything, "tool NAME" or "procedure NAME".
func pauseOf(w http.ResponseWriter, r *http.Request, who people.Principal) (casefile.Pause, error) {
	if err := readForm(w, r, maxForm); err != nil {
		return casefile.Pause{}, fmt.Errorf("%w: %w", errRequest, err)
	}
	p := casefile.Pause{Note: r.PostForm.Get("note"), By: who.Actor()}
	kind, name, _ := strings.Cut(r.PostForm.Get("what"), " ")
	switch {
	case kind == "everything" && name == "":
	case kind == "tool" && name != "":
		p.Tool = name
	case kind == "procedure" && name != "":
		p.Procedure = name
	default:
		return p, fmt.Errorf("%w: say what it is about: everything, a tool or a procedure", errRequest)
	}
	return p, nil
}

// pause keeps the agent from acting, from the moment it answers.
func (s *site) pause(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := pauseOf(w, r, who)
	if err == nil && strings.TrimSpace(p.Note) == "" {
		err = fmt.Errorf("%w: say why, for whoever resumes it", errRequest)
	}
	if err == nil {
		_, err = s.Pauses.Pause(r.Context(), p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}

// resume lets the agent act again.
func (s *site) resume(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := pauseOf(w, r, who)
	if err == nil {
		err = s.Pauses.Resume(r.Context(), p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}

// back is the page that a form stood on, as the form says.
func back(r *http.Request) string {
	if at := r.PostForm.Get("back"); local(at) {
		return at
	}
	return "/"
}
