package kafkatest_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// A fault is met as often as it says, by the requests that it says, and the broker
// hasn't done what it refused.
func TestFaultRefuses(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 2), kafkatest.WithTopic("other", 1))
	w, other := writer(t, b, "t"), writer(t, b, "other")
	fault, err := b.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{kafkatest.Produce}, Topic: "t", Partitions: []int{1, 1},
		Err: kafka.NotLeaderForPartition, Count: 2,
	})
	require.NoError(t, err)
	write(t, other, 1)
	refused := 0
	for range 6 { // which go to both partitions in turn
		if err := tryWrite(t.Context(), w, 1); err != nil {
			require.ErrorIs(t, err, kafka.NotLeaderForPartition)
			refused++
		}
	}
	require.Equal(t, 2, refused)
	require.Equal(t, 2, fault.Hits())
	require.NoError(t, fault.Wait(t.Context(), 2))
	require.EqualValues(t, 3, end(t, b, "t", 0))
	require.EqualValues(t, 1, end(t, b, "t", 1))
}

// A fault without end ends when it is removed.
func TestFaultIsRemoved(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	fault, err := b.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{kafkatest.Produce}, Err: kafka.RequestTimedOut, Count: kafkatest.Always,
	})
	require.NoError(t, err)
	for range 3 {
		require.ErrorIs(t, tryWrite(t.Context(), w, 1), kafka.RequestTimedOut)
	}
	fault.Remove()
	fault.Remove()
	write(t, w, 1)
	// Kafka says that it is too late when it has done the work, and so does this.
	require.EqualValues(t, 4, end(t, b, "t", 0))
}

func TestFaultOfAGroup(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	_, err := b.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{kafkatest.OffsetFetch}, Group: "g",
		Err: kafka.GroupAuthorizationFailed, Count: kafkatest.Always,
	})
	require.NoError(t, err)
	for group, want := range map[string]error{"g": kafka.GroupAuthorizationFailed, "other": nil} {
		commit(t, b, group, "t", 0)
		resp, err := client(t, b).OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
			GroupID: group, Topics: map[string][]int{"t": {0}},
		})
		require.NoError(t, err)
		require.Equal(t, want, resp.Error, group)
	}
}

// Some answers have one error for all that was asked.
func TestFaultOfAWholeRequest(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	_, err := b.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{kafkatest.FindCoordinator}, Whole: true,
		Err: kafka.GroupCoordinatorNotAvailable, Count: 1,
	})
	require.NoError(t, err)
	c := client(t, b)
	for _, want := range []error{kafka.GroupCoordinatorNotAvailable, nil} {
		resp, err := c.FindCoordinator(t.Context(), &kafka.FindCoordinatorRequest{
			Key: "g", KeyType: kafka.CoordinatorKeyTypeConsumer,
		})
		require.NoError(t, err)
		require.Equal(t, want, resp.Error)
	}
}

func TestBadTroublesAreNamed(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithBrokers(2))
	_, err := b.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{9999}, Partitions: []int{-1}, Brokers: []int{2},
		Whole: true, Err: 0, Count: 0,
	})
	for _, want := range []string{"Requests: 9999:", "Partitions: -1:", "Brokers: 2: want 0 to 1", "Err: 0:", "Count: 0:", "Whole:"} {
		require.ErrorContains(t, err, want)
	}
	_, err = b.Fault(kafkatest.Fault{Err: 30000, Count: -2})
	require.ErrorContains(t, err, "Err: 30000:")
	require.ErrorContains(t, err, "Count: -2:")
	_, err = b.Delay(0)
	require.ErrorContains(t, err, "Delay: 0s")
	_, err = b.Drop(0)
	require.ErrorContains(t, err, "Drop: 0")
	_, err = b.Hold(9999)
	require.ErrorContains(t, err, "Hold: 9999: no such request")
}

