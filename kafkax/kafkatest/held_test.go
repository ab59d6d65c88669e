package kafkatest_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

func TestStopEndsWhatIsHeld(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	held, err := b.Hold(kafkatest.Produce)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- tryWrite(t.Context(), w, 1) }()
	require.NoError(t, held.Wait(t.Context(), 1))
	b.Stop()
	require.Error(t, <-done)
	require.NoError(t, b.Restart())
	require.Eventually(t, func() bool { return tryWrite(t.Context(), w, 1) == nil }, 10*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 1, end(t, b, "t", 0), "the held one was lost, and the next one held no more")
}

// However many are held or delayed, a stop carries none of them out: their clients
// are told so, and they aren't in the log that outlives the stop.
func TestStopLosesAllThatIsHeld(t *testing.T) {
	for name, set := range waits {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				stopLosesAllOf(t, set)
			}
		})
	}
}

// waits are the troubles that requests wait in for longer than any test.
var waits = map[string]func(b *kafkatest.Broker, requests ...kafkatest.Request) (*kafkatest.Trouble, error){
	"held": (*kafkatest.Broker).Hold,
	"delayed": func(b *kafkatest.Broker, requests ...kafkatest.Request) (*kafkatest.Trouble, error) {
		return b.Delay(time.Hour, requests...)
	},
}

func stopLosesAllOf(t *testing.T, set func(*kafkatest.Broker, ...kafkatest.Request) (*kafkatest.Trouble, error)) {
	t.Helper()
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithDataDir(t.TempDir()))
	defer b.Close()
	writers := []*kafka.Writer{writer(t, b, "t"), writer(t, b, "t"), writer(t, b, "t")}
	for _, w := range writers {
		w.Transport.(*kafka.Transport).MetadataTTL = time.Hour
		write(t, w, 1)
	}
	wait, err := set(b, kafkatest.Produce)
	require.NoError(t, err)
	done := make(chan error)
	for _, w := range writers {
		go func() { done <- tryWrite(context.Background(), w, 1) }()
	}
	require.NoError(t, wait.Wait(t.Context(), len(writers)))
	b.Stop()
	for range writers {
		require.Error(t, <-done)
	}
	require.NoError(t, b.Restart())
	require.EqualValues(t, len(writers), end(t, b, "t", 0))
}

// However a stop finds requests waiting, no goroutine is left: in a bubble one that
// is would keep the test from ending.
func TestNothingIsLeftOfWhatWaits(t *testing.T) {
	for name, set := range waits {
		for how, before := range map[string]func(*kafkatest.Trouble){
			"still": func(*kafkatest.Trouble) {}, "just removed": (*kafkatest.Trouble).Remove,
		} {
			run := func(t *testing.T, opts ...kafkatest.Option) {
				b, err := kafkatest.Open(opts...)
				require.NoError(t, err)
				trouble, err := set(b, kafkatest.APIVersions)
				require.NoError(t, err)
				for i := range 5 {
					giveUp(t, b, trouble, i+1, kmsg.NewPtrApiVersionsRequest())
				}
				before(trouble)
				b.Close()
			}
			t.Run(name+", "+how, func(t *testing.T) {
				run(t)
				require.Empty(t, goroutinesOf("pkg/kfake."))
			})
			t.Run(name+", "+how+", in a bubble", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { run(t, kafkatest.WithPipes()) })
			})
		}
	}
}

// giveUp has a client send a request, which is the nth that meets a trouble, and
// hang up.
func giveUp(t *testing.T, b *kafkatest.Broker, trouble *kafkatest.Trouble, n int, request kmsg.Request) {
	t.Helper()
	conn := dial(t, b)
	_, err := conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, request, 0))
	require.NoError(t, err)
	require.NoError(t, trouble.Wait(t.Context(), n))
	require.NoError(t, conn.Close())
}

// A request that is to wait twice waits for the one after the other.
func TestTwoDelaysAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := kafkatest.Start(t, kafkatest.WithPipes(), kafkatest.WithTopic("t", 1))
		w := writer(t, b, "t")
		w.Transport.(*kafka.Transport).MetadataTTL = time.Hour
		write(t, w, 1)
		first, err := b.Delay(time.Second, kafkatest.Produce)
		require.NoError(t, err)
		second, err := b.Delay(2 * time.Second)
		require.NoError(t, err)
		for range 10 {
			began := time.Now()
			write(t, w, 1)
			require.Equal(t, 3*time.Second+batchTimeout, time.Since(began))
		}
		require.Equal(t, 10, first.Hits())
		require.Equal(t, 10, second.Hits())
	})
}

// The same on the loopback interface, where nothing waits for anything else.
func TestManyDelaysAtOnce(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	for range 3 {
		_, err := b.Delay(time.Millisecond, kafkatest.Produce)
		require.NoError(t, err)
	}
	var all sync.WaitGroup
	for range 4 {
		w := writer(t, b, "t")
		all.Go(func() {
			for range 5 {
				if err := tryWrite(context.Background(), w, 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 20, end(t, b, "t", 0))
}

// What two hold is let go by the second.
func TestTwoHolds(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	first, err := b.Hold(kafkatest.Produce)
	require.NoError(t, err)
	second, err := b.Hold(kafkatest.Produce)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- tryWrite(t.Context(), w, 1) }()
	require.NoError(t, first.Wait(t.Context(), 1))
	require.Zero(t, second.Hits())
	first.Remove()
	require.NoError(t, second.Wait(t.Context(), 1))
	require.Zero(t, end(t, b, "t", 0))
	second.Remove()
	require.NoError(t, <-done)
	require.EqualValues(t, 1, end(t, b, "t", 0))
}

// A client that gives up has no connection any more, but what it asked is done.
func TestHeldOutlivesItsClient(t *testing.T) {
	b := kafkatest.Start(t)
	held, err := b.Hold(kafkatest.CreateTopics)
	require.NoError(t, err)
	giveUp(t, b, held, 1, createTopic())
	require.Eventually(t, func() bool { open, _ := b.Connections(); return open == 0 }, 10*time.Second, time.Millisecond)
	_, err = b.PartitionInfo("t", 0)
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
	held.Remove()
	require.Eventually(t, func() bool { _, err := b.PartitionInfo("t", 0); return err == nil }, 10*time.Second, time.Millisecond)
}

func createTopic() kmsg.Request {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", 1, 1
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = append(request.Topics, topic)
	return request
}

// And a stop ends it, as it ends those whose clients are there.
func TestStopLosesWhatAClientGaveUp(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithDataDir(t.TempDir()))
	held, err := b.Hold(kafkatest.CreateTopics)
	require.NoError(t, err)
	for i := range 10 {
		giveUp(t, b, held, i+1, createTopic())
	}
	require.Eventually(t, func() bool { open, _ := b.Connections(); return open == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, b.Restart())
	_, err = b.PartitionInfo("t", 0)
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
}
