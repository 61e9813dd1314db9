package api

import "net/http"

func (s *server) getManifests(r *request) error {
	return answer(r, http.StatusOK, listOf(s.Manifests.Drifted(r.Request.Context()), ""))
}

func (s *server) acceptManifest(r *request) error {
	var in struct {
		Manifest string `json:"manifest"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if err := s.Manifests.Accept(r.Request.Context(), r.Param("plugin"), in.Manifest, r.who.Actor()); err != nil {
		return err
	}
	r.Writer.WriteHeader(http.StatusNoContent)
	r.Writer.WriteHeaderNow()
	return nil
}
