package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"resolute/agent/people"
	"resolute/kb"
)

// Teacher keeps what operators teach; a kb.Base does.
type Teacher interface {
	Teach(ctx context.Context, c kb.Correction, by string) (kb.Correction, error)
}

// teach keeps a correction that was written on a case's page.
func (s *site) teach(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := atLeast(who, people.Operator); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	form := r.PostForm
	c, err := correctionOf(form)
	if err == nil {
		c, err = s.Teacher.Teach(r.Context(), c, who.Actor())
	}
	if (errors.Is(err, kb.ErrCorrection) || errors.Is(err, errRequest)) && form.Get("from_case") != "" {
		r.SetPathValue("id", form.Get("from_case"))
		return s.showCase(w, r, http.StatusBadRequest, who, dialog{ref: askTeach, form: form, wrong: err.Error()})
	}
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Context(), who.Actor(), "correction.taught", c.ID, map[string]any{"state": c.State, "from_case": c.FromCase}); err != nil {
		return err
	}
	to := "/corrections#" + c.ID
	if c.FromCase != "" {
		to = "/cases/" + url.PathEscape(c.FromCase)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// correctionOf reads a correction from a form: where it holds is what was chosen, and nothing else.
func correctionOf(form url.Values) (kb.Correction, error) {
	c := kb.Correction{Says: form.Get("says"), InsteadOf: form.Get("instead_of"), FromCase: form.Get("from_case"), Scope: kb.Scope{Product: form.Get("product")}}
	switch scope := form.Get("scope"); scope {
	case "procedure":
		c.Scope.Procedure = form.Get("procedure")
	case "customer":
		c.Scope.Customer = form.Get("customer")
	case "both":
		c.Scope.Procedure, c.Scope.Customer = form.Get("procedure"), form.Get("customer")
	case "everywhere":
	default:
		return c, fmt.Errorf("%w: say where it holds", errRequest)
	}
	if day := form.Get("expires"); day != "" {
		until, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return c, fmt.Errorf("%w: %.40q is no day; write it like 2027-01-31", errRequest, day)
		}
		c.ExpiresAt = until.Add(24 * time.Hour)
	}
	return c, nil
}
