package interactive

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	waitingReads = 10_000 // that a recorder holds
	batchReads   = 500    // that are written at once
	// readLinger is how long a read waits for others to be written with.
	readLinger = 20 * time.Millisecond
	// lastWrite bounds the last write of a recorder that stops.
	lastWrite = 5 * time.Second
)

// A Recorder writes reads to [ReadTopic]. It holds up no reader of the site, and
// tells none that Kafka is away: reads wait in memory then, and when there is no
// room they are dropped and counted. A process that is killed loses those that
// wait, which are of the last moments while Kafka is well. A write whose answer is
// lost may be repeated, and its reads counted twice; what is in the topic counts
// once.
type Recorder struct {
	to      Writer
	log     *slog.Logger
	waiting chan read
	dropped atomic.Uint64
}

// NewRecorder returns a recorder that writes to the writer to, which stays the
// caller's.
func NewRecorder(to Writer, log *slog.Logger) *Recorder {
	return &Recorder{to: to, log: log, waiting: make(chan read, waitingReads)}
}

// Read notes that somebody has read the thing with that id. It never blocks and is
// safe for concurrent use.
func (r *Recorder) Read(id int64) {
	select {
	case r.waiting <- read{ID: id, At: time.Now().UnixMilli()}:
	default:
		r.dropped.Add(1)
	}
}

// Dropped returns how many reads were lost to a Kafka that was away.
func (r *Recorder) Dropped() uint64 { return r.dropped.Load() }

// Run writes until ctx is done, then what is still waiting, for 5 seconds at most,
// and returns nil. It may run once at a time.
func (r *Recorder) Run(ctx context.Context) error {
	again := &patience{log: r.log, what: "recording reads"}
	var told uint64
	for {
		batch, ok := r.next(ctx)
		if !ok {
			r.flush(ctx, batch)
			return nil
		}
		for len(batch) > 0 {
			var err error
			if batch, err = unwritten(batch, r.to.WriteMessages(ctx, batch...)); err == nil {
				again.good()
				told = r.tell(told)
				break
			}
			if !again.wait(ctx, err) {
				r.flush(ctx, batch)
				return nil
			}
		}
	}
}

// tell logs how many reads were dropped if there are more than were told.
func (r *Recorder) tell(told uint64) uint64 {
	dropped := r.Dropped()
	if dropped > told {
		r.log.Warn("reads were dropped for want of room", "number", dropped-told)
	}
	return dropped
}

// next waits for a read and returns it with those that come right after it. ok is
// false when ctx is done.
func (r *Recorder) next(ctx context.Context) (batch []kafka.Message, ok bool) {
	select {
	case first := <-r.waiting:
		batch = r.add(batch, first)
	case <-ctx.Done():
		return nil, false
	}
	linger := time.NewTimer(readLinger)
	defer linger.Stop()
	for len(batch) < batchReads {
		select {
		case another := <-r.waiting:
			batch = r.add(batch, another)
		case <-linger.C:
			return batch, true
		case <-ctx.Done():
			return batch, false
		}
	}
	return batch, true
}

func (r *Recorder) add(batch []kafka.Message, event read) []kafka.Message {
	value, err := encode(event)
	if err != nil { // of two numbers: it can't
		r.dropped.Add(1)
		return batch
	}
	return append(batch, kafka.Message{Key: key(event.ID), Value: value})
}

// flush writes batch and what is waiting, once.
func (r *Recorder) flush(ctx context.Context, batch []kafka.Message) {
	for waiting := true; waiting; {
		select {
		case event := <-r.waiting:
			batch = r.add(batch, event)
		default:
			waiting = false
		}
	}
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	if left, err := unwritten(batch, r.to.WriteMessages(ctx, batch...)); err != nil {
		r.dropped.Add(uint64(len(left)))
		r.log.Error("reads are lost", "number", len(left), "error", err)
	}
}

// unwritten returns the messages of a batch that err, of their write, says weren't
// written. Where it doesn't say, none was.
func unwritten(batch []kafka.Message, err error) ([]kafka.Message, error) {
	each, ok := errors.AsType[kafka.WriteErrors](err)
	if !ok || len(each) != len(batch) {
		return batch, err
	}
	var left []kafka.Message
	for i, m := range batch {
		if each[i] != nil {
			left = append(left, m)
		}
	}
	return left, err
}

// key keeps the events of one thing in one partition, and so in order.
func key(id int64) []byte { return strconv.AppendInt(nil, id, 10) }
