package kafkax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
)

// A Handler does the work of one message. It may see a message again, after a
// crash or a rebalance, and should do no harm then. Retries are its own affair;
// the key and value may be kept.
type Handler func(ctx context.Context, msg kafka.Message) error

// Process hands one message after the other to h, and commits it after h has
// returned nil: each message is handled at least once, those of a partition in
// order. It blocks until ctx ends, and then returns nil after the message in hand
// and its commit. If h returns an error, Process commits what came before, and
// returns the error with the place of the message; see [WithFailed] for going on.
// An h that fails because ctx ended is no failure. Either message comes again, as
// does that of an h that panics: first of all if Process is called again, and first
// of its partition after a restart.
//
// Faults that may pass, such as a broker that restarts, don't end it: kafka-go goes
// on trying, and they are counted. Others do, as does [Reader.Close] (io.EOF): the
// message in hand is finished, but committed only if the reader is still open.
// Bad options and a nil h are [ErrInput], a second Process at the same time is
// [ErrRunning].
//
// What was in hand when the group was rebalanced is not committed, since its
// partition may be another's now, whose commits it would turn back; a commit in the
// very moment of a rebalance may do that, and messages come again for it. With a
// CommitInterval kafka-go commits at the next interval, or when the reader is
// closed; without a group nothing is committed at all. To notice rebalances costs
// about a microsecond a message. Each counts as by [Reader.Done].
func (r *Reader) Process(ctx context.Context, h Handler, opts ...ProcessOption) error {
	cfg, err := newProcessConfig(opts)
	if h == nil {
		err = errors.Join(err, invalid("Process: the Handler is nil"))
	}
	if err != nil {
		return err
	}
	if !r.processing.CompareAndSwap(false, true) {
		return fmt.Errorf("%w: Process of reader %q", ErrRunning, r.name)
	}
	defer r.processing.Store(false)
	p := &process{r: r, cfg: cfg, handle: h, done: make(map[place]kafka.Message)}
	return p.finish(ctx, p.loop(ctx))
}

// A process is one Process.
type process struct {
	r      *Reader
	cfg    processConfig
	handle Handler

	done       map[place]kafka.Message // the last of each partition that is done and not committed
	n          int                     // how many messages that is
	generation uint64                  // in which they came
	due        time.Time               // when to commit them at the latest; zero: no time is set
	eof        time.Time               // of the last io.EOF
	refused    bool                    // a commit failed for good: the next would too
}

// endOfReader is what a closed reader ends a Process with: nothing to tell where ctx
// had ended it already.
func endOfReader(ctx context.Context) error {
	if isDone(ctx.Done()) {
		return nil
	}
	return fmt.Errorf("kafkax: Process: the reader is closed: %w", io.EOF)
}

func (p *process) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		msg, err := p.next(ctx)
		switch {
		case isDone(p.r.ending.begun): // kafka-go goes on with what it has in its queue
			return endOfReader(ctx)
		case err == nil:
			err = p.work(ctx, msg)
		default:
			err = p.missed(ctx, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missed decides what to do when fetch has no message: nil is to go on.
func (p *process) missed(ctx context.Context, err error) error {
	switch {
	case isDone(ctx.Done()):
		return nil
	case p.overdue() && errors.Is(err, context.DeadlineExceeded):
		return p.commit(ctx)
	case !p.closed(err) && passing(err):
		return nil // counted, and kafka-go tries again
	}
	return fmt.Errorf("kafkax: Process: %w", err)
}

// fetch returns the next message, and an error when a commit is due before one
// comes.
func (p *process) fetch(ctx context.Context) (kafka.Message, error) {
	if p.due.IsZero() {
		return p.r.FetchMessage(ctx)
	}
	ctx, cancel := context.WithDeadline(ctx, p.due)
	defer cancel()
	return p.r.FetchMessage(ctx)
}

// closed reports whether err is that of a reader that was closed past us. That is
// io.EOF each time it is asked, while one that a connection ended with comes once in
// seconds.
func (p *process) closed(err error) bool {
	if !errors.Is(err, io.EOF) {
		return false
	}
	again := time.Since(p.eof) < eofAgain
	p.eof = time.Now()
	return again
}

const eofAgain = 50 * time.Millisecond

func (p *process) overdue() bool { return !p.due.IsZero() && !time.Now().Before(p.due) }

// work handles one message and commits if enough are done.
func (p *process) work(ctx context.Context, msg kafka.Message) error {
	p.enter(p.r.generation.look(p.r.lose))
	came := p.hold(msg)
	err := p.handle(ctx, msg)
	if err != nil && ctx.Err() != nil && isEndOf(ctx, err) {
		return nil
	}
	p.r.Done(msg, err)
	if err != nil {
		err = p.fail(ctx, msg, err)
	}
	if err != nil {
		return err
	}
	p.r.held = held{}
	if came == p.generation {
		p.note(msg)
	}
	if p.n >= p.cfg.every || p.overdue() {
		return p.commit(ctx)
	}
	return nil
}

func isEndOf(ctx context.Context, err error) bool {
	return errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))
}

func (p *process) fail(ctx context.Context, msg kafka.Message, err error) error {
	if p.cfg.failed != nil {
		err = p.cfg.failed(ctx, msg, err)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("kafkax: Process: message %d of %s/%d: %w", msg.Offset, msg.Topic, msg.Partition, err)
}
