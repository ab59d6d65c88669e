package kafkax

import (
	"context"
	"time"
)

// How soon CloseContext closes again while a call may still bring up a partition's
// goroutine that an earlier Close didn't see. The pause doubles up to the last; what
// a call brings up after that waits for its BatchTimeout.
const (
	firstCloseAgain = 5 * time.Millisecond
	lastCloseAgain  = 2 * time.Second
)

// Close is [Writer.CloseContext] without an end: it waits for as long as kafka-go
// tries to deliver, or a call of WriteMessages waits for its own context.
func (w *Writer) Close() error { return w.CloseContext(context.Background()) }

// CloseContext closes the kafka.Writer: WriteMessages returns io.ErrClosedPipe from
// now on, what was accepted is sent without waiting for its batch to fill, and
// CloseContext returns when all of it has its outcome. If ctx ends first, it
// returns ctx's cause, and kafka-go goes on in the background until its attempts
// or timeouts are spent; CloseContext may be called again to wait for that.
//
// kafka-go's own Close never returns if it overlaps the first WriteMessages of a
// partition (segmentio/kafka-go#1307). This one does.
func (w *Writer) CloseContext(ctx context.Context) error {
	left := w.gate.shut()
	closed := make(chan error, 1)
	timer := time.NewTimer(firstCloseAgain)
	defer timer.Stop()
	for again := firstCloseAgain; ; again *= 2 {
		last := isDone(left)
		go w.closeOnce(closed)
		if last {
			return waitClosed(ctx, closed)
		}
		// A call inside WriteMessages may begin a partition after this Close has
		// ended those it saw. The Close that begins after the last call has left
		// sees all; those before it keep accepted messages from waiting for their
		// BatchTimeout.
		if again <= lastCloseAgain {
			timer.Reset(again)
		}
		select {
		case err := <-closed:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-left:
		case <-timer.C:
		}
	}
}

// closeOnce returns when kafka-go has nothing left to send: each Close does then,
// and the first one to say so is enough.
func (w *Writer) closeOnce(closed chan<- error) {
	err := w.kafka.Close()
	select {
	case closed <- err:
	default:
	}
}

func waitClosed(ctx context.Context, closed <-chan error) error {
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
