package main

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkBesideAHungPlugin measures cases of three calls while nothing else is to be done, and while a
// thousand cases wait for another plugin that takes calls and answers none.
func BenchmarkBesideAHungPlugin(b *testing.B) {
	for _, hung := range []int{0, 1000} {
		b.Run(fmt.Sprint(hung, "hung"), func(b *testing.B) {
			slow, slowURL := newWorker(b, "slow")
			_, wellURL := newWorker(b, "well")
			s := openWorkshop(b, b.TempDir(), map[string]string{"SLOW_URL": slowURL, "WELL_URL": wellURL}, workBundle("slow", "well"))
			s.run()
			defer func() { slow.answer(); s.stop() }()
			slow.hang()
			if hung > 0 {
				s.work("slow", "c1", items("slow", hung)...)
				for slow.stalled() < 100 {
					time.Sleep(time.Millisecond)
				}
			}
			b.ResetTimer()
			start := time.Now()
			var ids []string
			for i := 0; i < b.N; i += 100 {
				ids = append(ids, s.work("well", "c1", items(fmt.Sprint("well-", i), min(100, b.N-i))...)...)
			}
			s.resolved(ids)
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "cases/s")
			b.StopTimer()
		})
	}
}
