package kafkax_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// A broker is an embedded Kafka with the topic "t".
type broker struct {
	*kfake.Cluster
	addrs []string
	dial  *kafka.Transport
}

func startBroker(t testing.TB, partitions int32, opts ...kfake.Opt) *broker {
	t.Helper()
	opts = append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(partitions, "t"), kfake.GroupMinSessionTimeout(10 * time.Millisecond),
	}, opts...)
	c, err := kfake.NewCluster(opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	b := &broker{c, c.ListenAddrs(), &kafka.Transport{MetadataTTL: 200 * time.Millisecond}}
	t.Cleanup(b.dial.CloseIdleConnections)
	return b
}

// put writes values from lo up to hi to a partition, with their timestamps set by at.
func (b *broker) put(t testing.TB, partition, lo, hi int, at time.Time) {
	t.Helper()
	msgs := make([]kafka.Message, 0, hi-lo)
	for i := lo; i < hi; i++ {
		msgs = append(msgs, kafka.Message{Key: []byte("k"), Value: fmt.Appendf(nil, "%04d", i), Time: at})
	}
	w := &kafka.Writer{
		Addr: kafka.TCP(b.addrs...), Topic: "t", Transport: b.dial, RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond, Balancer: toPartition(partition),
	}
	require.NoError(t, w.WriteMessages(t.Context(), msgs...))
	require.NoError(t, w.Close())
}

type toPartition int

func (p toPartition) Balance(kafka.Message, ...int) int { return int(p) }

// committed returns what the group has committed of a partition, or -1.
func (b *broker) committed(partition int32) int64 {
	if g := b.GroupInfo("g"); g != nil {
		if c, ok := g.Commits["t"][partition]; ok {
			return c.Offset
		}
	}
	return -1
}

// newMetrics returns a Metrics without clients.
func newMetrics(t testing.TB) *kafkax.Metrics {
	t.Helper()
	m, err := kafkax.New()
	require.NoError(t, err)
	return m
}

// addReader returns a Reader named "r" of group "g", unless change says otherwise.
func addReader(t testing.TB, m *kafkax.Metrics, b *broker, change ...func(*kafka.ReaderConfig)) *kafkax.Reader {
	t.Helper()
	return addNamed(t, m, b, "r", change...)
}

func addNamed(t testing.TB, m *kafkax.Metrics, b *broker, name string, change ...func(*kafka.ReaderConfig)) *kafkax.Reader {
	t.Helper()
	cfg := kafka.ReaderConfig{
		Brokers: b.addrs, GroupID: "g", Topic: "t", StartOffset: kafka.FirstOffset,
		MaxWait: 50 * time.Millisecond, ReadBackoffMin: 5 * time.Millisecond, ReadBackoffMax: 20 * time.Millisecond,
		SessionTimeout: 2 * time.Second, HeartbeatInterval: 50 * time.Millisecond,
		RebalanceTimeout: time.Second, JoinGroupBackoff: 20 * time.Millisecond, ReadLagInterval: -1,
	}
	for _, f := range change {
		f(&cfg)
	}
	r, err := m.Reader(name, kafka.NewReader(cfg))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// ranked gives all partitions to the reader of the highest rank.
func ranked(rank string) func(*kafka.ReaderConfig) {
	return func(c *kafka.ReaderConfig) { c.GroupBalancers = []kafka.GroupBalancer{byRank(rank)} }
}

type byRank string

func (byRank) ProtocolName() string        { return "rank" }
func (r byRank) UserData() ([]byte, error) { return []byte(r), nil }

func (byRank) AssignGroups(members []kafka.GroupMember, parts []kafka.Partition) kafka.GroupMemberAssignments {
	assigned := make(kafka.GroupMemberAssignments)
	for _, m := range members {
		assigned[m.ID] = map[string][]int{} // kafka-go can't read that there is none
	}
	highest := slices.MaxFunc(members, func(a, b kafka.GroupMember) int { return bytes.Compare(a.UserData, b.UserData) })
	for _, p := range parts {
		assigned[highest.ID][p.Topic] = append(assigned[highest.ID][p.Topic], p.ID)
	}
	return assigned
}

// alone makes a reader of one partition without a group.
func alone(c *kafka.ReaderConfig) { c.GroupID, c.Partition = "", 0 }

// fetch returns the next n messages.
func fetch(t testing.TB, r *kafkax.Reader, n int) []kafka.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		var err error
		msgs[i], err = r.FetchMessage(ctx)
		require.NoError(t, err)
	}
	return msgs
}

func offsets(msgs []kafka.Message) []int64 {
	list := make([]int64, len(msgs))
	for i, m := range msgs {
		list[i] = m.Offset
	}
	return list
}

// upTo returns the offsets from lo up to hi.
func upTo(lo, hi int64) []int64 {
	var list []int64
	for o := lo; o < hi; o++ {
		list = append(list, o)
	}
	return list
}

// figures are what a scrape shows, by name and labels; histograms by _count and _sum.
type figures map[string]float64

func figuresOf(t testing.TB, c prometheus.Collector) figures {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(c))
	families, err := reg.Gather()
	require.NoError(t, err)
	all := make(figures)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := labelText(m.GetLabel())
			all[f.GetName()+labels] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if h := m.GetHistogram(); h != nil {
				delete(all, f.GetName()+labels)
				all[f.GetName()+"_count"+labels], all[f.GetName()+"_sum"+labels] = float64(h.GetSampleCount()), h.GetSampleSum()
			}
		}
	}
	return all
}

func labelText(pairs []*dto.LabelPair) string {
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.GetName() + "=" + strconv.Quote(p.GetValue())
	}
	slices.Sort(texts)
	return "{" + strings.Join(texts, ",") + "}"
}

// get returns the sum of the series of a name that have all of the labels, each as
// name=value, and whether there is one.
func (f figures) get(name string, labels ...string) (sum float64, ok bool) {
	for series, value := range f {
		n, rest, _ := strings.Cut(series, "{")
		if n == name && hasLabels(rest, labels) {
			sum, ok = sum+value, true
		}
	}
	return sum, ok
}

func hasLabels(series string, labels []string) bool {
	for _, l := range labels {
		name, value, _ := strings.Cut(l, "=")
		if !strings.Contains(series, name+"="+strconv.Quote(value)) {
			return false
		}
	}
	return true
}

func (f figures) sum(name string, labels ...string) float64 {
	v, _ := f.get(name, labels...)
	return v
}

// want requires that the series of a name and labels add up to v, and that there is one.
func (f figures) want(t testing.TB, v float64, name string, labels ...string) {
	t.Helper()
	got, ok := f.get(name, labels...)
	require.True(t, ok, "no %s%v in %v", name, labels, f)
	require.Equal(t, v, got, "%s%v", name, labels)
}

// absent requires that there is no such series.
func (f figures) absent(t testing.TB, name string, labels ...string) {
	t.Helper()
	_, ok := f.get(name, labels...)
	require.False(t, ok, "%s%v in %v", name, labels, f)
}

// lines is a kafka.Logger that keeps what it is told.
type lines struct {
	mu   sync.Mutex
	list []string
}

func (l *lines) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf(format, args...))
}

func (l *lines) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.list, func(s string) bool { return strings.Contains(s, part) })
}
