package kafkaxlag_test

import (
	"fmt"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// Trap kafkax/18: with the brokers away a scrape takes no time at all, what was last
// seen vanishes after three intervals, and the metrics of the polls tell it.
func TestWithBrokersAwayScrapesGoOnAndOldValuesVanish(t *testing.T) {
	for _, tc := range []struct {
		name string
		away func(t *testing.T, w *world)
	}{
		{"closed", func(_ *testing.T, w *world) { w.Close() }},
		{"hanging", func(_ *testing.T, w *world) { w.frozen.Store(true) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStill(t, kfake.SeedTopics(1, "t"))
				w.produce(t, "t", 0, 7)
				w.commit(t, "g", "t", 0, 2)
				l := w.collector(t, []kafkax.Group{{ID: "g"}}, kafkax.WithTimeout(2*time.Second))
				runUntilEnd(t, l)
				time.Sleep(25 * time.Second) // polls at 0, 10 and 20
				last := lastSuccess(t, l)
				require.WithinDuration(t, time.Now().Add(-5*time.Second), last, 100*time.Millisecond)

				tc.away(t, w)
				time.Sleep(23 * time.Second) // at 48, polls at 30 and 40 have failed
				requireScrape(t, l, 5, 3, 2)
				require.Len(t, l.Snapshot().Partitions, 1)
				require.Error(t, l.Snapshot().Err)
				time.Sleep(5 * time.Second) // at 53, 33 seconds after the last good one
				requireScrape(t, l, -1, 3, 3)
				require.Empty(t, l.Snapshot().Partitions)
				require.Equal(t, last, lastSuccess(t, l))
			})
		})
	}
}

// requireScrape scrapes, which must take no time, and requires a lag, or none if it is
// negative, and how many polls have gone which way.
func requireScrape(t *testing.T, l *kafkax.LagCollector, lag, ok, failed float64) {
	t.Helper()
	begun := time.Now()
	lags := map[string]float64{}
	if lag >= 0 {
		lags["g,0,t"] = lag
	}
	requireSeries(t, l, "kafka_group_lag_messages", lags)
	requireSeries(t, l, "kafka_group_polls_total", map[string]float64{"ok": ok, "failed": failed})
	requireSeries(t, l, "kafka_group_poll_duration_seconds", map[string]float64{"": ok + failed})
	require.Equal(t, len(lags) > 0, len(series(t, l, "kafka_topic_log_end_offset")) > 0)
	require.Zero(t, time.Since(begun), "a scrape waits for something")
}

func lastSuccess(t *testing.T, l *kafkax.LagCollector) time.Time {
	t.Helper()
	at := series(t, l, "kafka_group_last_poll_success_timestamp_seconds")
	require.Len(t, at, 1)
	return time.UnixMilli(int64(at[""] * 1000))
}

// Before anything has succeeded no time of a success is shown, so that an alert on its
// absence fires.
func TestATimeOfSuccessAppearsWithTheFirst(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1))
	l := w.collector(t, []kafkax.Group{{ID: "g"}}, kafkax.WithTimeout(time.Second))
	w.Close()
	_, err := l.Poll(t.Context())
	require.Error(t, err)
	requireSeries(t, l, "kafka_group_last_poll_success_timestamp_seconds", nil)
	requireSeries(t, l, "kafka_group_polls_total", map[string]float64{"ok": 0, "failed": 1})
	requireSeries(t, l, "kafka_group_members", nil)
	requireSeries(t, l, "kafka_group_state", map[string]float64{
		"g,stable": 0, "g,preparing_rebalance": 0, "g,completing_rebalance": 0, "g,empty": 0, "g,dead": 0, "g,unknown": 1,
	})
}

// One broker of three answers no question about its logs: what the others lead is read
// as ever, and what it leads stays as it was.
func TestWithOneBrokerAwayTheOthersAreRead(t *testing.T) {
	const partitions = 9
	w := newWorld(t, kfake.NumBrokers(3), kfake.SeedTopics(partitions, "t"))
	for p := range partitions {
		w.produce(t, "t", p, 10)
		w.commit(t, "g", "t", p, 1)
	}
	l := w.collector(t, []kafkax.Group{{ID: "g"}})
	poll(t, l)
	away := w.LeaderFor("t", 0)
	fault := w.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Nodes: []int32{away}, Topic: "t", Count: -1})
	for p := range partitions {
		w.produce(t, "t", p, 5)
	}
	s, err := l.Poll(t.Context())
	require.ErrorIs(t, err, kafka.Unknown)
	led := 0
	for p := range partitions {
		want := int64(14)
		if w.LeaderFor("t", int32(p)) == away {
			led++
			want = 9
		}
		require.Equal(t, want, find(t, s, "g", "t", p).Messages, "partition %d", p)
	}
	require.Less(t, led, partitions)
	require.ErrorContains(t, err, fmt.Sprintf("the logs of %d partitions", led))
	fault.Remove()
	require.EqualValues(t, 14, find(t, poll(t, l), "g", "t", 0).Messages)
}

// The connections that a transport has kept are dead after a restart, and kafka-go
// says so to whoever asks first: both the coordinator's and those of other leaders.
func TestAPollAfterARestartOfTheBrokersSucceeds(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, kfake.NumBrokers(2), kfake.SeedTopics(8, "t"), kfake.DataDir(dir))
	led := make(map[int32]bool)
	for p := range 8 {
		w.produce(t, "t", p, 10)
		led[w.LeaderFor("t", int32(p))] = true
	}
	require.Len(t, led, 2)
	w.commit(t, "g", "t", 0, 4)
	l := w.collector(t, []kafkax.Group{{ID: "g"}})
	require.Len(t, poll(t, l).Partitions, 8)
	ports := portsOf(t, w)
	w.Close()
	again, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.Ports(ports...), kfake.DataDir(dir))
	require.NoError(t, err)
	t.Cleanup(again.Close)
	s := poll(t, l)
	require.Len(t, s.Partitions, 8)
	require.EqualValues(t, 6, find(t, s, "g", "t", 0).Messages)
}

func portsOf(t *testing.T, w *world) []int {
	t.Helper()
	var ports []int
	for _, addr := range w.ListenAddrs() {
		_, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		n, err := strconv.Atoi(port)
		require.NoError(t, err)
		ports = append(ports, n)
	}
	return ports
}

// A collector can be registered, scraped before any poll, and taken out.
func TestACollectorShowsItsPollsBeforeTheFirst(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1))
	l := w.collector(t, []kafkax.Group{{ID: "g"}}, kafkax.WithNamespace("k"), kafkax.WithConstLabels(prometheus.Labels{"cluster": "c"}))
	requireSeries(t, l, "k_group_polls_total", map[string]float64{"c,ok": 0, "c,failed": 0})
	require.Equal(t, kafkax.LagSnapshot{Partitions: []kafkax.PartitionLag{}}, l.Snapshot())
}
