package pages

import (
	"net/http"
	"time"

	"resolute/agent/people"
)

// cookieName is the session's cookie.
const cookieName = "resolute_session"

type signInPage struct {
	Shell  Shell
	Failed string
}

// principal tells who sent a request.
func (s *site) principal(r *http.Request) (people.Principal, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil || c.Value == "" {
		return people.Principal{}, false
	}
	who, err := s.People.Session(r.Context(), c.Value)
	return who, err == nil && who.Role.AtLeast(people.Viewer)
}

// signIn turns a one-time link into a session.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) error {
	code := r.URL.Query().Get("code")
	if code == "" {
		if _, ok := s.principal(r); ok {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil
		}
		return s.render(w, http.StatusOK, "signin", signInPage{Shell: s.shell(r, people.Principal{}, "Sign in", "")})
	}
	token, expires, err := s.People.SignIn(r.Context(), code)
	if err != nil {
		s.Logger.Info("a sign-in link was refused", "error", err)
		p := signInPage{Shell: s.shell(r, people.Principal{}, "Sign in", ""), Failed: "It was used already, or its time is over. Nothing else is wrong."}
		return s.render(w, http.StatusForbidden, "signin", p)
	}
	http.SetCookie(w, s.cookie(token, expires))
	next := r.URL.Query().Get("next")
	if !local(next) {
		next = "/"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// askToSignIn answers whoever isn't signed in.
func (s *site) askToSignIn(w http.ResponseWriter, r *http.Request) {
	p := signInPage{Shell: s.shell(r, people.Principal{}, "Sign in", "")}
	if err := s.render(w, http.StatusUnauthorized, "signin", p); err != nil {
		s.Logger.Error("the sign-in page failed", "error", err)
	}
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(cookieName); err == nil {
		if err := s.People.SignOut(r.Context(), c.Value); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie("", time.Unix(1, 0)))
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

// cookie holds a session; a link in a mail may open the console, another site's form may not post.
func (s *site) cookie(token string, expires time.Time) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: token, Path: "/", Expires: expires, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
}
