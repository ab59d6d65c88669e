package interactive_test

import (
	"testing"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// A like that changes something is a transaction that is on the disk; one that
// changes nothing is the same without a write.
func BenchmarkLike(b *testing.B) {
	for _, change := range []bool{true, false} {
		name := "change=no"
		if change {
			name = "change=yes"
		}
		b.Run(name, func(b *testing.B) {
			store := newStore(b, dbtest.SQLite(b), 1)
			like := true
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Like(b.Context(), 7, 1, like); err != nil {
					b.Fatal(err)
				}
				like = like != change
			}
		})
	}
}

// The offset costs a batch once, whatever is in it.
func BenchmarkCountReads(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int64
	}{{"batch=1", 1}, {"batch=50", 50}, {"batch=500", 500}} {
		b.Run(size.name, func(b *testing.B) {
			const things = 50
			store := newStore(b, dbtest.SQLite(b), things)
			begin(b, store, 0)
			reads := make([]interactive.ReadAt, size.n)
			var next int64
			b.ReportAllocs()
			for b.Loop() {
				for i := range reads {
					reads[i] = interactive.ReadAt{Offset: next, ID: 1 + next%things}
					next++
				}
				if _, err := store.CountReads(b.Context(), topic, 0, reads...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(next), "ns/read")
		})
	}
}
