package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// Run makes this process one of those that share the messages: it joins the group,
// reads what falls to it, moves what has waited from tier to tier, and lets
// [Store.Claim] hand out what is due. It blocks until ctx is done and then leaves
// the group, finishes what it has begun and returns nil: others have its messages
// at once. Without an index the claims of this process are lost then, so let the
// workers end before it does.
//
// Brokers that don't answer are asked again for as long as it takes; see
// [WithErrors]. Run fails with [ErrTopics] if the topics aren't as they should be,
// and with [ErrRunning] if it runs already. It leaves no goroutine behind; those of
// Config.Transport are the caller's.
func (s *Store) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer s.running.Store(false)
	if err := s.prepare(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	group, err := kafka.NewConsumerGroup(s.groupConfig())
	if err != nil {
		return fmt.Errorf("kafkastore: group: %w", err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer group.Close() // returns nil always
	if s.index != nil {
		wg.Go(func() { s.keepMoving(ctx) })
	}
	for {
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.opts.report(fmt.Errorf("kafkastore: group: %w", err))
		default:
			gen.Start(func(end context.Context) { s.serve(end, gen) })
		}
	}
}

func (s *Store) groupConfig() kafka.ConsumerGroupConfig {
	return kafka.ConsumerGroupConfig{
		ID:      s.cfg.GroupID,
		Brokers: s.cfg.Brokers,
		Dialer:  s.cfg.Dialer,
		Topics:  s.names.consumed(),
		// Range gives each process the same numbers of partitions of all topics, so
		// that it sees all copies of a message.
		GroupBalancers:    []kafka.GroupBalancer{kafka.RangeGroupBalancer{}},
		HeartbeatInterval: s.opts.heartbeat,
		SessionTimeout:    s.opts.session,
		RebalanceTimeout:  s.opts.rebalance,
		JoinGroupBackoff:  s.opts.rejoin,
		Timeout:           s.opts.timeout,
		StartOffset:       kafka.FirstOffset,
	}
}

// prepare waits until the brokers answer, and a while for the topics: they may just
// have been created.
func (s *Store) prepare(ctx context.Context) error {
	patience := time.Now().Add(s.opts.timeout)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := s.checkTopics(ctx)
		if err == nil {
			err = s.setClock(ctx)
		}
		missing := errors.Is(err, ErrTopics)
		if err == nil || missing && time.Now().After(patience) || ctx.Err() != nil {
			return err
		}
		if !missing {
			s.opts.report(err)
		}
		sleep(ctx, pause)
	}
}

// serve is one generation.
func (s *Store) serve(end context.Context, gen *kafka.Generation) {
	ctx, cancel := context.WithCancel(end)
	defer cancel()
	o, err := s.takeOver(ctx, gen)
	if err != nil {
		if ctx.Err() == nil {
			s.opts.report(err)
			sleep(ctx, s.opts.rejoin) // the next generation begins when this returns
		}
		return
	}
	s.mu.Lock()
	s.own = o
	s.count.generations++
	s.mu.Unlock()

	var wg sync.WaitGroup
	wg.Go(func() { s.keepReading(ctx, o) })
	wg.Go(func() { s.tend(ctx, o) })
	wg.Wait()

	s.mu.Lock()
	s.own, o.ended = nil, true
	s.mu.Unlock()
	s.lastCommit(ctx, o)
}

// lastCommit saves what can be saved when a generation ends: what is not, comes
// again.
func (s *Store) lastCommit(ctx context.Context, o *ownership) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(s.opts.heartbeat, s.opts.timeout))
	defer cancel()
	if err := s.commit(ctx, o); err != nil && !moved(err) {
		s.opts.report(err)
	}
}

// takeOver learns where the partitions of a generation stand.
func (s *Store) takeOver(ctx context.Context, gen *kafka.Generation) (*ownership, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.setClock(ctx); err != nil {
		return nil, err
	}
	miles, err := s.committed(ctx, s.names.consumed())
	if err != nil {
		return nil, err
	}
	o := newOwnership(gen.ID, gen.MemberID, s.opts.window)
	o.flushed = time.Now()
	if len(s.names.tiers) > 0 {
		o.smallest = s.opts.tiers[0]
	}
	var fresh []place
	for topic, list := range gen.Assignments {
		for _, a := range list {
			at := place{topic, a.ID}
			m, known := miles[at]
			if !known || m.offset < 0 {
				fresh = append(fresh, at)
			}
			marks, err := decodeMarks(m.marks)
			if err != nil {
				s.opts.report(err) // counts of claims are lost, and what was finished comes again
			}
			o.own(&partition{
				place: at, delay: s.delayOf(topic), win: newWindow(max(m.offset, 0), marks),
				private: topic == s.names.changed, goal: -1, flying: make(map[int64]time.Time),
			})
		}
	}
	return o, s.startFresh(ctx, o, fresh)
}

func (o *ownership) own(p *partition) {
	o.parts[p.place] = p
	o.colds[p.partition]++
}

// startFresh lets partitions of which nothing is committed begin with the oldest
// record.
func (s *Store) startFresh(ctx context.Context, o *ownership, fresh []place) error {
	first, err := s.ends(ctx, fresh, true)
	if err != nil {
		return err
	}
	for at, offset := range first {
		o.parts[at].win = newWindow(max(offset, 0), nil)
	}
	return nil
}
