package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"resolute/agent/people"
)

// Accounts are the people who may sign in.
type Accounts interface {
	List() []people.Standing
	Get(id string) (people.Standing, error)
	Linked(code string) (people.Standing, error)
	Invite(ctx context.Context, name string, role people.Role, by string) (people.Standing, string, error)
	Link(ctx context.Context, id, by string) (code string, err error)
	ChangeRole(ctx context.Context, id string, role people.Role, by string) error
	Disable(ctx context.Context, id, by string) error
	Enable(ctx context.Context, id, by string) error
	SignOutEverywhere(ctx context.Context, id, by string) error
	Delete(ctx context.Context, id, by string) error
}

type peoplePage struct {
	Shell        Shell
	People       []PersonView
	Roles        []RoleView
	Failed       string
	Done         string
	Left         string // what somebody who was kept out leaves behind
	Given        *GivenView
	Name         string // what was written into the form that failed
	Of           string // which of how many these are, "" where these are all
	Before, Next string
}

// A page of people, and of tokens.
const (
	peopleShown = 20
	tokensShown = 40
)

// stretch is what a page shows of a list that is in memory whole: those from the one on that its address names.
func stretch[T any](r *http.Request, list []T, most int) (shown []T, of, before, next string) {
	from, _ := strconv.Atoi(r.URL.Query().Get("from")) // what is no number is the beginning
	from = min(max(from, 0), max(len(list)-1, 0))
	to := min(from+most, len(list))
	if from > 0 {
		before = r.URL.Path + "?from=" + strconv.Itoa(max(from-most, 0))
	}
	if to < len(list) {
		next = r.URL.Path + "?from=" + strconv.Itoa(to)
	}
	if before != "" || next != "" {
		of = fmt.Sprintf("%s to %s of %s", thousands(from+1), thousands(to), thousands(len(list)))
	}
	return list[from:to], of, before, next
}

// GivenView is something that is shown this once.
type GivenView struct{ Title, Secret, Until, What string }

// RoleView is a role to choose.
type RoleView struct {
	Name, May string
	Chosen    bool
}

// PersonView is somebody who may sign in.
type PersonView struct {
	ID, Name, Role, State, Icon, Tone string
	Disabled, Self, Invited           bool
	By                                string
	Since                             Moment
	Seen                              Moment
	Sessions                          int
	Roles                             []RoleView
}

func roleViews(chosen people.Role, with ...people.Role) []RoleView {
	var list []RoleView
	for _, r := range with {
		list = append(list, RoleView{string(r), may(r), r == chosen})
	}
	return list
}

var personRoles = [...]people.Role{people.Viewer, people.Operator, people.Approver, people.Admin}

func (s *site) folk(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p := s.peoplePage(r, who)
	q := r.URL.Query()
	p.Done = folkDone(q)
	if do := q.Get("done"); do == "disable" || do == "delete" || do == "role" {
		p.Left = s.tokensOf(q.Get("name"))
	}
	return s.render(w, http.StatusOK, "people", p)
}

func (s *site) peoplePage(r *http.Request, who people.Principal) peoplePage {
	p := peoplePage{Shell: s.shell(r, who, "People", "/people"), Roles: roleViews(people.Operator, personRoles[:]...)}
	var list []people.Standing
	list, p.Of, p.Before, p.Next = stretch(r, s.Accounts.List(), peopleShown)
	for _, a := range list {
		v := PersonView{ID: a.ID, Name: a.Name, Role: string(a.Role), Disabled: a.Disabled, Self: a.ID == who.ID, By: actor(a.CreatedBy), Since: moment(a.CreatedAt, s.Now()), Roles: roleViews(a.Role, personRoles[:]...)}
		if sessions := s.People.Of(a.ID); len(sessions) > 0 {
			v.Sessions, v.Seen = len(sessions), moment(sessions[0].SeenAt, s.Now())
		}
		switch {
		case a.Disabled:
			v.State, v.Icon, v.Tone = "kept out", "closed", "closed"
		case a.LinkUntil != nil && !a.HasPassword && a.Identity == "":
			v.State, v.Icon, v.Tone, v.Invited = "invited", "waiting", "waiting", true
		case !a.HasPassword && a.Identity == "":
			v.State, v.Icon, v.Tone, v.Invited = "has no password", "waiting", "waiting", true
		case a.Identity != "":
			v.State, v.Icon, v.Tone = "by identity provider", "ok", "muted"
		default:
			v.State, v.Icon, v.Tone = "by password", "ok", "muted"
		}
		p.People = append(p.People, v)
	}
	return p
}

