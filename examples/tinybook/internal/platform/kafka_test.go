package platform_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

const topic = "topic-of-a-test"

func openKafka(t *testing.T, dir string) *platform.Kafka {
	t.Helper()
	k, err := platform.OpenEmbeddedKafka(dir)
	require.NoError(t, err)
	require.NoError(t, k.Ensure(t.Context(), topic))
	return k
}

func write(t *testing.T, k *platform.Kafka, values ...string) {
	t.Helper()
	w := k.Writer(topic)
	defer w.Close()
	var messages []kafka.Message
	for _, v := range values {
		messages = append(messages, kafka.Message{Key: []byte("one key"), Value: []byte(v)})
	}
	require.NoError(t, w.WriteMessages(t.Context(), messages...))
}

func read(t *testing.T, k *platform.Kafka, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := k.Reader(topic, "a-group")
	defer r.Close()
	var values []string
	for range n {
		m, err := r.FetchMessage(ctx)
		require.NoError(t, err)
		require.NoError(t, r.CommitMessages(ctx, m))
		values = append(values, string(m.Value))
	}
	return values
}

// What the embedded broker was given is there after a restart, and groups go on
// where they were.
func TestEmbeddedKafkaIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kafka")
	k := openKafka(t, dir)
	id, err := k.ID(t.Context())
	require.NoError(t, err)
	write(t, k, "a", "b")
	require.Equal(t, []string{"a"}, read(t, k, 1))
	require.NoError(t, k.Close())
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	k = openKafka(t, dir) // where Ensure finds the topic
	defer k.Close()
	same, err := k.ID(t.Context())
	require.NoError(t, err)
	require.Equal(t, id, same)
	write(t, k, "c")
	require.Equal(t, []string{"b", "c"}, read(t, k, 2))
	ends := map[int64]int{}
	for partition := range 3 {
		end, err := k.End(t.Context(), topic, partition)
		require.NoError(t, err)
		ends[end]++
	}
	require.Equal(t, map[int64]int{0: 2, 3: 1}, ends)
	_, err = k.End(t.Context(), topic, 99)
	require.Error(t, err)

	other := openKafka(t, "")
	defer other.Close()
	another, err := other.ID(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, id, another)
}

// Other users of the machine reach the port and nothing behind it.
func TestEmbeddedKafkaIsPrivate(t *testing.T) {
	k := openKafka(t, "")
	defer k.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	stranger := &kafka.Client{Addr: k.Client().Addr, Transport: &kafka.Transport{}}
	answer, err := stranger.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	require.Error(t, err, "%+v", answer)
}

func TestKafkaThatIsNotThere(t *testing.T) {
	_, err := platform.OpenKafka(t.Context(), []string{"127.0.0.1:1", "127.0.0.1:2"})
	require.ErrorContains(t, err, "kafka at 127.0.0.1:1,127.0.0.1:2 is not reachable")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	_, err = platform.OpenKafka(ctx, []string{"127.0.0.1:1"})
	require.Error(t, err)
	require.NotContains(t, fmt.Sprint(err), "nil")
}
