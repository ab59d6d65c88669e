package kafkatest_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

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
// are told so, and the log that outlives the stop is empty.
func TestStopLosesAllThatIsHeld(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithDataDir(t.TempDir()))
	const writers = 3
	for round := range 20 {
		held, err := b.Hold(kafkatest.Produce)
		if round%2 == 1 {
			held.Remove()
			held, err = b.Delay(time.Hour, kafkatest.Produce)
		}
		require.NoError(t, err)
		done := make(chan error, writers)
		for range writers {
			w := writer(t, b, "t")
			go func() { done <- tryWrite(t.Context(), w, 1) }()
		}
		require.NoError(t, held.Wait(t.Context(), writers))
		b.Stop()
		for range writers {
			require.Error(t, <-done)
		}
		require.NoError(t, b.Restart())
		require.Zero(t, end(t, b, "t", 0))
	}
}

// giveUp has n clients send a message, each on a connection of its own, that they
// wait for no longer than a moment.
func giveUp(t *testing.T, b *kafkatest.Broker, n int) {
	t.Helper()
	tr := &kafka.Transport{Dial: b.Dial}
	defer tr.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: b.Addr(), Topic: "t", Transport: tr, MaxAttempts: n, WriteTimeout: 100 * time.Millisecond,
		RequiredAcks: kafka.RequireAll, BatchTimeout: batchTimeout, WriteBackoffMax: time.Millisecond,
	}
	require.Error(t, tryWrite(context.Background(), w, 1))
	require.NoError(t, w.Close())
}

// However a stop finds requests waiting, no goroutine is left: in a bubble one that
// is would keep the test from ending.
func TestNothingIsLeftOfWhatWaits(t *testing.T) {
	for name, set := range map[string]func(b *kafkatest.Broker) (*kafkatest.Trouble, error){
		"held":    func(b *kafkatest.Broker) (*kafkatest.Trouble, error) { return b.Hold(kafkatest.Produce) },
		"delayed": func(b *kafkatest.Broker) (*kafkatest.Trouble, error) { return b.Delay(time.Hour, kafkatest.Produce) },
	} {
		for how, before := range map[string]func(*kafkatest.Trouble){
			"still": func(*kafkatest.Trouble) {}, "just removed": (*kafkatest.Trouble).Remove,
		} {
			run := func(t *testing.T, opts ...kafkatest.Option) {
				b, err := kafkatest.Open(append(opts, kafkatest.WithTopic("t", 1))...)
				require.NoError(t, err)
				trouble, err := set(b)
				require.NoError(t, err)
				giveUp(t, b, 5)
				require.Equal(t, 5, trouble.Hits())
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
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	held, err := b.Hold(kafkatest.Produce)
	require.NoError(t, err)
	giveUp(t, b, 2)
	require.Eventually(t, func() bool { open, _ := b.Connections(); return open == 0 }, 10*time.Second, time.Millisecond)
	require.Zero(t, end(t, b, "t", 0))
	held.Remove()
	require.Eventually(t, func() bool { return end(t, b, "t", 0) == 2 }, 10*time.Second, time.Millisecond)
}
