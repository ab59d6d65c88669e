package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// kafkaClient is one with connections of its own, for a test of some brokers.
func kafkaClient(t *testing.T, addrs ...string) *kafka.Client {
	transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(addrs...), Transport: transport, Timeout: 10 * time.Second}
}

// createTopic makes a topic of one partition on these brokers; the first leads.
func createTopic(t *testing.T, c *kafka.Client, brokers ...int) {
	t.Helper()
	resp, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: "t", NumPartitions: -1, ReplicationFactor: -1,
		ReplicaAssignments: []kafka.ReplicaAssignment{{Partition: 0, Replicas: brokers}},
	}}})
	require.NoError(t, err)
	require.NoError(t, resp.Errors["t"])
}

// produce writes one message with acks of all.
func produce(ctx context.Context, c *kafka.Client, value string) error {
	resp, err := c.Produce(ctx, &kafka.ProduceRequest{
		Topic: "t", RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte(value))}),
	})
	if err != nil {
		return err
	}
	return resp.Error
}

// soon tries until try succeeds.
func soon(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still after a minute: %v", err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// produceSoon tries until a broker takes the message.
func produceSoon(t *testing.T, c *kafka.Client, value string) {
	t.Helper()
	soon(t, func() error { return produce(t.Context(), c, value) })
}

// logEnd returns the offset that the next message will have.
func logEnd(ctx context.Context, c *kafka.Client) (int64, error) {
	resp, err := c.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{"t": {kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		return 0, err
	}
	p := resp.Topics["t"][0]
	return p.LastOffset, p.Error
}

func logEndIs(t *testing.T, c *kafka.Client, want int64) {
	t.Helper()
	soon(t, func() error {
		got, err := logEnd(t.Context(), c)
		if err == nil && got != want {
			err = fmt.Errorf("the log ends at %d, want %d", got, want)
		}
		return err
	})
}

// inSync reports an error unless that many brokers have all that was taken.
func inSync(ctx context.Context, c *kafka.Client, brokers int) error {
	resp, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"t"}})
	if err != nil {
		return err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return fmt.Errorf("the topic isn't there: %+v", resp.Topics)
	}
	if n := len(resp.Topics[0].Partitions[0].Isr); n != brokers {
		return fmt.Errorf("%d brokers are in sync, want %d", n, brokers)
	}
	return nil
}

func TestKafkaSurvivesAKillAndLosesAllInAWipe(t *testing.T) {
	s := realserver.Kafka(t)
	c := kafkaClient(t, s.Addr())
	createTopic(t, c, 1)
	for i := range 2 {
		produceSoon(t, c, "before a kill")
		s.Kill()
		require.Error(t, produce(t.Context(), c, "while it is down"))
		s.Restart()
		logEndIs(t, c, int64(i)+1)
	}
	s.Stop()
	require.Error(t, produce(t.Context(), c, "while it is down"))
	s.Restart()
	logEndIs(t, c, 2)
	s.Wipe()
	s.Restart()
	fresh := kafkaClient(t, s.Addr())
	resp, err := fresh.Metadata(t.Context(), &kafka.MetadataRequest{})
	require.NoError(t, err)
	require.Empty(t, resp.Topics, "a wiped broker kept a topic")
	createTopic(t, fresh, 1)
	logEndIs(t, fresh, 0)
}

func TestPausedKafkaHoldsItsConnections(t *testing.T) {
	s := realserver.Kafka(t)
	conn, err := kafka.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Brokers()
	require.NoError(t, err)
	resume := s.Pause()
	require.NoError(t, conn.SetDeadline(time.Now().Add(300*time.Millisecond)))
	_, err = conn.Brokers()
	var timeout net.Error
	require.True(t, errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded),
		"want a timeout of a connection that is kept, got %v", err)
	resume()
	c := kafkaClient(t, s.Addr())
	createTopic(t, c, 1)
	produceSoon(t, c, "after the pause")
}

// What the cluster took stays when the leader is killed: another one leads, and
// the one that comes back catches up.
func TestKafkaClusterKeepsWhatItTook(t *testing.T) {
	cluster := realserver.StartKafkaCluster(t)
	c := kafkaClient(t, cluster.Addrs()...)
	const led = 2 // the first appoints the next one
	createTopic(t, c, led, 1, 3)
	const messages = 50
	for i := range messages {
		produceSoon(t, c, fmt.Sprint(i))
	}
	cluster.Node(led).Kill()
	produceSoon(t, c, "under another leader")
	logEndIs(t, c, messages+1)
	cluster.Node(led).Restart()
	soon(t, func() error { return inSync(t.Context(), c, 3) })
	logEndIs(t, c, messages+1)
}
