package topn_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// What has been applied is committed when ctx ends, even in between, and what is in
// hand isn't. Consume takes three seconds at most for that, and no goroutine stays, or
// the bubble would say so.
func TestConsumeStops(t *testing.T) {
	for name, hang := range map[string]bool{"Kafka answers": false, "Kafka hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newTopic(1)
				log.write(0, 0, like{Member: 1, Delta: 1}.String())
				r := log.reader(1)
				ctx, cancel := context.WithCancel(t.Context())
				tries := 0
				r.onCommit = func(ctx context.Context, _ []kafka.Message) error {
					if tries++; tries == 1 {
						cancel() // between what was applied and its commit
						return ctx.Err()
					}
					if hang {
						<-ctx.Done()
					}
					return nil
				}
				began := time.Now()
				j := consume(ctx, r, likesBoard(t, redistest.New(t), counter))
				require.NoError(t, <-j.ended)
				require.Equal(t, !hang, log.isRead())
				require.LessOrEqual(t, time.Since(began), 3*time.Second)
				require.Equal(t, 2, tries)
			})
		})
	}
}

// A Consume that waits, for a message, for Redis or for a better time, stops as soon
// as its context ends.
func TestConsumeStopsWhileItWaits(t *testing.T) {
	errFetch := errors.New("no broker")
	for name, setup := range map[string]func(fail func(string), log *topic, r *reader){
		"for a message": func(func(string), *topic, *reader) {},
		"for a full batch": func(_ func(string), log *topic, _ *reader) {
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
		},
		"for Redis": func(fail func(string), log *topic, _ *reader) {
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
			fail("DOWN")
		},
		"for Kafka": func(_ func(string), _ *topic, r *reader) { r.onFetch = func() error { return errFetch } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				b, log := likesBoard(t, rdb, counter), newTopic(1)
				r := log.reader(1)
				setup(server.SetError, log, r)
				j := consume(t.Context(), r, b, topn.WithInterval(time.Hour), topn.WithBackoff(time.Hour, time.Hour))
				time.Sleep(time.Minute)
				began := time.Now()
				j.stop(t)
				require.Zero(t, time.Since(began))
			})
		})
	}
}

// A fetch that fails is tried again, with pauses; a reader that was closed is the end.
func TestConsumeEndsWithItsReader(t *testing.T) {
	errFetch := errors.New("no broker")
	synctest.Test(t, func(t *testing.T) {
		log, told := newTopic(1), new(errorLog)
		r := log.reader(1)
		var up atomic.Bool
		r.onFetch = func() error {
			if up.Load() {
				return nil
			}
			return errFetch
		}
		j := consume(t.Context(), r, likesBoard(t, redistest.New(t), counter, topn.WithOnError(told.add)))
		settle()
		require.Less(t, told.has(errFetch), 40)
		require.Greater(t, told.has(errFetch), 10)
		up.Store(true)
		log.write(0, 0, like{Member: 1, Delta: 1}.String())
		settle()
		require.True(t, log.isRead())
		for range 3 { // of which two wait for the interval to pass
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
			synctest.Wait()
		}
		r.close()
		require.ErrorIs(t, <-j.ended, io.EOF)
		require.EqualValues(t, 4, j.stats().Messages, "the last totals")
		require.EqualValues(t, 2, j.stats().Applied)
	})
}
