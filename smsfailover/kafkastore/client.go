package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
)

// bounded returns a ctx for the work of one call.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.opts.timeout)
}

// detached returns a ctx for what has to be brought to an end although the caller
// of ctx may give up.
func (s *Store) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.opts.timeout)
}

func timeLeft(ctx context.Context) time.Duration {
	if at, ok := ctx.Deadline(); ok {
		return max(time.Until(at), time.Millisecond)
	}
	return time.Minute // unreachable: every ctx here is bounded
}

// cause returns err, wrapped with why ctx ended, if it did. A connection whose
// deadline is that of ctx may notice first.
func cause(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	why := context.Cause(ctx)
	at, ok := ctx.Deadline()
	if why == nil && ok && errors.Is(err, os.ErrDeadlineExceeded) && time.Until(at) < grain {
		why = context.DeadlineExceeded
	}
	if why == nil || errors.Is(err, why) {
		return err
	}
	return fmt.Errorf("%w: %w", why, err)
}

// sleep waits for d and reports whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// insist calls f, which may be done twice, until it works, the brokers refuse for
// good, or ctx is done.
func insist(ctx context.Context, f func() error) error {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := f()
		if err == nil || !passing(err) || !sleep(ctx, pause) {
			return cause(ctx, err)
		}
	}
}

// attempt calls f once, where nothing depends on it.
func attempt(ctx context.Context, f func() error) error { return cause(ctx, f()) }

// passing reports whether err may not come again: a broker's that says so, or of a
// connection.
func passing(err error) bool {
	code, ok := errors.AsType[kafka.Error](err)
	return !ok || code.Temporary() || code == kafka.BrokerNotAvailable // the Transport has yet to learn of it
}

// A signal wakes one goroutine, once for any number of calls since it last woke.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) send() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// leaders returns which broker leads each partition of topics, as the Transport
// knows it: it asks every few seconds.
func (s *Store) leaders(ctx context.Context, topics []string) (map[place]int, error) {
	meta, err := s.client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, cause(ctx, err)
	}
	all := make(map[place]int)
	for _, t := range meta.Topics {
		for _, p := range t.Partitions {
			if p.Error == nil {
				all[place{t.Name, p.ID}] = p.Leader.ID
			}
		}
	}
	return all, nil
}

// byLeader parts positions by the broker that leads. Those without one are asked of
// broker 0, which says so.
func byLeader(leaders map[place]int, positions map[place]int64) map[int]map[place]int64 {
	groups := make(map[int]map[place]int64)
	for at, offset := range positions {
		id := leaders[at]
		if groups[id] == nil {
			groups[id] = make(map[place]int64)
		}
		groups[id][at] = offset
	}
	return groups
}

// ends returns the first offset of each of places, if first is set, else the one
// after the last.
func (s *Store) ends(ctx context.Context, places []place, first bool) (all map[place]int64, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	err = insist(ctx, func() error {
		all, err = s.endsOnce(ctx, places, first)
		return err
	})
	return all, err
}

func (s *Store) endsOnce(ctx context.Context, places []place, first bool) (map[place]int64, error) {
	req := &kafka.ListOffsetsRequest{Topics: make(map[string][]kafka.OffsetRequest)}
	for _, p := range places {
		of := kafka.LastOffsetOf(p.partition)
		if first {
			of = kafka.FirstOffsetOf(p.partition)
		}
		req.Topics[p.topic] = append(req.Topics[p.topic], of)
	}
	resp, err := s.client.ListOffsets(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("kafkastore: offsets: %w", err)
	}
	all := make(map[place]int64)
	for topic, list := range resp.Topics {
		for _, p := range list {
			if p.Error != nil {
				return nil, fmt.Errorf("kafkastore: offsets of %q: %w", topic, p.Error)
			}
			all[place{topic, p.Partition}] = max(p.FirstOffset, p.LastOffset)
			if first {
				all[place{topic, p.Partition}] = p.FirstOffset
			}
		}
	}
	return all, nil
}

// A mile is a committed offset and its metadata.
type mile struct {
	offset int64 // -1: none
	marks  string
}

// committed returns what the group has committed for topics, all their partitions.
func (s *Store) committed(ctx context.Context, topics []string) (all map[place]mile, err error) {
	err = insist(ctx, func() error {
		all, err = s.committedOnce(ctx, topics)
		return err
	})
	return all, err
}

func (s *Store) committedOnce(ctx context.Context, topics []string) (map[place]mile, error) {
	req := &kafka.OffsetFetchRequest{GroupID: s.cfg.GroupID, Topics: make(map[string][]int)}
	for _, t := range topics {
		for p := range s.cfg.Partitions {
			req.Topics[t] = append(req.Topics[t], p)
		}
	}
	resp, err := s.client.OffsetFetch(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("kafkastore: committed offsets: %w", err)
	}
	if resp.Error != nil && !errors.Is(resp.Error, kafka.GroupIdNotFound) {
		return nil, fmt.Errorf("kafkastore: committed offsets: %w", resp.Error)
	}
	all := make(map[place]mile)
	for topic, list := range resp.Topics {
		for _, p := range list {
			if p.Error != nil {
				return nil, fmt.Errorf("kafkastore: committed offset of %q: %w", topic, p.Error)
			}
			all[place{topic, p.Partition}] = mile{p.CommittedOffset, p.Metadata}
		}
	}
	return all, nil
}
