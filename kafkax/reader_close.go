package kafkax

import (
	"context"
	"io"
	"sync"

	"github.com/segmentio/kafka-go"
)

// Close closes the kafka.Reader. In a group it may take as long as the group's
// rebalance. A [Reader.Process] ends soon after the message in hand, with io.EOF,
// and a commit that is under way is given up when Close returns: to lose nothing,
// end Process's context and wait for it before.
//
// Gauges of what the reader had, its queue and its partitions with their lag, vanish
// as they do after a rebalance: they are another's now. All other series stay; see
// [Reader.Remove].
func (r *Reader) Close() error {
	r.ending.begin()
	defer r.ended()
	return r.kafka.Close()
}

func (r *Reader) ended() {
	r.ending.finish()
	r.stats.acc.ended.Store(true)
}

// An ending tells how far Close has come.
type ending struct {
	begun, over   chan struct{} // nothing new is begun; the kafka.Reader is closed
	begin, finish func()
}

func newEnding() ending {
	e := ending{begun: make(chan struct{}), over: make(chan struct{})}
	e.begin = sync.OnceFunc(func() { close(e.begun) })
	e.finish = sync.OnceFunc(func() { close(e.over) })
	return e
}

// commitOpen commits as long as the reader is open. A kafka.Reader that is closed
// may take a commit all the same, and never answer: it isn't asked, nor waited for.
func (r *Reader) commitOpen(ctx context.Context, msgs []kafka.Message) error {
	if isDone(r.ending.over) {
		return io.ErrClosedPipe
	}
	if r.async {
		return r.kafka.CommitMessages(ctx, msgs...)
	}
	open, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.ending.over:
			cancel()
		case <-open.Done():
		}
	}()
	err := r.kafka.CommitMessages(open, msgs...)
	if err != nil && open.Err() != nil && ctx.Err() == nil {
		return io.ErrClosedPipe
	}
	return err
}
