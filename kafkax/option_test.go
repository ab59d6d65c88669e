package kafkax_test

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestABadOptionIsNamedWithItsValue(t *testing.T) {
	for _, tc := range []struct {
		name string
		opt  kafkax.Option
		want []string // one per line of the error
	}{
		{"nil", nil, []string{"kafkax: invalid argument: option 0 is nil"}},
		{"no namespace", kafkax.WithNamespace(""), []string{`kafkax: invalid argument: WithNamespace("")`}},
		{"namespace of a path", kafkax.WithNamespace("a/b"), []string{`kafkax: invalid argument: WithNamespace("a/b")`}},
		{"namespace that starts with a digit", kafkax.WithNamespace("1a"), []string{`kafkax: invalid argument: WithNamespace("1a")`}},
		{
			"labels", kafkax.WithConstLabels(prometheus.Labels{"a-b": "x", "topic": "x", "le": "x", "job": "x", "partition": "x", "zone": "\xff", "good": "x"}),
			[]string{
				`kafkax: invalid argument: WithConstLabels: name "a-b"`, `kafkax: invalid argument: WithConstLabels: name "job" is used`, `kafkax: invalid argument: WithConstLabels: name "le" is used`, `kafkax: invalid argument: WithConstLabels: name "partition" is used`,
				`kafkax: invalid argument: WithConstLabels: name "topic" is used`, `kafkax: invalid argument: WithConstLabels: the value of "zone", "\xff", is not UTF-8`,
			},
		},
		{"limit", kafkax.WithTopicLimit(-1), []string{"kafkax: invalid argument: WithTopicLimit(-1)"}},
		{"classifier", kafkax.WithErrorClassifier(nil), []string{"kafkax: invalid argument: WithErrorClassifier: the function is nil"}},
		{"name", kafkax.WithName(""), []string{`kafkax: invalid argument: WithName("")`}},
		{"name not UTF-8", kafkax.WithName("\xff"), []string{`kafkax: invalid argument: WithName("\xff")`}},
		{"no buckets", kafkax.WithLatencyBuckets(), []string{"kafkax: invalid argument: WithLatencyBuckets([])"}},
		{"falling buckets", kafkax.WithSizeBuckets(2, 1), []string{"kafkax: invalid argument: WithSizeBuckets([2 1])"}},
		{"equal buckets", kafkax.WithSizeBuckets(2, 2), []string{"kafkax: invalid argument: WithSizeBuckets([2 2])"}},
		{"a bucket of nothing", kafkax.WithBatchBuckets(0, 1), []string{"kafkax: invalid argument: WithBatchBuckets([0 1])"}},
		{"an endless bucket", kafkax.WithLatencyBuckets(1, math.Inf(1)), []string{"kafkax: invalid argument: WithLatencyBuckets([1 +Inf])"}},
		{"a bucket that is no number", kafkax.WithLatencyBuckets(math.NaN()), []string{"kafkax: invalid argument: WithLatencyBuckets([NaN])"}},
		{"native factor 1", kafkax.WithNativeHistograms(1), []string{"kafkax: invalid argument: WithNativeHistograms(1)"}},
		{"native factor too large", kafkax.WithNativeHistograms(17), []string{"kafkax: invalid argument: WithNativeHistograms(17)"}},
		{"native factor no number", kafkax.WithNativeHistograms(math.NaN()), []string{"kafkax: invalid argument: WithNativeHistograms(NaN)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := kafkax.New(tc.opt)
			require.ErrorIs(t, err, kafkax.ErrInput)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tc.want))
			for i, want := range tc.want {
				require.True(t, strings.HasPrefix(lines[i], want), "%q, want %q", lines[i], want)
			}
		})
	}
}

func TestAllBadOptionsAreInOneError(t *testing.T) {
	bad := []kafkax.Option{kafkax.WithTopicLimit(-3), kafkax.WithNamespace("no good"), kafkax.WithName("")}
	writer, reader := statsWriter(t, newBroker(), "t"), newReader(t, kafka.ReaderConfig{Topic: "t"})
	for name, open := range map[string]func() error{
		"New":                func() error { _, err := kafkax.New(bad...); return err },
		"NewWriterCollector": func() error { _, err := kafkax.NewWriterCollector(writer, bad...); return err },
		"NewReaderCollector": func() error { _, err := kafkax.NewReaderCollector(reader, bad...); return err },
		"NewLagCollector":    func() error { _, err := kafkax.NewLagCollector(nil, nil, bad...); return err },
		"WriteAlertRules":    func() error { return kafkax.WriteAlertRules(io.Discard, kafkax.Thresholds{}, bad...) },
		"WriteDashboard":     func() error { return kafkax.WriteDashboard(io.Discard, bad...) },
		"WriteGrafanaAlerts": func() error { return kafkax.WriteGrafanaAlerts(io.Discard, kafkax.Thresholds{}, bad...) },
	} {
		err := open()
		require.ErrorIs(t, err, kafkax.ErrInput, name)
		for _, want := range []string{"WithTopicLimit(-3)", `WithNamespace("no good")`, `WithName("")`} {
			require.ErrorContains(t, err, want, name)
		}
		for line := range strings.Lines(err.Error()) {
			require.Equal(t, 1, strings.Count(line, "kafkax: "), "one shape: %s", line)
			require.True(t, strings.HasPrefix(line, "kafkax: invalid argument: "), line)
		}
	}
}

