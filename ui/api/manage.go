package api

import (
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"resolute/agent/bundle"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/kb"
)

func (s *server) searchKnowledge(r *request) error {
	mode := r.Query("mode")
	if mode == "" {
		mode = "hybrid"
	}
	hits, err := s.Knowledge.Search(r.Request.Context(), kb.Query{Text: r.Query("q"), K: r.count("k", 10, 100), Mode: kb.Mode(mode)})
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"hits": orEmpty(hits)})
}

func (s *server) getKnowledge(r *request) error {
	limit, cursor := r.page()
	documents, next, err := s.Knowledge.Documents(r.Request.Context(), limit, cursor)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(documents, next))
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
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "knowledge.imported", "", map[string]any{"documents": len(report.Documents), "failed": len(report.Failed)}); err != nil {
		return err
	}
	var wrong []problemPart
	for _, f := range report.Failed {
		wrong = append(wrong, problemPart{Pointer: f.Source, Detail: f.Detail})
	}
	if len(report.Documents) == 0 && len(wrong) > 0 {
		return invalid("none of the documents could be read", wrong...)
	}
	return answer(r, http.StatusOK, map[string]any{"documents": report.Documents, "failed": orEmpty(wrong)})
}

func readDocuments(r *request) ([]kb.Source, error) {
	if media, _, _ := mime.ParseMediaType(r.GetHeader("Content-Type")); media == "multipart/form-data" {
		form, err := r.MultipartForm()
		if err != nil {
			return nil, malformed("the form can't be read: " + err.Error())
		}
		var list []kb.Source
		for _, files := range form.File {
			for _, f := range files {
				open, err := f.Open()
				if err != nil {
					return nil, err
				}
				b, err := io.ReadAll(open)
				_ = open.Close() // it was read
				if err != nil {
					return nil, err
				}
				list = append(list, kb.Source{Path: f.Filename, Content: b})
			}
		}
		return list, nil
	}
	var in struct {
		Documents []struct {
			ID     string `json:"id"`
			Source string `json:"source"`
			Title  string `json:"title"`
			Text   string `json:"text"`
		} `json:"documents"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Documents) == 0 {
		return nil, invalid("there is no document", problemPart{Pointer: "/documents", Detail: "add {source, text}"})
	}
	var list []kb.Source
	for _, d := range in.Documents {
		list = append(list, kb.Source{ID: d.ID, Path: d.Source, Title: d.Title, Content: []byte(d.Text)})
	}
	return list, nil
}

func (s *server) deleteKnowledge(r *request) error {
	if err := s.Knowledge.Delete(r.Request.Context(), r.Param("id")); err != nil {
		return err
	}
	return s.done(r, "knowledge.deleted", r.Param("id"))
}

// done audits a change and answers 204.
func (s *server) done(r *request, action, subject string) error {
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), action, subject, nil); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

func (s *server) postBundle(r *request) error {
	archive, err := io.ReadAll(r.Request.Body)
	if err != nil {
		return err
	}
	files, err := bundle.Unpack(archive)
	if err != nil {
		return err
	}
	b, err := s.Bundles.Apply(r.Request.Context(), files, "", r.who.Actor(), true)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"version": b.Version, "active": true})
}

func (s *server) getBundles(r *request) error {
	stored, err := s.Bundles.List(r.Request.Context())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(stored, ""))
}

func (s *server) getBundle(r *request) error {
	b, err := s.Bundles.Get(r.Request.Context(), r.Param("version"))
	if err != nil {
		return err
	}
	active, err := s.Bundles.Active()
	names := []string{}
	for _, p := range b.Procedures {
		names = append(names, p.Name)
	}
	return answer(r, http.StatusOK, map[string]any{"version": b.Version, "active": err == nil && active.Version == b.Version, "company": b.Config.Company, "procedures": names})
}

func (s *server) activateBundle(r *request) error {
	b, err := s.Bundles.Activate(r.Request.Context(), r.Param("version"), r.who.Actor())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"version": b.Version, "active": true})
}

func (s *server) getTokens(r *request) error {
	return answer(r, http.StatusOK, listOf(s.Tokens.List(), ""))
}

func (s *server) postToken(r *request) error {
	var in struct {
		Role      people.Role `json:"role"`
		Name      string      `json:"name"`
		Untrusted bool        `json:"untrusted"`
		ExpiresAt time.Time   `json:"expires_at"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	t, secret, err := s.Tokens.Create(r.Request.Context(), people.NewToken{Name: in.Name, Role: in.Role, Untrusted: in.Untrusted, ExpiresAt: in.ExpiresAt}, r.who.Actor())
	if err != nil {
		return err
	}
	return answer(r, http.StatusCreated, struct {
		people.Token
		Secret string `json:"token"`
	}{t, secret})
}

func (s *server) deleteToken(r *request) error {
	if err := s.Tokens.Revoke(r.Request.Context(), r.Param("id"), r.who.Actor()); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

func (s *server) getAudit(r *request) error {
	limit, cursor := r.page()
	events, next, err := s.Audit.List(r.Request.Context(), r.time("from"), r.time("to"), cursor, limit)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(events, next))
}

func (s *server) getReady(r *request) error {
	if err := s.Store.Err(); err != nil {
		return err
	}
	if _, err := s.Bundles.Active(); err != nil {
		return &problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}
	}
	return answer(r, http.StatusOK, map[string]string{"status": "ready"})
}

func (s *server) getMetrics(r *request) error {
	// A figure that can't be had is left out and logged: the others are wanted most just then.
	promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}).ServeHTTP(r.Writer, r.Request)
	return nil
}

func (s *server) getSecrets(r *request) error {
	items := []map[string]string{}
	for _, name := range s.Secrets.Names() {
		items = append(items, map[string]string{"name": name})
	}
	return answer(r, http.StatusOK, listOf(items, ""))
}

func (s *server) putSecret(r *request) error {
	var in struct {
		Value string `json:"value"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if err := s.Secrets.Set(r.Request.Context(), r.Param("name"), in.Value, r.who.Actor()); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

func (s *server) deleteSecret(r *request) error {
	if err := s.Secrets.Delete(r.Request.Context(), r.Param("name"), r.who.Actor()); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

func (s *server) postVerify(r *request) error {
	type damage struct {
		Where string `json:"where"`
		What  string `json:"what"`
	}
	found := []damage{}
	totals, err := s.Store.Verify(r.Request.Context(), func(d journal.Damage) {
		if len(found) < 1000 {
			found = append(found, damage(d))
		}
	})
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]any{"damage": found, "totals": totals})
}

func (s *server) postSignIn(r *request) error {
	code, err := s.Sessions.Link(people.Principal{ID: "local", Kind: people.KindUser, Name: "owner", Role: people.Admin})
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, map[string]string{"code": code})
}
