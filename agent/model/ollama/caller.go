package ollama

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// mostBody is how much of an answer is read, in bytes: far more than a server says of a model, or takes for
// a few hundred tokens a line each.
const mostBody = 32 << 20

// caller makes requests that go where they are sent and nowhere else, since a prompt tells of customers; and
// that read no answer without end.
func caller() *http.Client {
	return &http.Client{Transport: bounded{http.DefaultTransport}, CheckRedirect: func(q *http.Request, _ []*http.Request) error {
		return &fault{code: codeRefused, detail: fmt.Sprintf("what is at OLLAMA_HOST sends on to %s, and nothing is told to anybody but the server that is named there; name the one that is meant", q.URL.Redacted())}
	}}
}

// bounded ends answers that are longer than any of a server's is.
type bounded struct{ next http.RoundTripper }

// RoundTrip makes a request. The progress of a pull may take as long as it does.
func (b bounded) RoundTrip(q *http.Request) (*http.Response, error) {
	r, err := b.next.RoundTrip(q)
	if err == nil && !strings.HasSuffix(q.URL.Path, "/api/pull") {
		r.Body = &body{r.Body, mostBody}
	}
	return r, err
}

// body is an answer of which so many bytes may still be read.
type body struct {
	io.ReadCloser
	left int
}

var errLong = errors.New("it answered more than 32 MiB; see what is at OLLAMA_HOST")

// Read reads on, and fails behind the most.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
