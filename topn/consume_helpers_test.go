package topn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

const likes = "likes" // the topic, and the key of the board

// A topic is a log of some partitions, and how far a group has committed it.
type topic struct {
	mu        sync.Mutex
	parts     [][]kafka.Message
	committed []int64 // the next offset to read
	grew      chan struct{}
}

func newTopic(partitions int) *topic {
	return &topic{parts: make([][]kafka.Message, partitions), committed: make([]int64, partitions), grew: make(chan struct{})}
}

// write appends a message; offsets are left out where skip is more than 0.
func (l *topic) write(partition int, skip int64, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.parts[partition]
	offset := skip
	if n := len(p); n > 0 {
		offset += p[n-1].Offset + 1
	}
	l.parts[partition] = append(p, kafka.Message{Topic: likes, Partition: partition, Offset: offset, Value: []byte(value)})
	close(l.grew)
	l.grew = make(chan struct{})
}

// isRead reports whether all of the topic is committed.
func (l *topic) isRead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range l.parts {
		if n := len(p); n > 0 && l.committed[i] <= p[n-1].Offset {
			return false
		}
	}
	return true
}

// A reader reads all partitions of a topic, in an order by chance. The functions,
// where there are any, fail calls.
type reader struct {
	*topic
	next     []int
	r        *rand.Rand
	onFetch  func() error
	onCommit func(ctx context.Context, msgs []kafka.Message) error
	closed   bool
}

func (l *topic) reader(seed uint64) *reader {
	l.mu.Lock()
	l.grew = make(chan struct{}) // one of this bubble; readers begin before anybody writes on
	l.mu.Unlock()
	r := &reader{topic: l, r: rand.New(rand.NewPCG(seed, 1))}
	r.rewind()
	return r
}

// rewind continues from what was committed, as after a rebalance.
func (r *reader) rewind() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = make([]int, len(r.parts))
	for i, p := range r.parts {
		for r.next[i] < len(p) && p[r.next[i]].Offset < r.committed[i] {
			r.next[i]++
		}
	}
}

func (r *reader) FetchMessage(ctx context.Context) (kafka.Message, error) {
	for {
		if r.onFetch != nil {
			if err := r.onFetch(); err != nil {
				return kafka.Message{}, err
			}
		}
		m, grew, err := r.poll()
		if err != nil || grew == nil {
			return m, err
		}
		select {
		case <-ctx.Done():
			return m, ctx.Err()
		case <-grew:
		}
	}
}

// poll returns a message, or what to wait for.
func (r *reader) poll() (m kafka.Message, grew chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return m, nil, io.EOF
	}
	for _, i := range r.r.Perm(len(r.parts)) {
		if p := r.parts[i]; r.next[i] < len(p) {
			m = p[r.next[i]]
			m.HighWaterMark = p[len(p)-1].Offset + 1
			r.next[i]++
			return m, nil, nil
		}
	}
	return m, r.grew, nil
}

// close makes FetchMessage say that the reader was closed.
func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	close(r.grew)
	r.grew = make(chan struct{})
}

