package kafkatest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	write(t, w, 3)
	require.Equal(t, []string{"0", "1", "2"}, read(t, b, "t", 3))
	require.EqualValues(t, 3, end(t, b, "t", 0))
}

func TestTopicThatIsMissingIsAnError(t *testing.T) {
	require.ErrorIs(t, tryWrite(t.Context(), writer(t, kafkatest.Start(t), "t"), 1), kafka.UnknownTopicOrPartition)

	b := kafkatest.Start(t, kafkatest.WithAutoCreate())
	w := writer(t, b, "t")
	w.AllowAutoTopicCreation = true
	require.Eventually(t, func() bool { return tryWrite(t.Context(), w, 1) == nil }, 10*time.Second, time.Millisecond)
	infos, err := b.PartitionInfos("t")
	require.NoError(t, err)
	require.Len(t, infos, 10)
}

// With a data directory a restart keeps topics, messages and commits, without one it
// loses them all. The addresses stay.
func TestRestart(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []kafkatest.Option
		kept bool
	}{
		"keeps":           {[]kafkatest.Option{kafkatest.WithDataDir(t.TempDir())}, true},
		"keeps in sync":   {[]kafkatest.Option{kafkatest.WithDataDir(t.TempDir()), kafkatest.WithSync()}, true},
		"forgets":         {nil, false},
		"forgets, piped":  {[]kafkatest.Option{kafkatest.WithPipes()}, false},
		"forgets, of two": {[]kafkatest.Option{kafkatest.WithBrokers(2)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := kafkatest.Start(t, append(tc.opts, kafkatest.WithTopic("seeded", 1))...)
			addrs := b.Addrs()
			require.NoError(t, b.CreateTopic("t", 1))
			write(t, writer(t, b, "t"), 5)
			commit(t, b, "g", "t", 2)
			b.Stop()
			require.NoError(t, b.Restart())
			require.Equal(t, addrs, b.Addrs())
			_, err := b.PartitionInfo("seeded", 0)
			require.NoError(t, err)
			lag, err := b.Lag("g", "t")
			if !tc.kept {
				require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []int64{3}, lag)
			require.Equal(t, []string{"0", "1", "2", "3", "4"}, read(t, b, "t", 5))
		})
	}
}

func commit(t *testing.T, b *kafkatest.Broker, group, topic string, offset int64) {
	t.Helper()
	resp, err := client(t, b).OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: offset}}},
	})
	require.NoError(t, err)
	require.NoError(t, resp.Topics[topic][0].Error)
}

// What is stopped refuses connections, ends those there are, and answers nothing.
func TestStopped(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	conn, err := net.Dial("tcp", b.Addrs()[0])
	require.NoError(t, err)
	defer conn.Close()
	require.Eventually(t, func() bool { open, _ := b.Connections(); return open == 1 }, 10*time.Second, time.Millisecond)
	b.Stop()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	var timeout net.Error
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection is open still")
	_, err = net.Dial("tcp", b.Addrs()[0])
	require.Error(t, err)
	open, made := b.Connections()
	require.Zero(t, open)
	require.Equal(t, 1, made)
	for name, err := range answers(t, b) {
		require.ErrorIs(t, err, kafkatest.ErrStopped, name)
	}
	b.Stop()
	require.NoError(t, b.Restart())
	for name, err := range answers(t, b) {
		require.NotErrorIs(t, err, kafkatest.ErrStopped, name)
	}
	b.Close()
	b.Close()
	require.ErrorIs(t, b.Restart(), kafkatest.ErrStopped)
}

// answers calls everything that a stopped broker can't do.
func answers(t *testing.T, b *kafkatest.Broker) map[string]error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	all := map[string]error{
		"CreateTopic":   b.CreateTopic("other", 1),
		"DeleteTopic":   b.DeleteTopic("other"),
		"DeleteRecords": b.DeleteRecords("t", 0, 0),
		"Move":          b.Move("t", 0, 0),
	}
	_, all["PartitionInfo"] = b.PartitionInfo("t", 0)
	_, all["PartitionInfos"] = b.PartitionInfos("t")
	_, all["GroupInfo"] = b.GroupInfo("g")
	_, all["Lag"] = b.Lag("g", "t")
	_, all["WaitGroup"] = b.WaitGroup(ctx, "g", 1)
	_, all["Fault"] = b.Fault(kafkatest.Fault{Err: kafka.Unknown, Count: 1})
	_, all["Delay"] = b.Delay(time.Nanosecond, kafkatest.Heartbeat)
	_, all["Hold"] = b.Hold(kafkatest.Heartbeat)
	_, all["Drop"] = b.Drop(1, kafkatest.Heartbeat)
	return all
}

