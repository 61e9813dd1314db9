package journal_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// What is open is counted, what ended isn't, and each commit is told with how many it served.
func TestDepth(t *testing.T) {
	commits, requests := 0, 0
	b, err := journal.Open(filepath.Join(t.TempDir(), "journal.db"), journal.Options{Observe: func(n int, took time.Duration) {
		commits, requests = commits+1, requests+n
		if n < 1 || took < 0 {
			t.Errorf("a commit served %d requests in %s", n, took)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	statuses := []casefile.Status{casefile.Waiting, casefile.Approving, casefile.Approving, casefile.Escalated, casefile.Resolved, casefile.Closed, casefile.Working, casefile.Working}
	for i, status := range statuses {
		id := uuid.Must(uuid.NewV7()).String()
		_, err := b.Accept(t.Context(), []journal.Arrival{{Signal: casefile.Signal{ID: uuid.Must(uuid.NewV7()).String(), Source: "s", EventID: id, Type: "t", Time: now}, Actor: "a", At: now, CaseID: id, Salts: make([]journal.Salt, journal.MaxArrivalEntries)}})
		if err != nil {
			t.Fatal(err)
		}
		if i == len(statuses)-1 {
			break // nobody takes the last one
		}
		leases, err := b.Claim(t.Context(), "w", 1, now, time.Minute)
		if err != nil || len(leases) != 1 {
			t.Fatalf("claimed %v, %v", leases, err)
		}
		a := journal.Append{CaseID: id, After: 2, Lease: &leases[0], Salts: make([]journal.Salt, 1), Messages: []journal.NewMessage{{}},
			Entries: []casefile.Entry{{Case: id, At: now, Actor: "a", Data: &casefile.ReplyWritten{}}}}
		if status != casefile.Working {
			a.Park = &journal.Park{Summary: journal.Summary{ID: id, Status: status, EndedAt: now}}
		}
		if _, err := b.Append(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Depth(t.Context())
	want := journal.Depth{Open: map[casefile.Status]int{casefile.Waiting: 1, casefile.Approving: 2, casefile.Escalated: 1, casefile.Working: 2}, Runnable: 1, Held: 1, Queued: 7}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the depth (-want +got): %v\n%s", err, diff)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if commits != 15 || requests != 15 {
		t.Errorf("%d commits with %d requests were told, want 15 of one each", commits, requests)
	}
}