func (r *reader) CommitMessages(ctx context.Context, msgs ...kafka.Message) error {
	if r.onCommit != nil {
		if err := r.onCommit(ctx, msgs); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range msgs {
		r.committed[m.Partition] = m.Offset + 1
	}
	return nil
}

// A like is what the messages of the tests say.
type like struct {
	Member  int64
	Delta   float64
	Score   float64
	Version int64
	Removed bool
}

func (l like) String() string {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	return string(text)
}

var errPoison = errors.New("no like")

func decodeLike(m kafka.Message) (topn.Event[int64], error) {
	var l like
	if err := json.Unmarshal(m.Value, &l); err != nil {
		return topn.Event[int64]{}, fmt.Errorf("%w: %w", errPoison, err)
	}
	return topn.Event[int64](l), nil
}

func noRows(context.Context, int) ([]topn.Entry[int64], error) { return nil, nil }

// nameless is a member that the boards of the tests can't write.
const nameless = 99

type likesCodec struct{ topn.Codec[int64] }

func (c likesCodec) Encode(m int64) string {
	if m == nameless {
		return ""
	}
	return c.Codec.Encode(m)
}

// decodeGood returns the event in m, and reports whether a board can take it.
func decodeGood(m kafka.Message) (e topn.Event[int64], good bool) {
	e, err := decodeLike(m)
	return e, err == nil && e.Member != nameless
}

// likesBoard returns a board that Redis holds, and that starts empty.
func likesBoard(t testing.TB, rdb redis.UniversalClient, opts ...topn.Option) *topn.Board[int64] {
	t.Helper()
	b, err := topn.New(rdb, likes, likesCodec{topn.Int64Codec()}, noRows, append([]topn.Option{topn.WithN(1000)}, opts...)...)
	require.NoError(t, err)
	_, err = b.Load(t.Context(), 1)
	require.NoError(t, err)
	return b
}

// scoresOf returns what Redis holds of the board.
func scoresOf(t testing.TB, rdb redis.UniversalClient, opts ...topn.Option) map[int64]float64 {
	t.Helper()
	b := likesBoard(t, rdb, opts...)
	s, err := b.Load(t.Context(), 1000)
	require.NoError(t, err)
	require.Equal(t, topn.FromRedis, s.From)
	scores := make(map[int64]float64)
	for _, item := range s.Items {
		scores[item.Member] = item.Score
	}
	return scores
}

// A job is a Consume that goes on.
type job struct {
	cancel context.CancelFunc
	ended  chan error
	mu     sync.Mutex
	last   topn.ConsumeStats
}

func (j *job) stats() topn.ConsumeStats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// consume starts a Consume that stop, or the end of ctx, ends.
func consume(ctx context.Context, r topn.MessageReader, b *topn.Board[int64], opts ...topn.ConsumeOption) *job {
	ctx, cancel := context.WithCancel(ctx)
	j := &job{cancel: cancel, ended: make(chan error, 1)}
	opts = append(opts, topn.WithProgress(func(s topn.ConsumeStats) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.last = s
	}))
	go func() { j.ended <- topn.Consume(ctx, r, b, decodeLike, opts...) }()
	return j
}

func (j *job) stop(t testing.TB) {
	t.Helper()
	j.cancel()
	require.NoError(t, <-j.ended)
}

// settle lets a bubble's time pass until everything that is going on has come to rest.
func settle() {
	time.Sleep(time.Minute)
	synctest.Wait()
}

// total returns the sums of all deltas in the log that count.
func (l *topic) total() map[int64]float64 {
	sums := make(map[int64]float64)
	for _, p := range l.parts {
		for _, m := range p {
			if e, good := decodeGood(m); good {
				sums[e.Member] += e.Delta
			}
		}
	}
	return sums
}

// good returns how many events of the log count.
func (l *topic) good() (n int) {
	for _, p := range l.parts {
		for _, m := range p {
			if _, good := decodeGood(m); good {
				n++
			}
		}
	}
	return n
}

// newest returns the scores of the highest versions in the log.
func (l *topic) newest() map[int64]float64 {
	top := make(map[int64]topn.Event[int64])
	for _, p := range l.parts {
		for _, m := range p {
			if e, good := decodeGood(m); good && e.Version > top[e.Member].Version {
				top[e.Member] = e
			}
		}
	}
	scores := make(map[int64]float64)
	for m, e := range top {
		if scores[m] = e.Score; e.Removed {
			delete(scores, m)
		}
	}
	return scores
}

// randomTopic has gaps, poison, and versions in any order.
func randomTopic(r *rand.Rand, n int) *topic {
	l := newTopic(1 + r.IntN(3))
	versions := r.Perm(n)
	for i := range n {
		value := like{
			Member: r.Int64N(10), Delta: float64(r.IntN(7) - 2), Score: float64(r.IntN(100)),
			Version: int64(versions[i]) + 1, Removed: false,
		}
		text := value.String()
		switch r.IntN(24) {
		case 0, 1:
			text = "poison"
		case 2: // which only the board finds out
			text = like{Member: nameless, Delta: 1, Version: 1}.String()
		}
		skip := int64(0)
		if r.IntN(5) == 0 { // compacted, or marks of transactions
			skip = r.Int64N(20)
		}
		l.write(r.IntN(len(l.parts)), skip, text)
	}
	return l
}

func sameScores(t testing.TB, want, got map[int64]float64) {
	t.Helper()
	if !maps.Equal(want, got) {
		t.Fatalf("the board has %v, want %v", got, want)
	}
}
