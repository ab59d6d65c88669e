//go:build unix

package kafkax_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// BenchmarkFetchMessage reads messages of 100 bytes from a broker that makes them
// up. The processor time has the broker's share, which is the same for both.
func BenchmarkFetchMessage(b *testing.B) {
	for _, impl := range []string{"bare", "kafkax"} {
		b.Run(fmt.Sprintf("impl=%s", impl), func(b *testing.B) {
			broker := startBroker(b, 1, kfake.SyntheticFetch(kfake.SyntheticBatch{Records: 5000}))
			k := kafka.NewReader(kafka.ReaderConfig{
				Brokers: broker.addrs, Topic: "t", ReadLagInterval: -1, MaxBytes: 4 << 20, QueueCapacity: 1000,
			})
			defer k.Close()
			fetch := k.FetchMessage
			if impl == "kafkax" {
				r, err := newMetrics(b).Reader("r", k)
				if err != nil {
					b.Fatal(err)
				}
				fetch = r.FetchMessage
			}
			benchFetch(b, fetch)
		})
	}
}

func benchFetch(b *testing.B, fetch func(context.Context) (kafka.Message, error)) {
	b.Helper()
	ctx := context.Background()
	for range 10000 { // the reader is under way
		if _, err := fetch(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		if _, err := fetch(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-start)/float64(b.N), "cpu-ns/msg")
}

// processorTime returns what all threads of the process have used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
