package kafkax_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func fakeLag(t testing.TB, k *fakeLagKafka, groups []kafkax.Group, opts ...kafkax.Option) *kafkax.LagCollector {
	t.Helper()
	l, err := kafkax.NewLagCollector(&kafka.Client{Addr: &net.TCPAddr{}, Transport: k}, groups, opts...)
	require.NoError(t, err)
	return l
}

// Run polls at once and then at each interval, one Run at a time, and ends in the
// middle of a poll.
func TestRunPollsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeLagKafka()
		k.end["t"], k.committed["t"] = 9, 4
		l := fakeLag(t, k, []kafkax.Group{{ID: "g"}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		for polls := range 5 {
			time.Sleep(time.Second) // past the poll, which takes a millisecond
			s := l.Snapshot()
			require.Len(t, s.Partitions, 1)
			require.InDelta(t, time.Second, time.Since(s.At), float64(10*time.Millisecond))
			require.NoError(t, testutil.CollectAndCompare(l, expectPolls(polls+1, 0), "kafka_group_polls_total"))
			require.ErrorIs(t, l.Run(ctx), kafkax.ErrRunning)
			time.Sleep(9 * time.Second)
		}
		k.mu.Lock()
		k.latency = time.Hour
		k.mu.Unlock()
		time.Sleep(11 * time.Second)
		cancel()
		synctest.Wait()
		require.NoError(t, <-ended)
		require.NoError(t, l.Run(ctx), "a context that has ended is a clean stop")
	})
}

// A poll that nobody answers ends in time, and Run goes on.
func TestAPollIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []kafkax.Option
		want time.Duration
	}{
		{"by default", nil, 5 * time.Second},
		{"by a short interval", []kafkax.Option{kafkax.WithInterval(time.Second)}, time.Second},
		{"by an option", []kafkax.Option{kafkax.WithTimeout(7 * time.Second)}, 7 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeLagKafka()
				k.latency = time.Hour
				l := fakeLag(t, k, []kafkax.Group{{ID: "g"}}, tc.opts...)
				begun := time.Now()
				s, err := l.Poll(t.Context())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorIs(t, s.Err, context.DeadlineExceeded)
				require.Equal(t, tc.want, time.Since(begun))
				require.Equal(t, tc.want, s.Took)
				require.Equal(t, []kafkax.GroupLag{{Group: "g", Members: -1}}, s.Groups)
			})
		})
	}
}

// An error of one group names it, and the others are read.
func TestAPollNamesWhatItCouldNotRead(t *testing.T) {
	k := newFakeLagKafka()
	k.err = errors.New("fake: no")
	l := fakeLag(t, k, []kafkax.Group{{ID: "g"}, {ID: "h"}})
	_, err := l.Poll(t.Context())
	require.ErrorIs(t, err, k.err)
	require.ErrorContains(t, err, `kafkax: commits of group "g"`)
	require.ErrorContains(t, err, `kafkax: commits of group "h"`)
	require.NoError(t, testutil.CollectAndCompare(l, expectPolls(0, 1), "kafka_group_polls_total"))
}

// An answer of -1 is no commit: a topic that has none doesn't count unless it is named.
func TestACommitOfMinusOneIsNone(t *testing.T) {
	k := newFakeLagKafka()
	k.end["t"], k.committed["t"] = 9, -1
	s, err := fakeLag(t, k, []kafkax.Group{{ID: "g"}}).Poll(t.Context())
	require.NoError(t, err)
	require.Empty(t, s.Partitions)
	s, err = fakeLag(t, k, []kafkax.Group{{ID: "g", Topics: []string{"t"}}}, kafkax.WithStart(kafka.LastOffset)).Poll(t.Context())
	require.NoError(t, err)
	require.Empty(t, s.Partitions)
	l := fakeLag(t, k, []kafkax.Group{{ID: "g", Topics: []string{"t"}}})
	s, err = l.Poll(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 9, s.Partitions[0].Messages)
	require.NotContains(t, gatherLag(t, l), "kafka_group_committed_offset")
	k.committed["t"] = 0
	_, err = l.Poll(t.Context())
	require.NoError(t, err)
	require.Contains(t, gatherLag(t, l), "kafka_group_committed_offset")
}

