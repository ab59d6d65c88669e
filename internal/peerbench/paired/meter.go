//go:build unix

package paired

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
)

// ProcessorTime returns the nanoseconds that all threads of the process have used.
func ProcessorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// Resident returns the resident bytes of the process after everything unused
// has gone back to the system.
func Resident() int64 {
	runtime.GC()
	debug.FreeOSMemory()
	var size, pages int64
	if f, err := os.Open("/proc/self/statm"); err == nil {
		defer f.Close()
		if _, err := fmt.Fscan(f, &size, &pages); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	// Not Linux: what the runtime has mapped and not given back.
	sample := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64() - sample[1].Value.Uint64())
}

// Allocated returns the bytes that the process has allocated since it began.
func Allocated() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.TotalAlloc)
}
