package pages

import (
	"fmt"
	"net/http"
	"net/url"

	"resolute/agent/journal"
	"resolute/agent/people"
)

type casesPage struct {
	Shell Shell
	List  ListView
}

// perPage is how many cases a page of the list has.
const perPage = 50

func (s *site) cases(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	offset, err := s.offset(r.Context())
	if err != nil {
		return err
	}
	f, cursor := filterOf(r.URL.Query()), r.URL.Query().Get("cursor")
	list, next, err := s.Cases.Cases(r.Context(), cursor, perPage, f.match)
	if err != nil {
		return err
	}
	p := casesPage{Shell: s.shell(r, who, "Cases", "/cases"), List: listView(f, list, cursor, next, s.Now())}
	more := f.query()
	more.Set("after", fmt.Sprint(offset))
	if cursor != "" {
		more.Set("cursor", cursor)
	}
	p.Shell.Stream = streamLink("cases", more)
	return s.render(w, http.StatusOK, "cases", p)
}

// shownIDs are the cases on the page of the list that a query names.
func (s *site) shownIDs(r *http.Request, q url.Values) (map[string]bool, error) {
	var list []journal.Summary
	list, _, err := s.Cases.Cases(r.Context(), q.Get("cursor"), perPage, filterOf(q).match)
	ids := map[string]bool{}
	for i := range list {
		ids[list[i].ID] = true
	}
	return ids, err
}
