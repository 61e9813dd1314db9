package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Poster posts JSON over connections that stay open.
type Poster struct {
	url    string
	bearer string
	client http.Client
}

// NewPoster makes a poster for so many requests at once; without a bearer token none is sent.
func NewPoster(url, bearer string, atOnce int) *Poster {
	return &Poster{url: url, bearer: bearer, client: http.Client{Timeout: time.Minute,
		Transport: &http.Transport{MaxIdleConns: atOnce, MaxIdleConnsPerHost: atOnce, DisableCompression: true}}}
}

// Post sends a body; a status other than 2xx is an error. A server that has too much to do (429) is
// asked again when it says.
func (p *Poster) Post(ctx context.Context, contentType string, body []byte) error {
	for {
		wait, err := p.once(ctx, contentType, body)
		if wait == 0 {
			return err
		}
		pause(ctx, wait)
	}
}

func (p *Poster) once(ctx context.Context, contentType string, body []byte) (wait time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", contentType)
	if p.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return 0, err
	case res.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // without one: at once, nearly
		return max(time.Duration(seconds)*time.Second, time.Millisecond), nil
	case res.StatusCode/100 != 2:
		return 0, fmt.Errorf("%s: %s: %.300s", p.url, res.Status, answer)
	}
	return 0, nil
}

// Close closes the connections.
func (p *Poster) Close() { p.client.CloseIdleConnections() }
