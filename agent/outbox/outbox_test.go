package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/outbox"
)

// shelf is a store with messages that are due at once; it keeps what is recorded of them.
type shelf struct {
	mu        sync.Mutex
	messages  []journal.Message
	records   []journal.Delivery
	committed chan struct{}
}

func newShelf(n int) *shelf {
	s := &shelf{committed: make(chan struct{}, 1)}
	for i := range n {
		s.messages = append(s.messages, journal.Message{Offset: uint64(i + 1), CaseID: "c", Delivery: journal.Delivery{Status: outbox.Queued}})
	}
	return s
}

func (s *shelf) Undelivered(_ context.Context, now time.Time, limit int) (due []journal.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.Status == outbox.Queued && !m.NextAt.After(now) && len(due) < limit {
			due = append(due, m)
		}
	}
	return due, nil
}

func (s *shelf) Delivered(_ context.Context, offset uint64, d journal.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[offset-1].Delivery = d
	s.records = append(s.records, d)
	return nil
}

func (s *shelf) Committed() (<-chan struct{}, func()) { return s.committed, func() {} }

func (s *shelf) statuses() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		list = append(list, m.Status)
	}
	return list
}

// channel delivers as its function says.
type channel func(m journal.Message) error

func (c channel) Deliver(_ context.Context, m journal.Message) error { return c(m) }

// run delivers for a while, of the bubble's own time.
func run(t *testing.T, s outbox.Store, c outbox.Channel, for_ time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), for_)
	defer cancel()
	o := &outbox.Outbox{Store: s, Channel: func() (outbox.Channel, error) { return c, nil }, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	o.Run(ctx)
}

func TestDeliversAllThatIsDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(250)
		var got []uint64
		run(t, s, channel(func(m journal.Message) error { got = append(got, m.Offset); return nil }), time.Second)
		if len(got) != 250 || !slices.IsSorted(got) {
			t.Errorf("%d messages were delivered within a second, sorted %v; want all 250, oldest first", len(got), slices.IsSorted(got))
		}
		if all := s.statuses(); slices.Index(all, outbox.Queued) >= 0 {
			t.Error("a delivered message is still queued")
		}
	})
}

// A channel that takes ten seconds for one case's messages doesn't hold up the others', and a case's own
// stay in order.
func TestSlowDeliveriesHoldUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := newShelf(100), time.Now()
		for i := range s.messages {
			s.messages[i].CaseID = fmt.Sprint("case-", i%50)
		}
		var mu sync.Mutex
		last := map[string]uint64{}
		run(t, s, channel(func(m journal.Message) error {
			if m.CaseID == "case-0" {
				time.Sleep(10 * time.Second)
			}
			mu.Lock()
			defer mu.Unlock()
			if late := time.Since(start); m.CaseID != "case-0" && late > 0 || m.Offset < last[m.CaseID] {
				t.Errorf("%s gets message %d after %d and %v", m.CaseID, m.Offset, last[m.CaseID], late)
			}
			last[m.CaseID] = m.Offset
			return nil
		}), time.Minute)
		if slices.Contains(s.statuses(), outbox.Queued) {
			t.Errorf("not all is delivered after a minute: %v", s.statuses())
		}
	})
}

func TestTriesAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := newShelf(1), time.Now()
		var at []time.Duration
		run(t, s, channel(func(journal.Message) error {
			if at = append(at, time.Since(start)); len(at) < 5 {
				return errors.New("busy")
			}
			return nil
		}), time.Hour)
		if len(at) != 5 {
			t.Fatalf("tried %d times at %v, want until the fifth is taken", len(at), at)
		}
		for i := 2; i < len(at); i++ {
			if at[i]-at[i-1] < at[i-1]-at[i-2] {
				t.Errorf("the tries come at %v, want no pause shorter than the one before", at)
			}
		}
		last := s.records[len(s.records)-1]
		if last.Status != outbox.Sent || last.Tries != 5 || last.Error != "" {
			t.Errorf("the last record is %+v, want sent at the fifth try", last)
		}
		if first := s.records[0]; first.Status != outbox.Queued || first.Tries != 1 || first.Error != "busy" || !first.NextAt.After(start) {
			t.Errorf("the first record is %+v, want queued, with why and until when", first)
		}
	})
}

func TestGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		most int
	}{
		"a refusal is final":            {fmt.Errorf("%w: 422", outbox.ErrRefused), 1},
		"days of silence are the limit": {errors.New("no answer"), 40},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShelf(2)
				tries := map[uint64]int{}
				run(t, s, channel(func(m journal.Message) error { tries[m.Offset]++; return c.err }), 30*24*time.Hour)
				if tries[1] != c.most || tries[2] != c.most {
					t.Errorf("tried %v, want each message %d times", tries, c.most)
				}
				if got := s.statuses(); !slices.Equal(got, []string{outbox.Failed, outbox.Failed}) {
					t.Errorf("the messages are %v, want failed", got)
				}
			})
		})
	}
}

// Without a webhook the outbox itself is the channel, and stays it for what it has taken.
func TestReadyWithoutChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(2)
		s.messages[0].Tries = 3
		run(t, s, nil, time.Hour)
		if got := s.statuses(); !slices.Equal(got, []string{outbox.Ready, outbox.Ready}) || len(s.records) != 2 || s.records[0].Tries != 3 {
			t.Errorf("without a channel the messages are %v after %+v, want ready, each recorded once", got, s.records)
		}
		run(t, s, channel(func(m journal.Message) error {
			t.Errorf("message %d was sent by a later channel", m.Offset)
			return nil
		}), time.Hour)
	})
}

// Before there is a bundle nobody knows whether it names a channel.
func TestStaysQueuedWithoutBundle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		(&outbox.Outbox{Store: s, Channel: func() (outbox.Channel, error) { return nil, errors.New("no bundle") }, Now: time.Now, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
		if len(s.records) != 0 || s.statuses()[0] != outbox.Queued {
			t.Errorf("without a bundle the message is %v after %d records, want it left alone", s.statuses(), len(s.records))
		}
	})
}

func TestWebhook(t *testing.T) {
	m := journal.Message{Offset: 7, CaseID: "c-1", Kind: "reply", To: "ann@example.com", Text: "Done.", Citations: []string{"kb://a@1"}, At: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	for status, want := range map[int]string{200: "taken", 204: "taken", 301: "again", 302: "again", 307: "again", 400: "refused", 404: "refused", 422: "refused", 408: "again", 429: "again", 500: "again", 503: "again"} {
		var keys []string
		var body map[string]any
		elsewhere := 0
		mux := http.NewServeMux()
		mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere++ })
		mux.HandleFunc("POST /hook", func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Errorf("the webhook got no JSON: %v", err)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		server := httptest.NewServer(mux)
		err := outbox.Webhook{URL: server.URL + "/hook", Client: server.Client()}.Deliver(t.Context(), m)
		server.Close()
		got := "again"
		switch {
		case err == nil:
			got = "taken"
		case errors.Is(err, outbox.ErrRefused):
			got = "refused"
		}
		if got != want || elsewhere != 0 {
			t.Errorf("a webhook that answers %d: %s (%v), %d requests where it points to; want %s and none", status, got, err, elsewhere, want)
		}
		if !slices.Equal(keys, []string{"message-7"}) {
			t.Errorf("a webhook that answers %d got the keys %q, want message-7 once", status, keys)
		}
		wantBody := map[string]any{"case_id": "c-1", "kind": "reply", "to": "ann@example.com", "text": "Done.", "citations": []any{"kb://a@1"}, "at": "2026-03-01T10:00:00Z"}
		if diff := cmp.Diff(wantBody, body); diff != "" {
			t.Errorf("what the webhook got (-want +got):\n%s", diff)
		}
	}
}

