package kafkaxlag_test

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// Trap kafkax/15: a log that was cut past the commit leaves 40 messages to read, 50 that
// nobody will, and says so.
func TestATruncatedLogIsToldFromALag(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	w.produce(t, "t", 0, 100)
	w.commit(t, "g", "t", 0, 10)
	l := w.collector(t, []kafkax.Group{{ID: "g"}})
	poll(t, l)
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 0})

	require.NoError(t, w.DeleteRecords("t", 0, 60))
	p := find(t, poll(t, l), "g", "t", 0)
	require.EqualValues(t, 40, p.Messages)
	require.EqualValues(t, 50, p.Truncated)
	require.Equal(t, kafkax.StatusTruncated, p.Status)
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 50})
	requireSeries(t, l, "kafka_group_lag_messages", map[string]float64{"g,0,t": 40})
	requireStatus(t, l, "g,0,t", "truncated")

	poll(t, l)
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 50})
	require.NoError(t, w.DeleteRecords("t", 0, 65))
	poll(t, l)
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 55})

	w.commit(t, "g", "t", 0, 100)
	p = find(t, poll(t, l), "g", "t", 0)
	require.Zero(t, p.Truncated)
	require.Equal(t, kafkax.StatusOK, p.Status)
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 55})
}

// Trap kafkax/16: what has no commit, no group or no topic has no lag that isn't there.
func TestWhatDoesNotExistHasNoLag(t *testing.T) {
	type lags map[int]int64 // by partition
	for _, tc := range []struct {
		name  string
		group kafkax.Group
		opts  []kafkax.Option
		want  lags
	}{
		{"partition without a commit, topic not named", kafkax.Group{ID: "g"}, nil, lags{0: 6, 1: 10}},
		{"partition without a commit", kafkax.Group{ID: "g", Topics: []string{"t"}}, nil, lags{0: 6, 1: 10}},
		{"partition without a commit, which began at the end", kafkax.Group{ID: "g", Topics: []string{"t"}}, []kafkax.Option{kafkax.WithStart(kafka.LastOffset)}, lags{0: 6}},
		{"unknown group", kafkax.Group{ID: "nobody"}, nil, lags{}},
		{"unknown group, topic named", kafkax.Group{ID: "nobody", Topics: []string{"t"}}, nil, lags{0: 10, 1: 10}},
		{"unknown group, which began at the end", kafkax.Group{ID: "nobody", Topics: []string{"t"}}, []kafkax.Option{kafkax.WithStart(kafka.LastOffset)}, lags{}},
		{"unknown topic", kafkax.Group{ID: "g", Topics: []string{"none"}}, nil, lags{}},
		{"unknown topic beside a known one", kafkax.Group{ID: "g", Topics: []string{"none", "t"}}, nil, lags{0: 6, 1: 10}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
			w.produce(t, "t", 0, 10)
			w.produce(t, "t", 1, 10)
			w.commit(t, "g", "t", 0, 4)
			s := poll(t, w.collector(t, []kafkax.Group{tc.group}, tc.opts...))
			got := lags{}
			for _, p := range s.Partitions {
				got[p.Partition] = p.Messages
			}
			require.Equal(t, tc.want, got)
			if tc.group.ID == "nobody" {
				require.Equal(t, "Dead", s.Groups[0].State)
				require.Zero(t, s.Groups[0].Members)
			}
		})
	}
}

