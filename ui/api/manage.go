package api

import (
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"resolute/agent/bundle"
	"resolute/agent/people"
)

// done audits a change and answers 204.
func (s *server) done(r *request, action, subject string) error {
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), action, subject, nil); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}

func (s *server) getBundles(r *request) error {
	stored, err := s.Bundles.List(r.Request.Context())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(stored, ""))
}

func (s *server) getDiff(r *request) error {
	d, err := s.Bundles.Diff(r.Request.Context(), r.Param("version"), r.Param("other"))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, d)
}

// postDiff compares with a bundle that is not stored.
func (s *server) postDiff(r *request) error {
	files, err := archived(r)
	if err != nil {
		return err
	}
	d, err := s.Bundles.DiffWith(r.Request.Context(), r.Param("version"), files)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, d)
}

func archived(r *request) (fs.FS, error) {
	archive, err := io.ReadAll(r.Request.Body)
	if err != nil {
		return nil, err
	}
	return bundle.Unpack(archive)
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
	state := map[string]string{"status": "ready"}
	if trouble := s.Knowledge.Trouble(); trouble != "" { // signals are taken and cases go on all the same
		state["knowledge"] = trouble
	}
	if model := s.Model.Glance(r.Request.Context()); model.Trouble() != "" { // procedures go on all the same
		state["model"] = model.Trouble()
	}
	return answer(r, http.StatusOK, state)
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
