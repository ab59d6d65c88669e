package cachex_test

import (
	"math/bits"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/cachex/cachextest"
)

// theineLag is how long theine may take to notice that an entry has expired.
const theineLag = (3 + 7*(1-bits.UintSize>>6)) * time.Second

func openTheine(t *testing.T, p cachex.Policy) cachextest.Harness {
	c, err := cachex.NewCodeTheineCache(cachex.WithPolicy("", p), cachex.WithCapacity(300))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return cachextest.Harness{Cache: c, Grain: 1, Capacity: 300, Lag: theineLag}
}

func TestTheineConforms(t *testing.T) { cachextest.RunBubble(t, openTheine) }