// Trap kafkax/16: the series of a topic come and go with it, and one of the same name
// starts with no past.
func TestARecreatedTopicHasNoPast(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}})
	w.produce(t, "t", 0, 100)
	poll(t, l)
	w.commit(t, "g", "t", 0, 50)
	w.produce(t, "t", 0, 100)
	require.Equal(t, kafkax.AgeAtLeast, find(t, poll(t, l), "g", "t", 0).AgeMode)

	require.NoError(t, w.DeleteTopic("t"))
	pollUntil(t, l, "the partition vanishes", func(s kafkax.LagSnapshot) bool { return len(s.Partitions) == 0 })
	for _, name := range []string{
		"kafka_group_lag_messages", "kafka_group_lag_seconds", "kafka_group_committed_offset", "kafka_group_status",
		"kafka_group_drain_seconds", "kafka_group_truncated_messages_total", "kafka_group_rewinds_total",
		"kafka_topic_log_start_offset", "kafka_topic_log_end_offset",
	} {
		requireSeries(t, l, name, nil)
	}

	w.create(t, "t")
	pollUntil(t, l, "the partition is back", func(s kafkax.LagSnapshot) bool { return len(s.Partitions) == 1 })
	w.produce(t, "t", 0, 3)
	p := find(t, poll(t, l), "g", "t", 0)
	require.EqualValues(t, 3, p.Messages)
	require.EqualValues(t, -1, p.Committed)
	require.Equal(t, kafkax.AgeHistory, p.AgeMode)
	require.Equal(t, kafkax.StatusOK, p.Status) // nothing was unread a moment ago
	requireSeries(t, l, "kafka_group_rewinds_total", map[string]float64{"g,0,t": 0})
}

// Trap kafkax/16: a log that is another one under the same name, which no poll missed,
// has no past either: what was polled of the one before tells nothing of ages, commits
// or losses.
func TestALogThatBecameShorterHasNoPast(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}})
	for end := 20; end <= 100; end += 20 {
		w.produce(t, "t", 0, 20)
		w.commit(t, "g", "t", 0, int64(end-10))
		poll(t, l)
	}
	require.NoError(t, w.DeleteTopic("t"))
	w.create(t, "t")
	w.produce(t, "t", 0, 5)
	w.commit(t, "g", "t", 0, 2)
	pollUntil(t, l, "the log is the new one", func(s kafkax.LagSnapshot) bool {
		return len(s.Partitions) == 1 && s.Partitions[0].End == 5
	})
	p := find(t, l.Snapshot(), "g", "t", 0)
	require.EqualValues(t, 3, p.Messages)
	require.Equal(t, kafkax.AgeAtLeast, p.AgeMode, "nobody saw them come")
	require.NotEqual(t, kafkax.StatusRewound, p.Status)

	w.commit(t, "g", "t", 0, 5)
	w.produce(t, "t", 0, 2)
	p = find(t, poll(t, l), "g", "t", 0)
	require.EqualValues(t, 2, p.Messages)
	require.Equal(t, kafkax.AgeHistory, p.AgeMode, "they came between the last two polls")
	requireSeries(t, l, "kafka_group_rewinds_total", map[string]float64{"g,0,t": 0})
	requireSeries(t, l, "kafka_group_truncated_messages_total", map[string]float64{"g,0,t": 0})
}

// A topic that is deleted and made again between two polls, by a client that commits
// what it remembers, is a log that went back.
func TestALogThatEndsBeforeTheCommitIsRewound(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}})
	w.produce(t, "t", 0, 100)
	w.commit(t, "g", "t", 0, 90)
	poll(t, l)
	require.NoError(t, w.DeleteTopic("t"))
	w.create(t, "t")
	w.commit(t, "g", "t", 0, 90)
	pollUntil(t, l, "the log is the new one", func(s kafkax.LagSnapshot) bool { return find(t, s, "g", "t", 0).End == 0 })
	p := find(t, l.Snapshot(), "g", "t", 0)
	require.Zero(t, p.Messages)
	require.Equal(t, kafkax.StatusRewound, p.Status)
	requireStatus(t, l, "g,0,t", "rewound")
}

// pollUntil polls until the snapshot is as wanted. Polls may fail meanwhile: a
// transport learns after a while what has become of a topic.
func pollUntil(t *testing.T, l *kafkax.LagCollector, what string, is func(kafkax.LagSnapshot) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		s, err := l.Poll(t.Context())
		return err == nil && is(s)
	}, 10*time.Second, 5*time.Millisecond, what)
}
