package smsfailover_test

import (
	"fmt"
	"testing"

	"github.com/ycvk/tinybook/smsfailover"
)

// perGoroutines runs f from 1 and from 64 goroutines per processor.
func perGoroutines(b *testing.B, f func(i int)) {
	for _, g := range []int{1, 64} {
		b.Run(fmt.Sprintf("g=%d", g), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(g)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					f(i)
				}
			})
		})
	}
}

// A send as the original TinyBook watched it: ask for the rate, record.
func BenchmarkMonitorRecordCheck(b *testing.B) {
	m := newMonitor(b)
	perGoroutines(b, func(i int) {
		m.RecordResult(i%10 != 0)
		m.CheckErrorRate()
	})
}

// A send with a permit; one in ten fails.
func BenchmarkMonitorAcquireDone(b *testing.B) {
	m := newMonitor(b)
	perGoroutines(b, func(i int) {
		p, _ := m.Acquire()
		c := smsfailover.Success
		if i%10 == 0 {
			c = smsfailover.Transient
		}
		p.Done(c)
	})
}

func BenchmarkMonitorHealth(b *testing.B) {
	m := newMonitor(b)
	perGoroutines(b, func(int) { m.Health() })
}

func BenchmarkMonitorSnapshot(b *testing.B) {
	m := newMonitor(b)
	perGoroutines(b, func(int) { m.Snapshot() })
}
