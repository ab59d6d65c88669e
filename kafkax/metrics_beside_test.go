package kafkax_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// beside makes everything that counts under the labels of a client without being
// one, and uses it once.
func beside(t *testing.T, m *kafkax.Metrics) (again func()) {
	t.Helper()
	dial := m.DialFunc("c", func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") })
	trip := &kafka.Writer{Addr: kafka.TCP("fake:9092"), Topic: "t", BatchSize: 1, RequiredAcks: kafka.RequireAll, Transport: m.RoundTripper("c", newBroker())}
	t.Cleanup(func() { require.NoError(t, trip.Close()) })
	log := m.ErrorLogger("c", "g", nil)
	again = func() {
		_, err := dial(t.Context(), "tcp", "fake:9092")
		require.ErrorContains(t, err, "refused")
		write(t, trip, 1)
		log.Printf("error in group: %v", errors.New("lost"))
	}
	again()
	return again
}

// besideNames are the metrics of [beside].
var besideNames = []string{"kafka_reader_errors_total", "kafka_writer_connections_total", "kafka_writer_produce_requests_total"}

func besideFigures(t *testing.T, m *kafkax.Metrics) []float64 {
	t.Helper()
	f := figuresOf(t, m)
	var sums []float64
	for _, name := range besideNames {
		sums = append(sums, f.sum(name))
	}
	return sums
}

func TestWhatStandsBesideAClientGoesWithTheLast(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	again := beside(t, m)
	_ = beside(t, m)
	var removes []func()
	for range 2 {
		w, err := m.Writer("c", statsWriter(t, newBroker(), "t"))
		require.NoError(t, err)
		r, err := m.ObserveReader("c", newReader(t, kafka.ReaderConfig{Topic: "t", GroupID: "g"}))
		require.NoError(t, err)
		removes = append(removes, w.Remove, r)
	}
	other, err := m.Writer("other", statsWriter(t, newBroker(), "t"))
	require.NoError(t, err)
	other.Remove()
	again()
	for _, remove := range removes[:2] {
		remove()
		remove()
	}
	require.Equal(t, []float64{3, 3, 3}, besideFigures(t, m), "there is one more of the name")

	for _, remove := range removes[2:] {
		remove()
	}
	again() // it works, but counts no more
	left := names(figuresOf(t, m))
	require.Equal(t, []string{"kafka_client_folded_topics"}, left)

	_ = beside(t, m) // of the next client
	require.Equal(t, []float64{1, 1, 1}, besideFigures(t, m))
}

func TestWhatStandsBesideNoClientStays(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	again := beside(t, m)
	for range 3 {
		remove, err := m.ObserveReader("c", newReader(t, kafka.ReaderConfig{Topic: "t", GroupID: "another"}))
		require.NoError(t, err)
		remove()
	}
	again()
	require.Equal(t, []float64{2, 2, 2}, besideFigures(t, m))
}
