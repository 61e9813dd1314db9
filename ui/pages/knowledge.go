package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"resolute/agent/people"
	"resolute/kb"
)

type knowledgePage struct {
	Shell     Shell
	May       bool // whoever looks may import and delete
	Query     string
	Hits      []HitView
	Below     string // that cases would find nothing, and why; "" if they would
	Passage   *FoundView
	Missing   string
	Document  *DocumentPage
	Write     *WriteView
	Report    *ReportView
	Imports   ImportsView
	Gaps      []GapView
	State     string
	Trouble   string
	Documents []DocumentView
	Next      string
}

// HitView is a passage that a search found, and why.
type HitView struct {
	Title, Text, Link, Source string
	Words, Meaning, Relevance string // ranks and how well it fits, in words
	Internal, Correction      bool
	Evidence                  Evidence
}

// FoundView is the passage that an address leads to.
type FoundView struct {
	Title, Text, Address, Source string
	Past                         string // what became of the document since, "" if nothing
	Now                          string // link to the document as it is
	Evidence                     Evidence
}

// maxQuery is how long a search may be, in bytes.
const maxQuery = 2000

func (s *site) knowledge(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := s.knowledgePage(r, who)
	if err != nil {
		return err
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

// knowledgePage is the page as its address asks for it.
func (s *site) knowledgePage(r *http.Request, who people.Principal) (p knowledgePage, err error) {
	ctx, q := r.Context(), r.URL.Query()
	p = knowledgePage{Shell: s.shell(r, who, "Knowledge", "/knowledge"), May: who.Role.AtLeast(people.Admin), Query: strings.TrimSpace(q.Get("q"))}
	p.Shell.Stream = "/knowledge/stream"
	if len(p.Query) > maxQuery {
		return p, fmt.Errorf("%w: a search has at most %d bytes", errRequest, maxQuery)
	}
	if at := q.Get("at"); at != "" {
		passage, err := s.Knowledge.Passage(ctx, at)
		switch {
		case errors.Is(err, kb.ErrNotFound) || errors.Is(err, kb.ErrQuery):
			p.Missing = "The cited passage is not here any more: " + err.Error() + "."
		case err != nil:
			return p, err
		default:
			p.Passage = foundView(passage)
		}
	}
	if id := q.Get("document"); id != "" {
		from, _ := strconv.Atoi(q.Get("from")) // what is no number is the beginning
		if p.Document, err = s.documentPage(ctx, id, from); err != nil {
			return p, err
		}
	}
	if q.Has("write") && p.May {
		p.Write = &WriteView{Title: shorten(q.Get("write"), 120), Asked: q.Get("write")}
	}
	if p.Query != "" {
		if err := s.searched(ctx, &p); err != nil {
			return p, err
		}
	}
	return p, s.listed(ctx, &p, q.Get("cursor"))
}

func foundView(passage kb.Passage) *FoundView {
	v := &FoundView{Title: headed(passage.Document.Title, passage.Headings), Text: passage.Text, Address: passage.Address, Source: passage.Document.Source, Evidence: byKnowledge()}
	switch {
	case passage.Correction != nil && passage.Correction.State != kb.Active:
		v.Past = "This correction doesn't count any more: it is " + string(passage.Correction.State) + "."
	case passage.Past && passage.Now == "":
		v.Past = "This is what was cited. The document was deleted since."
	case passage.Past:
		v.Past, v.Now = "This is what was cited. The document changed since.", documentLink(passage.Document.ID)
	}
	return v
}

// hitView says of a hit why it was found, and whether it is relevant enough for a case.
func hitView(h kb.Hit, floor float64) HitView {
	v := HitView{Title: headed(h.Title, h.Headings), Text: shorten(h.Text, 600), Link: knowledgeLink(h.Citation), Source: h.Source,
		Internal: !h.Quotable(), Correction: h.Correction != nil, Relevance: fmt.Sprintf("relevance %.2f", h.Relevance), Evidence: byKnowledge()}
	if h.Relevance < floor {
		v.Relevance += ", too little for a case"
	}
	if h.KeywordRank > 0 {
		v.Words = fmt.Sprintf("by words %d", h.KeywordRank)
		if len(h.Matched) > 0 {
			v.Words += ": " + strings.Join(h.Matched, ", ")
		}
	}
	if h.VectorRank > 0 {
		v.Meaning = fmt.Sprintf("by meaning %d: likeness %.2f", h.VectorRank, h.Similarity)
	}
	return v
}

// documentLink is where the console shows a document.
func documentLink(id string) string {
	return "/knowledge?" + url.Values{"document": {id}}.Encode()
}
