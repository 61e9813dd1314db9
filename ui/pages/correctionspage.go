package pages

import (
	"net/http"
	"net/url"
	"strings"

	"resolute/agent/people"
	"resolute/kb"
)

type correctionsPage struct {
	Shell Shell
	List  []CorrectionView
	First bool
	Next  string
	May   bool // who looks may teach and revoke
	Admin bool // and accept what is held
	Teach *TeachView
}

// CorrectionView is a correction with where it was used.
type CorrectionView struct {
	ID, Says, InsteadOf string
	Whole               string // where all of it stands, "" where this is all
	Where               string
	State, Tone, Icon   string
	By                  string
	At, Expires         Moment
	Case                string // that gave occasion to it, "" for none
	CaseShort           string
	Contradicts         []string
	Why                 string // it is held, where it contradicts nothing
	Used                string
	Uses                []Link
	Revocable, Held     bool
}

// A page of corrections, and how much of each it shows, in characters.
const (
	correctionsShown = 25
	saysShown        = 600
)

func (s *site) corrections(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	cursor := r.URL.Query().Get("cursor")
	list, next, err := s.Operations.Corrections.Corrections(r.Context(), correctionsShown, cursor)
	if err != nil {
		return err
	}
	p := correctionsPage{Shell: s.shell(r, who, "Corrections", "/corrections"), First: cursor == "", May: who.Role.AtLeast(people.Operator), Admin: who.Role.AtLeast(people.Admin),
		Teach: &TeachView{Scope: "everywhere", Expires: s.Now().Add(teachFor).Format("2006-01-02")}}
	for _, c := range list {
		uses, total, err := s.Operations.Corrections.Uses(r.Context(), "corrections."+c.ID, 3)
		if err != nil {
			return err
		}
		p.List = append(p.List, correctionView(c, uses, total, s.viewer(who)))
	}
	if next != "" {
		p.Next = "/corrections?" + url.Values{"cursor": {next}}.Encode()
	}
	return s.render(w, http.StatusOK, "corrections", p)
}

func correctionView(c kb.Correction, uses []kb.Use, total int, v viewer) CorrectionView {
	view := CorrectionView{ID: c.ID, Says: shorten(c.Says, saysShown), InsteadOf: shorten(c.InsteadOf, saysShown/2), Where: scopeWords(c.Scope), State: string(c.State), By: actor(c.By), At: moment(c.At, v.now), Expires: moment(c.ExpiresAt, v.now),
		Case: c.FromCase, CaseShort: short(c.FromCase), Contradicts: c.Contradicts, Why: strings.TrimSuffix(c.Why, "."), Used: "not used yet", Held: c.State == kb.Held, Revocable: c.State == kb.Active || c.State == kb.Held}
	if view.Says != c.Says || view.InsteadOf != c.InsteadOf {
		view.Whole = knowledgeLink(c.Address())
	}
	switch c.State {
	case kb.Active:
		view.Icon, view.Tone = "ok", "muted"
	case kb.Held:
		view.Icon, view.Tone = "approval", "approval"
	default:
		view.Icon, view.Tone = "closed", "closed"
	}
	if total > 0 {
		view.Used = "used " + times(total)
	}
	for _, u := range uses {
		view.Uses = append(view.Uses, Link{Name: short(u.Case), Link: "/cases/" + url.PathEscape(u.Case)})
	}
	return view
}

func scopeWords(s kb.Scope) string {
	say := ""
	for _, part := range []struct{ word, name string }{{"in ", s.Procedure}, {"about ", s.Product}, {"for ", s.Customer}} {
		if part.name == "" {
			continue
		}
		if say != "" {
			say += ", "
		}
		say += part.word + part.name
	}
	if say == "" {
		return "everywhere"
	}
	return say
}

func (s *site) revokeCorrection(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	c, err := s.Operations.Corrections.Revoke(r.Context(), r.PathValue("id"), who.Actor())
	if err != nil {
		return err
	}
	return s.toldCorrection(w, r, who, "correction.revoked", c)
}

func (s *site) acceptCorrection(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	c, err := s.Operations.Corrections.Accept(r.Context(), r.PathValue("id"), who.Actor())
	if err != nil {
		return err
	}
	return s.toldCorrection(w, r, who, "correction.accepted", c)
}

func (s *site) toldCorrection(w http.ResponseWriter, r *http.Request, who people.Principal, action string, c kb.Correction) error {
	if err := s.Audit.Record(r.Context(), who.Actor(), action, c.ID, nil); err != nil {
		return err
	}
	http.Redirect(w, r, "/corrections", http.StatusSeeOther)
	return nil
}