// A broker says "dead" of a group that it doesn't describe to a client as old as ours.
// One that has commits isn't.
func TestAGroupThatIsDeadAndHasCommitsIsNotKnown(t *testing.T) {
	for _, tc := range []struct {
		state string
		want  kafkax.GroupLag
		label string
	}{
		{"Dead", kafkax.GroupLag{Group: "g", State: "", Members: -1}, "unknown"},
		{"Stable", kafkax.GroupLag{Group: "g", State: "Stable", Members: 1}, "stable"},
		{"PreparingRebalance", kafkax.GroupLag{Group: "g", State: "PreparingRebalance", Members: 1}, "preparing_rebalance"},
		{"CompletingRebalance", kafkax.GroupLag{Group: "g", State: "CompletingRebalance", Members: 1}, "completing_rebalance"},
		{"Empty", kafkax.GroupLag{Group: "g", State: "Empty", Members: 1}, "empty"},
		{"New", kafkax.GroupLag{Group: "g", State: "New", Members: 1}, "unknown"},
	} {
		t.Run(tc.state, func(t *testing.T) {
			k := newFakeLagKafka()
			k.end["t"], k.committed["t"], k.state = 9, 4, tc.state
			l := fakeLag(t, k, []kafkax.Group{{ID: "g"}})
			s, err := l.Poll(t.Context())
			require.NoError(t, err)
			require.Equal(t, []kafkax.GroupLag{tc.want}, s.Groups)
			require.EqualValues(t, 5, s.Partitions[0].Messages)
			for _, m := range gatherLag(t, l)["kafka_group_state"].GetMetric() {
				require.Equal(t, m.GetLabel()[1].GetValue() == tc.label, m.GetGauge().GetValue() == 1, m.String())
			}
		})
	}
}

// Every metric is what the catalog says, in a registry that checks all.
func TestALagCollectorShowsTheCatalogsMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeLagKafka()
		k.end["t"], k.committed["t"] = 10, 4
		l := fakeLag(t, k, []kafkax.Group{{ID: "g"}})
		_, err := l.Poll(t.Context())
		require.NoError(t, err)
		time.Sleep(10 * time.Second)
		k.committed["t"] = 7
		_, err = l.Poll(t.Context())
		require.NoError(t, err)

		reg := prometheus.NewPedanticRegistry()
		require.NoError(t, reg.Register(l))
		problems, err := testutil.GatherAndLint(reg)
		require.NoError(t, err)
		require.Empty(t, problems)
		families, err := reg.Gather()
		require.NoError(t, err)
		shown := make(map[string]bool)
		for _, f := range families {
			shown[f.GetName()] = true
		}
		for _, m := range kafkax.Catalog() {
			require.Equal(t, m.Group == "group", shown[m.Name], m.Name)
		}
		p := l.Snapshot().Partitions[0]
		require.EqualValues(t, 3, p.Messages)
		require.InDelta(t, 10*time.Second, p.Drain, float64(10*time.Millisecond))
		require.Equal(t, kafkax.AgeAtLeast, p.AgeMode)
	})
}

// Topics beyond the limit share their series, and their counters add up.
func TestTopicsBeyondTheLimitShareSeries(t *testing.T) {
	k := newFakeLagKafka()
	for _, topic := range []string{"a", "b", "c"} {
		k.end[topic], k.committed[topic] = 100, 50
	}
	l := fakeLag(t, k, []kafkax.Group{{ID: "g"}}, kafkax.WithTopicLimit(1))
	_, err := l.Poll(t.Context())
	require.NoError(t, err)
	for topic := range k.committed {
		k.committed[topic] = 20
	}
	_, err = l.Poll(t.Context())
	require.NoError(t, err)
	total := 0.0
	families := gatherLag(t, l)
	for _, m := range families["kafka_group_rewinds_total"].GetMetric() {
		total += m.GetCounter().GetValue()
	}
	require.InDelta(t, 3, total, 0)
	require.InDelta(t, 2, families["kafka_group_folded_topics"].GetMetric()[0].GetGauge().GetValue(), 0)
	require.Len(t, families["kafka_group_lag_messages"].GetMetric(), 2)
}
