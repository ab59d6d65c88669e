package topn_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// Trap topn/13: keys of one script or transaction that lie on several nodes fail
// in a cluster, as a whole: what holds on one server holds there.
func TestOnACluster(t *testing.T) {
	t.Parallel()
	addrs := realserver.RedisCluster(t).Addrs()
	for name, test := range map[string]func(*testing.T, redis.UniversalClient){
		"newer version":      testNewerVersion,
		"any order":          testAnyOrder,
		"trimmed":            testTrimmed,
		"removed":            testRemoved,
		"positions":          testPositions,
		"log cut anywhere":   testLogCutAnywhere,
		"bounds":             testBounds,
		"large calls":        testLargeCalls,
		"bytes":              testBytes,
		"ties":               testTies,
		"rebuild absolute":   testRebuildAmongApplies,
		"rebuild counter":    testRebuildAmongIncrements,
		"rebuild many":       testRebuildMany,
		"lost":               testLost,
		"fewer writes after": testVersionGoesBack,
		"no board":           testNoBoard,
		"comes back":         testComesBack,
		"evicted":            testEvicted,
		"sure":               testSure,
		"falls":              testFalls,
		"one log":            testConsumersOfOneLog,
		"twice in a call":    testTwiceInACall,
	} {
		t.Run(name, func(t *testing.T) {
			rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs}) // one without others' hooks
			t.Cleanup(func() { _ = rdb.Close() })
			flush(t, rdb)
			test(t, rdb)
		})
	}
}

// Trap topn/13: every key of a board has the same slot, whatever board it is.
func TestKeysShareASlot(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	b := loaded(t, rdb, numbered(3))
	_, err := b.Apply(t.Context(), entry{1, 1, 2})
	require.NoError(t, err)
	require.NoError(t, b.Rebuild(t.Context()))
	names, err := rdb.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		require.Contains(t, name, "topn:{likes}:")
	}
	source, err := os.ReadFile("redis_keys.go")
	require.NoError(t, err)
	parts := regexp.MustCompile(`: at \+ "`).FindAll(source, -1)
	require.Len(t, parts, 10, "a key was added that isn't under the hash tag, or isn't counted here")
}
