package kafkax_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestTheCatalogIsWhatCollectorsDescribe(t *testing.T) {
	opts := []kafkax.Option{kafkax.WithNamespace("app"), kafkax.WithPartitionLabels(true)}
	m, err := kafkax.New(opts...)
	require.NoError(t, err)
	writer, err := kafkax.NewWriterCollector(statsWriter(t, newBroker(), "t"), opts...)
	require.NoError(t, err)
	reader, err := kafkax.NewReaderCollector(newReader(t, kafka.ReaderConfig{Topic: "t"}), opts...)
	require.NoError(t, err)
	for _, tc := range []struct {
		name      string
		collector prometheus.Collector
		has       []string // groups and names
	}{
		{"Metrics", m, []string{"client", "writer", "writer stats", "reader", "reader stats"}},
		{"WriterCollector", writer, []string{"writer stats"}},
		{"ReaderCollector", reader, []string{"reader stats", "app_reader_lag_messages"}},
	} {
		want := map[string][]string{}
		for _, info := range kafkax.Catalog(opts...) {
			if slices.Contains(tc.has, info.Group) || slices.Contains(tc.has, info.Name) {
				want[info.Name+": "+info.Help] = slices.Sorted(slices.Values(info.Labels))
			}
		}
		require.Equal(t, want, described(t, tc.collector), tc.name)
	}
}

var descText = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)",.* constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)

// described returns what c describes: the sorted labels by name and help.
func described(t *testing.T, c prometheus.Collector) map[string][]string {
	t.Helper()
	ch := make(chan *prometheus.Desc, 1000)
	c.Describe(ch)
	close(ch)
	all := map[string][]string{}
	for d := range ch {
		parts := descText.FindStringSubmatch(d.String())
		require.NotNil(t, parts, d)
		var labels []string
		for l := range strings.SplitSeq(parts[3]+","+parts[4], ",") {
			if name, _, _ := strings.Cut(l, "="); name != "" {
				labels = append(labels, name)
			}
		}
		all[parts[1]+": "+strings.ReplaceAll(parts[2], `\"`, `"`)] = slices.Sorted(slices.Values(labels))
	}
	return all
}

func TestEveryMetricHasAGoodName(t *testing.T) {
	types := map[kafkax.MetricType]dto.MetricType{
		kafkax.TypeCounter: dto.MetricType_COUNTER, kafkax.TypeGauge: dto.MetricType_GAUGE,
		kafkax.TypeHistogram: dto.MetricType_HISTOGRAM, kafkax.TypeSummary: dto.MetricType_SUMMARY,
	}
	var families []*dto.MetricFamily
	seen := map[string]bool{}
	for _, info := range kafkax.Catalog() {
		require.False(t, seen[info.Name], "%s is there twice", info.Name)
		seen[info.Name] = true
		families = append(families, &dto.MetricFamily{Name: &info.Name, Help: &info.Help, Type: types[info.Type].Enum()})
		require.Equal(t, info.Type == kafkax.TypeCounter, strings.HasSuffix(info.Name, "_total"), info.Name)
		require.True(t, strings.HasSuffix(info.Help, "."), "%s: the help is a sentence", info.Name)
		if info.Unit == "seconds" || info.Unit == "bytes" {
			require.Contains(t, info.Name, info.Unit, "the unit is in the name")
		}
		if info.Type == kafkax.TypeHistogram {
			require.Contains(t, []string{"seconds", "bytes", "messages"}, info.Unit, "%s has buckets for its unit", info.Name)
		}
		if info.Values != nil {
			require.Contains(t, []string{"result", "status", "state"}, info.Labels[len(info.Labels)-1], info.Name)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestTheCatalogFollowsOptions(t *testing.T) {
	find := func(name string, opts ...kafkax.Option) kafkax.MetricInfo {
		all := kafkax.Catalog(opts...)
		i := slices.IndexFunc(all, func(m kafkax.MetricInfo) bool { return m.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		return all[i]
	}
	require.Equal(t, []string{"reader", "group", "topic"}, find("kafka_reader_messages_total").Labels)
	require.Equal(t, []string{"reader", "group", "topic", "partition"}, find("kafka_reader_messages_total", kafkax.WithPartitionLabels(true)).Labels)
	require.Equal(t, []string{"delivered", "unacked", "failed", "rejected"}, find("app_writer_messages_total", kafkax.WithNamespace("app")).Values)
	require.Equal(t, "max", find("kafka_reader_lag_messages").Merge)
	require.Equal(t, "sum", find("kafka_writer_in_flight_messages").Merge)
	require.Equal(t, len(kafkax.Catalog()), len(kafkax.Catalog(kafkax.WithNamespace("no good"), nil)), "a bad option is left out")
}

func TestTheCatalogBelongsToTheCaller(t *testing.T) {
	for _, info := range kafkax.Catalog() {
		for i := range info.Labels {
			info.Labels[i] = "spoilt"
		}
		for i := range info.Values {
			info.Values[i] = "spoilt"
		}
	}
	for _, info := range kafkax.Catalog() {
		require.NotContains(t, append(info.Labels, info.Values...), "spoilt")
	}
}
