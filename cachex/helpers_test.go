package cachex_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

const (
	right = "271828"
	wrong = "314159"
)

var phone = cachex.Key{Biz: "login", To: "+8613800138000"}

// phones returns the i-th of many recipients.
func phones(i int) cachex.Key {
	return cachex.Key{Biz: "login", To: fmt.Sprintf("+86138%08d", i)}
}

// inMemory runs f in a bubble for each backend that lives in this process.
func inMemory(t *testing.T, f func(t *testing.T, c cachex.CodeCache), opts ...cachex.Option) {
	t.Helper()
	for _, b := range []struct {
		name string
		open func(t *testing.T) cachex.CodeCache
	}{
		{"local", func(t *testing.T) cachex.CodeCache { return newLocal(t, opts...) }},
		{"theine", func(t *testing.T) cachex.CodeCache { return newTheine(t, opts...) }},
	} {
		t.Run(b.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, b.open(t)) })
		})
	}
}

func newLocal(t testing.TB, opts ...cachex.Option) *cachex.CodeLocalCache {
	t.Helper()
	c, err := cachex.NewCodeLocalCache(opts...)
	require.NoError(t, err)
	return c
}

func newTheine(t testing.TB, opts ...cachex.Option) *cachex.CodeTheineCache {
	t.Helper()
	c, err := cachex.NewCodeTheineCache(opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func set(t testing.TB, c cachex.CodeCache, k cachex.Key, code string) cachex.Ticket {
	t.Helper()
	ticket, err := c.Set(t.Context(), k, code)
	require.NoError(t, err)
	return ticket
}

// countErrors runs f in n goroutines at once and counts its answers by reason;
// nil counts as nil.
func countErrors(n int, f func(i int) error) map[error]int {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		count = make(map[error]int)
	)
	for i := range n {
		wg.Go(func() {
			err := f(i)
			if d, ok := errors.AsType[*cachex.DeniedError](err); ok {
				err = d.Reason
			}
			mu.Lock()
			defer mu.Unlock()
			count[err]++
		})
	}
	wg.Wait()
	return count
}
