package interactive_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// has returns how many messages are about the thing with that id.
func (f *fakeLog) has(id int64) (n int) {
	for _, value := range f.values() {
		if strings.HasPrefix(value, fmt.Sprintf(`{"id":%d,`, id)) {
			n++
		}
	}
	return n
}

func TestRecorderWritesReadsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newFakeLog(2)
		r := interactive.NewRecorder(log, new(lines).logger())
		stop := running(t, r.Run)
		for range 1200 {
			r.Read(1)
		}
		r.Read(2)
		time.Sleep(time.Second)
		require.Equal(t, 1200, log.has(1))
		require.Equal(t, 1, log.has(2))
		require.Equal(t, []int{500, 500, 201}, log.batches)
		r.Read(2)
		stop()
		require.Equal(t, 2, log.has(2), "what waits at the end is written")
		require.Zero(t, r.Dropped())
	})
}

// While Kafka is away reads wait, and are written once when it is back. The log
// has one line for it all.
func TestRecorderWaitsForKafka(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := newFakeLog(1), &lines{}
		log.away(true)
		r := interactive.NewRecorder(log, out.logger())
		stop := running(t, r.Run)
		for range 100 {
			r.Read(1)
			time.Sleep(100 * time.Millisecond)
		}
		log.away(false)
		time.Sleep(2 * time.Second)
		require.Equal(t, 100, log.has(1))
		require.Equal(t, 1, out.count("recording reads fails; trying again"))
		require.Equal(t, 1, out.count("recording reads works again"))
		stop()
		require.Zero(t, r.Dropped())
	})
}

// Of a batch that was written in part only the rest goes again.
func TestRecorderRepeatsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newFakeLog(1)
		log.write = func(messages []kafka.Message) error {
			if len(messages) < 10 {
				return nil
			}
			errs := make(kafka.WriteErrors, len(messages))
			for i, m := range messages {
				if i%2 == 0 {
					errs[i] = errAway
				} else {
					log.append(0, m.Value)
				}
			}
			return errs
		}
		r := interactive.NewRecorder(log, new(lines).logger())
		stop := running(t, r.Run)
		for range 10 {
			r.Read(1)
		}
		time.Sleep(2 * time.Second)
		stop()
		require.Equal(t, 10, log.has(1))
		require.Equal(t, []int{5}, log.batches)
	})
}

// A Kafka that stays away costs memory for so many reads, and no reader a moment.
func TestRecorderDropsWhatHasNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := newFakeLog(1), &lines{}
		log.away(true)
		r := interactive.NewRecorder(log, out.logger())
		stop := running(t, r.Run)
		r.Read(1)
		time.Sleep(500 * time.Millisecond) // it is about this one now
		before := time.Now()
		for range 10_000 + 7 {
			r.Read(1)
		}
		require.Equal(t, before, time.Now(), "Read never waits")
		require.Equal(t, uint64(7), r.Dropped())
		log.away(false)
		time.Sleep(2 * time.Second)
		require.Equal(t, 10_001, log.has(1))
		require.Equal(t, 1, out.count(`"reads were dropped for want of room" number=7`))

		log.away(true)
		r.Read(1)
		time.Sleep(500 * time.Millisecond)
		r.Read(1)
		stop()
		require.Equal(t, uint64(7+2), r.Dropped(), "it stops all the same, and says what it lost")
		require.Equal(t, 1, out.count(`"reads are lost" number=2`))
	})
}