// Whatever is asked while a broker stops and starts comes back.
func TestAskedWhileItRestarts(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	ctx, cancel := context.WithCancel(t.Context())
	var askers sync.WaitGroup
	for range 4 {
		askers.Go(func() {
			for ctx.Err() == nil {
				_, _ = b.Lag("g", "t") // either answer is right
				_, _ = b.Drop(1, kafkatest.Heartbeat)
			}
		})
	}
	for range 30 {
		require.NoError(t, b.Restart())
	}
	cancel()
	askers.Wait()
	require.EqualValues(t, 0, end(t, b, "t", 0))
}

func TestOlderBrokerIsSpokenTo(t *testing.T) {
	for _, version := range []string{"0.11.0", "1.0", "2.8", "3.6"} {
		t.Run(version, func(t *testing.T) {
			b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithVersion(version))
			write(t, writer(t, b, "t"), 2)
			require.Equal(t, []string{"0", "1"}, read(t, b, "t", 2))
		})
	}
}

// One that is too old for any client to write to is refused, as one that never was.
func TestVersionsThatAreNone(t *testing.T) {
	for _, version := range []string{"", "five", "0.8.0", "0.10.2", "99.9"} {
		_, err := kafkatest.Open(kafkatest.WithVersion(version))
		require.ErrorContains(t, err, fmt.Sprintf("WithVersion: %q: want a version of Kafka, 0.11.0 or newer", version))
	}
}

func TestBenchmarkBrokers(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithDiscard())
	write(t, writer(t, b, "t"), 7)
	require.EqualValues(t, 7, end(t, b, "t", 0))

	b = kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithSynthetic(10))
	for _, v := range read(t, b, "t", 100) {
		require.Len(t, v, 10)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	for i := range 3 {
		conn, err := kafka.Dial("tcp", b.Addrs()[0])
		require.NoError(t, err)
		_, err = conn.Brokers()
		require.NoError(t, err)
		open, made := b.Connections()
		require.Equal(t, 1, open)
		require.Equal(t, i+1, made)
		require.NoError(t, conn.Close())
		require.Eventually(t, func() bool { open, _ := b.Connections(); return open == 0 }, 10*time.Second, time.Millisecond)
	}
}

func TestBadOptionsAreAllNamed(t *testing.T) {
	_, err := kafkatest.Open(
		kafkatest.WithBrokers(0), kafkatest.WithPorts(0, 70000), kafkatest.WithPipes(),
		kafkatest.WithTopic("", 1), kafkatest.WithTopic("t", 0), kafkatest.WithTopic("d", 1), kafkatest.WithTopic("d", 2),
		kafkatest.WithTopic("x y/", 1), nil, kafkatest.WithSync(),
		kafkatest.WithVersion("five"), kafkatest.WithMinSession(0), kafkatest.WithSynthetic(0),
	)
	for _, opt := range []kafkatest.Option{kafkatest.WithPorts(), kafkatest.WithDataDir(""), kafkatest.WithVersion("")} {
		_, err := kafkatest.Open(opt)
		require.Error(t, err, "nothing is no default")
	}
	for _, want := range []string{
		"WithBrokers: 0:", "WithPorts: 2 ports for 0 brokers", "WithPorts: there are none with WithPipes",
		"WithPorts: 0:", "WithPorts: 70000:", `WithTopic: "": want 1 to 249`, `WithTopic: "x y/": want`, `WithTopic: "d" is there twice`, "option 8 is nil", `WithTopic: "t": 0 partitions`,
		"WithSync: it needs WithDataDir", `WithVersion: "five"`, "WithMinSession: 0s", "WithSynthetic: 0:",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestPortThatIsTakenIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = kafkatest.Open(kafkatest.WithPorts(l.Addr().(*net.TCPAddr).Port))
	require.ErrorContains(t, err, "kafkatest: start")
}
