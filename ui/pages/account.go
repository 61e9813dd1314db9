package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"resolute/agent/people"
)

type accountPage struct {
	Shell       Shell
	Name        string
	Role        string
	May         string // what the role may do, in a sentence
	HasPassword bool
	Identity    string
	NoCurrent   bool // the current password needn't be shown
	Provided    bool // the identity provider alone says how they sign in
	Failed      string
	Done        string
	Sessions    []SessionView
}

// SessionView is a session of whoever looks.
type SessionView struct {
	ID, Browser, Address, How string
	Here                      bool
	Began, Seen, Until        Moment
}

// may says what each role may do.
func may(r people.Role) string {
	switch r {
	case people.Viewer:
		return "reads cases and what they rest on"
	case people.Operator:
		return "reads and decides about cases"
	case people.Approver:
		return "decides, also where a rule asks for an approver"
	case people.Admin:
		return "does everything, and changes bundles, people and tokens"
	case people.Ingest:
		return "delivers signals and reads nothing"
	}
	return ""
}

func (s *site) account(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	return s.accountAgain(w, r, who, http.StatusOK, "")
}

func (s *site) accountAgain(w http.ResponseWriter, r *http.Request, who people.Principal, status int, why string) error {
	a, err := s.Accounts.Get(who.ID)
	if err != nil {
		return err
	}
	_, here, err := s.People.Current(r.Context(), s.shown(r, sessionCookie))
	if err != nil {
		return errSignedOut
	}
	p := accountPage{Shell: s.shell(r, who, "Your account", "/account"), Name: a.Name, Role: string(a.Role), May: may(a.Role), HasPassword: a.HasPassword, Identity: a.Identity,
		NoCurrent: !a.HasPassword || here.How == people.ByLink, Provided: !a.HasPassword && here.How == people.ByIdentity, Failed: why, Done: accountDone(r.URL.Query().Get("done"))}
	for _, v := range s.People.Of(who.ID) {
		p.Sessions = append(p.Sessions, sessionView(v, v.ID == here.ID, s.Now()))
	}
	return s.render(w, status, "account", p)
}

func accountDone(what string) string {
	switch what {
	case "password":
		return "Your password is another now. Every other browser was signed out."
	case "session":
		return "That browser is signed out."
	}
	return ""
}

func sessionView(v people.Session, here bool, now time.Time) SessionView {
	view := SessionView{ID: v.ID, Browser: browserName(v.Agent), Address: v.Address, Here: here, Began: moment(v.CreatedAt, now), Seen: moment(v.SeenAt, now), Until: moment(v.ExpiresAt, now)}
	switch v.How {
	case people.ByLink:
		view.How = "by a link of the terminal"
	case people.ByIdentity:
		view.How = "by the identity provider"
	default:
		view.How = "by password"
	}
	return view
}

func (s *site) takePassword(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	f := r.PostForm
	e, err := s.Door.Choose(r.Context(), s.shown(r, sessionCookie), "", f.Get("current"), f.Get("password"), s.visitor(r))
	if err != nil {
		status, why := refusal(w, err)
		if status == 0 {
			return err
		}
		return s.accountAgain(w, r, who, status, why)
	}
	s.enter(w, r, e, "/account?done=password")
	return nil
}

// endSession ends one of one's own sessions, or all of them.
func (s *site) endSession(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	if r.PostForm.Get("all") != "" {
		if err := s.Accounts.SignOutEverywhere(r.Context(), who.ID, who.Actor()); err != nil {
			return err
		}
		s.forgetSession(w)
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return nil
	}
	id := r.PostForm.Get("session")
	if err := s.People.End(r.Context(), who.ID, id); err != nil {
		return err
	}
	if err := s.Audit.Record(r.Context(), who.Actor(), "signin.ended", who.ID, map[string]any{"session": id}); err != nil {
		return err
	}
	http.Redirect(w, r, "/account?"+url.Values{"done": {"session"}}.Encode(), http.StatusSeeOther)
	return nil
}

func (s *site) forgetSession(w http.ResponseWriter) {
	s.setCookie(w, sessionCookie, "", 0)
}

// errPerson is reported of people and tokens that aren't there.
func errPerson(err error) error { return fmt.Errorf("%w: %w", errNoPage, err) }
