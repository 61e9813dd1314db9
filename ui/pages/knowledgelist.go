package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"resolute/kb"
)

// DocumentView is a document in the list.
type DocumentView struct {
	Title, Source, Version, Link string
	About                        string // product, language and for whom, in words
	State, Tone, Icon            string // whether it counts now
	Chunks                       int
	Imported                     Moment
}

// DocumentPage is a document with its chunks and where it was used.
type DocumentPage struct {
	DocumentView
	ID, Address string
	Pieces      []PieceView
	Uses        []UseView
	Used        string // how often, in words; "" if never
	More, Rest  string // the page with the pieces behind these, and how many those are
}

// PieceView is a chunk of a document.
type PieceView struct {
	Heading string // the path to it; "" at the beginning
	Text    string
	Link    string
}

// UseView is a case that a passage was used in.
type UseView struct {
	Link, Short, How, Passage, Query string
	At                               Moment
}

// GapView is what cases asked for and nobody wrote.
type GapView struct {
	Query, Write, Cases string
	Link                string // to the newest case
	Other               []string
	Last                Moment
}

const (
	gapsShown   = 10
	usesShown   = 50
	piecesShown = 25  // of a document at once
	askedShown  = 300 // of a search, in characters
)

// searched fills in what a search finds, as cases would find it.
func (s *site) searched(ctx context.Context, p *knowledgePage) error {
	hits, err := s.Knowledge.Search(ctx, kb.Query{Text: p.Query})
	if err != nil {
		return err
	}
	floor, best := s.House().Relevance, 0.0
	for _, h := range hits {
		best = max(best, h.Relevance)
		p.Hits = append(p.Hits, hitView(h, floor))
	}
	if len(hits) > 0 && best < floor {
		p.Below = fmt.Sprintf("Cases find nothing with these words: the best passage has a relevance of %.2f, and the bundle's threshold is %.2f.", best, floor)
	}
	return nil
}

// listed fills in the documents, how the knowledge stands, and what is missing in it.
func (s *site) listed(ctx context.Context, p *knowledgePage, cursor string) error {
	documents, next, err := s.Knowledge.Documents(ctx, perPage, cursor)
	if err != nil {
		return err
	}
	for _, d := range documents {
		p.Documents = append(p.Documents, documentView(d, s.Now()))
	}
	if next != "" {
		p.Next = "/knowledge?" + url.Values{"cursor": {next}}.Encode()
	}
	state, err := s.Library.State(ctx)
	if err != nil {
		return err
	}
	p.State, p.Trouble = stateWords(state), state.Trouble
	missing, err := s.Library.Missing(ctx, s.House().Relevance, gapsShown)
	if err != nil {
		return err
	}
	for _, m := range missing {
		query := shorten(m.Query, askedShown)
		g := GapView{Query: query, Write: "/knowledge?" + url.Values{"write": {query}}.Encode(), Cases: plural(len(m.Cases), "case"), Last: moment(m.Last, s.Now())}
		for _, other := range m.Other {
			g.Other = append(g.Other, shorten(other, askedShown))
		}
		if len(m.Cases) > 0 {
			g.Link = "/cases/" + url.PathEscape(m.Cases[0])
		}
		p.Gaps = append(p.Gaps, g)
	}
	return nil
}

func stateWords(s kb.State) string {
	text := plural(s.Documents, "document") + ", " + plural(s.Chunks, "chunk")
	if !s.Renewing {
		return text
	}
	text += fmt.Sprintf("; %d of them embedded by %s, ", s.Embedded, s.Embedder)
	if s.Answering == "" {
		return text + "until then words alone find them"
	}
	return text + "until then " + s.Answering + " answers"
}

func documentView(d kb.Document, now time.Time) DocumentView {
	v := DocumentView{Title: d.Title, Source: cmp.Or(d.Source, d.Origin), Version: d.Version, Chunks: d.Chunks, Link: documentLink(d.ID),
		State: "counts", Tone: "resolved", Icon: "resolved", Imported: moment(d.ImportedAt, now)}
	for _, word := range []string{d.Product, d.Locale} {
		if word != "" {
			v.About += word + ", "
		}
	}
	if v.About += "customers"; !d.Quotable() {
		v.About = v.About[:len(v.About)-len("customers")] + "internal"
	}
	switch {
	case !d.ValidUntil.IsZero() && !now.Before(d.ValidUntil):
		v.State, v.Tone, v.Icon = "expired", "closed", "closed"
	case !d.ValidFrom.IsZero() && now.Before(d.ValidFrom):
		v.State, v.Tone, v.Icon = "from "+moment(d.ValidFrom, now).Exact, "waiting", "waiting"
	}
	return v
}

// documentPage is a document with its pieces from one on.
func (s *site) documentPage(ctx context.Context, id string, from int) (*DocumentPage, error) {
	d, err := s.Library.Document(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &DocumentPage{DocumentView: documentView(d, s.Now()), ID: d.ID, Address: "kb://" + d.ID + "@" + d.Version}
	chunks, err := s.Library.Contents(ctx, id)
	if err != nil {
		return nil, err
	}
	chunks = chunks[min(max(from, 0), len(chunks)):]
	if rest := len(chunks) - piecesShown; rest > 0 {
		chunks = chunks[:piecesShown]
		p.More = documentLink(d.ID) + "&from=" + strconv.Itoa(max(from, 0)+piecesShown)
		p.Rest = plural(rest, "passage") + " more"
	}
	for _, c := range chunks {
		p.Pieces = append(p.Pieces, PieceView{strings.Join(c.Headings, " › "), shorten(c.Text, 2000), knowledgeLink(c.Citation)})
	}
	uses, total, err := s.Library.Uses(ctx, id, usesShown)
	if err != nil {
		return nil, err
	}
	if total > 0 {
		p.Used = "Used " + plural(total, "time")
	}
	for _, u := range uses {
		how := "a case rests on it"
		if u.Kind == kb.Replied {
			how = "cited in a reply"
		}
		p.Uses = append(p.Uses, UseView{Link: "/cases/" + url.PathEscape(u.Case), Short: short(u.Case), How: how, Passage: u.Address, Query: shorten(u.Query, askedShown), At: moment(u.At, s.Now())})
	}
	return p, nil
}
