package plugins_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"resolute/plugins"
	"resolute/tools/protocol"
)

type seat struct {
	Train string `json:"train" doc:"number of the train" pattern:"^[A-Z]{2}[0-9]+$"`
	Class int    `json:"class" minimum:"1" maximum:"2"`
}

type booking struct {
	ID         string `json:"id"`
	PriceCents int    `json:"price_cents" x-resolute:"money"`
}

// A whole plugin: one function, its types, and a server for it. A program would end with
// s.Serve(ctx, listener).
func Example() {
	s := plugins.New("trains", plugins.Options{})
	plugins.Register(s, plugins.Tool[seat, booking]{
		Name:        "book_seat",
		Description: "Books a seat for tomorrow.",
		Effect:      protocol.Write,
		Run: func(_ context.Context, in seat) (booking, error) {
			if in.Train == "IC99" {
				return booking{}, plugins.Refuse("cancelled", "train %s doesn't run tomorrow", in.Train)
			}
			return booking{ID: "B-1", PriceCents: 4500 / in.Class}, nil
		},
	})
	server := httptest.NewServer(s.Handler())
	defer server.Close()

	for i, train := range []string{"IC12", "IC99"} {
		body := strings.NewReader(fmt.Sprintf(`{"train":%q,"class":2}`, train))
		req, _ := http.NewRequest(http.MethodPost, server.URL+"/tools/book_seat", body)
		req.Header.Set(protocol.HeaderIdempotencyKey, fmt.Sprint("key-", i))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(res.Status)
		res.Body.Close()
	}
	// Output:
	// 200 OK
	// 422 Unprocessable Entity
}
