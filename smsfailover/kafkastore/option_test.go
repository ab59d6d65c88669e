package kafkastore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

func TestDefaultsAreGood(t *testing.T) {
	s, err := kafkastore.New(kafkastore.DefaultConfig("localhost:9092"), nil)
	require.NoError(t, err)
	require.Zero(t, s.Stats())
}

// All that is wrong comes back at once, each with its name and value.
func TestNewNamesAllThatIsWrong(t *testing.T) {
	_, err := kafkastore.New(kafkastore.Config{Prefix: "a b"}, nil,
		kafkastore.WithTiers(time.Minute, time.Second),
		kafkastore.WithWindow(1501),
		kafkastore.WithSession(time.Second, 900*time.Millisecond),
		kafkastore.WithRebalance(0, 0),
		kafkastore.WithTimeout(-time.Second),
		kafkastore.WithRetention(time.Second),
		kafkastore.WithHold(0),
		kafkastore.WithPoll(0),
		kafkastore.WithErrors(nil),
	)
	require.Error(t, err)
	for _, want := range []string{
		"Config.Brokers", "Config.Transport", "Config.Dialer", `Config.Prefix is "a b"`, "Config.GroupID",
		"Config.Partitions is 0", "Config.Replication is 0", "WithTiers is [1m0s 1s]", "WithWindow is 1501",
		"WithSession: heartbeat is 900ms", "WithRebalance: timeout is 0s", "WithRebalance: rejoin is 0s", "WithTimeout is -1s",
		"WithRetention is 1s", "WithHold is 0s", "WithPoll is 0s", "WithErrors is nil",
	} {
		require.ErrorContains(t, err, want)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 17)
}

func TestTiersThatAreWrong(t *testing.T) {
	for name, tiers := range map[string][]time.Duration{
		"none":          {},
		"zero":          {0},
		"twice":         {time.Second, time.Second},
		"no whole ms":   {time.Second + 1},
		"far too many":  make([]time.Duration, 17),
		"not ascending": {time.Minute, time.Second},
	} {
		_, err := kafkastore.New(kafkastore.DefaultConfig("localhost:9092"), nil, kafkastore.WithTiers(tiers...))
		require.ErrorContains(t, err, "WithTiers", name)
	}
}

// A Store that nobody runs has nothing to hand out, and says why.
func TestClaimWithoutRun(t *testing.T) {
	s, err := kafkastore.New(kafkastore.DefaultConfig("localhost:9092"), nil)
	require.NoError(t, err)
	_, err = s.Claim(t.Context(), "worker", 1, time.Minute)
	require.ErrorIs(t, err, kafkastore.ErrNotRunning)
}
