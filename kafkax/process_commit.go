package kafkax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// ErrUncommitted is wrapped by the error of [Reader.Process] if the last commit
// failed, or the reader was closed before it, so that messages which were handled
// come again.
var ErrUncommitted = errors.New("kafkax: not committed")

// enter drops what another generation has done: it comes again, here or elsewhere.
func (p *process) enter(generation uint64) {
	if generation != p.generation {
		p.forget()
		p.generation = generation
	}
}

func (p *process) forget() {
	clear(p.done)
	p.n, p.due = 0, time.Time{}
}

func (p *process) note(msg kafka.Message) {
	if p.r.group == "" {
		return
	}
	p.done[place{msg.Topic, msg.Partition}] = msg
	p.n++
	if p.n == 1 && p.cfg.interval > 0 {
		p.due = time.Now().Add(p.cfg.interval)
	}
}

// commit commits what is done. It goes on after ctx has ended, or what a process
// has finished would come again whenever it is stopped. What fails and may pass is
// kept for the next time.
func (p *process) commit(ctx context.Context) error {
	p.enter(p.r.generation.look(p.r.lose))
	if p.n == 0 || isDone(p.r.ending.over) {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.timeout)
	defer cancel()
	err := p.r.CommitMessages(bounded, slices.Collect(maps.Values(p.done))...)
	if err == nil {
		p.forget()
		return nil
	}
	p.due = time.Now().Add(commitAgain)
	if passing(err) {
		return nil // counted
	}
	p.refused = true
	if errors.Is(err, io.ErrClosedPipe) {
		return endOfReader(ctx)
	}
	return fmt.Errorf("kafkax: Process: commit: %w", err)
}

// finish commits what is left, once, and adds to err what it leaves uncommitted.
func (p *process) finish(ctx context.Context, err error) error {
	if !p.refused {
		err = errors.Join(err, p.commit(ctx))
	}
	if p.n > 0 {
		err = errors.Join(err, fmt.Errorf("kafkax: Process: %d messages are done and not committed: %w", p.n, ErrUncommitted))
	}
	return err
}

// passing reports whether a fault may end by itself. Those of a group that is
// rebalanced do, when the reader has joined it again.
func passing(err error) bool {
	if code, ok := errors.AsType[kafka.Error](err); ok {
		inGroup := code == kafka.IllegalGeneration || code == kafka.UnknownMemberId || code == kafka.RebalanceInProgress
		return inGroup || code.Temporary() || code.Timeout()
	}
	reason := reasonOf(err)
	return reason == reasonTimeout || reason == reasonNetwork
}
