package journal_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/journal"
)

// together runs n pieces of work by so many writers.
func together(writers, n int, work func(writer, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				work(w, i)
			}
		})
	}
	wg.Wait()
}

// counted opens a store that counts its commits.
func counted(b *testing.B) (*journal.Bolt, *atomic.Int64) {
	var commits atomic.Int64
	return openAt(b, filepath.Join(b.TempDir(), "journal.db"), journal.Options{Commit: func(tx *bbolt.Tx) error {
		commits.Add(1)
		return tx.Commit()
	}}), &commits
}

// BenchmarkAccept takes signals in durably.
func BenchmarkAccept(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, "writers"), func(b *testing.B) {
			s, commits := counted(b)
			b.ReportAllocs()
			b.ResetTimer()
			together(writers, b.N, func(_, i int) { mustAccept(b, s, fmt.Sprint(i)) })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signals/s")
			b.ReportMetric(float64(b.N)/float64(commits.Load()), "signals/commit")
		})
	}
}

// BenchmarkAppend appends one entry at a time to cases that are leased.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, "writers"), func(b *testing.B) {
			s, commits := counted(b)
			for i := range writers {
				mustAccept(b, s, fmt.Sprint(i))
			}
			leases, err := s.Claim(bg(), "w", writers, time.Now(), time.Hour)
			if err != nil {
				b.Fatal(err)
			}
			seqs := make([]uint64, writers)
			data := &casefile.CallIntended{Call: casefile.Call{ID: "do/refundable/0/e0", Purpose: casefile.ForDo, Try: 1,
				Action: casefile.Action{Tool: "shop.refund_order", Effect: "write", Args: casefile.Object{"order_id": "ORD-1001", "amount_cents": int64(1999)}}}}
			salts := make([]journal.Salt, 1)
			commits.Store(0)
			b.ReportAllocs()
			b.ResetTimer()
			together(writers, b.N, func(w, _ int) {
				done, err := s.Append(bg(), journal.Append{CaseID: leases[w].CaseID, After: 2 + seqs[w], Lease: &leases[w], Salts: salts,
					Entries: []casefile.Entry{{At: time.Unix(1, 0), Actor: "agent", Data: data}}})
				if err != nil {
					b.Error(err)
				}
				seqs[w] = done.Seq - 2
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(b.N)/float64(max(commits.Load(), 1)), "entries/commit")
		})
	}
}

// BenchmarkLoad loads a case of 12 entries, one of them behind the snapshot.
func BenchmarkLoad(b *testing.B) {
	s, _ := counted(b)
	r := mustAccept(b, s, "1")
	entry := casefile.Entry{At: time.Unix(1, 0), Actor: "agent", Data: &casefile.ReplyWritten{Reply: casefile.Reply{Text: "hello"}}}
	for i := range uint64(10) {
		a := journal.Append{CaseID: r.CaseID, After: 2 + i, Salts: make([]journal.Salt, 1), Entries: []casefile.Entry{entry}}
		if i == 8 {
			a.Park = &journal.Park{Summary: journal.Summary{ID: r.CaseID, Status: casefile.Waiting}, Snapshot: make([]byte, 4000)}
		}
		if _, err := s.Append(bg(), a); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, tail, err := s.Load(bg(), r.CaseID); err != nil || len(tail) != 1 {
			b.Fatal(len(tail), err)
		}
	}
}

// BenchmarkOpen opens an empty folder, and one with many runnable cases.
func BenchmarkOpen(b *testing.B) {
	for _, cases := range []int{0, 10_000} {
		b.Run(fmt.Sprint(cases, "cases"), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "journal.db")
			s := openAt(b, path, journal.Options{})
			for i := 0; i < cases; i += 1000 {
				list := make([]journal.Arrival, 1000)
				for j := range list {
					list[j] = arrival(fmt.Sprint(i + j))
				}
				if _, err := s.Accept(bg(), list); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
			b.ResetTimer()
			for range b.N {
				s, err := journal.Open(path, journal.Options{})
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}
