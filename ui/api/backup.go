package api

import (
	"net/http"
	"time"
)

// postBackup streams a backup. One that breaks off lacks its last part, by which its reader knows.
func (s *server) postBackup(r *request) error {
	if err := s.Audit.Record(r.Request.Context(), r.who.Actor(), "backup.made", "", nil); err != nil {
		return err
	}
	r.Header("Content-Type", "application/x-tar")
	return s.Backup(r.Request.Context(), &patient{w: r.Writer, control: http.NewResponseController(r.Writer)})
}

// patience is how long a reader may take for a part of a stream: while it takes nothing, the data stays
// pinned.
const patience = 30 * time.Second

// patient writes to a reader as long as it takes what it gets.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// Write writes.
func (p *patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(patience)) // there is none where no network is between
	return p.w.Write(b)
}