// A webhook that hangs up is asked again later, never by the client on its own.
// A message goes with the link by which its customer sees how the case stands, where there is one.
func TestWebhookSaysTheCustomersLink(t *testing.T) {
	for link, want := range map[string]any{"https://help.example/status/x": "https://help.example/status/x", "": nil} {
		var body map[string]any
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Errorf("the webhook got no JSON: %v", err)
			}
		}))
		hook := outbox.Webhook{URL: server.URL, Client: server.Client(), Link: func(m journal.Message) string {
			if m.CaseID != "c-1" {
				t.Errorf("a link was asked for case %q", m.CaseID)
			}
			return link
		}}
		err := hook.Deliver(t.Context(), journal.Message{CaseID: "c-1", Kind: "reply"})
		server.Close()
		if got := body["status_url"]; err != nil || got != want {
			t.Errorf("with the link %q the webhook got %v (%v), want %v", link, got, err, want)
		}
	}
}

func TestWebhookHangsUp(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the connection could be used again
		mu.Lock()
		asked++
		first := asked == 1
		mu.Unlock()
		if first {
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close() // hanging up is the point
	}))
	defer server.Close()
	hook := outbox.Webhook{URL: server.URL, Client: server.Client()}
	if err := hook.Deliver(t.Context(), journal.Message{Offset: 1}); err != nil {
		t.Fatal(err)
	}
	err := hook.Deliver(t.Context(), journal.Message{Offset: 2})
	mu.Lock()
	defer mu.Unlock()
	if err == nil || errors.Is(err, outbox.ErrRefused) || asked != 2 {
		t.Errorf("the second delivery says %v after %d requests in all, want an error that isn't final, and 2", err, asked)
	}
}

// What the journal holds is what is delivered, and a delivery outlasts a restart.
func TestFromTheJournal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal.db")
	store, err := journal.Open(file, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	caseID := uuid.Must(uuid.NewV7()).String()
	at := time.Now()
	_, err = store.Accept(t.Context(), []journal.Arrival{{Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "s", EventID: "1", Type: "t", Time: at},
		Actor: "token:t", At: at, CaseID: caseID, Salts: make([]journal.Salt, journal.MaxArrivalEntries)}})
	if err != nil {
		t.Fatal(err)
	}
	reply := casefile.Entry{Seq: 3, Case: caseID, At: at, Actor: casefile.ActorAgent, Data: &casefile.ReplyWritten{Reply: casefile.Reply{To: "ann@example.com", Text: "Done."}}}
	_, err = store.Append(t.Context(), journal.Append{CaseID: caseID, After: 2, Entries: []casefile.Entry{reply}, Salts: make([]journal.Salt, 1), Messages: []journal.NewMessage{{Entry: 0}}})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan journal.Message, 2)
	deliver := func(until func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		o := &outbox.Outbox{Store: store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Channel: func() (outbox.Channel, error) {
				return channel(func(m journal.Message) error { got <- m; return nil }), nil
			}}
		go func() { defer close(done); o.Run(ctx) }()
		until()
		cancel()
		<-done
	}
	deliver(func() {
		if m := <-got; m.Text != "Done." || m.To != "ann@example.com" || m.CaseID != caseID {
			t.Errorf("delivered %+v, want what the entry says", m)
		}
		for status := ""; status != outbox.Sent; {
			list, _, err := store.Outbox(t.Context(), 0, 10)
			if err != nil || len(list) != 1 {
				t.Fatalf("the outbox holds %+v, %v, want the one message", list, err)
			}
			status = list[0].Status
		}
	})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = journal.Open(file, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }() // the test is over
	if due, err := store.Undelivered(t.Context(), time.Now().Add(time.Hour), 10); err != nil || len(due) != 0 {
		t.Errorf("after a restart %+v, %v is to be delivered, want nothing", due, err)
	}
}
