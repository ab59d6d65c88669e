package cachex_test

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

// maxCapacity is what a cache takes at most.
const maxCapacity = 1 << (24 + 6*(bits.UintSize>>6))

// badOptions are wrong in a way each, with what the error must say.
func badOptions() map[string]cachex.Option {
	short := []byte("15 bytes, no mo")
	return map[string]cachex.Option{
		"option 0 is nil": nil,
		`cachex: WithPolicy("login"): Policy.TTL is`:                              cachex.WithPolicy("login", cachex.Policy{MaxAttempts: 1}),
		"WithPepper: key 0 has 15 bytes, want 16":                                 cachex.WithPepper(short),
		"WithPepper: key 1 has 15 bytes, want 16":                                 cachex.WithPepper(bytes.Repeat(short, 2), short),
		"WithNameKey: key has 15 bytes":                                           cachex.WithNameKey(short),
		"WithCapacity(-1): want 1 to":                                             cachex.WithCapacity(-1),
		fmt.Sprintf("WithCapacity(%d): want 1 to", math.MaxInt):                   cachex.WithCapacity(math.MaxInt),
		fmt.Sprintf("WithCapacity(%d): want 1 to %d", maxCapacity+1, maxCapacity): cachex.WithCapacity(maxCapacity + 1),
		`WithPrefix(""): want a prefix`:                                           cachex.WithPrefix(""),
		`WithPrefix("a{b}"): want a prefix without`:                               cachex.WithPrefix("a{b}"),
		"WithPepper: key 0 has 0 bytes, want 16 or m":                             cachex.WithPepper(nil),
	}
}

func TestBadOptions(t *testing.T) {
	var all []cachex.Option
	for want, opt := range badOptions() {
		_, err := cachex.NewCodeLocalCache(opt)
		require.ErrorContains(t, err, want)
		_, err = cachex.NewCodeTheineCache(opt)
		require.ErrorContains(t, err, want)
		if opt != nil {
			all = append(all, opt)
		}
	}
	_, err := cachex.NewCodeLocalCache(all...)
	for want, opt := range badOptions() {
		if opt != nil {
			require.ErrorContains(t, err, want, "all faults in one error")
		}
	}
}

// What the caller does to a slice later changes nothing.
func TestOptionsCopy(t *testing.T) {
	p := cachex.DefaultPolicy()
	p.ResendAfter = 0
	pepper := bytes.Repeat([]byte("p"), 32)
	c := newLocal(t, cachex.WithPolicy("", p), cachex.WithPepper(pepper))
	set(t, c, phone, right)
	clear(pepper)
	p.Sends[0] = cachex.Budget{Max: 1, Window: time.Hour}
	set(t, c, phone, right)
	require.NoError(t, c.Verify(t.Context(), phone, right))
}

// A Biz without a policy of its own follows that of "".
func TestPolicyPerBiz(t *testing.T) {
	strict := cachex.Policy{TTL: time.Minute, MaxAttempts: 1, Sends: []cachex.Budget{{1, time.Hour}, {2, time.Hour}, {3, time.Hour}}}
	loose := cachex.Policy{TTL: time.Hour, MaxAttempts: 9}
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		for biz, want := range map[string]int{"pay": 1, "login": 9, "any": 9} {
			k := cachex.Key{Biz: biz, To: phone.To}
			set(t, c, k, right)
			s, err := c.Status(t.Context(), k)
			require.NoError(t, err)
			require.Equal(t, want, s.Left)
		}
	}, cachex.WithPolicy("pay", strict), cachex.WithPolicy("", loose))
}

// The largest capacity is one that a cache works with.
func TestLargestCapacity(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		require.NoError(t, c.Verify(t.Context(), phone, right))
	}, cachex.WithCapacity(maxCapacity))
}
