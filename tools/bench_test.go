package tools_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"resolute/agent/casefile"
	"resolute/tools"
)

func answerOK(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"refunded_cents":500,"rate":0.19}`)
}

// BenchmarkSend is a whole call: arguments checked, sent over loopback, result checked and decoded.
// Compare with BenchmarkBareClient.
func BenchmarkSend(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(answerOK))
	defer srv.Close()
	r := registry(b, tools.Options{}, shopAt(srv.URL))
	call := refund()
	for b.Loop() {
		if err := r.ValidateArgs(call.Tool, call.Args); err != nil {
			b.Fatal(err)
		}
		if a := r.Send(b.Context(), call); a.Outcome != casefile.OutcomeDone {
			b.Fatalf("%+v", a)
		}
	}
}

// BenchmarkBareClient is the same call by net/http alone.
func BenchmarkBareClient(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(answerOK))
	defer srv.Close()
	client := srv.Client()
	for b.Loop() {
		resp, err := client.Post(srv.URL+"/tools/refund", "application/json", bytes.NewReader([]byte(`{"amount_cents":500,"order_id":"ORD-1001"}`)))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}
