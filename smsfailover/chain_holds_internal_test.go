package smsfailover

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func parcelTo(i int) parcel {
	return parcel{tplID: "login", args: []string{"1"}, number: []string{fmt.Sprint(i)}}
}

func TestHoldsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h holds
		h.init()
		l := &link{}
		for i := range maxHolds + 1000 {
			h.add(l, parcelTo(i))
			if i%3 == 0 {
				h.forget(parcelTo(i))
			}
		}
		require.LessOrEqual(t, len(h.links), maxHolds)
		require.LessOrEqual(t, len(h.queue), maxHolds)
		found := func(i int, alone, avoided *link) {
			t.Helper()
			a, b := h.find(parcelTo(i))
			require.Same(t, alone, a)
			require.Same(t, avoided, b)
		}
		const newest = maxHolds + 999
		found(1, nil, nil) // the oldest
		found(newest, l, nil)
		time.Sleep(StickyFor)
		found(newest, nil, l)
		time.Sleep(avoidFor - 1)
		found(newest, nil, l)
		time.Sleep(time.Nanosecond)
		found(newest, nil, nil)
		require.Empty(t, h.links)
		require.Empty(t, h.queue)
		require.Zero(t, h.n.Load())
	})
}

// A hold that was forgotten and made again lives for its own time.
func TestHoldIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h holds
		h.init()
		p := parcelTo(1)
		h.add(&link{}, p)
		time.Sleep(StickyFor / 2)
		h.forget(p)
		l := &link{}
		h.add(l, p)
		time.Sleep(StickyFor / 4)
		h.add(&link{}, p) // a further unknown result prolongs nothing
		time.Sleep(StickyFor/4 + 1)
		alone, _ := h.find(p)
		require.Same(t, l, alone)
		time.Sleep(StickyFor/2 - 1)
		alone, _ = h.find(p)
		require.Nil(t, alone)
	})
}

// One field doesn't run into the next.
func TestHoldsTellMessagesApart(t *testing.T) {
	var h holds
	h.init()
	seen := make(map[uint64]int)
	for i, p := range []parcel{
		{"ab", []string{"c"}, []string{"d"}},
		{"a", []string{"c"}, []string{"bd"}},
		{"ab", []string{"c", ""}, []string{"d"}},
		{"ab", nil, []string{"dc"}},
		{"ab", []string{"", "c"}, []string{"d"}},
	} {
		k := h.key(p)
		if j, ok := seen[k]; ok {
			t.Errorf("messages %d and %d are one", i, j)
		}
		seen[k] = i
		require.Equal(t, k, h.key(p))
	}
}
