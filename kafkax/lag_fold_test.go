package kafkax_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// folding returns a collector of the topics own, which has a label, b and c, which
// share one: b ends at 20 and c at 30, and nothing of them is read but 4 of c.
func folding(t *testing.T) (*fakeLagKafka, *kafkax.LagCollector) {
	t.Helper()
	k := newFakeLagKafka()
	k.end["own"], k.committed["own"] = 10, 5
	l := fakeLag(t, k, []kafkax.Group{{ID: "g"}}, kafkax.WithTopicLimit(1))
	pollOnce(t, l)
	k.end["b"], k.committed["b"] = 20, 0
	k.end["c"], k.committed["c"] = 30, 4
	pollOnce(t, l)
	return k, l
}

func pollOnce(t *testing.T, l *kafkax.LagCollector) kafkax.LagSnapshot {
	t.Helper()
	s, err := l.Poll(t.Context())
	require.NoError(t, err)
	return s
}

// shownOf returns what a metric shows, by topic and status: of gauges what isn't 0.
func shownOf(t *testing.T, l *kafkax.LagCollector, name string) map[string]float64 {
	t.Helper()
	shown := make(map[string]float64)
	for _, m := range gatherLag(t, l)[name].GetMetric() {
		var labels []string
		for _, label := range m.GetLabel() {
			if name := label.GetName(); name == "topic" || name == "status" {
				labels = append(labels, label.GetValue())
			}
		}
		if value := m.GetGauge().GetValue(); value != 0 {
			shown[strings.Join(labels, ",")] = value
		} else if m.GetCounter() != nil {
			shown[strings.Join(labels, ",")] = m.GetCounter().GetValue()
		}
	}
	return shown
}

// What is left of the topics that share a label keeps its series when one of them is
// deleted, or can't be read for too long.
func TestAFoldedTopicThatGoesLeavesTheOthers(t *testing.T) {
	for _, tc := range []struct {
		name string
		away func(t *testing.T, k *fakeLagKafka, l *kafkax.LagCollector)
	}{
		{"deleted", func(t *testing.T, k *fakeLagKafka, l *kafkax.LagCollector) {
			delete(k.end, "b")
			delete(k.committed, "b")
			pollOnce(t, l)
		}},
		{"stale", func(t *testing.T, k *fakeLagKafka, l *kafkax.LagCollector) {
			k.broken = "b"
			for range 2 {
				time.Sleep(10 * time.Second)
				_, err := l.Poll(t.Context())
				require.Error(t, err)
			}
			time.Sleep(10 * time.Second)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, l := folding(t)
				tc.away(t, k, l)
				for name, want := range map[string]map[string]float64{
					"kafka_group_lag_messages":             {"own": 5, "_other": 26},
					"kafka_group_committed_offset":         {"own": 5, "_other": 4},
					"kafka_group_status":                   {"unknown,own": 1, "unknown,_other": 1},
					"kafka_group_truncated_messages_total": {"own": 0, "_other": 0},
					"kafka_group_rewinds_total":            {"own": 0, "_other": 0},
					"kafka_topic_log_end_offset":           {"own": 10, "_other": 30},
				} {
					require.Equal(t, want, shownOf(t, l, name), name)
				}
			})
		})
	}
}

// What has been counted of topics that share a label stays when one of them goes, and
// counts once when it is back.
func TestCountersOfFoldedTopicsOnlyGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, l := folding(t)
		rewinds := func() float64 { return shownOf(t, l, "kafka_group_rewinds_total")["_other"] }
		k.committed["b"] = 9
		pollOnce(t, l)
		k.committed["b"], k.committed["c"] = 8, 3
		pollOnce(t, l)
		require.EqualValues(t, 2, rewinds())

		k.broken = "b"
		for range 2 {
			time.Sleep(10 * time.Second)
			_, err := l.Poll(t.Context())
			require.Error(t, err)
		}
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 2, rewinds(), "b is stale")
		k.broken = ""
		pollOnce(t, l)
		require.EqualValues(t, 2, rewinds(), "b is back")
		k.committed["b"] = 7
		pollOnce(t, l)
		require.EqualValues(t, 3, rewinds())
		delete(k.end, "b")
		delete(k.committed, "b")
		pollOnce(t, l)
		require.EqualValues(t, 3, rewinds(), "b is gone")
	})
}

// Topics come, move and go at random. Those that share a label show the highest of
// what the snapshot has of them.
func TestFoldedTopicsShowTheHighest(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	k := newFakeLagKafka()
	l := fakeLag(t, k, []kafkax.Group{{ID: "g"}}, kafkax.WithTopicLimit(2))
	var met []string
	for range 300 {
		topic := fmt.Sprint("t", rnd.IntN(6)) // one a poll, so that it is known which is met first
		if _, there := k.end[topic]; there && rnd.IntN(3) == 0 {
			delete(k.end, topic)
			delete(k.committed, topic)
		} else {
			k.committed[topic] = rnd.Int64N(100)
			k.end[topic] = k.committed[topic] + rnd.Int64N(100)
			if !slices.Contains(met, topic) {
				met = append(met, topic)
			}
		}
		lags, commits := make(map[string]float64), make(map[string]float64)
		for _, p := range pollOnce(t, l).Partitions {
			label := p.Topic
			if slices.Index(met, label) >= 2 {
				label = "_other"
			}
			lags[label] = max(lags[label], float64(p.Messages))
			commits[label] = max(commits[label], float64(p.Committed))
		}
		none := func(_ string, value float64) bool { return value == 0 }
		maps.DeleteFunc(lags, none)
		maps.DeleteFunc(commits, none)
		require.Equal(t, lags, shownOf(t, l, "kafka_group_lag_messages"))
		require.Equal(t, commits, shownOf(t, l, "kafka_group_committed_offset"))
	}
}
