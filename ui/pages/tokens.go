package pages

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"resolute/agent/people"
)

// Tokens are the tokens for the API.
type Tokens interface {
	List() []people.Token
	Create(ctx context.Context, n people.NewToken, by string) (people.Token, string, error)
	Revoke(ctx context.Context, id, by string) error
}

type tokensPage struct {
	Shell        Shell
	Tokens       []TokenView
	Roles        []RoleView
	Lasts        []Pair // days and how they are called
	Failed       string
	Done         string
	Given        *GivenView
	Name         string
	Of           string // which of how many these are, "" where these are all
	Before, Next string
}

// TokenView is a token without its secret.
type TokenView struct {
	ID, Name, Role, May string
	Untrusted           bool
	By                  string
	Created             Moment
	Used                Moment // zero for never
	Until               Moment // zero for ever
	Over                bool
}

func (s *site) tokens(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p := s.tokensPage(r, who)
	if r.URL.Query().Get("done") == "revoke" {
		p.Done = "The token is revoked. It lets nobody in any more."
	}
	return s.render(w, http.StatusOK, "tokens", p)
}

// tokenLasts gives the choices of how long a token counts, in days.
func tokenLasts() []Pair {
	return []Pair{{Name: "30", Text: "30 days"}, {Name: "90", Text: "90 days"}, {Name: "365", Text: "a year"}, {Name: "0", Text: "until it is revoked"}}
}

func (s *site) tokensPage(r *http.Request, who people.Principal) tokensPage {
	p := tokensPage{Shell: s.shell(r, who, "Tokens", "/tokens"), Roles: roleViews(people.Ingest, people.Roles()...), Lasts: tokenLasts()}
	now := s.Now()
	var list []people.Token
	list, p.Of, p.Before, p.Next = stretch(r, s.Tokens.List(), tokensShown)
	for _, t := range list {
		v := TokenView{ID: t.ID, Name: t.Name, Role: string(t.Role), May: may(t.Role), Untrusted: t.Untrusted, By: actor(t.CreatedBy), Created: moment(t.CreatedAt, now)}
		if t.LastUsedAt != nil {
			v.Used = moment(*t.LastUsedAt, now)
		}
		if t.ExpiresAt != nil {
			v.Until, v.Over = moment(*t.ExpiresAt, now), !now.Before(*t.ExpiresAt)
		}
		p.Tokens = append(p.Tokens, v)
	}
	return p
}

func (s *site) createToken(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	f := r.PostForm
	n := people.NewToken{Name: f.Get("name"), Role: people.Role(f.Get("role")), Untrusted: f.Get("untrusted") != ""}
	days, err := strconv.Atoi(f.Get("days"))
	if err != nil || days < 0 || days > 3650 {
		return errRequest
	}
	if days > 0 {
		n.ExpiresAt = s.Now().Add(time.Duration(days) * 24 * time.Hour)
	}
	t, secret, err := s.Tokens.Create(r.Context(), n, who.Actor())
	if err != nil {
		status, why := refusal(w, err)
		if status == 0 {
			return err
		}
		p := s.tokensPage(r, who)
		p.Failed, p.Name = why, n.Name
		return s.render(w, status, "tokens", p)
	}
	p := s.tokensPage(r, who)
	p.Given = &GivenView{Title: "The token " + t.Name, Secret: secret, What: "Send it as Authorization: Bearer TOKEN. It " + may(t.Role) + "."}
	return s.render(w, http.StatusOK, "tokens", p)
}

func (s *site) revokeToken(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := s.Tokens.Revoke(r.Context(), r.PathValue("id"), who.Actor()); err != nil {
		return errPerson(err)
	}
	http.Redirect(w, r, "/tokens?"+url.Values{"done": {"revoke"}}.Encode(), http.StatusSeeOther)
	return nil
}