func TestAClientThatIsNilIsRefused(t *testing.T) {
	_, err := kafkax.NewWriterCollector(nil, kafkax.WithName(""))
	require.ErrorIs(t, err, kafkax.ErrInput)
	require.ErrorContains(t, err, "WithName", "beside what else is wrong")
	_, err = kafkax.NewReaderCollector(nil)
	require.ErrorIs(t, err, kafkax.ErrInput)
	m, err := kafkax.New()
	require.NoError(t, err)
	_, err = m.ObserveWriter("w", nil)
	require.ErrorIs(t, err, kafkax.ErrInput)
	_, err = m.ObserveReader("r", nil)
	require.ErrorIs(t, err, kafkax.ErrInput)
	_, err = m.ObserveReader("r", new(kafka.Reader)) // a scrape of it would fail
	require.ErrorIs(t, err, kafkax.ErrInput)
	_, err = m.Reader("r", new(kafka.Reader))
	require.ErrorIs(t, err, kafkax.ErrInput)
	_, err = kafkax.NewReaderCollector(new(kafka.Reader))
	require.ErrorIs(t, err, kafkax.ErrInput)
	for _, name := range []string{"", "\xff"} {
		_, err = m.ObserveWriter(name, statsWriter(t, newBroker(), "t"))
		require.ErrorIs(t, err, kafkax.ErrInput)
	}
}

func TestEveryErrorOfArgumentsHasOneShape(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	w := statsWriter(t, newBroker(), "t")
	_, err = m.Writer("w", w)
	require.NoError(t, err)
	for _, tc := range []struct {
		call func() error
		want string
	}{
		{func() error { _, err := m.Writer("", nil); return err }, "Writer: the name is empty"},
		{func() error { _, err := m.Writer("w", nil); return err }, `Writer: the client "w" is nil`},
		{func() error { _, err := m.Writer("w", w); return err }, `Writer: the client "w" is instrumented already`},
		{func() error { _, err := m.Reader("\xff", nil); return err }, `Reader: the name "\xff" is not UTF-8`},
		{func() error { _, err := m.ObserveWriter("", nil); return err }, "ObserveWriter: the name is empty"},
		{func() error { _, err := m.ObserveReader("", nil); return err }, "ObserveReader: the name is empty"},
		{func() error { _, err := kafkax.NewWriterCollector(nil); return err }, "NewWriterCollector: the writer is nil"},
		{func() error { _, err := kafkax.NewReaderCollector(nil); return err }, "NewReaderCollector: the reader is nil"},
	} {
		require.EqualError(t, tc.call(), "kafkax: invalid argument: "+tc.want)
		require.ErrorIs(t, tc.call(), kafkax.ErrInput)
	}
}

func TestOptionsCopyWhatTheyGet(t *testing.T) {
	labels := prometheus.Labels{"zone": "a"}
	bounds := []float64{1, 2}
	opts := []kafkax.Option{kafkax.WithConstLabels(labels), kafkax.WithLatencyBuckets(bounds...)}
	m, err := kafkax.New(opts...)
	require.NoError(t, err)
	labels["topic"], bounds[0] = "b", 7
	_, err = m.ObserveWriter("w", statsWriter(t, newBroker(), "t"))
	require.NoError(t, err)
	require.Contains(t, scrape(t, registryOf(t, m)), `kafka_writer_attempts_total{topic="t",writer="w",zone="a"}`)
}

func TestNamespaceAndLabelsAreOnEverySeries(t *testing.T) {
	m, err := kafkax.New(kafkax.WithNamespace("app_kafka"), kafkax.WithConstLabels(prometheus.Labels{"zone": "a"}))
	require.NoError(t, err)
	_, err = m.ObserveWriter("w", statsWriter(t, newBroker(), "t"))
	require.NoError(t, err)
	for series := range scrape(t, registryOf(t, m)) {
		require.True(t, strings.HasPrefix(series, "app_kafka_"), series)
		require.Contains(t, series, `zone="a"`)
	}
}
