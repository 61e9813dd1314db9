package pages

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// punctual bounds how long the body of a request takes to arrive. What comes after it takes as long as it
// takes. An import of knowledge is as long as it is, and an admin's.
func punctual(within time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody && r.URL.Path != "/knowledge/import" && c.SetReadDeadline(time.Now().Add(within)) == nil {
			r.Body = &hurried{ReadCloser: r.Body, arrived: sync.OnceFunc(func() { _ = c.SetReadDeadline(time.Time{}) })} // it could be set, so it can be taken back
		}
		next.ServeHTTP(w, r)
	})
}

// hurried is a body that has a time to arrive in.
type hurried struct {
	io.ReadCloser
	arrived func()
}

// Read reads as far as the body has arrived. Behind its end alone there is time again: of a body that is given
// up the server still reads the rest.
func (b *hurried) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.arrived()
	}
	return n, err
}
