package kafkaxlag_test

import (
	"context"
	"maps"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// asked counts the requests of a client, by kind.
type asked struct {
	mu sync.Mutex
	by map[string]int
}

// countRequests counts all that w is asked from now on.
func countRequests(w *world) *asked {
	a := &asked{by: make(map[string]int)}
	w.ControlKey(-1, func(req kmsg.Request) (kmsg.Response, error, bool) {
		w.KeepControl()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.by[kmsg.NameForKey(req.Key())]++
		return nil, nil, false
	})
	return a
}

// take returns what was counted since the last take, but for what a transport does
// of itself.
func (a *asked) take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	by := a.by
	a.by = make(map[string]int)
	delete(by, "Metadata")
	delete(by, "ApiVersions")
	return by
}

// lagOfThousand returns a Kafka of 3 brokers and a topic of 1000 partitions, which two
// groups are behind on.
func lagOfThousand(t testing.TB) (*world, []kafkax.Group) {
	t.Helper()
	w := openWorld(t, &world{dial: (&net.Dialer{}).DialContext, ttl: 6 * time.Second},
		[]kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(1000, "wide")})
	for p := range 20 {
		w.produce(t, "wide", p*50, 10)
		w.commit(t, "a", "wide", p*50, 3)
		w.commit(t, "b", "wide", p*50, 7)
	}
	return w, []kafkax.Group{{ID: "a"}, {ID: "b", Topics: []string{"wide"}}}
}

// dialCounted returns a collector, and how often its transport dials. With ours unset it
// can't use requests of its own.
func (w *world) dialCounted(t testing.TB, groups []kafkax.Group, ours bool) (*kafkax.LagCollector, *atomic.Int64) {
	t.Helper()
	client, dials := w.newClient(t), new(atomic.Int64)
	client.Transport.(*kafka.Transport).Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return w.dial(ctx, network, addr)
	}
	if !ours {
		client.Transport = &strict{RoundTripper: client.Transport}
	}
	l, err := kafkax.NewLagCollector(client, groups)
	require.NoError(t, err)
	return l, dials
}

// Trap kafkax/29: the lag of 1000 partitions takes a connection per broker and one for
// metadata, two ListOffsets per broker and an OffsetFetch per group.
//
// kafka-go hands an answer out before it takes the connection back, so that on a
// machine that is busy one of thousands of requests finds none and opens another:
// three collectors must not all have met with that.
func TestTheLagOfAThousandPartitionsTakesFewConnectionsAndRequests(t *testing.T) {
	w, groups := lagOfThousand(t)
	requests := countRequests(w)
	fewest := int64(math.MaxInt64)
	for range 3 {
		l, dials := w.dialCounted(t, groups, true)
		requests.take()
		require.Len(t, poll(t, l).Partitions, 2000)
		first := requests.take()
		require.Equal(t, 6, first["ListOffsets"], "%v", first)
		require.Equal(t, 2, first["OffsetFetch"], "%v", first)
		require.Equal(t, 2, first["FindCoordinator"], "%v", first)
		pollRepeatedly(t, l, 4, requests, map[string]int{
			"ListOffsets": 6, "OffsetFetch": 2, "DescribeGroups": first["DescribeGroups"],
		})
		fewest = min(fewest, dials.Load())
	}
	if fewest > 4 {
		t.Errorf("%d connections to 3 brokers, want at most 4", fewest)
	}
	coordinators := map[int32]bool{w.CoordinatorFor("a"): true, w.CoordinatorFor("b"): true}
	l := w.collector(t, groups)
	poll(t, l)
	if got := requests.take()["DescribeGroups"]; got != len(coordinators) {
		t.Errorf("%d DescribeGroups to %d coordinators", got, len(coordinators))
	}
}

// pollRepeatedly polls n times and requires that each poll asks exactly want.
func pollRepeatedly(t *testing.T, l *kafkax.LagCollector, n int, requests *asked, want map[string]int) {
	t.Helper()
	for range n {
		poll(t, l)
		if got := requests.take(); !maps.Equal(got, want) {
			t.Fatalf("a poll asked %v, want %v", got, want)
		}
	}
}

// BenchmarkPoll is a poll of 1000 partitions on 3 brokers, with the collector's requests
// and with kafka-go's, and how many connections all polls together made.
func BenchmarkPoll(b *testing.B) {
	for _, impl := range []string{"kafkax", "kafka-go"} {
		b.Run("impl="+impl, func(b *testing.B) {
			w, groups := lagOfThousand(b)
			l, dials := w.dialCounted(b, groups[:1], impl == "kafkax")
			poll(b, l)
			b.ReportAllocs()
			for b.Loop() {
				poll(b, l)
			}
			b.ReportMetric(float64(dials.Load()), "connections")
		})
	}
}
