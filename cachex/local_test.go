package cachex_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/cachex/cachextest"
)

func openLocal(t *testing.T, p cachex.Policy) cachextest.Harness {
	c, err := cachex.NewCodeLocalCache(cachex.WithPolicy("", p), cachex.WithCapacity(300))
	require.NoError(t, err)
	return cachextest.Harness{Cache: c, Grain: 1, Capacity: 300}
}

func TestLocalConforms(t *testing.T) { cachextest.RunBubble(t, openLocal) }

func TestLocalConformsInRealTime(t *testing.T) {
	cachextest.Run(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
		h := openLocal(t, p)
		h.Grain = 0
		return h
	})
}
