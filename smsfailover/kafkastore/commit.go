package kafkastore

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// commit saves what this process knows of its partitions, up to now: what is
// finished, and how often the rest was handed out. Calls that come together share
// one request. It fails with errMoved if the generation is over: brokers take
// commits of the current one only, which is what keeps a process that was slow
// from undoing another's work.
func (s *Store) commit(ctx context.Context, o *ownership) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := o.version
	for o.saved < want {
		if under := o.saving; under != nil {
			if err := s.await(ctx, under); err != nil {
				return err
			}
			continue
		}
		if err := s.save(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// await waits, without the lock, for another's commit.
func (s *Store) await(ctx context.Context, under <-chan struct{}) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-under:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// save sends, without the lock, what has changed since the last commit.
func (s *Store) save(ctx context.Context, o *ownership) error {
	under := make(chan struct{})
	o.saving, o.flushed = under, time.Now()
	version := o.version
	req, dirty := s.snapshot(o)
	s.mu.Unlock()
	err := s.sendCommit(ctx, req)
	s.mu.Lock()
	o.saving = nil
	close(under)
	if err != nil {
		return err
	}
	o.saved = version
	for _, p := range dirty {
		p.saved = version
	}
	return nil
}

func (s *Store) snapshot(o *ownership) (*kafka.OffsetCommitRequest, []*partition) {
	req := &kafka.OffsetCommitRequest{
		GroupID:      s.cfg.GroupID,
		GenerationID: o.generation,
		MemberID:     o.member,
		Topics:       make(map[string][]kafka.OffsetCommit),
	}
	var dirty []*partition
	for _, p := range o.parts {
		if p.private || p.changed <= p.saved {
			continue
		}
		dirty = append(dirty, p)
		req.Topics[p.topic] = append(req.Topics[p.topic], kafka.OffsetCommit{
			Partition: p.partition, Offset: p.win.base, Metadata: encodeMarks(p.win.known()),
		})
	}
	return req, dirty
}

// sendCommit tries until it worked, the brokers refuse for good, or time is up: to
// commit the same again does no harm.
func (s *Store) sendCommit(ctx context.Context, req *kafka.OffsetCommitRequest) error {
	if len(req.Topics) == 0 {
		return nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	switch err := insist(ctx, func() error { return s.sendCommitOnce(ctx, req) }); {
	case err == nil:
		return nil
	case moved(err):
		return fmt.Errorf("%w: %w", errMoved, err)
	default:
		return fmt.Errorf("kafkastore: commit: %w", err)
	}
}

func (s *Store) sendCommitOnce(ctx context.Context, req *kafka.OffsetCommitRequest) error {
	resp, err := s.client.OffsetCommit(ctx, req)
	if err != nil {
		return err
	}
	for _, list := range resp.Topics {
		for _, p := range list {
			if p.Error != nil {
				return p.Error
			}
		}
	}
	return nil
}
