package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"resolute/agent/people"
)

type signInPage struct {
	Shell  Shell
	Asked  bool   // a page was asked for that needs it
	Lost   bool   // something was sent, and not taken
	Failed string // why a link or a password let nobody in
	Link   bool   // it was a link that failed
	Name   string
	Next   string
	// Provider is what the identity provider is called, "" for none.
	Provider, ProviderLink string
}

// joinPage is where a password is chosen: on the first run, by an invitation, or anew.
type joinPage struct {
	Shell  Shell
	First  bool // the admin of a new house, who chooses a name too
	Name   string
	Code   string
	Failed string
	Role   string
}

// form reads a small form.
func form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	return nil
}

// refusal says why somebody wasn't let in, and with which status; "" where the error is another.
func refusal(w http.ResponseWriter, err error) (status int, why string) {
	var many *people.TooManyError
	switch {
	case errors.As(err, &many):
		w.Header().Set("Retry-After", strconv.Itoa(int(many.After.Seconds())+1))
		return http.StatusTooManyRequests, sentence(many.Error())
	case errors.Is(err, people.ErrRefused):
		return http.StatusForbidden, "That name and password let nobody in. An admin can give you a link to choose another password."
	case errors.Is(err, people.ErrInvalid), errors.Is(err, people.ErrTaken):
		return http.StatusUnprocessableEntity, sentence(strings.TrimPrefix(err.Error(), people.ErrInvalid.Error()+": "))
	}
	return 0, ""
}

// sentence writes an error as a person reads it.
func sentence(say string) string { return strings.ToUpper(say[:1]) + say[1:] + "." }

// signIn shows the way in, or goes it by the terminal's link.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	code := q.Get("code")
	if code == "" || r.Method == http.MethodHead { // who only looks whether the link leads anywhere doesn't use it up
		if _, ok := s.principal(r); ok {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil
		}
		return s.render(w, http.StatusOK, "signin", s.signInPage(r, q.Get("next")))
	}
	e, err := s.Door.ByCode(r.Context(), code, s.visitor(r))
	if errors.Is(err, people.ErrSignedOut) {
		p := s.signInPage(r, q.Get("next"))
		p.Failed, p.Link = "It was used already, or its time is over. Nothing else is wrong.", true
		return s.render(w, http.StatusForbidden, "signin", p)
	}
	if err != nil {
		return err
	}
	s.enter(w, r, e, q.Get("next"))
	return nil
}

func (s *site) signInPage(r *http.Request, next string) signInPage {
	if !local(next) {
		next = ""
	}
	p := signInPage{Shell: s.shell(r, people.Principal{}, "Sign in", ""), Next: next}
	if s.Provider != nil {
		p.Provider, p.ProviderLink = s.Provider.Label(), "/signin/provider?"+url.Values{"next": {next}}.Encode()
	}
	return p
}

// takeSignIn goes the way in by a name and a password.
func (s *site) takeSignIn(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	f := r.PostForm
	e, err := s.Door.ByPassword(r.Context(), f.Get("name"), f.Get("password"), s.visitor(r))
	if err != nil {
		status, why := refusal(w, err)
		if status == 0 {
			return err
		}
		p := s.signInPage(r, f.Get("next"))
		p.Name, p.Failed = f.Get("name"), why
		return s.render(w, status, "signin", p)
	}
	s.enter(w, r, e, f.Get("next"))
	return nil
}

// askToSignIn answers whoever isn't signed in.
func (s *site) askToSignIn(w http.ResponseWriter, r *http.Request) {
	next := ""
	if r.Method == http.MethodGet {
		next = r.URL.RequestURI()
	}
	p := s.signInPage(r, next)
	p.Asked, p.Lost = true, r.Method != http.MethodGet && r.Method != http.MethodHead
	if err := s.render(w, http.StatusUnauthorized, "signin", p); err != nil {
		s.Logger.Error("the sign-in page failed", "error", err)
	}
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if token := s.shown(r, sessionCookie); token != "" {
		if err := s.Door.SignOut(r.Context(), token); err != nil {
			return err
		}
	}
	s.forgetSession(w)
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

// join shows where whoever holds a link chooses a password.
func (s *site) join(w http.ResponseWriter, r *http.Request) error {
	return s.joinAgain(w, r, http.StatusOK, r.URL.Query().Get("code"), "")
}

func (s *site) joinAgain(w http.ResponseWriter, r *http.Request, status int, code, why string) error {
	a, err := s.Accounts.Linked(code)
	if err != nil {
		p := s.signInPage(r, "")
		p.Failed, p.Link = "It was used already, a newer one was made, or its time is over. Ask an admin for another.", true
		return s.render(w, http.StatusForbidden, "signin", p)
	}
	p := joinPage{Shell: s.shell(r, people.Principal{}, "Choose a password", ""), Name: a.Name, Role: string(a.Role), Code: code, Failed: why}
	return s.render(w, status, "join", p)
}

func (s *site) takeJoin(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	code := r.PostForm.Get("code")
	e, err := s.Door.Join(r.Context(), code, r.PostForm.Get("password"), s.visitor(r))
	switch {
	case errors.Is(err, people.ErrSignedOut):
		return s.joinAgain(w, r, http.StatusForbidden, code, "")
	case err != nil:
		status, why := refusal(w, err)
		if status == 0 {
			return err
		}
		return s.joinAgain(w, r, status, code, why)
	}
	s.enter(w, r, e, "")
	return nil
}

// welcome is where the admin of a new house chooses a name and a password.
func (s *site) welcome(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	a, err := s.Accounts.Get(who.ID)
	if err != nil {
		return err
	}
	if a.HasPassword || a.Identity != "" {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return nil
	}
	return s.render(w, http.StatusOK, "join", s.firstPage(r, who.Name, ""))
}

func (s *site) firstPage(r *http.Request, name, why string) joinPage {
	return joinPage{Shell: s.shell(r, people.Principal{}, "Welcome", ""), First: true, Name: name, Failed: why, Role: string(people.Admin)}
}

func (s *site) takeWelcome(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, err := s.Accounts.Get(who.ID)
	if err != nil {
		return err
	}
	if a.HasPassword { // a second click
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	name := r.PostForm.Get("name")
	e, err := s.Door.Choose(r.Context(), s.shown(r, sessionCookie), name, "", r.PostForm.Get("password"), s.visitor(r))
	if err != nil {
		status, why := refusal(w, err)
		if status == 0 {
			return err
		}
		return s.render(w, status, "join", s.firstPage(r, name, why))
	}
	s.enter(w, r, e, "/")
	return nil
}
