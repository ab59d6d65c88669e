package topn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
	"github.com/ycvk/tinybook/topn"
)

var (
	_ topn.MessageReader = (*kafka.Reader)(nil)
	_ topn.MessageReader = (*kafkax.Reader)(nil)
)

const (
	topic      = "likes"
	partitions = 4
)

// startBroker starts an embedded Kafka with the topic, and returns its address.
func startBroker(t testing.TB, configs ...kafka.ConfigEntry) (c *kfake.Cluster, addr string) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(10*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	addr = c.ListenAddrs()[0]
	client := &kafka.Client{Addr: kafka.TCP(addr), Timeout: 5 * time.Second}
	resp, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: configs},
	}})
	require.NoError(t, err)
	require.NoError(t, resp.Errors[topic])
	return c, addr
}

// newReader returns a member of the group, which is missed soon when it dies.
func newReader(addr string) *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{addr}, GroupID: "board", Topic: topic, StartOffset: kafka.FirstOffset,
		SessionTimeout: 500 * time.Millisecond, HeartbeatInterval: 50 * time.Millisecond, RebalanceTimeout: time.Second,
		MaxWait: 50 * time.Millisecond, JoinGroupBackoff: 50 * time.Millisecond, ReadBackoffMin: 5 * time.Millisecond,
	})
}

func newClient(t testing.TB, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// newBoard returns the counter that all processes share, and makes sure that Redis
// holds it.
func newBoard(t testing.TB, rdb redis.UniversalClient, opts ...topn.Option) *topn.Board[int64] {
	t.Helper()
	none := func(context.Context, int) ([]topn.Entry[int64], error) { return nil, nil }
	b, err := topn.New(rdb, topic, topn.Int64Codec(), none, append([]topn.Option{topn.WithMode(topn.Counter), topn.WithN(1000)}, opts...)...)
	require.NoError(t, err)
	_, err = b.Load(t.Context(), 1)
	require.NoError(t, err)
	return b
}

// scoresOf returns what Redis holds.
func scoresOf(t testing.TB, rdb redis.UniversalClient) map[int64]float64 {
	t.Helper()
	s, err := newBoard(t, rdb).Load(t.Context(), 1000)
	require.NoError(t, err)
	require.Equal(t, topn.FromRedis, s.From)
	scores := make(map[int64]float64)
	for _, item := range s.Items {
		scores[item.Member] = item.Score
	}
	return scores
}

type like struct {
	Member int64
	Delta  float64
}

func decode(m kafka.Message) (topn.Event[int64], error) {
	var l like
	if err := json.Unmarshal(m.Value, &l); err != nil {
		return topn.Event[int64]{}, fmt.Errorf("no like: %w", err)
	}
	return topn.Event[int64]{Member: l.Member, Delta: l.Delta}, nil
}

// A producer writes likes, and knows what they add up to.
type producer struct {
	w     *kafka.Writer
	r     *rand.Rand
	sums  map[int64]float64
	total int
}

func newProducer(t testing.TB, addr string) *producer {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := &kafka.Writer{
		Addr: kafka.TCP(addr), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		Balancer: &kafka.RoundRobin{}, MaxAttempts: 1, // what is written twice would count twice
	}
	t.Cleanup(func() { _ = w.Close() })
	return &producer{w: w, r: rand.New(rand.NewPCG(seed, 0)), sums: make(map[int64]float64)}
}

// write writes n likes, of which some say nothing.
func (p *producer) write(t testing.TB, n int) {
	t.Helper()
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		l := like{Member: p.r.Int64N(50), Delta: float64(p.r.IntN(5) - 1)}
		text, err := json.Marshal(l)
		require.NoError(t, err)
		if p.r.IntN(40) == 0 {
			text = []byte("poison")
		} else {
			p.sums[l.Member] += l.Delta
		}
		msgs[i] = kafka.Message{Key: fmt.Append(nil, l.Member), Value: text}
	}
	p.total += n
	require.NoError(t, p.w.WriteMessages(t.Context(), msgs...))
}

// poll waits until is true.
func poll(t testing.TB, within time.Duration, is func() bool, what string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); !is(); <-tick.C {
		require.True(t, time.Now().Before(end), what)
	}
}

// committed returns how many messages of the topic the group has committed, provided
// that no offset is missing.
func committed(t testing.TB, addr string) (n int) {
	t.Helper()
	client := &kafka.Client{Addr: kafka.TCP(addr), Timeout: 5 * time.Second}
	all := make([]int, partitions)
	for i := range all {
		all[i] = i
	}
	resp, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "board", Topics: map[string][]int{topic: all}})
	require.NoError(t, err)
	for _, p := range resp.Topics[topic] {
		n += int(max(p.CommittedOffset, 0))
	}
	return n
}

// sameScores fails unless the board says what want does; members that came to nothing
// may be there or not.
func sameScores(t testing.TB, want, got map[int64]float64) {
	t.Helper()
	nothing := func(_ int64, score float64) bool { return score == 0 }
	want, got = maps.Clone(want), maps.Clone(got)
	maps.DeleteFunc(want, nothing)
	maps.DeleteFunc(got, nothing)
	require.Equal(t, want, got)
}
