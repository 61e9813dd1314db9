package pages

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A form that doesn't get to its end is given up, and holds nothing any more.
func TestFormsThatNeverEnd(t *testing.T) {
	tn := newTown(t, "")
	srv := httptest.NewServer(New(tn.deps, Options{FormWithin: 50 * time.Millisecond}))
	defer srv.Close()
	for _, path := range []string{"/signin", "/join"} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // the test is over
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\nname=ann", path); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n == 0 {
			t.Errorf("%s waits for the end of a form without end (%v)", path, err)
		}
	}
}

// What has arrived in time is worked on for as long as it takes.
func TestPunctualFormsTakeTheirTime(t *testing.T) {
	const within = 300 * time.Millisecond
	srv := httptest.NewServer(punctual(within, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := readForm(w, r, maxForm); err != nil {
			t.Error(err)
		}
		select {
		case <-r.Context().Done():
			t.Error("what arrived in time is given up behind it")
		case <-time.After(2 * within):
		}
	})))
	defer srv.Close()
	res, err := http.PostForm(srv.URL, nil)
	if err == nil {
		_ = res.Body.Close()
		res, err = http.PostForm(srv.URL, map[string][]string{"name": {"ann"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}
