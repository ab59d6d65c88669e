package kafkastore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// A message waits in the largest tier that isn't longer than its delay, hops down
// from there, and is handed out when it is due, wherever it is then.
func TestTiersHop(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil, kafkastore.WithTiers(50*time.Millisecond, 300*time.Millisecond))
	p := q.open(t)
	p.start(t)
	p.owns(t, 5*q.parts)
	put(t, p, jobs("job", 4)...)
	start := time.Now()
	delays := map[string]time.Duration{}
	for i, j := range claim(t, p, 4, time.Hour) {
		d := time.Duration(i) * 400 * time.Millisecond
		delays[j.ID] = d
		require.NoError(t, p.Retry(t.Context(), j.Ref(), d, "cause"))
	}
	for i := range 4 {
		got := claim(t, p, 1, time.Hour)[0]
		late := time.Since(start) - delays[got.ID]
		require.Equal(t, time.Duration(i)*400*time.Millisecond, delays[got.ID], "out of turn")
		require.GreaterOrEqual(t, late, time.Duration(0), "%s came early", got.ID)
		require.Less(t, late, 5*time.Second)
		require.Equal(t, 1, got.Attempt)
		require.NoError(t, p.Done(t.Context(), got.Ref()))
	}
	records := func(topic string) (n uint64) {
		for _, info := range b.PartitionInfos("sms." + topic) {
			n += uint64(info.HighWatermark)
		}
		return n
	}
	// A machine that is slow may find that a hop isn't worth it any more.
	hops := p.Stats().Hops
	require.GreaterOrEqual(t, hops, uint64(3), "800ms and 1200ms are twice 300ms, and more")
	require.EqualValues(t, 5, records("ready"), "four, and the one without a delay")
	require.EqualValues(t, 3+hops, records("300ms")+records("50ms"))
}

// Jobs of one call that are due at different times are stored as one, and part
// where they are read.
func TestMixedBatchIsOne(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil)
	p := q.open(t)
	list := jobs("job", 9)
	for i := range list {
		list[i].Due = time.Now().Add(time.Duration(i%3) * 7 * time.Minute)
		list[i].Priority = i%3 - 1
	}
	put(t, p, list...)
	n := 0
	for _, topic := range []string{"sms.ready.low", "sms.ready", "sms.ready.high"} {
		for _, info := range b.PartitionInfos(topic) {
			if info.HighWatermark > 0 {
				n++
				require.EqualValues(t, 9, info.HighWatermark)
			}
		}
	}
	require.Equal(t, 1, n, "one batch in one partition")
	p.start(t)
	p.owns(t, q.total())
	require.Len(t, claim(t, p, 3, time.Hour), 3)
	require.Eventually(t, func() bool { return p.Stats().Hops == 6 }, 10*time.Second, 5*time.Millisecond)
	depthIs(t, p, smsfailover.Depth{Delayed: 6, Leased: 3})
}

// A process that reads nothing sees the depth by the offsets.
func TestDepthFromOutside(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		for i := range 10 {
			put(t, p, job(fmt.Sprintf("job-%d", i)))
		}
		held := claim(t, p, 6, time.Hour)
		require.NoError(t, p.Retry(t.Context(), held[0].Ref(), time.Hour, "cause"))
		require.NoError(t, p.Bury(t.Context(), held[1].Ref(), "cause"))
		require.NoError(t, p.Done(t.Context(), held[2].Ref()))
		outside := q.open(t)
		depthIs(t, outside, smsfailover.Depth{Ready: 4, Delayed: 1, Leased: 3, Dead: 1})
	})
}

// What is there is counted at each moment of a takeover: who waits for a queue to be
// empty isn't told so because nobody has read it yet.
func TestDepthDuringTakeover(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		for i := range 8 {
			put(t, p, job(fmt.Sprintf("job-%d", i)))
		}
		require.Eventually(t, func() bool { return p.Stats().Buffered == 8 }, 10*time.Second, time.Millisecond)
		held := 0
		if index == nil {
			held = len(claim(t, p, 4, time.Hour))
		}
		p.stop(t)
		// Those that wait for something to read find nothing for now.
		deaf := b.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1,
			When: func(r kmsg.Request) bool { return r.(*kmsg.FetchRequest).MaxWaitMillis > 0 },
		})
		p = q.running(t)
		for range 5 {
			d, err := p.Depth(t.Context())
			require.NoError(t, err)
			require.Equal(t, 8, d.Live(), "%+v", d)
			require.False(t, d.Oldest.IsZero())
			require.Zero(t, p.Stats().Buffered)
		}
		deaf.Remove()
		require.Len(t, claim(t, p, 8, time.Hour), 8, "%d were claimed", held)
	})
}

// Kafka's own order is by partition; a window of each is ordered as the contract
// says, and a high priority needs no window.
func TestPriorityPassesABacklog(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil, kafkastore.WithWindow(20))
	q.parts = 1
	p := q.running(t)
	put(t, p, jobs("normal", 500)...)
	low := job("low")
	low.Priority = -1
	urgent := job("urgent")
	urgent.Priority = 1
	put(t, p, low)
	put(t, p, urgent)
	require.Eventually(t, func() bool { return p.Stats().Buffered == 22 }, 10*time.Second, time.Millisecond)
	require.Equal(t, "urgent", claim(t, p, 1, time.Hour)[0].ID)
	normal := 0
	for range 501 {
		got := claim(t, p, 1, time.Hour)[0]
		require.NoError(t, p.Done(t.Context(), got.Ref()))
		if got.ID != "low" { // that may come while nothing else has been read
			require.Equal(t, fmt.Sprintf("normal-%d", normal), got.ID)
			normal++
		}
	}
	require.Equal(t, 500, normal)
}

// depthIs waits until the depth is want, but for Oldest.
func depthIs(t *testing.T, s smsfailover.Store, want smsfailover.Depth) {
	t.Helper()
	var got smsfailover.Depth
	require.Eventually(t, func() bool {
		var err error
		got, err = s.Depth(t.Context())
		require.NoError(t, err)
		got.Oldest = time.Time{}
		return got == want
	}, 10*time.Second, 5*time.Millisecond, "the last was %+v", &got)
}
