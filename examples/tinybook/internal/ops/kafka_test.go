package ops_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/kafkax"
)

// Before anything happens every client is there, with zeros, and lists are lists.
func TestKafkaFiguresOfAQuietSite(t *testing.T) {
	clients, err := kafkax.New()
	require.NoError(t, err)
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(clients))
	none, err := ops.KafkaFigures(registry, kafkax.LagSnapshot{})
	require.NoError(t, err)
	text, err := json.Marshal(none)
	require.NoError(t, err)
	require.JSONEq(t, `{"writers":[],"readers":[],"groups":[],"lagAt":null,"lagFailed":false}`, string(text))

	w, err := clients.Writer("likes", &kafka.Writer{Addr: kafka.TCP("127.0.0.1:1"), Topic: "t", RequiredAcks: kafka.RequireAll})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.WriteMessages(t.Context(), kafka.Message{}, kafka.Message{}), io.ErrClosedPipe)
	some, err := ops.KafkaFigures(registry, kafkax.LagSnapshot{})
	require.NoError(t, err)
	require.Equal(t, []ops.KafkaWriter{{Name: "likes", Rejected: 2}}, some.Writers)
}

// A group is as far behind as all its partitions together, as old as the oldest and
// as bad as the worst.
func TestKafkaFiguresOfGroups(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	k, err := ops.KafkaFigures(prometheus.NewRegistry(), kafkax.LagSnapshot{
		At: at, Err: errors.New("a part"),
		Groups: []kafkax.GroupLag{{Group: "a", State: "Stable", Members: 2}, {Group: "b", Members: -1}},
		Partitions: []kafkax.PartitionLag{
			{Group: "a", Messages: 3, Age: time.Second, Status: kafkax.StatusOK},
			{Group: "a", Messages: 4, Age: 3 * time.Second, Status: kafkax.StatusStalled},
			{Group: "c", Messages: 100, Status: kafkax.StatusTruncated},
		},
	})
	require.NoError(t, err)
	require.True(t, k.LagFailed)
	require.Equal(t, at, *k.LagAt)
	require.Equal(t, []ops.KafkaGroup{
		{Group: "a", State: "Stable", Members: 2, Messages: 7, Seconds: 3, Status: "stalled"},
		{Group: "b", Members: -1, Status: "unknown"},
	}, k.Groups)
}

// What can't be gathered is an error, not a zero.
func TestKafkaFiguresFail(t *testing.T) {
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(failing{}))
	_, err := ops.KafkaFigures(registry, kafkax.LagSnapshot{})
	require.ErrorIs(t, err, errGather)
}

var errGather = errors.New("no figures")

// failing is a collector that fails.
type failing struct{}

func (failing) Describe(chan<- *prometheus.Desc) {}

func (failing) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("x", "", nil, nil), errGather)
}
