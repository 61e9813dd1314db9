package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"resolute/agent/journal"
	"resolute/agent/people"
)

// Records keeps small values by kind and key; a journal.Store does.
type Records interface {
	Get(ctx context.Context, kind, key string) ([]byte, error)
	Put(ctx context.Context, records ...journal.Record) error
}

// kindViews is that of the records that keep people's own views of the list, one for each person.
const kindViews = "console.views"

// savedView is a filter that somebody gave a name.
type savedView struct {
	Name  string `json:"name"`
	Query string `json:"query"` // as in the list's address
}

// Bounds of what somebody may keep.
const (
	maxViews    = 20
	maxViewName = 40
)

// savedViews gives a person's own views, in the order in which they were saved.
func (s *site) savedViews(ctx context.Context, who people.Principal) ([]savedView, error) {
	b, err := s.Records.Get(ctx, kindViews, who.ID)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []savedView
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("the saved views of %s: %w", who.ID, err)
	}
	return list, nil
}

// saveView keeps the filter that a list has under a name, or forgets one. It is nobody else's business, so
// the audit has no line of it.
func (s *site) saveView(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	name, forget := strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("forget")
	list, err := s.savedViews(r.Context(), who)
	if err != nil {
		return err
	}
	to := "/cases"
	if forget != "" {
		list = slices.DeleteFunc(list, func(v savedView) bool { return v.Name == forget })
	} else {
		q, err := url.ParseQuery(r.PostForm.Get("query"))
		f := filterOf(q)
		switch {
		case err != nil || f.empty():
			return fmt.Errorf("%w: a view has a filter; choose one first", errRequest)
		case name == "" || len(name) > maxViewName:
			return fmt.Errorf("%w: a view has a name of at most %d bytes", errRequest, maxViewName)
		}
		list = slices.DeleteFunc(list, func(v savedView) bool { return v.Name == name })
		if len(list) >= maxViews {
			return fmt.Errorf("%w: %d views are kept at most; forget one first", errRequest, maxViews)
		}
		list = append(list, savedView{name, f.query().Encode()})
		to = casesLink(f, "")
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := s.Records.Put(r.Context(), journal.Record{Kind: kindViews, Key: who.ID, Value: b}); err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
