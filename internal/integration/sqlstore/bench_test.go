package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
)

// BenchmarkCycle is the life of n jobs: stored, claimed, done, in one call each.
func BenchmarkCycle(b *testing.B) {
	for _, e := range sqldb.Engines() {
		b.Run("engine="+string(e), func(b *testing.B) {
			server := sqldb.Start(b, e)
			for _, n := range []int{1, 100} {
				b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
					s, _ := open(b, server.Fresh(b))
					jobs, refs := make([]smsfailover.Job, n), make([]smsfailover.Ref, n)
					next := 0
					b.ReportAllocs()
					for b.Loop() {
						for i := range jobs {
							jobs[i] = job(next)
							jobs[i].IdemKey = ""
							next++
						}
						if _, err := s.Enqueue(b.Context(), jobs...); err != nil {
							b.Fatal(err)
						}
						got, err := s.Claim(b.Context(), "worker", n, time.Minute)
						if err != nil || len(got) != n {
							b.Fatalf("%d claimed, %v", len(got), err)
						}
						for i, j := range got {
							refs[i] = j.Ref()
						}
						if err := s.Done(b.Context(), refs...); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// BenchmarkDepth reads a queue of 100 000 jobs, in SQLite of 10 000.
func BenchmarkDepth(b *testing.B) {
	for _, e := range sqldb.Engines() {
		b.Run("engine="+string(e), func(b *testing.B) {
			s, pool := open(b, sqldb.Start(b, e))
			fill(b, s, 1000)
			exec(b, pool, multiply[e])
			exec(b, pool, analyze[e])
			b.ReportAllocs()
			for b.Loop() {
				if d, err := s.Depth(b.Context()); err != nil || d.Live() < 10_000 {
					b.Fatalf("%+v, %v", d, err)
				}
			}
		})
	}
}
