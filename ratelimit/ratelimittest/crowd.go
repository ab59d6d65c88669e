package ratelimittest

import (
	"sync"
	"sync/atomic"
	"time"
)

// crowd is how many goroutines ask at once.
const crowd = 64

func crowdScenarios() []scenario {
	return []scenario{
		{name: "ManyGoroutinesAllow", limits: perHour(20), run: manyAllow},
		{name: "ManyGoroutinesAtMost", limits: perHour(100), run: manyAtMost},
		{name: "ManyGoroutinesOwnKeys", limits: perHour(3), run: manyOwnKeys},
	}
}

// together runs f in crowd goroutines that start as one, and returns an error
// of theirs.
func together(f func(i int) error) error {
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
		fault atomic.Pointer[error]
	)
	for i := range crowd {
		wg.Go(func() {
			<-start
			if err := f(i); err != nil {
				fault.Store(&err)
			}
		})
	}
	close(start)
	wg.Wait()
	if err := fault.Load(); err != nil {
		return *err
	}
	return nil
}

// manyAllow: exactly N, however many ask at once.
func manyAllow(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	var admitted atomic.Int64
	e.must("Allow", together(func(int) error {
		for range 3 {
			r, err := e.l.Allow(e.t.Context(), key)
			if err != nil {
				return err
			}
			admitted.Add(int64(r.Allowed))
		}
		return nil
	}))
	e.total(admitted.Load())
}

// manyAtMost: exactly N of requests of all sizes.
func manyAtMost(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	var admitted atomic.Int64
	e.must("AllowAtMost", together(func(i int) error {
		for n := range 3 {
			r, err := e.l.AllowAtMost(e.t.Context(), key, 1+(i+n)%7)
			if err != nil {
				return err
			}
			admitted.Add(int64(r.Allowed))
		}
		return nil
	}))
	e.total(admitted.Load())
}

func (e *env) total(admitted int64) {
	if want := int64(e.limit().N); admitted != want {
		e.fatalf("%d hits were admitted in all, want %d", admitted, want)
	}
}

// manyOwnKeys: nobody gets another one's hits.
func manyOwnKeys(e *env) {
	e.clear(time.Hour, soon)
	keys := make([]string, crowd)
	for i := range keys {
		keys[i] = e.key()
	}
	var admitted atomic.Int64
	e.must("Allow", together(func(i int) error {
		for range 5 {
			r, err := e.l.Allow(e.t.Context(), keys[i])
			if err != nil {
				return err
			}
			admitted.Add(int64(r.Allowed))
		}
		return nil
	}))
	if got := admitted.Load(); got != 3*crowd {
		e.fatalf("%d hits were admitted in all, want 3 for each of %d keys", got, crowd)
	}
}
