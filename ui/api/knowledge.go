package api

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"resolute/kb"
	"resolute/kb/read"
)

// searchKnowledge answers what a search finds. As for cases, the answer is that nothing was found if
// the best passage isn't as relevant as the bundle's threshold says; `floor` names another.
func (s *server) searchKnowledge(r *request) error {
	q := kb.Query{Text: r.Query("q"), K: r.count("k", 10, 200), Mode: kb.Mode(cmp.Or(r.Query("mode"), string(kb.Hybrid))), Each: kb.Unit(r.Query("each")),
		Filter: kb.Filter{Product: r.Query("product"), Locale: r.Query("locale"), Audience: read.Audience(r.Query("audience"))}}
	if q.Mode == kb.Hybrid && q.Each != kb.Documents {
		q.Floor = s.relevance()
	}
	if floor, err := strconv.ParseFloat(r.Query("floor"), 64); err == nil { // what isn't one was refused, or is absent
		q.Floor = floor
	}
	procedure, customer := r.Query("procedure"), r.Query("customer")
	if procedure != "" || customer != "" {
		q.Situation = &kb.Situation{Procedure: procedure, Products: []string{q.Filter.Product}, Customers: []string{customer}}
	}
	hits, err := s.Knowledge.Search(r.Request.Context(), q)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"hits": orEmpty(hits)})
}

// relevance is the active bundle's threshold; without a bundle anything goes.
func (s *server) relevance() float64 {
	b, err := s.Bundles.Active()
	if err != nil {
		return 0
	}
	return b.Config.Relevance
}

func (s *server) getKnowledge(r *request) error {
	limit, cursor := r.page()
	documents, next, err := s.Knowledge.Documents(r.Request.Context(), limit, cursor)
	if err != nil {
		return err
	}
	state, err := s.Knowledge.State(r.Request.Context())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, struct {
		list
		State kb.State `json:"state"`
	}{listOf(documents, next), state})
}

// getDocument answers a document with its chunks, and where it was used.
func (s *server) getDocument(r *request) error {
	ctx, id := r.Request.Context(), r.Param("id")
	d, err := s.Knowledge.Document(ctx, id)
	if err != nil {
		return err
	}
	chunks, err := s.Knowledge.Contents(ctx, id)
	if err != nil {
		return err
	}
	uses, total, err := s.Knowledge.Uses(ctx, id, 50)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, struct {
		kb.Document
		Contents []kb.Chunk `json:"contents"`
		Uses     []kb.Use   `json:"uses"`
		Used     int        `json:"used"`
	}{d, orEmpty(chunks), uses, total})
}

// getPassage answers what an address leads to, as it was in the version that it names.
func (s *server) getPassage(r *request) error {
	p, err := s.Knowledge.Passage(r.Request.Context(), cmp.Or(r.Query("address"), r.Query("at")))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, p)
}

// getGaps answers what cases asked for and found nothing about.
func (s *server) getGaps(r *request) error {
	missing, err := s.Knowledge.Missing(r.Request.Context(), s.relevance(), r.count("limit", 20, 100))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(missing, ""))
}

func (s *server) postKnowledge(r *request) error {
	sources, err := readDocuments(r)
	if err != nil {
		return err
	}
	report, err := s.Knowledge.Import(r.Request.Context(), sources)
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "knowledge.imported", report.ID, map[string]any{"documents": len(report.Documents), "failed": len(report.Failed)}); err != nil {
		return err
	}
	var wrong []problemPart
	for _, f := range report.Failed {
		wrong = append(wrong, problemPart{Pointer: f.Source, Detail: f.Detail})
	}
	if len(report.Documents) == 0 && len(wrong) > 0 {
		return invalid("none of the documents could be read", wrong...)
	}
	return answer(r, http.StatusOK, map[string]any{"id": report.ID, "documents": report.Documents, "failed": orEmpty(wrong)})
}

// described is what a request says of documents beside them.
type described struct {
	Product    string    `json:"product"`
	Locale     string    `json:"locale"`
	Audience   string    `json:"audience"`
	ValidFrom  time.Time `json:"valid_from"`
	ValidUntil time.Time `json:"valid_until"`
	Version    string    `json:"version"`
	Origin     string    `json:"origin"`
}

func (d described) metadata() (m kb.Metadata, err error) {
	m = kb.Metadata{Product: d.Product, Locale: d.Locale, ValidFrom: d.ValidFrom, ValidUntil: d.ValidUntil, Edition: d.Version, Origin: d.Origin}
	if _, err := m.Set("audience", d.Audience); err != nil {
		return m, invalid(err.Error(), problemPart{Pointer: "/audience", Detail: "internal or customer"})
	}
	return m, nil
}

// readDocuments reads what is to be imported: JSON {documents: [{source, text, ...}]}, or a form with
// files, and with the same names of metadata as fields before them.
func readDocuments(r *request) ([]kb.Source, error) {
	if media, _, _ := mime.ParseMediaType(r.GetHeader("Content-Type")); media == "multipart/form-data" {
		form, err := r.Request.MultipartReader()
		if err != nil {
			return nil, malformed("the form can't be read: " + err.Error())
		}
		return kb.FormSources(form)
	}
	var in struct {
		Documents []struct {
			ID     string  `json:"id"`
			Source string  `json:"source"`
			Title  string  `json:"title"`
			Text   *string `json:"text"`
			Bytes  []byte  `json:"content"` // base64, of what is no text
			Format string  `json:"format"`
			described
		} `json:"documents"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Documents) == 0 {
		return nil, invalid("there is no document", problemPart{Pointer: "/documents", Detail: "add {source, text}"})
	}
	var list []kb.Source
	for i, d := range in.Documents {
		if d.Text == nil && d.Bytes == nil {
			pointer := fmt.Sprintf("/documents/%d/text", i)
			return nil, invalid("the body is not what is expected here: "+pointer+": it is missing, and so is content", problemPart{Pointer: pointer, Detail: "it is missing, and so is content"})
		}
		m, err := d.metadata()
		if err != nil {
			return nil, err
		}
		content := d.Bytes
		if len(content) == 0 && d.Text != nil {
			content = []byte(*d.Text)
		}
		list = append(list, kb.Source{ID: d.ID, Path: d.Source, Title: d.Title, Format: d.Format, Content: content, Metadata: m})
	}
	return list, nil
}

// deleteKnowledge deletes a document; with `erase` nothing of it is kept for what cited it.
func (s *server) deleteKnowledge(r *request) error {
	id := r.Param("id")
	if r.Query("erase") == "true" {
		if err := s.Knowledge.Erase(r.Request.Context(), id); err != nil {
			return err
		}
		return s.done(r, "knowledge.erased", id)
	}
	if err := s.Knowledge.Delete(r.Request.Context(), id); err != nil {
		return err
	}
	return s.done(r, "knowledge.deleted", id)
}
