package kafkax_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func newReader(t *testing.T, cfg kafka.ReaderConfig) *kafka.Reader {
	t.Helper()
	cfg.Brokers = []string{"broker.invalid:9092"}
	r := kafka.NewReader(cfg)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// Trap kafkax/4: two clients with equal labels make the whole scrape fail.
func TestClientsWithEqualLabelsAreOneSeries(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	a, b := statsWriter(t, newBroker(), "likes"), statsWriter(t, newBroker(), "likes")
	for _, w := range []*kafka.Writer{a, b} {
		_, err = m.ObserveWriter("likes", w)
		require.NoError(t, err)
	}
	for range 2 {
		_, err = m.ObserveReader("counts", newReader(t, kafka.ReaderConfig{Topic: "likes", Partition: 1, QueueCapacity: 30}))
		require.NoError(t, err)
	}
	write(t, a, 2)
	write(t, b, 3)
	reg := registryOf(t, m)
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	got := scrape(t, reg)
	require.InDelta(t, 5, got[attempts], 0)
	require.InDelta(t, 60, got[`kafka_reader_queue_capacity_messages{group="",reader="counts"}`], 0)
}

// Trap kafkax/5: a collector whose description doesn't tell what it collects is
// checked by nobody until a scrape fails.
func TestCollectorsShowWhatTheyDescribe(t *testing.T) {
	writer := statsWriter(t, newBroker(), "likes")
	topicless := statsWriter(t, newBroker(), "")
	partition := newReader(t, kafka.ReaderConfig{Topic: "likes", Partition: 3})
	group := newReader(t, kafka.ReaderConfig{GroupTopics: []string{"likes", "reads"}, GroupID: "counts"})
	for _, tc := range []struct {
		name   string
		open   func(t *testing.T) prometheus.Collector
		series int
		has    string
	}{
		{"writer", func(t *testing.T) prometheus.Collector { return writerCollector(t, writer) }, 10, attempts},
		{
			"writer of many topics",
			func(t *testing.T) prometheus.Collector { return writerCollector(t, topicless) },
			10, `kafka_writer_attempts_total{topic="",writer="default"}`,
		},
		{
			"reader of a partition",
			func(t *testing.T) prometheus.Collector { return readerCollector(t, partition) },
			9, `kafka_reader_fetches_total{group="",reader="likes/3"}`,
		},
		{
			"reader of a group",
			func(t *testing.T) prometheus.Collector {
				return readerCollector(t, group, kafkax.WithConstLabels(prometheus.Labels{"zone": "a"}))
			},
			9, `kafka_reader_fetches_total{group="counts",reader="likes,reads",zone="a"}`,
		},
		{"metrics", func(t *testing.T) prometheus.Collector { return writerMetrics(t, writer) }, 11, attempts},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.open(t)
			reg := registryOf(t, c)
			require.Contains(t, scrape(t, reg), tc.has)
			problems, err := testutil.GatherAndLint(reg)
			require.NoError(t, err)
			require.Empty(t, problems)
			require.Equal(t, tc.series, testutil.CollectAndCount(c))
		})
	}
}

func readerCollector(t *testing.T, r *kafka.Reader, opts ...kafkax.Option) prometheus.Collector {
	t.Helper()
	c, err := kafkax.NewReaderCollector(r, opts...)
	require.NoError(t, err)
	return c
}

func TestCollectorsOfTwoClientsGoIntoOneRegistry(t *testing.T) {
	reg := registryOf(t, writerCollector(t, statsWriter(t, newBroker(), "likes")), writerCollector(t, statsWriter(t, newBroker(), "reads")))
	named, err := kafkax.NewWriterCollector(statsWriter(t, newBroker(), "likes"), kafkax.WithName("second"))
	require.NoError(t, err)
	require.NoError(t, reg.Register(named))
	require.Equal(t, []string{
		attempts,
		`kafka_writer_attempts_total{topic="likes",writer="second"}`,
		`kafka_writer_attempts_total{topic="reads",writer="reads"}`,
	}, names(only(scrape(t, reg), "kafka_writer_attempts_total")))

	again := writerCollector(t, statsWriter(t, newBroker(), "likes"))
	require.ErrorAs(t, reg.Register(again), &prometheus.AlreadyRegisteredError{}, "refused at once, not at a scrape")
}

func TestCollectorsThatClashAreRefusedAtOnce(t *testing.T) {
	w := statsWriter(t, newBroker(), "likes")
	reg := registryOf(t, writerMetrics(t, w))
	for name, opts := range map[string][]kafkax.Option{
		"another namespace": {kafkax.WithNamespace("other")},
		"another zone":      {kafkax.WithNamespace("third"), kafkax.WithConstLabels(prometheus.Labels{"zone": "a"})},
		"its neighbour":     {kafkax.WithNamespace("third"), kafkax.WithConstLabels(prometheus.Labels{"zone": "b"})},
	} {
		m, err := kafkax.New(opts...)
		require.NoError(t, err)
		require.NoError(t, reg.Register(m), name)
	}
	require.ErrorContains(t, reg.Register(writerCollector(t, w)), "kafka_writer_", "beside a Metrics")
	require.ErrorAs(t, reg.Register(writerMetrics(t, w)), &prometheus.AlreadyRegisteredError{}, "a second Metrics")
	require.Contains(t, scrape(t, reg), attempts, "and the scrape goes on")
}
