package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"resolute/agent/people"
	"resolute/kb"
)

type knowledgePage struct {
	Shell     Shell
	Query     string
	Hits      []HitView
	Passage   *FoundView
	Missing   string
	Documents []DocumentView
	Next      string
}

// HitView is a passage that a search found.
type HitView struct {
	Title, Text, Link, Source, Ranks string
	Evidence                         Evidence
}

// FoundView is the passage that an address leads to.
type FoundView struct {
	Title, Text, Address, Source string
	Evidence                     Evidence
}

// DocumentView is a document in the list.
type DocumentView struct {
	Title, Source, Version, Link string
	Chunks                       int
	Imported                     Moment
}

// maxQuery is how long a search may be, in bytes.
const maxQuery = 2000

func (s *site) knowledge(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	q := r.URL.Query()
	p := knowledgePage{Shell: s.shell(r, who, "Knowledge", "/knowledge"), Query: strings.TrimSpace(q.Get("q"))}
	if len(p.Query) > maxQuery {
		return fmt.Errorf("%w: a search has at most %d bytes", errRequest, maxQuery)
	}
	if at := q.Get("at"); at != "" {
		passage, err := s.Knowledge.Passage(r.Context(), at)
		switch {
		case errors.Is(err, kb.ErrNotFound) || errors.Is(err, kb.ErrQuery):
			p.Missing = "The cited passage is not here any more: " + err.Error() + "."
		case err != nil:
			return err
		default:
			p.Passage = &FoundView{Title: headed(passage.Document.Title, passage.Headings), Text: passage.Text, Address: passage.Address, Source: passage.Document.Source, Evidence: byKnowledge()}
		}
	}
	if p.Query != "" {
		hits, err := s.Knowledge.Search(r.Context(), kb.Query{Text: p.Query})
		if err != nil {
			return err
		}
		for _, h := range hits {
			p.Hits = append(p.Hits, hitView(h))
		}
	}
	documents, next, err := s.Knowledge.Documents(r.Context(), perPage, q.Get("cursor"))
	if err != nil {
		return err
	}
	for _, d := range documents {
		p.Documents = append(p.Documents, DocumentView{Title: d.Title, Source: d.Source, Version: d.Version, Chunks: d.Chunks,
			Link: knowledgeLink("kb://" + d.ID), Imported: moment(d.ImportedAt, s.Now())})
	}
	if next != "" {
		p.Next = "/knowledge?" + url.Values{"cursor": {next}}.Encode()
	}
	return s.render(w, http.StatusOK, "knowledge", p)
}

// headed is where a passage stands: the document's title, and the headings under it.
func headed(title string, headings []string) string {
	if len(headings) == 0 || headings[0] != title {
		headings = append([]string{title}, headings...)
	}
	return strings.Join(headings, " › ")
}

func hitView(h kb.Hit) HitView {
	v := HitView{Title: headed(h.Title, h.Headings), Text: shorten(h.Text, 600), Link: knowledgeLink(h.Citation), Source: h.Source, Evidence: byKnowledge()}
	var ranks []string
	if h.KeywordRank > 0 {
		ranks = append(ranks, fmt.Sprintf("by words %d", h.KeywordRank))
	}
	if h.VectorRank > 0 {
		ranks = append(ranks, fmt.Sprintf("by meaning %d", h.VectorRank))
	}
	v.Ranks = strings.Join(ranks, ", ")
	return v
}
