package kafkastore_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// A skewed transport is that of a process whose clock differs from the brokers'.
type skewed struct {
	kafka.RoundTripper
	ahead time.Duration
}

func (s skewed) RoundTrip(ctx context.Context, a net.Addr, r kafka.Request) (kafka.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(ctx, a, r)
	if p, ok := resp.(*produceapi.Response); ok && err == nil {
		for i := range p.Topics {
			for k := range p.Topics[i].Partitions {
				p.Topics[i].Partitions[k].LogAppendTime = time.Now().Add(s.ahead).UnixMilli()
			}
		}
	}
	return resp, err
}

// skewed returns a Store of a process whose brokers' clock is ahead of its own.
func (q *queue) skewed(t *testing.T, ahead time.Duration) *kafkastore.Store {
	t.Helper()
	return q.through(t, func(r kafka.RoundTripper) kafka.RoundTripper { return skewed{r, ahead} })
}

// through returns a Store whose requests go by what wrap returns.
func (q *queue) through(t *testing.T, wrap func(kafka.RoundTripper) kafka.RoundTripper) *kafkastore.Store {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := kafkastore.DefaultConfig(q.brokers...)
	cfg.Transport, cfg.Prefix, cfg.GroupID = wrap(transport), q.prefix, q.prefix
	cfg.Partitions, cfg.Replication = q.parts, 1
	s, err := kafkastore.New(cfg, q.index, q.opts...)
	require.NoError(t, err)
	return s
}

// Trap smsfailover/21: times go by the brokers' clock, in a process's first call too:
// nothing comes early, and what was superseded doesn't come.
func TestBrokersClockDiffers(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
				q := newQueue(b, index)
				q.open(t)
				p := q.skewed(t, ahead)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- p.Run(ctx) }()
				defer func() {
					cancel()
					require.NoError(t, <-ended)
				}()
				require.Eventually(t, func() bool { return p.Stats().Partitions == q.total() }, 10*time.Second, time.Millisecond)
				delayed := job("delayed")
				delayed.Due = time.Now().Add(500 * time.Millisecond)
				put(t, q.skewed(t, ahead), delayed)
				got := claim(t, p, 1, time.Hour)[0]
				require.WithinRange(t, time.Now(), delayed.Due.Add(-100*time.Millisecond), delayed.Due.Add(5*time.Second))
				require.NoError(t, p.Done(t.Context(), got.Ref()))
				if index != nil {
					supersedeFirst(t, q, p, ahead)
				}
			})
		})
	}
}

// supersedeFirst supersedes, as the first thing that a process does, what lies in
// Kafka.
func supersedeFirst(t *testing.T, q *queue, p *kafkastore.Store, ahead time.Duration) {
	t.Helper()
	for i := range 5 {
		older := job(fmt.Sprintf("older-%d", i))
		put(t, p, older)
		require.Eventually(t, func() bool { return p.Stats().Buffered == 1 }, 10*time.Second, time.Millisecond)
		newer := older
		newer.ID, newer.Args = fmt.Sprintf("newer-%d", i), []string{"another code"}
		out, err := q.skewed(t, ahead).Enqueue(t.Context(), newer)
		require.NoError(t, err)
		require.Equal(t, []smsfailover.Outcome{smsfailover.Superseded}, out)
		got := claim(t, p, 1, time.Hour)[0]
		require.Equal(t, newer.ID, got.ID, "the older one was superseded")
		require.NoError(t, p.Done(t.Context(), got.Ref()))
	}
}

// A time that means never hasn't passed, in whichever process.
func TestNever(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		lasting := job("lasting")
		lasting.NotAfter = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		put(t, q.open(t), lasting)
		got := claim(t, p, 1, time.Hour)[0]
		require.True(t, got.NotAfter.After(time.Now().AddDate(100, 0, 0)), "%v", got.NotAfter)
		require.NoError(t, p.Retry(t.Context(), got.Ref(), math.MaxInt64, "cause"))
		none(t, p, 200*time.Millisecond)
	})
}
