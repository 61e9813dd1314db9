package tools_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"resolute/agent/casefile"
	"resolute/tools"
)

// answering serves requests on raw connections, each with the next text; the connection is closed
// behind a text that ends with a full stop. It counts connections.
func answering(t *testing.T, texts ...string) (url string, connections *atomic.Int32, closed chan struct{}) {
	t.Helper()
	connections, closed = new(atomic.Int32), make(chan struct{}, 100)
	var next atomic.Int32
	return rawServer(t, func(c net.Conn) {
		connections.Add(1)
		in := bufio.NewReader(c)
		for {
			q, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, q.Body)
			text := texts[int(next.Add(1)-1)%len(texts)]
			_, _ = io.WriteString(c, strings.TrimSuffix(text, "."))
			if strings.HasSuffix(text, ".") {
				_ = c.Close()
				closed <- struct{}{}
				return
			}
		}
	}), connections, closed
}

const body = `{"refunded_cents":1}`

// TestAKeptConnectionThatWasClosedIsNotUsed: a request that is written to one would have an unknown
// outcome, at the first call after each quiet hour.
func TestAKeptConnectionThatWasClosedIsNotUsed(t *testing.T) {
	url, connections, closed := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"+body+".")
	r := registry(t, tools.Options{}, shopAt(url))
	for i := range 3 {
		if a := r.Send(t.Context(), refund()); a.Outcome != casefile.OutcomeDone {
			t.Fatalf("call %d ended %+v, want done on a connection of its own", i+1, a)
		}
		<-closed
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("three calls took %d connections, want 3", n)
	}
}

func TestAnswersOfEveryShape(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body[:5] + "\r\nf\r\n" + body[5:] + "\r\n0\r\n\r\n"
	for name, c := range map[string]struct {
		text        string
		outcome     casefile.Outcome
		connections int32 // that two calls take
	}{
		"length":            {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + body, casefile.OutcomeDone, 1},
		"chunks":            {chunked, casefile.OutcomeDone, 1},
		"interim answers":   {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + body, casefile.OutcomeDone, 1},
		"only interim":      {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9), casefile.OutcomeUnknown, 2},
		"asks to close":     {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\n" + body + ".", casefile.OutcomeDone, 2},
		"until it closes":   {"HTTP/1.0 200 OK\r\n\r\n" + body + ".", casefile.OutcomeDone, 2},
		"more than it says": {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + body + "HTTP/1.1 200 OK\r\n", casefile.OutcomeDone, 2},
		"endless header":    {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 3<<20) + "\r\n\r\n.", casefile.OutcomeUnknown, 2},
		"no HTTP":           {"SSH-2.0-OpenSSH\r\n.", casefile.OutcomeUnknown, 2},
	} {
		t.Run(name, func(t *testing.T) {
			url, connections, _ := answering(t, c.text)
			r := registry(t, tools.Options{}, shopAt(url))
			for range 2 {
				if a := r.Send(t.Context(), refund()); a.Outcome != c.outcome {
					t.Errorf("it ended %+v, want %s", a, c.outcome)
				}
			}
			if n := connections.Load(); n != c.connections {
				t.Errorf("two calls took %d connections, want %d", n, c.connections)
			}
		})
	}
}
