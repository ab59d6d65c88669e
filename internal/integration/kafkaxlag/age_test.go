package kafkaxlag_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// A tape knows when each message of a partition was written.
type tape struct {
	w       *world
	topic   string
	written []time.Time
}

func (p *tape) write(t *testing.T, n int) {
	t.Helper()
	p.w.produce(t, p.topic, 0, n)
	for range n {
		p.written = append(p.written, time.Now())
	}
}

// age returns how old the message at offset is, or 0 if it isn't written yet.
func (p *tape) age(offset int64) time.Duration {
	if offset >= int64(len(p.written)) {
		return 0
	}
	return time.Since(p.written[offset])
}

// burstSilenceTrickle writes 1000 messages at once, none for 11 seconds, and then one
// a second, while a consumer that began late reads on; step is called every half
// second with what is committed.
func burstSilenceTrickle(t *testing.T, p *tape, step func(committed int64)) {
	t.Helper()
	committed := int64(0)
	for half := range 120 {
		switch {
		case half == 4:
			p.write(t, 1000)
		case half > 26 && half%2 == 0:
			p.write(t, 1)
		}
		if half > 20 {
			committed = min(committed+13, int64(len(p.written)))
		}
		p.w.commit(t, "g", p.topic, 0, committed)
		step(committed)
		time.Sleep(500 * time.Millisecond)
	}
}

// Trap kafkax/17: after a burst, a silence and a trickle the lag in seconds is the age
// of the oldest unread message: within 50 ms if it is read, and within the interval
// of the polls if not.
func TestLagInSecondsIsTheAgeOfTheOldestUnreadMessage(t *testing.T) {
	const interval = 2 * time.Second
	for _, tc := range []struct {
		name string
		opts []kafkax.Option
		mode kafkax.AgeMode
		off  time.Duration
	}{
		{"from the history", nil, kafkax.AgeHistory, interval},
		{"exact", []kafkax.Option{kafkax.WithExactAge(1)}, kafkax.AgeExact, 50 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStill(t, kfake.SeedTopics(1, "t"))
				opts := append(tc.opts, kafkax.WithInterval(interval))
				l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}}, opts...)
				worst, unread, half := time.Duration(0), 0, 0
				p := &tape{w: w, topic: "t"}
				burstSilenceTrickle(t, p, func(committed int64) {
					if half++; half%4 != 1 {
						return // the half seconds between polls
					}
					lag := find(t, poll(t, l), "g", "t", 0)
					if lag.Messages == 0 {
						require.Zero(t, lag.Age)
						require.Equal(t, kafkax.AgeNone, lag.AgeMode)
						return
					}
					unread++
					require.Equal(t, tc.mode, lag.AgeMode, "at offset %d", committed)
					worst = max(worst, (lag.Age - p.age(committed)).Abs())
				})
				t.Logf("wrong by %v at most, in %d polls", worst, unread)
				if worst >= tc.off || unread < 20 {
					t.Errorf("wrong by %v in %d polls, want less than %v in 20 at least", worst, unread, tc.off)
				}
			})
		})
	}
}

// Trap kafkax/17: what is older than all that is remembered is said to be at least so
// old; what is remembered once stays known while the consumer is stuck on it.
func TestAnAgeBeyondTheHistoryIsALowerBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStill(t, kfake.SeedTopics(1, "t"))
		w.produce(t, "t", 0, 10)
		w.commit(t, "before", "t", 0, 1)
		time.Sleep(time.Hour)

		groups := []kafkax.Group{{ID: "before"}, {ID: "after", Topics: []string{"t"}}}
		opts := []kafkax.Option{kafkax.WithInterval(10 * time.Second), kafkax.WithHistory(time.Minute)}
		l := w.collector(t, groups, opts...)
		w.commit(t, "after", "t", 0, 10)
		exact := w.collector(t, groups, append(opts, kafkax.WithExactAge(5))...)
		runUntilEnd(t, l)
		time.Sleep(time.Second) // the first poll

		first := find(t, l.Snapshot(), "before", "t", 0)
		require.Equal(t, kafkax.AgeAtLeast, first.AgeMode)
		require.LessOrEqual(t, first.Age, time.Second)
		was := find(t, poll(t, exact), "before", "t", 0)
		require.Equal(t, kafkax.AgeExact, was.AgeMode)
		require.InDelta(t, time.Hour, was.Age, float64(2*time.Second))

		time.Sleep(15 * time.Second)
		w.produce(t, "t", 0, 5) // the group "after" gets stuck here, before the collector's eyes
		time.Sleep(10 * time.Minute)
		last := l.Snapshot()
		require.Equal(t, kafkax.AgeAtLeast, find(t, last, "before", "t", 0).AgeMode)
		stuck := find(t, last, "after", "t", 0)
		require.Equal(t, kafkax.AgeHistory, stuck.AgeMode)
		require.InDelta(t, 10*time.Minute, stuck.Age, float64(10*time.Second))
	})
}

// A broker answers with the whole batch that has the oldest unread message, which may be
// in the middle.
func TestAnExactAgeIsOfTheMessageAndNotOfItsBatch(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	records := make([]kafka.Record, 10)
	for i := range records {
		records[i] = kafka.Record{Time: time.Now().Add(time.Duration(i-10) * time.Minute), Value: kafka.NewBytes([]byte("m"))}
	}
	res, err := w.client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: "t", RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...), Compression: kafka.Gzip,
	})
	require.NoError(t, err)
	require.NoError(t, res.Error)
	l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}}, kafkax.WithExactAge(1))
	for _, committed := range []int64{0, 3, 9} {
		w.commit(t, "g", "t", 0, committed)
		p := find(t, poll(t, l), "g", "t", 0)
		require.Equal(t, kafkax.AgeExact, p.AgeMode)
		require.InDelta(t, time.Since(records[committed].Time), p.Age, float64(10*time.Second), "at offset %d", committed)
	}
}

// Of more partitions than may be read, those that are furthest behind are.
func TestExactAgesAreOfTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStill(t, kfake.SeedTopics(4, "t"))
		l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}}, kafkax.WithExactAge(2))
		poll(t, l)
		for _, p := range []int{2, 0, 3} { // nothing in 1
			time.Sleep(10 * time.Second)
			w.produce(t, "t", p, 1)
			time.Sleep(10 * time.Second)
			_, err := l.Poll(t.Context())
			require.NoError(t, err)
		}
		fetches := countRequests(w)
		s := poll(t, l)
		for p, want := range []kafkax.AgeMode{kafkax.AgeExact, kafkax.AgeNone, kafkax.AgeExact, kafkax.AgeExact} {
			require.Equal(t, want, find(t, s, "g", "t", p).AgeMode, "partition %d", p)
		}
		require.Zero(t, fetches.take()["Fetch"], "what was read once isn't read again")

		w.produce(t, "t", 1, 1)
		first := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}}, kafkax.WithExactAge(2))
		poll(t, first)
		require.Equal(t, 2, fetches.take()["Fetch"])
		poll(t, first)
		require.Equal(t, 2, fetches.take()["Fetch"])
		poll(t, first)
		require.Zero(t, fetches.take()["Fetch"])
	})
}

// runUntilEnd runs l until the test ends.
func runUntilEnd(t *testing.T, l *kafkax.LagCollector) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}
