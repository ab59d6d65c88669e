package smsfailover_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// An instant provider takes everything, and costs nothing.
type instant struct{ n atomic.Int64 }

func (p *instant) Send(context.Context, string, []string, ...string) error {
	p.n.Add(1)
	return nil
}

func open(context.Context) (time.Duration, error) { return 0, nil }

// What a message costs that goes straight to the provider.
func BenchmarkSend(b *testing.B) {
	for _, parts := range []string{"none", "limiter+monitor"} {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("parts=%s/g=%d", parts, g), func(b *testing.B) {
				var opts []smsfailover.Option
				if parts != "none" {
					m, err := smsfailover.NewErrorRateMonitor()
					require.NoError(b, err)
					opts = append(opts, smsfailover.WithMonitor(m), smsfailover.WithLimiter(limiterFunc(open), oneKey))
				}
				f := newFailover(b, &instant{}, smsfailover.NewMemStore(), opts...)
				args := []string{"271828"}
				b.ReportAllocs()
				if g == 1 {
					for b.Loop() {
						if err := f.Send(b.Context(), tpl, args, phone); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				var who atomic.Int64
				b.SetParallelism(g / 2)
				b.RunParallel(func(pb *testing.PB) {
					to := phones(int(who.Add(1)))
					for pb.Next() {
						if err := f.Send(b.Context(), tpl, args, to); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// What a message costs that is stored before it is sent.
func BenchmarkSubmitStoredFirst(b *testing.B) {
	f := newFailover(b, &instant{}, smsfailover.NewMemStore())
	m := code(phone, "271828")
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		m.IdemKey = fmt.Sprint(i)
		if _, err := f.Submit(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}

// What a queued message costs the workers, from Claim to Done.
func BenchmarkWorkers(b *testing.B) {
	for _, workers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("n=%d/batch=100", workers), func(b *testing.B) {
			const queued = 10_000
			b.ReportAllocs()
			sent := 0
			for b.Loop() {
				b.StopTimer()
				p, s := &instant{}, smsfailover.NewMemStore()
				var left atomic.Int64
				left.Store(queued)
				all := make(chan struct{})
				f := newFailover(b, p, s, smsfailover.WithWorkers(workers, 100, time.Minute),
					smsfailover.WithHooks(smsfailover.Hooks{OnDelivered: func(smsfailover.Event) {
						if left.Add(-1) == 0 {
							close(all)
						}
					}}))
				for i := range queued {
					enqueue(b, s, code(phones(i), "1"))
				}
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan error, 1)
				b.StartTimer()
				go func() { ended <- f.Run(ctx) }()
				<-all
				b.StopTimer()
				cancel()
				require.NoError(b, <-ended)
				sent += queued
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/msg")
		})
	}
}