// What is held is done only when it is let go, and others don't wait for it.
func TestHeldIsDoneAfterwards(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	write(t, w, 1)
	held, err := b.Hold(kafkatest.Produce)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- tryWrite(t.Context(), w, 1) }()
	require.NoError(t, held.Wait(t.Context(), 1))
	require.Equal(t, []string{"0"}, read(t, b, "t", 1))
	require.EqualValues(t, 1, end(t, b, "t", 0))
	select {
	case err := <-done:
		t.Fatalf("the held request was answered: %v", err)
	default:
	}
	held.Remove()
	require.NoError(t, <-done)
	require.EqualValues(t, 2, end(t, b, "t", 0))
	write(t, w, 1)
	require.Equal(t, 1, held.Hits())
}

// What is dropped isn't done, its client sees the connection end, and the one after
// the last is served.
func TestDropped(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	write(t, w, 1)
	dropped, err := b.Drop(2, kafkatest.Produce)
	require.NoError(t, err)
	for range 2 {
		err := tryWrite(t.Context(), w, 1)
		require.True(t, errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF), "%v", err)
	}
	write(t, w, 1)
	require.EqualValues(t, 2, end(t, b, "t", 0))
	require.Equal(t, 2, dropped.Hits())
}

// troublesOfEachKind are a fault, a delay, one that holds and one that drops, none of
// which anything meets.
func troublesOfEachKind(t *testing.T, b *kafkatest.Broker) map[string]*kafkatest.Trouble {
	t.Helper()
	fault, err1 := b.Fault(kafkatest.Fault{Err: kafka.Unknown, Count: 1, Group: "g"})
	delay, err2 := b.Delay(time.Hour, kafkatest.Heartbeat)
	hold, err3 := b.Hold(kafkatest.Heartbeat)
	drop, err4 := b.Drop(1, kafkatest.Heartbeat)
	require.NoError(t, errors.Join(err1, err2, err3, err4))
	return map[string]*kafkatest.Trouble{"fault": fault, "delay": delay, "hold": hold, "drop": drop}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, trouble := range troublesOfEachKind(t, kafkatest.Start(t)) {
		require.ErrorIs(t, trouble.Wait(ctx, 1), cause, name)
		require.NoError(t, trouble.Wait(ctx, 0), name)
	}
}

// What nothing can meet any more isn't waited for, be it removed before the wait or
// meanwhile.
func TestWaitEndsWithTheTrouble(t *testing.T) {
	for how, tc := range map[string]struct {
		end  func(*kafkatest.Broker, *kafkatest.Trouble)
		want error
	}{
		"removed": {func(_ *kafkatest.Broker, trouble *kafkatest.Trouble) { trouble.Remove() }, kafkatest.ErrRemoved},
		"stopped": {func(b *kafkatest.Broker, _ *kafkatest.Trouble) { b.Stop() }, kafkatest.ErrStopped},
	} {
		for _, name := range []string{"fault", "delay", "hold", "drop"} {
			t.Run(name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := kafkatest.Start(t, kafkatest.WithPipes())
					trouble := troublesOfEachKind(t, b)[name]
					done := make(chan error, 1)
					go func() { done <- trouble.Wait(t.Context(), 1) }()
					synctest.Wait()
					tc.end(b, trouble)
					require.ErrorIs(t, <-done, tc.want)
					trouble.Remove()
					require.ErrorIs(t, trouble.Wait(t.Context(), 1), tc.want)
					require.NoError(t, trouble.Wait(t.Context(), 0))
				})
			})
		}
	}
}

// Nor is what would be one more than a trouble has in it.
func TestWaitForMoreThanThereAre(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	w := writer(t, b, "t")
	dropped, err := b.Drop(2, kafkatest.Produce)
	require.NoError(t, err)
	fault, err := b.Fault(kafkatest.Fault{Requests: []kafkatest.Request{kafkatest.Produce}, Err: kafka.RequestTimedOut, Count: 2})
	require.NoError(t, err)
	for range 4 {
		require.Error(t, tryWrite(t.Context(), w, 1))
	}
	for _, trouble := range []*kafkatest.Trouble{dropped, fault} {
		require.NoError(t, trouble.Wait(t.Context(), 2))
		require.ErrorIs(t, trouble.Wait(t.Context(), 3), kafkatest.ErrRemoved)
		trouble.Remove()
		require.NoError(t, trouble.Wait(t.Context(), 2))
	}
	write(t, w, 1)
}