func folkDone(q url.Values) string {
	name := shorten(q.Get("name"), 100)
	switch q.Get("done") {
	case "role":
		return name + " has another role now. It counts already."
	case "disable":
		return name + " is kept out, and signed out everywhere."
	case "enable":
		return name + " may sign in again."
	case "signout":
		return name + " is signed out everywhere."
	case "delete":
		return "The account is deleted. What it did stays in the journal and the audit."
	}
	return ""
}

// tokensOf says how many tokens that somebody made count still, "" for none: they are the house's, and go on
// without them.
func (s *site) tokensOf(name string) string {
	n := 0
	for _, t := range s.Tokens.List() {
		if t.CreatedBy == (people.Principal{Kind: people.KindUser, Name: name}).Actor() && (t.ExpiresAt == nil || s.Now().Before(*t.ExpiresAt)) {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "One token that " + name + " made still counts"
	}
	return thousands(n) + " tokens that " + name + " made still count"
}

// refusedFolk shows the page again with what was wrong; other errors have their own page.
func (s *site) refusedFolk(w http.ResponseWriter, r *http.Request, who people.Principal, name string, err error) error {
	status, why := refusal(w, err)
	if errors.Is(err, people.ErrLastAdmin) {
		status, why = http.StatusConflict, sentence(err.Error())
	}
	if errors.Is(err, people.ErrNotFound) {
		return errPerson(err)
	}
	if status == 0 {
		return err
	}
	p := s.peoplePage(r, who)
	p.Failed, p.Name = why, name
	return s.render(w, status, "people", p)
}

func (s *site) invite(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	name := r.PostForm.Get("name")
	a, code, err := s.Accounts.Invite(r.Context(), name, people.Role(r.PostForm.Get("role")), who.Actor())
	if err != nil {
		return s.refusedFolk(w, r, who, name, err)
	}
	return s.give(w, r, who, a, code, "By it "+a.Name+" chooses a password, and is "+string(a.Role)+".")
}

// give shows a link this once.
func (s *site) give(w http.ResponseWriter, r *http.Request, who people.Principal, a people.Standing, code, what string) error {
	p := s.peoplePage(r, who)
	p.Given = &GivenView{Title: "A link for " + a.Name, Secret: s.absolute(r, "/join", url.Values{"code": {code}}), What: what}
	if a.LinkUntil != nil {
		p.Given.Until = a.LinkUntil.UTC().Format("2006-01-02 15:04 MST")
	}
	return s.render(w, http.StatusOK, "people", p)
}

// changePerson does what a button beside a person says.
func (s *site) changePerson(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := form(w, r); err != nil {
		return err
	}
	ctx, id, by, do := r.Context(), r.PathValue("id"), who.Actor(), r.PostForm.Get("do")
	a, err := s.Accounts.Get(id)
	if err != nil {
		return errPerson(err)
	}
	switch do {
	case "role":
		err = s.Accounts.ChangeRole(ctx, id, people.Role(r.PostForm.Get("role")), by)
	case "disable":
		err = s.Accounts.Disable(ctx, id, by)
	case "enable":
		err = s.Accounts.Enable(ctx, id, by)
	case "signout":
		err = s.Accounts.SignOutEverywhere(ctx, id, by)
	case "delete":
		err = s.Accounts.Delete(ctx, id, by)
	case "link":
		code, err := s.Accounts.Link(ctx, id, by)
		if err != nil {
			return s.refusedFolk(w, r, who, "", err)
		}
		if a, err = s.Accounts.Get(id); err != nil {
			return errPerson(err)
		}
		return s.give(w, r, who, a, code, "By it "+a.Name+" chooses another password; the one of now counts until then.")
	default:
		return errRequest
	}
	if err != nil {
		return s.refusedFolk(w, r, who, "", err)
	}
	http.Redirect(w, r, "/people?"+url.Values{"done": {do}, "name": {a.Name}}.Encode(), http.StatusSeeOther)
	return nil
}
