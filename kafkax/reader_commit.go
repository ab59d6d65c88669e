package kafkax

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
)

// CommitMessages commits with kafka.Reader.CommitMessages, under its rules and with
// its errors: for each partition the highest offset of msgs, and with it all before.
// After Close it returns io.ErrClosedPipe, as does a call that Close overtakes.
//
// With a CommitInterval it returns at once and without an error, and kafka-go tells
// nobody but its loggers what becomes of the commit: set those of [Metrics.Logger]
// and [Metrics.ErrorLogger]. Without the first, what is committed is not known, and
// no series claims it.
func (r *Reader) CommitMessages(ctx context.Context, msgs ...kafka.Message) error {
	if r.group == "" {
		return r.kafka.CommitMessages(ctx, msgs...) // that there is no group
	}
	start := time.Now()
	err := r.commitOpen(ctx, msgs)
	result := resultOf(err)
	r.commits[result].inc()
	r.commitTime[result].observeDuration(time.Since(start))
	if err != nil {
		r.countError(sourceCommit, err)
		return err
	}
	if !r.async {
		r.committed(msgs)
	}
	return nil
}

// committed notes what a call has committed.
func (r *Reader) committed(msgs []kafka.Message) {
	call := r.commitCall.Add(1)
	for i := range msgs {
		if p := r.known(place{msgs[i].Topic, msgs[i].Partition}); p != nil {
			p.commit(call, msgs[i].Offset)
		}
	}
}

// commitsAreKnown reports whether the offsets that are committed are known.
func (r *Reader) commitsAreKnown() bool { return r.group != "" && (!r.async || r.log != nil) }

// Done notes that the program is done with a message that FetchMessage returned,
// successfully if err is nil: it counts the message, how long it took since it was
// delivered and, for a success, how old it was at the end. It neither commits nor
// looks at what err is. It is for loops of your own; [Reader.Process] calls it.
//
// It is to be called once a message: each call counts, also a second one, and one for
// a message that this Reader never delivered. How long that took nobody knows, nor
// of a message that more than 256 of its partition have come after.
func (r *Reader) Done(msg kafka.Message, err error) {
	result := resultOf(err)
	s := r.topics.get(msg.Topic)
	s.processed[result].inc()
	if p := r.known(place{msg.Topic, msg.Partition}); p != nil {
		if at, ok := p.fetched(msg.Offset); ok {
			s.durations[result].observeDuration(r.clock.elapsed() - at)
		}
	}
	if err == nil && !msg.Time.IsZero() {
		s.endToEnd.observeDuration(max(0, time.Since(msg.Time)))
	}
}
