package slicex_test

import (
	"testing"

	peers "github.com/ycvk/tinybook/internal/peerbench/slicex"
)

// BenchmarkPeers runs every case with every implementation. The names are made
// for benchstat -col /impl.
func BenchmarkPeers(b *testing.B) {
	for _, c := range peers.Cases() {
		for _, impl := range c.Impls {
			b.Run(c.Name+"/impl="+impl.Name, func(b *testing.B) {
				run := impl.Make()
				b.ReportAllocs()
				b.ResetTimer()
				run(b.N) // the loop is inside, without a call for each operation
			})
		}
	}
}
